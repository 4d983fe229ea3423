"""The emulator's controls, over HTTP: what a person would do on the pages Stripe hosts."""

import requests

CARD = "4242424242424242"


class Controls:
    """Speaks to a running emulator at `address` with its control token."""

    def __init__(self, address: str, token: str) -> None:
        self._address = address.rstrip("/")
        self._headers = {"Authorization": f"Bearer {token}"}

    def complete_onboarding(self, account: str) -> None:
        """Fill in everything Stripe wants of a seller, with test data. Raises requests.HTTPError."""
        self._post(f"/_emulator/accounts/{account}/complete_onboarding")

    def pay(self, session: str, email: str) -> None:
        """Pay on a hosted page with the test card that always works. Raises requests.HTTPError."""
        self._post(f"/_emulator/sessions/{session}/pay", number=CARD, email=email)

    def _post(self, path: str, **body: object) -> None:
        answer = requests.post(f"{self._address}{path}", json=body, headers=self._headers, timeout=10)
        answer.raise_for_status()
