"""A shop's orders as its seller looks for them: what is to be done, what is on its way, and what was asked for."""

from __future__ import annotations

from dataclasses import dataclass

from django.db import models
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils.translation import gettext_lazy as _

from accounts.models import Seller
from catalog import keyset
from catalog.models import Listing
from orders.given_back import still_sold
from orders.models import Order, OrderLine, Status

PAGE = 20
NEWEST = keyset.Order(("pk",), descending=True)
# What waits longest comes first.
OLDEST = keyset.Order(("pk",), descending=False)
LONGEST_SEARCH = 100


class Show(models.TextChoices):
    """The tabs of the list."""

    TO_DO = "to_do", _("To do")
    SENT = "sent", _("On their way")
    DELIVERED = "delivered", _("Delivered")
    CANCELLED = "cancelled", _("Cancelled")
    ALL = "all", _("All")


STATUS = {
    Show.TO_DO: Status.PAID,
    Show.SENT: Status.FULFILLED,
    Show.DELIVERED: Status.DELIVERED,
    Show.CANCELLED: Status.CANCELLED,
}


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a seller asked to see."""

    show: Show = Show.TO_DO
    words: str = ""
    delivery: str = ""

    @classmethod
    def read(cls, show: str, words: str, delivery: str) -> Wanted:
        """From an address; what makes no sense there is left out."""
        said = " ".join(words.replace("\x00", " ").split())[:LONGEST_SEARCH]
        return cls(
            show=Show(show) if show in Show.values else Show.TO_DO,
            words=said,
            delivery=delivery if delivery in Listing.Delivery.values else "",
        )


def orders_of(seller: Seller, wanted: Wanted, after: str) -> tuple[list[Order], str]:
    """A page of the seller's orders, and the cursor of the next page: what is to be done oldest first, else newest."""
    order = OLDEST if wanted.show == Show.TO_DO else NEWEST
    found = list(order.after(after, _narrowed(seller, wanted))[: PAGE + 1])
    return found[:PAGE], order.cursor(found[PAGE - 1]) if len(found) > PAGE else ""


def _narrowed(seller: Seller, wanted: Wanted) -> QuerySet[Order]:
    orders = Order.objects.filter(seller=seller)
    if wanted.show in STATUS:
        orders = orders.filter(status=STATUS[wanted.show])
    if wanted.show == Show.TO_DO:
        orders = still_sold(orders)
    if wanted.delivery:
        orders = orders.filter(Exists(OrderLine.objects.filter(order=OuterRef("pk"), delivery=wanted.delivery)))
    if wanted.words:
        orders = orders.filter(_said(wanted.words))
    return orders.select_related("purchase__customer__user").prefetch_related("lines")


def _said(words: str) -> Q:
    """By number (ours or the buyer's), by what was bought, by parcel, or by the name it is sent to.

    The name is the seller's business once it is paid, not before.
    """
    titled = Exists(OrderLine.objects.filter(order=OuterRef("pk"), title__icontains=words))
    named = Q(purchase__address__name__icontains=words, paid_at__isnull=False)
    numbered = Q(number__iexact=words) | Q(purchase__number__iexact=words) | Q(tracking_number__iexact=words)
    return numbered | named | Q(titled)
