"""The emulator's controls, over HTTP: what a person would do on the pages Stripe hosts."""

from typing import Any

import requests

from kit import clock

CARD = "4242424242424242"
# What is paid with this one is available at once, so that it can be paid out without moving the clock.
CARD_AT_ONCE = "4000000000000077"
# Moving the clock by weeks takes seconds.
TIMEOUT = 60


class Controls:
    """Speaks to a running emulator at `address` with its control token."""

    def __init__(self, address: str, token: str) -> None:
        self._address = address.rstrip("/")
        self._headers = {"Authorization": f"Bearer {token}"}

    def complete_onboarding(self, account: str) -> None:
        """Fill in everything Stripe wants of a seller, with test data. Raises requests.HTTPError."""
        self._post(f"/_emulator/accounts/{account}/complete_onboarding")

    def pay(self, session: str, email: str, card: str = CARD) -> None:
        """Pay on a hosted page with a test card, or the one that always works. Raises requests.HTTPError."""
        self._post(f"/_emulator/sessions/{session}/pay", number=card, email=email)

    def save_card(self, session: str, email: str, card: str, *, month: int, year: int) -> None:
        """Save a test card with this last month on a hosted page. Raises requests.HTTPError."""
        self._post(f"/_emulator/sessions/{session}/pay", number=card, email=email, exp_month=month, exp_year=year)

    def pay_out(self, account: str, amount: int) -> None:
        """Send `amount` (minor units) of a seller’s balance to their bank. Raises requests.HTTPError."""
        self._post(f"/_emulator/accounts/{account}/drain", amount=amount)

    def send_back(self, refund: str) -> None:
        """The buyer's bank returns a refund. Raises requests.HTTPError."""
        self._post(f"/_emulator/refunds/{refund}/fail")

    def dispute(self, charge: str, reason: str, *, inquiry: bool = False) -> str:
        """The buyer's bank asks a payment back, or only inquires about it; the dispute's id."""
        answer = self._post(f"/_emulator/charges/{charge}/dispute", reason=reason, inquiry=inquiry)
        return str(answer["dispute"])

    def move_dispute(self, dispute: str, to: str) -> None:
        """The bank decides."""
        self._post(f"/_emulator/disputes/{dispute}/move", to=to)

    def require(self, account: str, what: str, days: int) -> None:
        """Stripe asks the seller for something within so many days."""
        self._post(f"/_emulator/accounts/{account}/require", what=what, days=days)

    def fail_payout(self, payout: str, code: str) -> None:
        """The seller's bank sends the money back."""
        self._post(f"/_emulator/payouts/{payout}/fail", code=code)

    def seconds_behind(self) -> int:
        """How far the clock is behind real time; 0 when it is not."""
        answer = requests.get(f"{self._address}/_emulator/clock", timeout=TIMEOUT)
        answer.raise_for_status()
        return max(0, -int(answer.json()["offset_seconds"]))

    def advance(self, seconds: int) -> list[dict[str, Any]]:
        """Move the clock; what happened on the way. Raises requests.HTTPError, also for more than ten years."""
        answer = self._post("/_emulator/advance", seconds=seconds)
        clock.ask_again()
        return list(answer["happened"])

    def _post(self, path: str, **body: object) -> dict[str, Any]:
        answer = requests.post(f"{self._address}{path}", json=body, headers=self._headers, timeout=TIMEOUT)
        answer.raise_for_status()
        return dict(answer.json())
