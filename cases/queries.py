"""What pages and other rooms read of cases, with a number of queries that does not grow with the rows."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.conf import settings
from django.db.models import Max, QuerySet, Sum
from django.utils.formats import date_format
from django.utils.timezone import localtime
from django.utils.translation import gettext as _

from accounts.models import Seller, User
from cases.models import Case, CaseMessage, Party
from catalog import keyset
from orders.models import Order
from payments.models import Refund, Share

PAGE = 20
NEWEST = keyset.Order(("pk",), descending=True)


@dataclass(frozen=True, slots=True)
class Said:
    """One dated line of a thread: who said what."""

    at: datetime
    who: str
    text: str

    def __str__(self) -> str:
        return f"{date_format(localtime(self.at), 'Y-m-d H:i T')} {self.who}: {self.text}"


def open_case(share: Share) -> Case | None:
    """The case that is open about this order's money, if there is one."""
    found: Case | None = share.cases.exclude(status=Case.Status.CLOSED).select_related("share__order").first()
    return found


def still_asked(case: Case) -> int:
    """What is still to come of what the buyer asks for, in minor units of the share's currency: less than they ask for
    if some of it came back since, in this case or by another way, and never more than can come back.
    """
    share = case.share
    if not share.refunded:
        return min(case.asked, share.refundable)
    asked_at = case.offers.filter(party=Party.BUYER).aggregate(at=Max("made_at"))["at"] or case.opened_at
    # What Stripe refused never came back; what the buyer's bank returned is still owed to them, and paid again.
    made = share.refunds.filter(planned_at__gte=asked_at, replaces=None).exclude(status=Refund.Status.REFUSED)
    came_back = made.aggregate(total=Sum("amount"))["total"] or 0
    return max(0, min(case.asked - int(came_back), share.refundable))


def thread_for_bank(share: Share) -> list[Said]:
    """What buyer, seller and marketplace said to each other about an order, in all its cases, the oldest first.

    Without the notes that are for staff alone. Offers are told in words; pictures are counted.
    """
    rows = CaseMessage.objects.filter(case__share=share, is_private=False)
    found = rows.select_related("case__share__order__seller", "offer").prefetch_related("photos")
    return [_said(message) for message in found.order_by("pk")]


def waiting_for_staff() -> QuerySet[Case]:
    """Open cases the marketplace has to decide, the next deadline first."""
    found = Case.objects.filter(status=Case.Status.WITH_STAFF).select_related("share__order__seller")
    return found.order_by("answer_by", "pk")


def cases_of_buyer(user: User, after: str) -> tuple[list[Case], str]:
    """A page of the buyer's cases, newest first, and the cursor of the next page ("" on the last)."""
    return _page(_shown().filter(share__order__purchase__customer__user=user), after)


def cases_of_seller(seller: Seller, after: str, *, only_open: bool) -> tuple[list[Case], str]:
    """A page of a shop's cases, newest first; `only_open` leaves the closed ones out."""
    found = _shown().filter(share__order__seller=seller)
    return _page(found.exclude(status=Case.Status.CLOSED) if only_open else found, after)


def waiting_for_seller(seller: Seller) -> QuerySet[Case]:
    """Open cases this shop has to answer, the next deadline first."""
    found = _shown().filter(share__order__seller=seller, status=Case.Status.WAITS_FOR_SELLER)
    return found.order_by("answer_by", "pk")


def case_of_buyer(user: User, number: str) -> Case | None:
    """One of the buyer's own cases; None for anybody else's."""
    return _shown().filter(number=number, share__order__purchase__customer__user=user).first()


def case_of_seller(seller: Seller, number: str) -> Case | None:
    """One of the shop's cases; None for anybody else's."""
    return _shown().filter(number=number, share__order__seller=seller).first()


def latest_of_order(order: Order) -> Case | None:
    """The newest case about an order."""
    return _shown().filter(share__order=order).order_by("pk").last()


def thread(case: Case, *, with_notes: bool = False) -> list[CaseMessage]:
    """Everything said in a case, the oldest first; notes for staff only when asked for."""
    rows = case.messages.select_related("author", "offer", "case__share").prefetch_related("photos")
    return list(rows if with_notes else rows.filter(is_private=False))


def _shown() -> QuerySet[Case]:
    related = ("share__order__seller", "share__order__purchase__customer__user", "share__payment", "share__account")
    return Case.objects.select_related(*related, "action", "refund")


def _page(rows: QuerySet[Case], after: str) -> tuple[list[Case], str]:
    found = list(NEWEST.after(after, rows)[: PAGE + 1])
    page = found[:PAGE]
    return page, NEWEST.cursor(page[-1]) if len(found) > PAGE else ""


def _said(message: CaseMessage) -> Said:
    names = {
        Party.BUYER: _("Buyer"),
        Party.SELLER: _("Seller"),
        Party.STAFF: settings.MARKETPLACE_NAME,
    }
    who = names[Party(message.party)] if message.party else _("Record")
    parts = []
    if message.offer is not None:
        parts.append(
            _("Offers that %(amount)s goes back to the buyer.")
            % {"amount": message.case.share.money(message.offer.amount)}
        )
    if message.text:
        parts.append(message.text)
    shown = len(message.photos.all())
    if shown:
        parts.append(_("[%(count)d photos]") % {"count": shown})
    return Said(message.written_at, who, " ".join(parts))
