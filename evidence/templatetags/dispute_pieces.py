"""Disputes on pages of rooms below: `{% load dispute_pieces %}{% disputes_to_answer seller as words %}`."""

from typing import Any

from django import template
from django.utils.translation import ngettext

from accounts.models import Seller
from evidence import seller_part, standing
from orders.models import Order
from payments.models import Dispute, Share

register = template.Library()


@register.simple_tag
def disputes_to_answer(seller: Seller) -> str:
    """How many disputes wait for this shop's side, and until when, as a sentence; empty when none does."""
    waiting = list(seller_part.to_answer(seller)[:100])
    if not waiting:
        return ""
    nearest = min(until for one in waiting if (until := seller_part.deadline(one)) is not None)
    sentence = ngettext(
        "A buyer’s bank asks about %(n)d payment. Send us your side by %(until)s.",
        "Buyers’ banks ask about %(n)d payments. Send us your side; the first is due by %(until)s.",
        len(waiting),
    )
    return sentence % {"n": len(waiting), "until": standing.exact(nearest)}


@register.simple_tag
def asked_back(order: Order) -> bool:
    """Whether a bank is deciding about the money of this order: what is sent meanwhile may never be paid for."""
    share = Share.objects.filter(order=order).first()
    disputes = Dispute.objects.filter(payment=share.payment_id) if share is not None and share.payment_id else None
    return disputes is not None and disputes.exclude(status__in=Dispute.ENDED).exists()


@register.inclusion_tag("evidence/_of_sold.html")
def dispute_of_sold(order: Order) -> dict[str, Any]:
    """The newest dispute about an order, for its seller."""
    share = Share.objects.select_related("order__seller", "payment", "account").filter(order=order).first()
    disputes = seller_part.of_order(share) if share is not None else []
    if share is None or not disputes:
        return {}
    found = disputes[0]
    has_sent = bool(seller_part.given(found.dispute, share))
    needs_you = seller_part.can_give(found) and not has_sent
    return {
        "found": found,
        "pill": standing.pill(found, has_sent=has_sent),
        "needs_you": needs_you,
        "sentence": standing.now_line(found, has_sent=has_sent),
    }
