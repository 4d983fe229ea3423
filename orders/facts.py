"""What is kept of the moment of a purchase, and when it is forgotten.

Visa's and Mastercard's longest time for a dispute is 540 days after the payment, and the earlier purchases that answer
a fraudulent one (evidence.compelling) are at most 365 days old: after 540 days none of it can be asked for any more.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import transaction

from orders.models import BasketLine, Download, Purchase, PurchaseFacts
from orders.terms import Shown


@dataclass(frozen=True, slots=True)
class Circumstances:
    """How somebody came to the checkout: everything may be missing, and nothing of it keeps them from buying."""

    user_agent: str = ""
    device_id: str = ""
    language: str = ""
    shown: Shown = field(default_factory=Shown)


def freeze(purchase: Purchase, lines: Sequence[BasketLine], how: Circumstances) -> PurchaseFacts:
    """Write down what is known of a purchase, in the transaction that places it."""
    terms, refund_policy = how.shown.terms, how.shown.refund_policy
    buyer = purchase.customer.user
    return PurchaseFacts.objects.create(
        purchase=purchase,
        ip=purchase.placed_from,
        user_agent=how.user_agent,
        device_id=how.device_id,
        language=how.language,
        email=buyer.email,
        account_id="" if buyer.is_guest else str(buyer.pk),
        terms=terms,
        terms_digest=terms.digest if terms else "",
        refund_policy=refund_policy,
        refund_policy_digest=refund_policy.digest if refund_policy else "",
        bought=[_bought(line) for line in lines],
        keep_until=purchase.placed_at + timedelta(days=settings.PURCHASE_FACTS_DAYS),
    )


def forget(facts: PurchaseFacts, *, at: datetime) -> bool:
    """Make the personal parts empty, here and in the purchase; whether this did it. The rest stays.

    Whoever calls has seen to it that nobody needs them any more: the time is over, and no dispute is open.
    """
    with transaction.atomic():
        due = PurchaseFacts.objects.filter(pk=facts.pk, forgotten_at=None, keep_until__lte=at)
        done = due.update(ip=None, forgotten_at=at, **dict.fromkeys(PurchaseFacts.PERSONAL, ""))
        if done:
            Purchase.objects.filter(pk=facts.purchase_id).update(placed_from=None)
            Download.objects.filter(line__order__purchase=facts.purchase_id).update(ip=None, user_agent="")
    return bool(done)


def _bought(line: BasketLine) -> dict[str, Any]:
    """A line as it was shown; the price in minor units of the purchase's currency."""
    listing = line.listing
    return {
        "listing": listing.pk,
        "title": listing.title,
        "variant": line.variant_name,
        "description": listing.description,
        "delivery": listing.delivery,
        "seller": listing.seller.name,
        "quantity": line.quantity,
        "unit_price": line.price,
    }
