"""What a buyer reads about an order's money beside the order itself: what happens next if they say nothing, and whether
the money went another way than the goods.

Read from the shares' rows; the stories (payments.stories) tell the whole of it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from django.utils.formats import date_format
from django.utils.text import get_text_list
from django.utils.timezone import localtime
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from kit.clock import now
from orders.models import Order
from orders.models import Status as OrderStatus
from orders.stories import Pill
from payments.models import DisputeShare, Hold, MilestoneAgreement, Share


@dataclass(frozen=True, slots=True)
class MoneyPill(Pill):
    """Where the money went. With `is_all` the buyer has all of it again, and where the parcel was says nothing more."""

    is_all: bool = False


def next_of(orders: Iterable[Order], shares: Mapping[int, Share]) -> str:
    """What becomes of the money of these orders without a word from the buyer: a sentence for shops that are at the
    same point, nothing for those whose money is where it stays.
    """
    points: dict[tuple[str, str], list[str]] = {}
    for order in orders:
        share = shares.get(order.pk)
        point = _point(order, share) if share else None
        if point is not None:
            points.setdefault(point, []).append(order.seller.name)
    return " ".join(_sentence(what, day, shops) for (what, day), shops in points.items())


def money_pill(shares: Iterable[Share]) -> MoneyPill | None:
    """Where what was paid went if it did not just go to the shop; None where the order's own pill says all."""
    rows = list(shares)
    paid = sum(share.gross for share in rows)
    back = sum(share.refunded for share in rows)
    parts = [part for share in rows for part in share.disputes.all()]
    if any(part.ended_at is None for part in parts):
        return MoneyPill("problem", _("With your bank"))
    lost = sum(part.amount for part in parts if part.outcome == DisputeShare.Outcome.LOST)
    if lost:
        return MoneyPill("done", _("Given back by your bank"), is_all=back + lost >= paid)
    if back and back >= paid:
        return MoneyPill("done", _("Refunded"), is_all=True)
    return MoneyPill("done", _("Partly refunded")) if back else None


def waits(share: Share) -> list[str]:
    """Why the money is held whatever the day, in the buyer's words."""
    words = {
        Hold.Kind.CASE: _("Held until your case is closed"),
        Hold.Kind.DISPUTE: _("Held until your bank has decided"),
        Hold.Kind.WARNING: _("Held while we check your payment"),
        Hold.Kind.RESTRICTION: _("Held until the shop can be paid"),
        Hold.Kind.STAFF: _("Held while we look at it"),
    }
    kinds = [Hold.Kind(hold.kind) for hold in share.holds.all() if hold.ended_at is None]
    return [words[kind] for kind in dict.fromkeys(kinds)]


def held_label(share: Share) -> str:
    """What the part of the money bar is called that is still here."""
    if share.order_id is None or share.order.status not in (OrderStatus.DELIVERED, OrderStatus.CANCELLED):
        return _("Held until you have it")
    if share.order.status == OrderStatus.CANCELLED:
        return _("On its way back to you")
    if share.release_at is None or share.release_at <= now():
        return _("Held, on its way to the shop")
    return _("Held until %(day)s") % {"day": _day(share.release_at)}


def _point(order: Order, share: Share) -> tuple[str, str] | None:
    if share.status != Share.Status.HELD or not share.left:
        return None
    holds = {hold.kind for hold in share.holds.all() if hold.ended_at is None}
    if holds:
        # A case says itself what comes next.
        return None if holds == {Hold.Kind.CASE} else ("bank" if Hold.Kind.DISPUTE in holds else "held", "")
    if any(one.status == MilestoneAgreement.Status.AGREED for one in share.agreements.all()):
        return None
    if order.status == OrderStatus.PAID and order.ship_by is not None:
        return "unsent", _day(order.ship_by)
    if order.status == OrderStatus.FULFILLED and share.release_at is not None:
        return "sent", _day(share.release_at)
    if order.status == OrderStatus.DELIVERED:
        due = share.release_at
        return ("paid", "") if due is None or due <= now() else ("arrived", _day(due))
    return None


def _sentence(what: str, day: str, shops: list[str]) -> str:
    n = len(shops)
    words = {
        "bank": _("Your bank is asked about this payment: the money stays where it is until it has decided."),
        "held": _("The money is held while we look at it."),
        "unsent": _("What is not sent by %(day)s is cancelled, and your money goes back to you."),
        "sent": ngettext(
            "If we hear nothing from you, %(shops)s is paid on %(day)s.",
            "If we hear nothing from you, %(shops)s are paid on %(day)s.",
            n,
        ),
        "arrived": ngettext(
            "%(shops)s is paid on %(day)s, unless you tell us before then that something is wrong.",
            "%(shops)s are paid on %(day)s, unless you tell us before then that something is wrong.",
            n,
        ),
        "paid": ngettext("%(shops)s is being paid now.", "%(shops)s are being paid now.", n),
    }
    return words[what] % {"shops": get_text_list(shops, _("and")), "day": day}


def _day(moment: datetime) -> str:
    return date_format(localtime(moment), "j F")
