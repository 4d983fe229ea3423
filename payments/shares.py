"""Shares: opened when a payment is settled, read under their lock, closed when nothing is left of them."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import QuerySet, Sum

from accounts.models import ConnectedAccount
from gateway.objects import Charge
from kit.money import allocate
from kit.transitions import move
from ledger import journal
from ledger.models import Account
from orders.models import FundsFlow, Order
from payments import books, holds, traces
from payments.consequences import Facts, Sent
from payments.models import Dispute, DisputeLine, DisputeShare, Payment, Refund, Release, Reversal, Share
from payments.splits import Line

Status = Share.Status

# Days that money may be held at most, by the seller's country; Stripe allows 90 elsewhere (docs.stripe.com/connect).
HOLDING_DAYS = {"TH": 10, "US": 730}
LONGEST_HOLDING_DAYS = 90
# No amount, and nothing of its fee.
NOTHING = (0, 0)


@dataclass(frozen=True, slots=True)
class Came:
    """What came in for an order, in minor units, and what of it is the platform's and Stripe's fee."""

    gross: int
    fee: int
    processing: int


def open_for(payment: Payment, charge: Charge, *, at: datetime, actor: str) -> list[Share]:
    """One share for each order of a payment that was just paid, in the transaction that books it.

    In the destination flow the money is with the seller already: the share is released from the start. `charge` carries
    Stripe's processing fee (minor units), which is split over the orders by their totals.
    """
    orders = list(payment.purchase.orders.select_related("seller").order_by("pk"))
    stripe_fee = charge.line.fee if charge.line else 0
    parts = allocate(stripe_fee, [order.total for order in orders])
    return [
        open_one(payment, order, charge, Came(order.total, order.fee, part), at=at, actor=actor)
        for order, part in zip(orders, parts, strict=True)
    ]


def open_one(payment: Payment, order: Order, charge: Charge, came: Came, *, at: datetime, actor: str) -> Share:
    """The share of one order. In the transaction that books what came."""
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
        gross=came.gross,
        fee=came.fee,
        processing=came.processing,
        released=0 if is_held else came.gross - came.fee,
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
            available_on=charge.transfer_line.available_on if charge.transfer_line else None,
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


def locked_with_debt(share_id: int) -> Share:
    """The share as by `locked`, and with it what its seller owes: for whoever makes, uses or pays a debt."""
    share = locked(share_id)
    # Locked after the share, always in this order: two releases must not both set the same debt off, and none may set
    # off what is being fetched back at the same moment. All the seller's accounts, for they owe as one person.
    accounts = ConnectedAccount.objects.select_for_update(no_key=True).filter(seller=share.account.seller_id)
    list(accounts.order_by("pk").values_list("pk"))
    return share


def facts(share: Share) -> Facts:
    """What plans are made of. To be carried out, they are read under `locked_with_debt`."""
    account, there = str(share.account.stripe_id), traces.of(share)
    holding = list(share.holds.filter(ended_at=None)) if there.hold else []
    owed, seller_cash, platform_cash = journal.standings(
        [
            (Account.SELLER_DEBT, str(share.account.seller_id)),
            (Account.SELLER_CASH, account),
            (Account.PLATFORM_CASH, ""),
        ],
        share.currency,
    )
    return Facts(
        order=share.order.number,
        currency=share.currency,
        status=share.status,
        gross=share.gross,
        fee=share.fee,
        refunded=share.refunded,
        disputed=share.disputed,
        bars_refunds=there.dispute and share.payment.disputes.filter(Dispute.bars_refunds()).exists(),
        restored=share.restored,
        fee_returned=share.fee_returned,
        taken=share.taken,
        released=share.released,
        processing=share.processing,
        fee_earned=share.fee_earned,
        undecided=there.undecided,
        lines=_lines(share, share.refunds.all() if there.refund else None, lost=there.dispute_part),
        sent=sent(share) if there.release else (),
        holds=tuple(_hold_name(hold.kind, hold.pk) for hold in holding if not holds.is_request(hold)),
        asked_for=any(holds.is_request(hold) for hold in holding),
        on_its_way=there.release_under_way,
        order_status=share.order.status,
        by_milestones=there.agreement,
        can_receive=share.account.can_receive_transfers and share.account.closed_at is None,
        debt=_debt(share, owed),
        seller_cash=seller_cash,
        platform_cash=platform_cash,
    )


def lines(share: Share, *, without: Refund | None = None) -> tuple[Line, ...]:
    """The order's lines with what refunds took of each. Refunds Stripe refused took nothing.

    Of a payment that was not as agreed other amounts came in than the lines have: then they carry those, in proportion.
    """
    counted = share.refunds.all()
    return _lines(share, counted if without is None else counted.exclude(pk=without.pk), lost=True)


def _lines(share: Share, refunds: QuerySet[Refund] | None, *, lost: bool) -> tuple[Line, ...]:
    """With these refunds, None if there are none, and with what disputes took if any did."""
    sums = {} if refunds is None else _refunded_by_line(refunds)
    taken = _lost_by_line(share) if lost else {}
    found = list(share.order.lines.order_by("pk"))
    agreed = [line.amount for line in found]
    amounts = allocate(share.gross, agreed)
    fees = allocate(share.fee, [line.fee for line in found] if any(line.fee for line in found) else agreed)
    return tuple(
        Line(
            id=line.pk,
            amount=amount,
            fee=fee,
            refunded=sums.get(line.pk, NOTHING)[0] + taken.get(line.pk, NOTHING)[0],
            fee_returned=sums.get(line.pk, NOTHING)[1] + taken.get(line.pk, NOTHING)[1],
        )
        for line, amount, fee in zip(found, amounts, fees, strict=True)
    )


def _refunded_by_line(refunds: QuerySet[Refund]) -> dict[int, tuple[int, int]]:
    """What refunds took of each line, and of its fee. Those Stripe refused took nothing."""
    counted = refunds.exclude(status=Refund.Status.REFUSED).order_by()
    sums = counted.values_list("lines__line").annotate(Sum("lines__amount"), Sum("lines__from_fee"))
    return {line: (amount, fee) for line, amount, fee in sums if line}


def _lost_by_line(share: Share) -> dict[int, tuple[int, int]]:
    """What disputes took of each line, and of its fee."""
    taken = DisputeLine.objects.filter(part__share=share).values_list("line").annotate(Sum("amount"), Sum("from_fee"))
    return {line: (amount, fee) for line, amount, fee in taken}


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

    Does nothing while something is still on its way to Stripe, nor while an order was not sent and may still have to be
    given back: where all of it is the fee, nothing is left for the seller from the start.
    """
    if share.status != Status.HELD or share.left > 0:
        return
    there = traces.of(share)
    lost = _lost(share) if there.dispute_part else 0
    is_returned = share.refunded + lost == share.gross
    if not is_returned and not share.released and share.order.fulfilled_at is None:
        return
    if there.release_under_way or there.refund_under_way:
        return
    if not share.fee_earned:
        journal.post(books.fee_earned(share, at=at))
    to = Status.RETURNED if is_returned else Status.RELEASED
    reason = "All of it went back to the buyer." if is_returned else "Nothing is held any more."
    move(share, to, actor=actor, reason=reason, at=at, fee_earned=True)


def _lost(share: Share) -> int:
    lost = share.disputes.filter(outcome=DisputeShare.Outcome.LOST)
    return lost.aggregate(total=Sum("amount"))["total"] or 0


def _debt(share: Share, owed: int) -> int:
    """What the seller owes and nobody is fetching back already: only that is kept back from a release."""
    if owed <= 0:
        return 0
    coming = Reversal.objects.filter(
        status=Reversal.Status.PLANNED,
        refund__isnull=False,
        release__share__account__seller=share.account.seller_id,
        release__share__currency=share.currency,
    )
    asked_back = coming.aggregate(total=Sum("amount"))["total"] or 0
    return max(0, owed - asked_back)


def _hold_name(kind: str, pk: int) -> str:
    return f"{kind}:{pk}"
