"""Orders whose buyer has all of the money again: nothing is to be sent for them, and nothing to be downloaded.

What was refunded and what banks took is payments' to tell, in rows that point at orders; read here, never written.
"""

from __future__ import annotations

from django.db.models import Exists, F, OuterRef, QuerySet

from orders.models import Order


def given_back() -> QuerySet[Order]:
    """Refunded, or lost to the buyer's bank, to the last cent. What a bank still decides about is not among them."""
    whole = Order.objects.filter(share__refunded__gte=F("share__gross") - F("share__disputed"))
    return whole.exclude(share__disputes__outcome="open")


def is_given_back(order: Order) -> bool:
    """Whether the buyer has all of this order's money again."""
    return given_back().filter(pk=order.pk).exists()


def still_sold(orders: QuerySet[Order]) -> QuerySet[Order]:
    """Those of them whose buyer has not all of the money again."""
    return orders.filter(~Exists(given_back().filter(pk=OuterRef("pk"))))
