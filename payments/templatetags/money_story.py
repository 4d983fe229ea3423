"""Money stories on pages of rooms below: `{% load money_story %}{% buyer_story order %}`."""

from collections.abc import Iterable
from typing import Any

from django import template
from django.db.models import QuerySet

from orders.models import Order, Status
from payments import bars, buyer_words, stories
from payments.models import DisputeShare, Share

register = template.Library()

STORY = "payments/_story.html"


def _shares() -> QuerySet[Share]:
    return Share.objects.select_related("order").prefetch_related(
        "releases__payout",
        "releases__milestone",
        "releases__reversals",
        "agreements__milestones__release",
        "refunds__reversals",
        "holds",
        "disputes__dispute",
    )


def _share(order: Order) -> Share | None:
    return _shares().filter(order=order).first()


@register.inclusion_tag(STORY)
def buyer_story(order: Order) -> dict[str, Any]:
    """The order's money in the buyer's words; nothing before it is paid."""
    share = _share(order)
    return {"story": stories.for_buyer(share), "bar": bars.for_buyer(share)} if share else {}


@register.inclusion_tag(STORY)
def seller_story(order: Order) -> dict[str, Any]:
    """The order's money in the seller's words; nothing before it is paid."""
    share = _share(order)
    return {"story": stories.for_seller(share), "bar": bars.for_seller(share)} if share else {}


@register.simple_tag
def money_next(orders: Iterable[Order]) -> str:
    """What becomes of the money of a buyer's orders if they say nothing; empty where it is where it stays."""
    given = list(orders)
    return buyer_words.next_of(given, {share.order_id: share for share in _shares().filter(order__in=given)})


@register.simple_tag
def with_money_pills(rows: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """Each row of a `purchase` with `money_pill`: whether its money went another way. Two queries for all."""
    given = list(rows)
    found: dict[int, list[Share]] = {}
    wanted = Share.objects.filter(order__purchase__in=[row["purchase"].pk for row in given])
    for share in wanted.select_related("order").prefetch_related("disputes"):
        found.setdefault(share.order.purchase_id, []).append(share)
    return [row | {"money_pill": buyer_words.money_pill(found.get(row["purchase"].pk, []))} for row in given]


@register.simple_tag
def money_pill_of(orders: Iterable[Order]) -> buyer_words.MoneyPill | None:
    """Whether the money of these orders went another way than their goods, as a pill."""
    shares = Share.objects.filter(order__in=[order.pk for order in orders])
    return buyer_words.money_pill(shares.prefetch_related("disputes"))


@register.simple_tag
def with_release_lines(rows: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """Each row with `release_line`: when its order's money is the seller's, or why not yet; and `is_back`: the buyer
    has all of the money again, so nothing is to be sent. A few queries for all.
    """
    given = list(rows)
    shares = {share.order_id: share for share in _shares().filter(order__in=[row["order"] for row in given])}
    found = [(row, shares.get(row["order"].pk)) for row in given]
    return [row | {"release_line": _line(share), "is_back": _is_back(row["order"], share)} for row, share in found]


def _is_back(order: Order, share: Share | None) -> bool:
    """As orders.given_back tells it, from rows that are here already."""
    if share is None or order.status != Status.PAID or share.refunded < share.gross - share.disputed:
        return False
    return not any(part.outcome == DisputeShare.Outcome.OPEN for part in share.disputes.all())


def _line(share: Share | None) -> str:
    return stories.release_line(share) if share else ""
