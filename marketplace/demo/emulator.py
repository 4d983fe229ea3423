"""The emulator's controls, over HTTP: what a person would do on the pages Stripe hosts."""

import requests


class Controls:
    """Speaks to a running emulator at `address` with its control token."""

    def __init__(self, address: str, token: str) -> None:
        self._address = address.rstrip("/")
        self._headers = {"Authorization": f"Bearer {token}"}

    def complete_onboarding(self, account: str) -> None:
        """Fill in everything Stripe wants of a seller, with test data. Raises requests.HTTPError."""
        self._post(f"/_emulator/accounts/{account}/complete_onboarding")

    def _post(self, path: str, **body: object) -> None:
        answer = requests.post(f"{self._address}{path}", json=body, headers=self._headers, timeout=10)
        answer.raise_for_status()
