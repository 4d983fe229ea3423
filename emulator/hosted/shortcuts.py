"""A whole hosted flow in one step, filled in with test data: for seeding a demo and for tests."""

from __future__ import annotations

from typing import TYPE_CHECKING

from emulator.errors import HostedError
from emulator.hosted.onboarding import onboarding_finish, onboarding_save
from emulator.kinds import CONNECTED

if TYPE_CHECKING:
    from emulator.core import Emulator

# Born on this day, a person counts as verified at once (docs.stripe.com/connect/testing).
TEST_DATA = {
    "business": {"entity_type": "individual", "product_description": "Handmade things"},
    "person": {
        "given_name": "Jenny",
        "surname": "Rosen",
        "email": "jenny@example.org",
        "dob_day": "1",
        "dob_month": "1",
        "dob_year": "1902",
        "line1": "address_full_match",
        "city": "Berlin",
        "postal_code": "10117",
    },
    "review": {"tos": "on"},
}
IBAN = {"iban": "DE89370400440532013000"}
US_BANK = {"routing_number": "110000000", "account_number": "000123456789"}


def complete_onboarding(em: Emulator, account_id: str, country: str | None = None) -> None:
    """Do what a person would on the onboarding pages, events included. Raises HostedError(status=404) for no account.

    `country` is for an account that has none yet; otherwise the account's own stays.
    """
    with em.visit() as ctx:
        account = ctx.store.get(account_id)
        if account is None or account.kind != CONNECTED:
            raise HostedError(f"There is no account {account_id}.", status=404)
        where = account.private["country"] or country or "DE"
        flow = ctx.store.random_text(32)
        private = {"refresh_url": "", "return_url": "", "step": "business"}
        ctx.store.insert({"id": f"flow_{flow}", "object": "flow"}, account=account_id, created=ctx.now, private=private)
    answers = {
        **TEST_DATA,
        "person": {**TEST_DATA["person"], "country": where},
        "bank": US_BANK if where == "US" else IBAN,
    }
    for step in ("business", "person", "bank", "review"):
        if wrong := onboarding_save(em, flow, step, answers[step]):
            raise HostedError(f"The test data does not fit this account: {wrong}")
    onboarding_finish(em, flow)
