"""What came of a payment page: asked by events, by the return page and by the sweeper; whoever comes first settles.

`fetch` looks at Stripe and must run outside any transaction; `apply` writes, in one transaction, and only forward.
"""

from typing import Any

import structlog
from django.db import transaction
from django.utils.translation import gettext as _

from gateway import reads
from gateway.objects import BalanceTransaction, Charge, CheckoutSession
from kit.clock import now
from kit.faults import faultpoint
from kit.money import format_money
from kit.transitions import move
from ledger import journal
from orders import progress
from orders.models import Purchase
from orders.models import Status as OrderStatus
from payments import plans
from payments.errors import NotYet
from payments.models import Payment

log = structlog.get_logger(__name__)

Status = Payment.Status

# Where the payment intent of a completed page stands when a bank that answers days later has said no (fault F28).
REFUSED = ("requires_payment_method", "canceled")


def settle(session_id: str, *, actor: str) -> Payment:
    """Look at the session at Stripe and write down what it says. Raises NotYet, StripeUnavailable, NotFoundAtStripe."""
    session = fetch(session_id)
    with transaction.atomic():
        return apply(session, actor=actor)


def fetch(session_id: str) -> CheckoutSession:
    """The session as Stripe has it now: never as an event told it."""
    return reads.checkout_session(session_id)


def apply(session: CheckoutSession, *, actor: str) -> Payment:
    """Bring our payment to where Stripe's session is. Runs in the caller's transaction, so that the caller's mark
    commits with the effect (fault F05). Raises NotYet if the payment is not known here, or the money not booked there,
    yet.
    """
    payment = _locked(session)
    if payment.status == Status.CREATED:
        # Stripe's answer never reached us, its event did: this is that answer.
        move(
            payment,
            Status.OPEN,
            actor=actor,
            reason=_("Stripe opened the payment page."),
            session_id=session.id,
            session_url=session.url,
            session_expires_at=session.expires_at,
        )
    if payment.status not in Payment.LIVE:
        return payment
    if session.status == "expired":
        move(payment, Status.EXPIRED, actor=actor, reason=_("The payment page was closed without a payment."))
        cancel_unpaid(payment.purchase, actor=actor)
    elif session.status == "complete" and session.payment_status == "paid":
        _paid(payment, session, actor)
    elif session.status == "complete" and session.payment_intent_status in REFUSED:
        move(payment, Status.FAILED, actor=actor, reason=_("The bank refused the payment in the end."))
        cancel_unpaid(payment.purchase, actor=actor)
    elif session.status == "complete" and payment.status == Status.OPEN:
        move(payment, Status.PROCESSING, actor=actor, reason=_("The bank has not confirmed the payment yet."))
    return payment


def cancel_unpaid(purchase: Purchase, *, actor: str) -> None:
    """Cancel a purchase nobody paid and put its stock back. Does nothing if it is paid or cancelled already, or if a
    page of it can still take money.
    """
    with transaction.atomic():
        # Locked: an expired page and the sweeper may both end it; its stock goes back once (fault F30). A new page is
        # prepared under the same lock, so none can be opened between this look and the cancelling (fault F27).
        purchase = Purchase.objects.select_for_update().get(pk=purchase.pk)
        has_money_coming = purchase.payments.filter(status__in=[*Payment.LIVE, Status.REVIEW]).exists()
        if purchase.status == OrderStatus.AWAITING_PAYMENT and not has_money_coming:
            progress.cancel(purchase, at=now(), actor=actor, reason=_("It was not paid in time."))


def _locked(session: CheckoutSession) -> Payment:
    """Our payment for this session, locked: redirect, event and sweeper may all be here at once (fault F23)."""
    rows = Payment.objects.select_for_update(of=("self",)).select_related("purchase", "destination__seller")
    payment = rows.filter(session_id=session.id).first()
    if payment is None:
        number, _dot, attempt = session.client_reference_id.partition(".")
        if attempt.isdigit():
            payment = rows.filter(session_id=None, purchase__number=number, attempt=int(attempt)).first()
    if payment is None:
        raise NotYet(f"No payment here has the session {session.id}.")
    return payment


def _paid(payment: Payment, session: CheckoutSession, actor: str) -> None:
    charge = session.charge
    if charge is None or charge.line is None or charge.transfer_line is None:
        raise NotYet("Stripe has not booked the charge yet.")
    if charge.fee_amount and charge.fee_line is None:
        raise NotYet("Stripe has not booked our fee yet.")
    wrong = _disagreement(payment, session, charge)
    # Locked: it may be cancelled at this moment, and what is cancelled must not become paid (fault F27).
    purchase = Purchase.objects.select_for_update().get(pk=payment.purchase_id)
    if not wrong and purchase.status != OrderStatus.AWAITING_PAYMENT:
        wrong = f"The purchase is {purchase.status}; the payment came too late."
    facts: dict[str, Any] = {"payment_intent_id": session.payment_intent_id, "charge_id": charge.id, "paid_at": now()}
    if wrong:
        # Booked nowhere and shipped never: a person compares it with Stripe (faults F24, F25, F27).
        move(payment, Status.REVIEW, actor=actor, reason=wrong, review_reason=wrong, **facts)
        log.error("payment_needs_review", payment=payment.pk, reason=wrong)
        return
    move(payment, Status.PAID, actor=actor, reason=_("Stripe confirmed the payment."), **facts)
    _book(payment, charge.line, charge.transfer_line, charge.fee_line)
    faultpoint("settlement.booked")
    progress.mark_paid(purchase, at=now(), actor=actor, reason=_("Stripe confirmed the payment."))


def _disagreement(payment: Payment, session: CheckoutSession, charge: Charge) -> str:
    """How what Stripe took differs from what was agreed, or nothing. Amounts in minor units."""
    agreed_and_found = (
        ("amount", (payment.amount, payment.currency), (session.amount_total, session.currency)),
        ("captured amount", (payment.amount, payment.currency), (charge.amount_captured, charge.currency)),
        ("refunded amount", (0, payment.currency), (charge.amount_refunded, charge.currency)),
        ("destination", payment.destination.stripe_id, charge.destination),
        ("platform fee", payment.fee, charge.fee_amount),
    )
    for name, agreed, found in agreed_and_found:
        if agreed != found:
            return f"The {name} at Stripe is {_show(found)}, agreed was {_show(agreed)}."
    return ""


def _show(value: object) -> str:
    if isinstance(value, tuple):
        return format_money(*value)
    return str(value)


def _book(
    payment: Payment, charge: BalanceTransaction, transfer: BalanceTransaction, fee: BalanceTransaction | None
) -> None:
    order = payment.purchase.orders.get()
    journal.post(
        plans.destination_payment(
            order_number=order.number,
            seller_ref=str(order.seller_id),
            account=str(payment.destination.stripe_id),
            charge=charge,
            transfer=transfer,
            fee=fee,
            occurred_at=now(),
        )
    )
