"""Milestones on pages of rooms below: `{% load milestones %}{% buyer_milestones order %}`, and `seller_milestones`."""

from __future__ import annotations

from typing import Any

from django import template

from orders.models import Order
from payments import milestone_pages

register = template.Library()


@register.inclusion_tag("payments/_milestones_of_order.html")
def buyer_milestones(order: Order) -> dict[str, Any]:
    """What was proposed or agreed, in the buyer's money; nothing when the seller proposed nothing."""
    share = milestone_pages.share_of(order)
    agreement = milestone_pages.latest(share) if share else None
    return {"order": order, "shown": milestone_pages.for_buyer(agreement) if agreement else None}


@register.inclusion_tag("payments/_milestones_of_sold.html", takes_context=True)
def seller_milestones(context: dict[str, Any], order: Order) -> dict[str, Any]:
    """What the seller proposed, with what to do next, or the way to propose something."""
    share = milestone_pages.share_of(order)
    agreement = milestone_pages.latest(share) if share else None
    return {
        "order": order,
        "shown": milestone_pages.for_seller(agreement) if agreement else None,
        "can_propose": share is not None and milestone_pages.can_propose(share),
        "csrf_token": context.get("csrf_token"),
    }
