"""The only door to the status of purchases and orders, once they are placed.

Each function locks the purchase first and then its parts in the order of their ids, so that payment, expiry and
cancelling wait for each other; whoever comes second finds what the first one did (faults F27, F30).
"""

from __future__ import annotations

from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import F
from django.utils.translation import gettext as _

from catalog import stock
from kit.transitions import IllegalMove, move
from orders import digital_files, letters
from orders.models import BasketLine, DeliveredBy, Order, OrderLine, Purchase, Status
from orders.stories import is_shipped

# Who hands over what nobody has to hand over.
BY_ITSELF = "downloads"


def mark_paid(purchase: Purchase, *, at: datetime, actor: str, reason: str) -> bool:
    """The purchase is paid: its orders are paid, its units sold and out of the basket; both sides get mail.

    From now on each seller has `SHIP_WITHIN_DAYS` to send or hand over their part.

    False when it was paid already. Raises IllegalMove when it was cancelled: late money never revives it (fault F27).
    """
    with transaction.atomic():
        _lock(purchase)
        if purchase.status == Status.PAID:
            return False
        move(purchase, Status.PAID, actor=actor, reason=reason, at=at)
        ship_by = at + timedelta(days=settings.SHIP_WITHIN_DAYS)
        for order in _orders(purchase):
            move(order, Status.PAID, actor=actor, reason=reason, at=at, paid_at=at, ship_by=ship_by)
        bought = _lines(purchase)
        for line in bought:
            stock.sell(line.reservation, actor=actor, reason=reason, at=at)
        _take_out_of_basket(purchase, bought)
        letters.paid(purchase)
        for order in _orders(purchase):
            if digital_files.is_ready(order):
                fulfil(order, at=at, actor=BY_ITSELF, reason=_("Its files can be downloaded."))
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


def fulfil(
    order: Order, *, at: datetime, actor: str, reason: str, carrier: str = "", tracking_number: str = ""
) -> bool:
    """The seller has sent or handed over everything in the order; the buyer gets mail.

    What is handed over is with the buyer then, by the seller's word: such an order goes on to delivered at once. False
    when it was said already. Raises IllegalMove when the order is not paid.
    """
    with transaction.atomic():
        _lock_order(order)
        if order.status in (Status.FULFILLED, Status.DELIVERED):
            return False
        sent = {"fulfilled_at": at, "carrier": carrier, "tracking_number": tracking_number}
        move(order, Status.FULFILLED, actor=actor, reason=reason, at=at, **sent)
        if not is_shipped(order):
            _arrived(order, at=at, actor=actor, reason=reason, said_by=DeliveredBy.SELLER)
        letters.fulfilled(order)
    return True


def deliver(order: Order, *, at: datetime, actor: str, reason: str, said_by: str) -> bool:
    """Everything in the order has reached the buyer, as `said_by` says (DeliveredBy); the other side gets mail.

    False when that was said already: the first word counts. Raises IllegalMove when the order was not sent.
    """
    with transaction.atomic():
        _lock_order(order)
        if order.status == Status.DELIVERED:
            return False
        _arrived(order, at=at, actor=actor, reason=reason, said_by=DeliveredBy(said_by))
        letters.delivered(order)
    return True


def give_time(order: Order, *, until: datetime) -> bool:
    """The seller has until then to send it: what kept them from sending it was not theirs. False unless it is paid, not
    sent, and due before that.
    """
    waiting = Order.objects.filter(pk=order.pk, status=Status.PAID, ship_by__lt=until)
    return bool(waiting.update(ship_by=until))


def cancel_paid(order: Order, *, at: datetime, actor: str, reason: str) -> bool:
    """A paid order is not sent after all: its units go back to stock, once (fault F30), and both sides get mail.

    The purchase stays paid, even if this was its last order: where its money went is payments' to tell, and giving it
    back is the caller's. False when it was cancelled already. Raises IllegalMove when it was not paid or is sent.
    """
    with transaction.atomic():
        _lock_order(order)
        if order.status == Status.CANCELLED and order.paid_at is not None:
            return False
        if order.status == Status.AWAITING_PAYMENT:
            raise IllegalMove(f"Order {order.number} is not paid: the whole purchase is cancelled instead.")
        move(order, Status.CANCELLED, actor=actor, reason=reason, at=at)
        # By listing, as everywhere: putting back updates the listings' rows.
        for line in order.lines.select_related("reservation").order_by("listing_id", "pk"):
            stock.take_back(line.reservation, actor=actor, reason=reason, at=at)
        letters.cancelled_after_payment(order, reason)
    return True


def _arrived(order: Order, *, at: datetime, actor: str, reason: str, said_by: DeliveredBy) -> None:
    said = {"delivered_at": at, "delivered_by": said_by}
    move(order, Status.DELIVERED, actor=actor, reason=reason, at=at, **said)


def _lock_order(order: Order) -> None:
    # Sent, received and cancelled may be said at once, or one of them twice: the second waits, then sees the first.
    order.refresh_from_db(from_queryset=Order.objects.select_for_update())


def _lock(purchase: Purchase) -> None:
    # Paid and cancelled may arrive together: the second waits, and then sees what the first one did (fault F27).
    purchase.refresh_from_db(from_queryset=Purchase.objects.select_for_update())


def _orders(purchase: Purchase) -> list[Order]:
    return list(purchase.orders.order_by("pk"))


def _lines(purchase: Purchase) -> list[OrderLine]:
    # By listing: releasing updates the listings' rows, and every transaction takes those in the order of their ids.
    lines = OrderLine.objects.filter(order__purchase=purchase)
    return list(lines.select_related("reservation").order_by("listing_id", "pk"))


def _take_out_of_basket(purchase: Purchase, bought: list[OrderLine]) -> None:
    """Only as many as were bought: what the buyer added while paying stays."""
    in_basket = BasketLine.objects.filter(basket=purchase.basket_id)
    for line in bought:
        same = in_basket.filter(listing=line.listing_id, variant=line.variant_id)
        same.filter(quantity__lte=line.quantity).delete()
        same.filter(quantity__gt=line.quantity).update(quantity=F("quantity") - line.quantity)
