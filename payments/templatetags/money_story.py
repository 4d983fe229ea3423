"""Money stories on pages of rooms below: `{% load money_story %}{% buyer_story order %}`."""

from typing import Any

from django import template

from orders.models import Order
from payments import stories
from payments.models import Share

register = template.Library()

TIMELINE = "components/money_timeline.html"


def _share(order: Order) -> Share | None:
    return (
        Share.objects.filter(order=order)
        .select_related("order")
        .prefetch_related("releases__payout", "releases__reversals", "refunds", "holds")
        .first()
    )


@register.inclusion_tag(TIMELINE)
def buyer_story(order: Order) -> dict[str, Any]:
    """The order's money in the buyer's words; nothing before it is paid."""
    share = _share(order)
    return {"story": stories.for_buyer(share) if share else []}


@register.inclusion_tag(TIMELINE)
def seller_story(order: Order) -> dict[str, Any]:
    """The order's money in the seller's words; nothing before it is paid."""
    share = _share(order)
    return {"story": stories.for_seller(share) if share else []}


@register.simple_tag
def release_line(order: Order) -> str:
    """When the order's money is the seller's, in one line."""
    share = _share(order)
    return stories.release_line(share) if share else ""
