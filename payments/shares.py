"""Shares: opened when a payment is settled, read under their lock, closed when nothing is left of them."""

from datetime import datetime, timedelta

from django.db.models import Sum

from gateway.objects import Charge
from kit.money import allocate
from kit.transitions import move
from ledger import journal
from ledger.models import Account
from orders.models import FundsFlow, Order
from payments import books
from payments.consequences import Facts, Sent
from payments.models import Payment, Refund, Release, Reversal, Share
from payments.splits import Line

Status = Share.Status

# Days that money may be held at most, by the seller's country; Stripe allows 90 elsewhere (docs.stripe.com/connect).
HOLDING_DAYS = {"TH": 10, "US": 730}
LONGEST_HOLDING_DAYS = 90


def open_for(payment: Payment, charge: Charge, *, at: datetime, actor: str) -> list[Share]:
    """One share for each order of a payment that was just paid, in the transaction that books it.

    In the destination flow the money is with the seller already: the share is released from the start. `charge` carries
    Stripe's processing fee (minor units), which is split over the orders by their totals.
    """
    orders = list(payment.purchase.orders.select_related("seller").order_by("pk"))
    stripe_fee = charge.line.fee if charge.line else 0
    parts = allocate(stripe_fee, [order.total for order in orders])
    return [_open(payment, order, charge, part, at, actor) for order, part in zip(orders, parts, strict=True)]


def _open(payment: Payment, order: Order, charge: Charge, processing: int, at: datetime, actor: str) -> Share:
    is_held = payment.funds_flow == FundsFlow.HELD
    account = payment.destination or order.seller.connected_accounts.filter(stripe_id__isnull=False).latest("pk")
    days = HOLDING_DAYS.get(order.seller.country, LONGEST_HOLDING_DAYS)
    share = Share.objects.create(
        order=order,
        payment=payment,
        account=account,
        funds_flow=payment.funds_flow,
        status=Status.HELD if is_held else Status.RELEASED,
        currency=order.currency,
        gross=order.total,
        fee=order.fee,
        processing=processing,
        released=0 if is_held else order.total - order.fee,
        fee_earned=not is_held,
        opened_at=at,
        hold_deadline=at + timedelta(days=days),
    )
    if not is_held and share.released:
        Release.objects.create(
            share=share,
            number=1,
            status=Release.Status.SENT,
            amount=share.released,
            transfer_id=charge.transfer_id,
            destination_payment=charge.transfer_payment,
            planned_at=at,
            sent_at=at,
            actor=actor,
            reason="It went to the seller with the payment.",
        )
    return share


def locked(share_id: int) -> Share:
    """The share, locked until the transaction ends: release, refund, hold and cancelling all wait here (fault F37)."""
    rows = Share.objects.select_for_update(of=("self",))
    return rows.select_related("order__purchase", "order__seller", "payment", "account").get(pk=share_id)


def facts(share: Share) -> Facts:
    """What plans are made of. To be carried out, they are read under `locked`, with the seller's account locked too."""
    account = str(share.account.stripe_id)
    seller = str(share.account.seller_id)
    return Facts(
        order=share.order.number,
        currency=share.currency,
        status=share.status,
        gross=share.gross,
        fee=share.fee,
        refunded=share.refunded,
        fee_returned=share.fee_returned,
        taken=share.taken,
        released=share.released,
        processing=share.processing,
        fee_earned=share.fee_earned,
        undecided=share.refunds.filter(undecided=True).exists(),
        lines=lines(share),
        sent=sent(share),
        holds=tuple(_hold_name(hold.kind, hold.pk) for hold in share.holds.filter(ended_at=None)),
        on_its_way=share.releases.filter(status=Release.Status.PLANNED).exists(),
        order_status=share.order.status,
        can_receive=share.account.can_receive_transfers and share.account.closed_at is None,
        debt=max(0, journal.balance(Account.SELLER_DEBT, seller, share.currency)),
        seller_cash=journal.balance(Account.SELLER_CASH, account, share.currency),
        platform_cash=journal.balance(Account.PLATFORM_CASH, "", share.currency),
    )


def lines(share: Share, *, without: Refund | None = None) -> tuple[Line, ...]:
    """The order's lines with what refunds took of each. Refunds Stripe refused took nothing."""
    taken = share.refunds.exclude(status=Refund.Status.REFUSED)
    if without is not None:
        taken = taken.exclude(pk=without.pk)
    sums = {
        row["lines__line"]: row
        for row in taken.values("lines__line").annotate(amount=Sum("lines__amount"), fee=Sum("lines__from_fee"))
        if row["lines__line"]
    }
    return tuple(
        Line(
            id=line.pk,
            amount=line.amount,
            fee=line.fee,
            refunded=sums[line.pk]["amount"] if line.pk in sums else 0,
            fee_returned=sums[line.pk]["fee"] if line.pk in sums else 0,
        )
        for line in share.order.lines.order_by("pk")
    )


def sent(share: Share) -> tuple[Sent, ...]:
    """Releases that reached the seller, with what was not fetched back (or asked back) of each."""
    found = []
    for release in share.releases.filter(status=Release.Status.SENT, amount__gt=0).order_by("pk"):
        back = release.reversals.exclude(status=Reversal.Status.REFUSED).aggregate(total=Sum("amount"))["total"] or 0
        if release.amount > back:
            found.append(Sent(release.pk, release.amount - back))
    return tuple(found)


def close_if_done(share: Share, *, at: datetime, actor: str) -> None:
    """When nothing is left, the platform's fee is earned and the share is at its end. Under the share's lock.

    Does nothing while something is still on its way to Stripe.
    """
    if share.status != Status.HELD or share.left > 0:
        return
    if share.releases.filter(status=Release.Status.PLANNED).exists():
        return
    if share.refunds.filter(status=Refund.Status.PLANNED).exists():
        return
    if not share.fee_earned:
        journal.post(books.fee_earned(share, at=at))
    is_returned = share.refunded == share.gross
    to = Status.RETURNED if is_returned else Status.RELEASED
    reason = "All of it went back to the buyer." if is_returned else "Nothing is held any more."
    move(share, to, actor=actor, reason=reason, at=at, fee_earned=True)


def _hold_name(kind: str, pk: int) -> str:
    return f"{kind}:{pk}"
