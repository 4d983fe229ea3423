"""Sellers whose money does not flow as it should: one who has not finished setting up, one whom Stripe asks for a
document, one whose bank sent a payout back.
"""

import time
from collections.abc import Callable

from accounts import onboarding, requirements
from accounts.models import ConnectedAccount
from marketplace.demo.emulator import Controls
from payments.models import Payout

UNFINISHED = "milo@demo.example"
ASKED = "iben@demo.example"
SENT_BACK = "nadia@demo.example"
DAYS_TO_ANSWER = 14
# How long the worker may take to hear of a payout.
SECONDS = 10.0

Say = Callable[[str], object]


def ensure(controls: Controls, say: Say) -> None:
    """What is missing of both."""
    asked = _account(ASKED)
    if not requirements.waiting_for_seller(asked.requirements):
        controls.require(str(asked.stripe_id), "document", DAYS_TO_ANSWER)
        onboarding.refresh(asked)
        say(f"Stripe asks {asked.seller.name} for a document")
    sent_back = _account(SENT_BACK)
    if not sent_back.payouts_made.filter(status=Payout.Status.FAILED).exists() and (payout := _last(sent_back)):
        controls.fail_payout(payout.stripe_id, "account_closed")
        say(f"The bank of {sent_back.seller.name} sends a payout back")


def _account(owner: str) -> ConnectedAccount:
    return ConnectedAccount.objects.select_related("seller").get(seller__memberships__user__email=owner)


def _last(account: ConnectedAccount) -> Payout | None:
    """The worker hears of payouts by events: it may be a moment behind."""
    until = time.monotonic() + SECONDS
    while time.monotonic() < until:
        found = Payout.objects.filter(connected_account=account).order_by("-pk").first()
        if found is not None:
            return found
        time.sleep(0.1)
    return None
