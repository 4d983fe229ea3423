"""The hosted payment page."""

from __future__ import annotations

from typing import TYPE_CHECKING

from emulator.types import Json, Outcome

if TYPE_CHECKING:
    from emulator.core import Emulator

# number -> what it does, in the words shown beside the form
TEST_CARDS: dict[str, str] = {
    "4242424242424242": "Succeeds",
    "4000000000000077": "Succeeds; the money is available at once",
    "4000000000000002": "Declined",
    "4000000000009995": "Declined: insufficient funds",
    "4000002500003155": "Asks for 3-D Secure",
    "4000000000003220": "Asks for 3-D Secure (2)",
}


def checkout_view(em: Emulator, session_id: str) -> Json:
    """Everything the payment page shows.

    Keys: session (API shape), lines [{name, description, quantity, unit_amount, amount, currency}], total, currency,
    merchant, status ("open" | "complete" | "expired"), customer_email, saved_cards [], test_cards [{number, label}],
    success_url (placeholder replaced), cancel_url, next_action ("authenticate" | None). Amounts are minor units.
    Raises HostedError(status=404) for an unknown session.
    """
    raise NotImplementedError


def checkout_pay(
    em: Emulator,
    session_id: str,
    *,
    number: str,
    exp_month: str | int,
    exp_year: str | int,
    cvc: str,
    email: str = "",
    name: str = "",
) -> Outcome:
    """Try to pay with a test card. Only the numbers of TEST_CARDS are ever accepted; spaces in them are fine.

    `field` of an invalid outcome is one of number, exp_month, exp_year, cvc, email, name.
    """
    raise NotImplementedError


def checkout_authenticate(em: Emulator, session_id: str, *, succeed: bool) -> Outcome:
    """Answer the 3-D Secure step: paid when it succeeds, declined when it fails."""
    raise NotImplementedError
