"""The buyer's orders, searched and narrowed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlencode

from django.db.models import Exists, OuterRef, Q, QuerySet, Subquery
from django.http import QueryDict
from django.utils.timezone import get_current_timezone
from django.utils.translation import gettext as _

from accounts.models import User
from customers.models import Customer
from orders.models import Order, OrderLine, Purchase, Status

LONGEST = 100
PAID, SENT, ARRIVED = Status.PAID, Status.FULFILLED, Status.DELIVERED


@dataclass(frozen=True, slots=True)
class Wanted:
    """What somebody looks for among their orders. Nonsense in an address is left out, not complained about."""

    words: str = ""
    state: str = ""
    year: int = 0

    @classmethod
    def read(cls, given: QueryDict) -> Wanted:
        """From the page's own form, as a query string."""
        words = " ".join(given.get("q", "").replace("\x00", "").split())[:LONGEST]
        state = given.get("state", "")
        year = given.get("year", "")
        is_year = year.isascii() and year.isdigit() and len(year) == 4 and "1970" < year < "9999"
        return cls(words, state if state in dict(states()) else "", int(year) if is_year else 0)

    def __bool__(self) -> bool:
        return bool(self.words or self.state or self.year)

    @property
    def query(self) -> str:
        """The same as a query string, to go on paging with."""
        given = {"q": self.words, "state": self.state, "year": self.year}
        return urlencode({name: value for name, value in given.items() if value})


def states() -> list[tuple[str, str]]:
    """Where a purchase can stand for its buyer, as the page's pills say it."""
    return [
        ("awaiting_payment", _("Awaiting payment")),
        ("paid", _("Paid")),
        ("fulfilled", _("On its way")),
        ("delivered", _("Delivered")),
        ("cancelled", _("Cancelled")),
    ]


def purchases(user: User, wanted: Wanted) -> QuerySet[Purchase]:
    """The buyer's own purchases that fit."""
    # By an equality the database resolves first, so that the index of the customer's purchases gives the order, too.
    mine = Purchase.objects.filter(customer=Subquery(Customer.objects.filter(user=user).values("pk")[:1]))
    if wanted.state:
        mine = mine.filter(_stands(wanted.state))
    if wanted.words:
        mine = mine.filter(_names(wanted.words))
    if wanted.year:
        zone = get_current_timezone()
        begins, ends = (datetime(year, 1, 1, tzinfo=zone) for year in (wanted.year, wanted.year + 1))
        mine = mine.filter(placed_at__gte=begins, placed_at__lt=ends)
    return mine


def years(user: User) -> list[int]:
    """The years the buyer bought something in, newest first."""
    found = Purchase.objects.filter(customer__user=user).dates("placed_at", "year", order="DESC")
    return [day.year for day in found]


def _stands(state: str) -> Q:
    """A purchase stands where its part stands that is least far, cancelled parts aside (orders.stories)."""

    def has(*where: Status) -> Exists:
        return Exists(Order.objects.filter(purchase=OuterRef("pk"), status__in=where))

    paid = Q(status=PAID)
    return {
        "awaiting_payment": Q(status=Status.AWAITING_PAYMENT),
        "paid": paid & Q(has(PAID)),
        "fulfilled": paid & Q(has(SENT)) & ~Q(has(PAID)),
        "delivered": paid & Q(has(ARRIVED)) & ~Q(has(PAID, SENT)),
        "cancelled": Q(status=Status.CANCELLED) | (paid & ~Q(has(PAID, SENT, ARRIVED))),
    }[state]


def _names(words: str) -> Q:
    """By a number somebody has before them, or by what it was and where from: every word of it."""
    number = words.replace(" ", "").upper()
    orders = Order.objects.filter(purchase=OuterRef("pk"))
    found = Q(number=number) | Q(Exists(orders.filter(number=number)))
    by_words = Q()
    for word in words.split():
        titles = OrderLine.objects.filter(order__purchase=OuterRef("pk")).filter(
            Q(title__icontains=word) | Q(variant_name__icontains=word)
        )
        by_words &= Q(Exists(titles)) | Q(Exists(orders.filter(seller__name__icontains=word)))
    return found | by_words
