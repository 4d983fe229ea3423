"""The mails about purchases and orders, written in the transaction of the fact they tell."""

from __future__ import annotations

from accounts.guests import has_account
from accounts.models import Membership
from kit import mail
from kit.recorded import for_the_record
from orders import digital_files
from orders.models import DeliveredBy, Order, Purchase
from orders.stories import is_shipped


def paid(purchase: Purchase) -> None:
    """The payment arrived: to the buyer, and to each seller's owners about their part."""
    buyer = purchase.customer.user
    orders = list(purchase.orders.select_related("seller").prefetch_related("lines").order_by("pk"))
    mail.write(
        key=f"order-paid-buyer:{purchase.pk}",
        to=buyer.email,
        language=buyer.language,
        template="order_paid_buyer",
        # Whether a guest's address belongs to an account is told to the address itself, never on a page.
        context={
            "buyer": buyer,
            "purchase": purchase,
            "orders": orders,
            "has_account": buyer.is_guest and has_account(buyer.email),
        },
    )
    for order in orders:
        shipped = is_shipped(order)
        facts = {"shipped": shipped, "by_itself": digital_files.is_ready(order)}
        _to_owners(order, "order-paid-seller", "order_paid_seller", minus_fee=-order.fee_money, **facts)


def fulfilled(order: Order) -> None:
    """It is on its way, with how to follow it, or it was handed over: to the buyer."""
    ready = digital_files.is_ready(order)
    _to_buyer(order, "order-fulfilled-buyer", "order_fulfilled_buyer", shipped=is_shipped(order), downloads_ready=ready)


def delivered(order: Order) -> None:
    """It has arrived: to the seller's owners if the buyer said so, to the buyer if somebody else did."""
    if order.delivered_by == DeliveredBy.BUYER:
        _to_owners(order, "order-delivered-seller", "order_delivered_seller")
    else:
        by_carrier = order.delivered_by == DeliveredBy.CARRIER
        _to_buyer(order, "order-delivered-buyer", "order_delivered_buyer", by_carrier=by_carrier)


def cancelled_after_payment(order: Order, reason: str) -> None:
    """A paid order was cancelled: to the buyer with what comes back to them, and to the seller's owners."""
    _to_buyer(order, "order-cancelled-buyer", "order_cancelled_buyer", reason=for_the_record(reason))
    _to_owners(order, "order-cancelled-seller", "order_cancelled_seller", reason=for_the_record(reason))


def _to_buyer(order: Order, key: str, template: str, **more: object) -> None:
    purchase = order.purchase
    buyer = purchase.customer.user
    lines = list(order.lines.all())
    mail.write(
        key=f"{key}:{order.pk}",
        to=buyer.email,
        language=buyer.language,
        template=template,
        context={"buyer": buyer, "order": order, "purchase": purchase, "lines": lines, **more},
    )


def _to_owners(order: Order, key: str, template: str, **more: object) -> None:
    owners = Membership.objects.filter(seller=order.seller, role=Membership.Role.OWNER, user__is_active=True)
    for membership in owners.select_related("user"):
        mail.write(
            key=f"{key}:{order.pk}:{membership.user_id}",
            to=membership.user.email,
            language=membership.user.language,
            template=template,
            context={"member": membership.user, "order": order, "purchase": order.purchase, **more},
        )
