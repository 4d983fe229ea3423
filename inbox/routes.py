"""Every event type we act on, on one screen. Anything else is stored, marked ignored, and answered 2xx.

An event is only a hint: `fetch` looks at the object at Stripe (outside any transaction), `apply` brings our rows to it
(inside the transaction that marks the event handled).
"""

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from accounts import onboarding
from customers import heard
from disputes import warnings
from gateway import reads
from inbox.models import StripeEvent
from kit.clock import now
from payments import disputes, outside, payouts, settlement

ACTOR = "stripe events"

PLATFORM, CONNECT = StripeEvent.Endpoint.PLATFORM, StripeEvent.Endpoint.CONNECT


@dataclass(frozen=True, slots=True)
class Route:
    """How one type of event is handled."""

    fetch: Callable[[StripeEvent], Any]
    apply: Callable[[StripeEvent, Any], object]


BUYER = Route(
    fetch=lambda event: heard.fetch(event.object_id),
    apply=lambda event, found: heard.apply(found),
)
SAVED_METHOD = Route(
    fetch=lambda event: heard.fetch_by_method(event.object_id),
    apply=lambda event, found: heard.apply(found),
)


def _page(event: StripeEvent) -> Any:
    # What a page is for never changes, so the event may tell. One that saves a card is about nobody's money.
    page = json.loads(event.payload)["data"]["object"]
    if page["mode"] == "setup":
        return heard.fetch(page["customer"]) if page["customer"] else heard.Heard(None, [], now())
    return settlement.fetch(event.object_id)


def _apply_page(event: StripeEvent, found: Any) -> object:
    if isinstance(found, heard.Heard):
        return heard.apply(found)
    return settlement.apply(found, actor=ACTOR)


PAYMENT_PAGE = Route(fetch=_page, apply=_apply_page)
SELLER_ACCOUNT = Route(
    # The seller is event.account: an application may be the object of an account's event.
    fetch=lambda event: onboarding.fetch(event.account),
    apply=lambda event, found: onboarding.apply(event.account, found),
)
REFUND = Route(
    fetch=lambda event: reads.refund(event.object_id),
    apply=lambda event, found: outside.apply_refund(found, actor=ACTOR),
)
REVERSAL = Route(
    fetch=lambda event: (reads.transfer(event.object_id), reads.reversals_of(event.object_id)),
    apply=lambda event, found: outside.apply_reversals(*found, actor=ACTOR),
)
FEE = Route(
    fetch=lambda event: reads.fee_refunds(event.object_id),
    apply=lambda event, found: outside.apply_fee_refunds(found[1], found[0], actor=ACTOR),
)
DISPUTE = Route(
    fetch=lambda event: reads.dispute(event.object_id),
    apply=lambda event, found: disputes.apply(found, actor=ACTOR),
)
WARNING = Route(
    fetch=lambda event: reads.fraud_warning(event.object_id),
    apply=lambda event, found: warnings.apply(found, actor=ACTOR),
)
PAYOUT = Route(
    fetch=lambda event: payouts.fetch(event.object_id, event.account),
    apply=lambda event, found: payouts.apply(found, event.account, actor=ACTOR),
)

ROUTES: dict[tuple[str, str], Route] = {
    (PLATFORM, "checkout.session.completed"): PAYMENT_PAGE,
    (PLATFORM, "checkout.session.async_payment_succeeded"): PAYMENT_PAGE,
    (PLATFORM, "checkout.session.async_payment_failed"): PAYMENT_PAGE,
    (PLATFORM, "checkout.session.expired"): PAYMENT_PAGE,
    (PLATFORM, "customer.updated"): BUYER,
    (PLATFORM, "customer.deleted"): BUYER,
    (PLATFORM, "payment_method.attached"): SAVED_METHOD,
    (PLATFORM, "payment_method.detached"): SAVED_METHOD,
    (PLATFORM, "payment_method.updated"): SAVED_METHOD,
    (PLATFORM, "payment_method.automatically_updated"): SAVED_METHOD,
    (PLATFORM, "refund.created"): REFUND,
    (PLATFORM, "refund.updated"): REFUND,
    (PLATFORM, "refund.failed"): REFUND,
    (PLATFORM, "transfer.reversed"): REVERSAL,
    (PLATFORM, "application_fee.refunded"): FEE,
    (PLATFORM, "charge.dispute.created"): DISPUTE,
    (PLATFORM, "charge.dispute.updated"): DISPUTE,
    (PLATFORM, "charge.dispute.closed"): DISPUTE,
    (PLATFORM, "charge.dispute.funds_withdrawn"): DISPUTE,
    (PLATFORM, "charge.dispute.funds_reinstated"): DISPUTE,
    (PLATFORM, "radar.early_fraud_warning.created"): WARNING,
    (PLATFORM, "radar.early_fraud_warning.updated"): WARNING,
    (CONNECT, "account.updated"): SELLER_ACCOUNT,
    (CONNECT, "capability.updated"): SELLER_ACCOUNT,
    (CONNECT, "payout.created"): PAYOUT,
    (CONNECT, "payout.updated"): PAYOUT,
    (CONNECT, "payout.paid"): PAYOUT,
    (CONNECT, "payout.failed"): PAYOUT,
    (CONNECT, "payout.canceled"): PAYOUT,
    # Only now does Stripe say what a payout is made of.
    (CONNECT, "payout.reconciliation_completed"): PAYOUT,
}
