"""From a placed purchase to Stripe's hosted payment page, and back out of it."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.db import transaction
from django.urls import reverse
from django.utils.translation import gettext as _

from accounts.models import ConnectedAccount
from customers.mirror import ensure_stripe_customer
from gateway import operations, reads
from gateway.errors import StripeRefused, StripeUnavailable
from gateway.objects import moment
from kit.clock import now
from kit.faults import faultpoint
from kit.transitions import move
from orders.models import FundsFlow, Order, OrderLine, Purchase
from orders.models import Status as OrderStatus
from payments import settlement
from payments.errors import NotPayable, SellerCannotBePaid
from payments.models import Payment

# Stripe wants a page to stay open for at least 30 minutes counted from when it hears of it.
MARGIN = timedelta(minutes=5)
# By how much Stripe's clock and ours may differ.
A_CLOCK_APART = timedelta(hours=1)


def start(purchase: Purchase, *, actor: str) -> Payment:
    """The open payment of a purchase, with the address of its hosted page.

    Writes the payment and its operation, commits, then asks Stripe. Called twice, by two tabs or after a crash, it
    finds the same payment and the same page. Raises NotPayable, SellerCannotBePaid, StripeRefused (nothing was charged;
    try again) or StripeUnavailable (unknown; the same page is opened when Stripe answers).
    """
    customer_id = ensure_stripe_customer(purchase.customer, actor)
    payment = _prepare(purchase, customer_id, actor)
    faultpoint("checkout.prepared")
    return open_page(payment, actor=actor)


def open_page(payment: Payment, *, actor: str) -> Payment:
    """Ask Stripe for the hosted page of a prepared payment, or finish asking. Does nothing if it is open already."""
    if payment.status != Payment.Status.CREATED:
        return payment
    operation = operations.latest(_key(payment))
    if operation is None:
        raise StripeUnavailable("The payment has no operation.")
    operation = operations.execute(operation)
    try:
        answer = operations.require(operation)
    except StripeRefused as refusal:
        _refused(payment, refusal, actor)
        raise
    faultpoint("checkout.answered")
    return attach(payment, answer, actor=actor)


def attach(payment: Payment, session: dict[str, Any], *, actor: str) -> Payment:
    """Write down the page Stripe opened for a payment. Safe to repeat."""
    with transaction.atomic():
        # Locked: the event of this very session may be settling the payment at the same moment (fault F03).
        payment = Payment.objects.select_for_update().get(pk=payment.pk)
        if payment.status == Payment.Status.CREATED:
            move(
                payment,
                Payment.Status.OPEN,
                actor=actor,
                reason=_("Stripe opened the payment page."),
                session_id=session["id"],
                session_url=session.get("url") or "",
                session_expires_at=moment(session.get("expires_at")),
            )
    return payment


def abandon(purchase: Purchase, *, actor: str) -> None:
    """Close whatever page is open for a purchase and cancel it, so that its basket can be placed anew (fault F26).

    Stripe decides: if the buyer paid in another tab meanwhile, the purchase is settled instead and NotPayable raised.
    Raises StripeUnavailable if Stripe cannot say; then nothing is cancelled.
    """
    payment = purchase.payments.filter(status__in=Payment.LIVE).first()
    if payment is None:
        faultpoint("checkout.abandoning")
        _refuse_under_review(purchase)
        settlement.cancel_unpaid(purchase, actor=actor)
        return
    payment = open_page(payment, actor=actor)
    with transaction.atomic():
        operation = operations.plan(
            name="checkout.session.expire",
            business_key=f"checkout-expire:{payment.pk}",
            path=f"/v1/checkout/sessions/{payment.session_id}/expire",
            params={},
            actor=actor,
            reason="The buyer changed the basket.",
        )
    operations.execute(operation)
    # Whatever Stripe answered to that, the session itself says how it ended.
    settlement.settle(str(payment.session_id), actor=actor)
    purchase.refresh_from_db()
    if purchase.status == OrderStatus.PAID:
        raise NotPayable(_("You have paid for this already, in another window."))
    if purchase.status != OrderStatus.CANCELLED:
        raise StripeUnavailable("The payment page could not be closed.")


def look_for_page(payment: Payment, *, actor: str) -> None:
    """Find out what became of a page whose address never reached us, once it would have closed by itself.

    Stripe opens none any more then: the closing time is frozen in the request. A page it opened is settled as it
    ended; if there is none, the payment failed. Raises StripeUnavailable and what `settlement.settle` raises.
    """
    since = payment.created_at - A_CLOCK_APART
    customer_id = str(payment.purchase.customer.stripe_id)
    session_id = reads.find_checkout_session(customer=customer_id, reference=reference(payment), since=since)
    if session_id:
        settlement.settle(session_id, actor=actor)
        return
    with transaction.atomic():
        # Locked: its event may come at this moment after all.
        payment = Payment.objects.select_for_update().get(pk=payment.pk)
        if payment.status == Payment.Status.CREATED:
            move(payment, Payment.Status.FAILED, actor=actor, reason=_("Stripe never opened the payment page."))


def longest() -> timedelta:
    """After how long a payment page has closed by itself."""
    return timedelta(minutes=settings.CHECKOUT_MINUTES) + MARGIN


def _prepare(purchase: Purchase, customer_id: str, actor: str) -> Payment:
    """The payment row and its operation, in one transaction."""
    with transaction.atomic():
        # Locked: two tabs starting the same purchase must find one payment, not make two (fault F26).
        purchase = Purchase.objects.select_for_update().get(pk=purchase.pk)
        if purchase.status != OrderStatus.AWAITING_PAYMENT:
            raise NotPayable(_("This purchase is not waiting for a payment."))
        _refuse_under_review(purchase)
        live = purchase.payments.filter(status__in=Payment.LIVE).first()
        if live is not None:
            return live
        orders = list(purchase.orders.select_related("seller").prefetch_related("lines").order_by("pk"))
        # All of them, now: in the held flow, too, what is paid should not wait for a seller nobody can pay.
        accounts = [_account(order) for order in orders]
        flow = orders[0].funds_flow
        payment = Payment.objects.create(
            purchase=purchase,
            attempt=purchase.payments.count() + 1,
            currency=purchase.currency,
            amount=purchase.total,
            fee=sum(order.fee for order in orders),
            funds_flow=flow,
            destination=accounts[0] if flow == FundsFlow.DESTINATION else None,
            created_at=now(),
        )
        operations.plan(
            name="checkout.session.create",
            business_key=_key(payment),
            path="/v1/checkout/sessions",
            params=_session_params(payment, orders, customer_id),
            actor=actor,
            reason=f"The buyer pays purchase {purchase.number}.",
        )
    return payment


def _refuse_under_review(purchase: Purchase) -> None:
    # Its money is at Stripe already, only not as agreed: another page would take it twice (fault F26).
    if purchase.payments.filter(status=Payment.Status.REVIEW).exists():
        raise NotPayable(_("We are checking your payment for this purchase. Please do not pay again."))


def _account(order: Order) -> ConnectedAccount:
    account = order.seller.connected_accounts.filter(closed_at=None).first()
    if account is None or not account.can_receive_transfers:
        raise SellerCannotBePaid(
            _("%(seller)s cannot receive payments at the moment. Nothing was charged. Please try again later.")
            % {"seller": order.seller.name}
        )
    return account


def _session_params(payment: Payment, orders: Sequence[Order], customer_id: str) -> dict[str, Any]:
    """What Stripe is asked for: the frozen lines of every order, and where the money goes. Amounts in minor units."""
    purchase = payment.purchase
    metadata = {"purchase": purchase.number, "payment": str(payment.pk)}
    # Who has an account may tick to keep the card for the next time; a guest has no next time to keep it for.
    keeps = {} if purchase.customer.user.is_guest else {"payment_method_save": "enabled"}
    return {
        **({"saved_payment_method_options": keeps} if keeps else {}),
        "mode": "payment",
        "customer": customer_id,
        "client_reference_id": reference(payment),
        "line_items": [
            _line_item(line, order, several=len(orders) > 1) for order in orders for line in order.lines.all()
        ],
        "payment_intent_data": _intent(payment, metadata),
        "metadata": metadata,
        # Bank debits settle days later; until goods can wait for that, only cards are offered.
        "allowed_payment_method_types": ["card"],
        # The buyer pays the price they were shown, in the currency they were shown.
        "adaptive_pricing": {"enabled": False},
        "expires_at": int((payment.created_at + longest()).timestamp()),
        "success_url": f"{settings.SITE_URL}{reverse('payments:checkout_return')}?session_id={{CHECKOUT_SESSION_ID}}",
        "cancel_url": f"{settings.SITE_URL}{reverse('payments:checkout_cancelled', args=[purchase.number])}",
    }


def _intent(payment: Payment, metadata: dict[str, str]) -> dict[str, Any]:
    """Where the money goes. With a destination, to the seller at once, less our fee. In the held flow it stays in our
    balance; the transfer group is what later transfers, one for each order, are found by.
    """
    purchase = payment.purchase
    intent: dict[str, Any] = {
        "transfer_group": purchase.number,
        "description": f"{settings.MARKETPLACE_NAME} {purchase.number}",
        "metadata": metadata,
    }
    if payment.destination is not None:
        intent["transfer_data"] = {"destination": payment.destination.stripe_id}
        if payment.fee:
            intent["application_fee_amount"] = payment.fee
    if purchase.address:
        intent["shipping"] = _shipping(purchase.address)
    return intent


def _line_item(line: OrderLine, order: Order, *, several: bool) -> dict[str, Any]:
    """One line of Stripe's page, with its shop when there are several."""
    return {
        "quantity": line.quantity,
        "price_data": {
            "currency": order.currency,
            "unit_amount": line.unit_price,
            "product_data": {"name": f"{line.name} · {order.seller.name}" if several else line.name},
        },
    }


def _shipping(address: dict[str, str]) -> dict[str, Any]:
    parts = {
        "line1": address.get("line1"),
        "line2": address.get("line2"),
        "postal_code": address.get("postal_code"),
        "city": address.get("city"),
        "state": address.get("region"),
        "country": address.get("country"),
    }
    shipping: dict[str, Any] = {
        "name": address["name"],
        "address": {name: value for name, value in parts.items() if value},
    }
    if address.get("phone"):
        shipping["phone"] = address["phone"]
    return shipping


def reference(payment: Payment) -> str:
    """Our name for the payment at Stripe: how an event finds it when it comes before our commit (fault F03)."""
    return f"{payment.purchase.number}.{payment.attempt}"


def _key(payment: Payment) -> str:
    return f"checkout:{payment.pk}"


def _refused(payment: Payment, refusal: StripeRefused, actor: str) -> None:
    with transaction.atomic():
        # Locked: the other tab may be writing down the same refusal.
        payment = Payment.objects.select_for_update().get(pk=payment.pk)
        if payment.status == Payment.Status.CREATED:
            move(payment, Payment.Status.FAILED, actor=actor, reason=refusal.message)
