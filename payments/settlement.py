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
from ledger.journal import PostingPlan
from orders import progress
from orders.models import FundsFlow, Purchase
from orders.models import Status as OrderStatus
from payments import plans, reviewing, shares
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
    charge = _booked_at_stripe(payment, session)
    wrong = _disagreement(payment, session, charge)
    # Locked: it may be cancelled at this moment, and what is cancelled must not become paid (fault F27).
    purchase = Purchase.objects.select_for_update().get(pk=payment.purchase_id)
    at = now()
    facts: dict[str, Any] = {
        "payment_intent_id": session.payment_intent_id,
        "charge_id": charge.id,
        "card_brand": charge.card.brand,
        "card_last4": charge.card.last4,
        "card_fingerprint": charge.card.fingerprint,
        "paid_at": at,
    }
    if wrong:
        # Shipped never; held, until a person has compared it with Stripe and gives it back (faults F24, F25).
        move(payment, Status.REVIEW, actor=actor, reason=wrong, review_reason=wrong, **facts)
        reviewing.take_in(payment, charge, why=wrong, at=at, actor=actor)
        log.error("payment_needs_review", payment=payment.pk, reason=wrong)
        return
    move(payment, Status.PAID, actor=actor, reason=_("Stripe confirmed the payment."), **facts)
    journal.post(_postings(payment, charge))
    shares.open_for(payment, charge, at=at, actor=actor)
    faultpoint("settlement.booked")
    if purchase.status == OrderStatus.CANCELLED:
        # It came too late, and its things are somebody else's: a sweep gives it back, once (fault F27).
        log.warning("payment_came_too_late", payment=payment.pk)
        return
    progress.mark_paid(purchase, at=at, actor=actor, reason=_("Stripe confirmed the payment."))


def _booked_at_stripe(payment: Payment, session: CheckoutSession) -> Charge:
    """The charge with all the balance lines its flow has. Raises NotYet while Stripe is still booking."""
    charge = session.charge
    if charge is None or charge.line is None:
        raise NotYet("Stripe has not booked the charge yet.")
    if payment.funds_flow == FundsFlow.DESTINATION:
        if charge.transfer_line is None:
            raise NotYet("Stripe has not booked the transfer to the seller yet.")
        if charge.fee_amount and charge.fee_line is None:
            raise NotYet("Stripe has not booked our fee yet.")
    return charge


def _disagreement(payment: Payment, session: CheckoutSession, charge: Charge) -> str:
    """How what Stripe took differs from what was agreed, or nothing. Amounts in minor units."""
    agreed = payment.amount, payment.currency
    pairs: list[tuple[str, object, object]] = [
        ("amount", agreed, (session.amount_total, session.currency)),
        ("captured amount", agreed, (charge.amount_captured, charge.currency)),
        ("refunded amount", (0, payment.currency), (charge.amount_refunded, charge.currency)),
    ]
    if payment.destination is not None:
        pairs += [
            ("destination", payment.destination.stripe_id, charge.destination),
            ("platform fee", payment.fee, charge.fee_amount),
        ]
    else:
        pairs += [
            ("destination", "", charge.destination),
            ("platform fee", 0, charge.fee_amount),
            # What is held is released and refunded as it was taken: in a balance of another currency it would not be.
            ("amount in our balance", agreed, (charge.line.amount, charge.line.currency) if charge.line else None),
        ]
    for name, wanted, found in pairs:
        if wanted != found:
            return f"The {name} at Stripe is {_show(found)}, agreed was {_show(wanted)}."
    return ""


def _show(value: object) -> str:
    if isinstance(value, tuple):
        return format_money(*value)
    return str(value) or "none"


def _postings(payment: Payment, charge: Charge) -> list[PostingPlan]:
    """What the charge means for the books, by its flow."""
    orders = list(payment.purchase.orders.order_by("pk"))
    if payment.destination is None:
        return plans.held_payment(
            number=payment.purchase.number,
            orders={order.number: order.total for order in orders},
            charge=_line(charge.line),
            occurred_at=now(),
        )
    # A destination charge has one seller, so one order.
    (order,) = orders
    return plans.destination_payment(
        order_number=order.number,
        seller_ref=str(order.seller_id),
        account=str(payment.destination.stripe_id),
        charge=_line(charge.line),
        transfer=_line(charge.transfer_line),
        fee=charge.fee_line,
        occurred_at=now(),
    )


def _line(line: BalanceTransaction | None) -> BalanceTransaction:
    if line is None:
        raise NotYet("Stripe has not booked everything yet.")
    return line
