"""The only door to the status of purchases and orders, once they are placed.

Each function locks the purchase first and then its parts in the order of their ids, so that payment, expiry and
cancelling wait for each other; whoever comes second finds what the first one did (faults F27, F30).
"""

from __future__ import annotations

from datetime import datetime

from django.db import transaction
from django.db.models import F

from accounts.models import Membership
from catalog import stock
from kit import mail
from kit.transitions import move
from orders.models import BasketLine, Order, OrderLine, Purchase, Status
from orders.stories import is_shipped


def mark_paid(purchase: Purchase, *, at: datetime, actor: str, reason: str) -> bool:
    """The purchase is paid: its orders are paid, its units sold and out of the basket; both sides get mail.

    False when it was paid already. Raises IllegalMove when it was cancelled: late money never revives it (fault F27).
    """
    with transaction.atomic():
        _lock(purchase)
        if purchase.status == Status.PAID:
            return False
        move(purchase, Status.PAID, actor=actor, reason=reason, at=at)
        for order in _orders(purchase):
            move(order, Status.PAID, actor=actor, reason=reason, at=at, paid_at=at)
        bought = _lines(purchase)
        for line in bought:
            stock.sell(line.reservation, actor=actor, reason=reason, at=at)
        _take_out_of_basket(purchase, bought)
        _write_paid_mails(purchase)
    return True


def cancel(purchase: Purchase, *, at: datetime, actor: str, reason: str) -> bool:
    """The purchase will not be paid: its orders are cancelled and its units go back to stock, once (fault F30).

    False when it was cancelled already. Raises IllegalMove when it was paid.
    """
    with transaction.atomic():
        _lock(purchase)
        if purchase.status == Status.CANCELLED:
            return False
        move(purchase, Status.CANCELLED, actor=actor, reason=reason, at=at)
        for order in _orders(purchase):
            move(order, Status.CANCELLED, actor=actor, reason=reason, at=at)
        for line in _lines(purchase):
            stock.release(line.reservation, actor=actor, reason=reason, at=at)
    return True


def fulfil(order: Order, *, at: datetime, actor: str, reason: str) -> bool:
    """The seller has sent or handed over everything in the order; the buyer gets mail.

    False when that was said already. Raises IllegalMove when the order is not paid.
    """
    with transaction.atomic():
        # Two members of a team, or one double click: the second one finds it said already.
        order.refresh_from_db(from_queryset=Order.objects.select_for_update())
        if order.status == Status.FULFILLED:
            return False
        move(order, Status.FULFILLED, actor=actor, reason=reason, at=at)
        _write_fulfilled_mail(order)
    return True


def _lock(purchase: Purchase) -> None:
    # Paid and cancelled may arrive together: the second waits, and then sees what the first one did (fault F27).
    purchase.refresh_from_db(from_queryset=Purchase.objects.select_for_update())


def _orders(purchase: Purchase) -> list[Order]:
    return list(purchase.orders.order_by("pk"))


def _lines(purchase: Purchase) -> list[OrderLine]:
    # By listing: releasing updates the listings' rows, and every transaction takes those in the order of their ids.
    lines = OrderLine.objects.filter(order__purchase=purchase)
    return list(lines.select_related("reservation").order_by("listing_id"))


def _take_out_of_basket(purchase: Purchase, bought: list[OrderLine]) -> None:
    """Only as many as were bought: what the buyer added while paying stays."""
    in_basket = BasketLine.objects.filter(basket=purchase.basket_id)
    for line in bought:
        of_listing = in_basket.filter(listing=line.listing_id)
        of_listing.filter(quantity__lte=line.quantity).delete()
        of_listing.filter(quantity__gt=line.quantity).update(quantity=F("quantity") - line.quantity)


def _write_paid_mails(purchase: Purchase) -> None:
    buyer = purchase.customer.user
    orders = list(purchase.orders.select_related("seller").prefetch_related("lines"))
    mail.write(
        key=f"order-paid-buyer:{purchase.pk}",
        to=buyer.email,
        template="order_paid_buyer",
        context={"buyer": buyer, "purchase": purchase, "orders": orders},
    )
    for order in orders:
        owners = Membership.objects.filter(seller=order.seller, role=Membership.Role.OWNER, user__is_active=True)
        for membership in owners.select_related("user"):
            mail.write(
                key=f"order-paid-seller:{order.pk}:{membership.user_id}",
                to=membership.user.email,
                template="order_paid_seller",
                context={
                    "member": membership.user,
                    "order": order,
                    "purchase": purchase,
                    "minus_fee": -order.fee_money,
                },
            )


def _write_fulfilled_mail(order: Order) -> None:
    purchase = order.purchase
    buyer = purchase.customer.user
    mail.write(
        key=f"order-fulfilled-buyer:{order.pk}",
        to=buyer.email,
        template="order_fulfilled_buyer",
        context={
            "buyer": buyer,
            "order": order,
            "purchase": purchase,
            "lines": list(order.lines.all()),
            "shipped": is_shipped(order),
        },
    )
