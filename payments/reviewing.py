"""Payments that are not as agreed: Stripe has the money, so it is held like any other until a person gives it back."""

from datetime import datetime

from django.db.models import F
from django.utils.translation import gettext as _

from gateway.objects import BalanceTransaction, Charge
from kit.clock import now
from kit.money import allocate
from ledger import journal
from orders import progress
from orders.models import FundsFlow, Order, Purchase
from orders.models import Status as OrderStatus
from payments import holds, plans, shares
from payments.models import Hold, Payment, Share
from payments.shares import Came


def take_in(payment: Payment, charge: Charge, *, why: str, at: datetime, actor: str) -> list[Share]:
    """Book what came for a payment in review and hold it, a share for each order by their totals; in the caller's
    transaction. It is not a sale: of held money the platform earns no fee.

    Takes in nothing, so that only a person can compare it with Stripe, when the money is not where the flow has it: in
    another currency, with another seller, or without a part for each order. Amounts in minor units.
    """
    orders = list(payment.purchase.orders.select_related("seller").order_by("pk"))
    line = charge.line
    if line is None or not _is_where_it_belongs(payment, charge, line):
        return []
    totals = allocate(line.amount, [order.total for order in orders])
    if not all(totals):
        return []
    is_held = payment.funds_flow == FundsFlow.HELD
    fee = 0 if is_held else charge.fee_amount
    processing = allocate(line.fee, totals)
    _book(payment, charge, line, dict(zip(orders, totals, strict=True)), at=at)
    made = [
        shares.open_one(payment, order, charge, Came(total, fee, part), at=at, actor=actor)
        for order, total, part in zip(orders, totals, processing, strict=True)
    ]
    for share in made:
        holds.write(
            share,
            kind=Hold.Kind.STAFF,
            ref=f"review:{payment.pk}",
            reason=why,
            ends_when=_("Somebody of the marketplace gives it back to the buyer."),
            actor=actor,
        )
    return made


def end(purchase: Purchase, *, actor: str) -> bool:
    """Cancel a purchase whose payment was not as agreed and went back: its things go back to stock. False if it is
    paid, cancelled, or not given back yet.
    """
    # Locked by `cancel`, which looks again.
    left = Share.objects.filter(payment__purchase=purchase, refunded__lt=F("gross") - F("disputed"))
    if purchase.status != OrderStatus.AWAITING_PAYMENT or left.exists():
        return False
    reason = _("The payment was not what was agreed, and went back.")
    return progress.cancel(purchase, at=now(), actor=actor, reason=reason)


def _is_where_it_belongs(payment: Payment, charge: Charge, line: BalanceTransaction) -> bool:
    same = {line.currency, charge.currency} == {payment.currency} and line.amount == charge.amount_captured
    if payment.destination is None:
        return same and not charge.destination and not charge.fee_amount
    moved = charge.transfer_line
    fee = charge.fee_line.amount if charge.fee_line else 0
    with_seller = moved is not None and moved.currency == line.currency and -moved.amount == line.amount
    return same and with_seller and fee == charge.fee_amount and charge.destination == payment.destination.stripe_id


def _book(
    payment: Payment, charge: Charge, line: BalanceTransaction, totals: dict[Order, int], *, at: datetime
) -> None:
    if payment.destination is None or charge.transfer_line is None:
        orders = {order.number: total for order, total in totals.items()}
        journal.post(plans.held_payment(number=payment.purchase.number, orders=orders, charge=line, occurred_at=at))
        return
    (order,) = totals
    journal.post(
        plans.destination_payment(
            order_number=order.number,
            seller_ref=str(order.seller_id),
            account=str(payment.destination.stripe_id),
            charge=line,
            transfer=charge.transfer_line,
            fee=charge.fee_line,
            occurred_at=at,
        )
    )
