"""The end of a dispute in the rows and the books: returned, lost, and given back when a loss does not stand.

`settle` brings them to what the bank has of ours now, and may be called again whenever that changed: what was booked
before is taken back first, so that hearing of a loss and then of a win on appeal ends where hearing of the win alone
would (fault F45, invariant I11). Under the locks of the payment and the dispute.
"""

from collections.abc import Iterable
from datetime import datetime

import structlog
from django.utils.translation import gettext as _

from kit.money import allocate
from kit.transitions import move
from ledger import journal
from orders.models import FundsFlow
from payments import books, dispute_books, dispute_parts, dispute_plans, disputing, refunds, reversals, shares
from payments.consequences import Plan
from payments.models import Dispute, DisputeLine, DisputeShare, Payment, Refund, Reversal, Share

log = structlog.get_logger(__name__)

Outcome = DisputeShare.Outcome
# Whoever pays what the marketplace still owed the buyer by taking it for a dispute.
BANK = "the buyer's bank"


def settle(dispute: Dispute, payment: Payment, *, actor: str, at: datetime) -> None:
    """Book the end of a dispute: what the bank keeps against whoever bears it, what it gave back as ever."""
    if dispute.settled_at is not None:
        return
    if dispute.outstanding > 0:
        # Heard of only now: what was about to go to a seller is called off first.
        disputing.hold_all(payment, ref=dispute.stripe_id, actor=actor)
    held = dispute_parts.locked(payment)
    _give_back(dispute, held, actor=actor, at=at)
    if is_lost(dispute):
        _lose(dispute, dispute_parts.divide(dispute, held, payment), held, actor=actor, at=at)
        reason = _("The bank decided for the buyer. What is left is the seller's.")
    else:
        _return(dispute, held, payment, actor=actor, at=at)
        reason = _("The bank decided for the marketplace.")
    disputing.end_all(payment, ref=dispute.stripe_id, actor=actor, reason=reason)
    for share in held:
        _let_go(share, dispute, at=at, actor=actor)
    dispute.settled_at = at
    dispute.save(update_fields=["settled_at", "beyond", "borne", "bookings"])


def is_lost(dispute: Dispute) -> bool:
    """Whether the buyer keeps what the bank still has. Won, only what came back in the same currency and not all of it
    was lost; in another one the difference is the rate's (fault F46).
    """
    if dispute.status == Dispute.Status.WON and dispute.line_currency != dispute.currency:
        return False
    return dispute.outstanding > 0


# --- returned ---


def _return(dispute: Dispute, held: list[Share], payment: Payment, *, actor: str, at: datetime) -> None:
    """Won, or nothing was ever taken: what is held is the seller's as before."""
    if dispute.withdrawn and not dispute.shares.exists():
        # Heard of only at its end: the orders had their parts of it all the same.
        dispute_parts.divide(dispute, held, payment)
    by_id = {share.pk: share for share in held}
    for part in dispute.shares.filter(outcome=Outcome.OPEN):
        share = by_id[part.share_id]
        plan = dispute_plans.returned(shares.facts(share), dispute.stripe_id, part.amount)
        if dispute.withdrawn:
            reason = _("The bank gave the money back.")
            dispute_parts.record(share, plan, actor=actor, reason=reason, at=at)
        share.disputed -= part.amount
        share.save(update_fields=["disputed"])
        part.outcome, part.ended_at = Outcome.RETURNED, at
        part.save(update_fields=["outcome", "ended_at"])
    if dispute.outstanding:
        # Another rate than when it was taken.
        dispute.bookings += 1
        dispute.borne = dispute.outstanding
        journal.post([dispute_books.rest(dispute, dispute.outstanding, at=at)])


# --- lost ---


def _lose(dispute: Dispute, parts: Iterable[DisputeShare], held: list[Share], *, actor: str, at: datetime) -> None:
    """The buyer keeps the money: each order's part goes against whoever bears it, and what no order carries is ours."""
    parts = list(parts)
    policy = dispute_plans.policy_for(dispute.reason)
    same = all(part.share.currency == dispute.line_currency for part in parts)
    fee = dispute_plans.fee_for_seller(policy, max(0, dispute.fee)) if same else 0
    fees = allocate(fee, [part.amount for part in parts]) if parts else []
    dispute.bookings += 1
    for part, fee_part in zip(parts, fees, strict=True):
        plan = dispute_plans.lost(shares.facts(part.share), str(dispute), part.amount, policy, fee=fee_part)
        _bear(part, plan, at=at)
        reason = _("The bank decided for the buyer.")
        dispute_parts.record(part.share, plan, actor=actor, reason=reason, at=at)
    carried = sum(part.amount for part in parts)
    dispute.beyond = dispute_books.beyond(dispute, carried)
    rest = dispute.outstanding - (carried if same else 0)
    if rest:
        journal.post([dispute_books.rest(dispute, rest, at=at)])
    dispute.borne = dispute.outstanding
    _pay_what_was_owed(dispute, held, actor=actor, at=at)
    if dispute.beyond:
        log.error(
            "dispute_needs_a_person", dispute=str(dispute), why="more than its orders carry", amount=dispute.beyond
        )


def _bear(part: DisputeShare, plan: Plan, *, at: datetime) -> None:
    """The plan's parts, in the row, the share and the books; as a refund's would be."""
    steps, share = plan.steps, part.share
    for name in ("policy", "from_seller", "from_fee", "from_platform", "processing", "absorbed", "owed"):
        setattr(part, name, steps[name])
    part.outcome, part.ended_at = Outcome.LOST, at
    part.save()
    DisputeLine.objects.bulk_create(
        DisputeLine(part=part, line_id=one["line"], amount=one["amount"], from_fee=one["from_fee"])
        for one in steps["parts"]
    )
    journal.post([dispute_books.borne(part, at=at)])
    share.fee_returned += part.from_fee
    share.taken += part.absorbed
    share.save(update_fields=["fee_returned", "taken"])


def _pay_what_was_owed(dispute: Dispute, held: list[Share], *, actor: str, at: datetime) -> None:
    """A refund that never arrived is paid by what the bank took beyond the orders' parts: the buyer has it now."""
    if dispute.line_currency != dispute.currency:
        return
    for share in held:
        for owed in refunds.unpaid(share).order_by("pk"):
            amount = min(dispute.beyond, refunds.still_owed(owed))
            if amount <= 0:
                continue
            paid = Refund.objects.create(
                share=share,
                amount=amount,
                reason=owed.reason,
                policy=owed.policy,
                replaces=owed,
                paid_by=dispute,
                actor=BANK,
                planned_at=at,
            )
            move(paid, Refund.Status.SUCCEEDED, actor=actor, reason=_("The bank took it by a dispute."), at=at)
            journal.post([dispute_books.paid_what_was_owed(paid, at=at)])
            dispute.beyond -= amount


# --- a loss that does not stand ---


def _give_back(dispute: Dispute, held: list[Share], *, actor: str, at: datetime) -> None:
    """Take back what was booked as lost, each part to whoever bore it: the bank gave the money back after all, or
    another amount of it. A seller's debt is cancelled first; what they paid off already is held for them again.
    """
    if not dispute.borne:
        return
    by_id = {share.pk: share for share in held}
    parts = list(dispute.shares.filter(outcome=Outcome.LOST).order_by("share_id"))
    _owe_again(dispute, at=at)
    same = all(by_id[part.share_id].currency == dispute.line_currency for part in parts)
    carried = sum(part.amount for part in parts) if same else 0
    if dispute.borne - carried:
        journal.post([dispute_books.rest_undone(dispute, dispute.borne - carried, at=at)])
    for part in parts:
        part.dispute, part.share = dispute, by_id[part.share_id]
        plan = dispute_plans.given_back(shares.facts(part.share), part)
        _undo(part, plan, actor=actor, at=at)
        reason = _("The bank gave the money back after the loss was booked.")
        dispute_parts.record(part.share, plan, actor=actor, reason=reason, at=at)
    dispute.borne = dispute.beyond = 0


def _undo(part: DisputeShare, plan: Plan, *, actor: str, at: datetime) -> None:
    share, restored = part.share, int(plan.steps["restored"])
    if share.status == Share.Status.RETURNED:
        # What was lost is not the buyer's any more; a fee that was given up before it was earned is earned later.
        reason = _("The bank gave the money back.")
        move(
            share,
            Share.Status.HELD,
            actor=actor,
            reason=reason,
            at=at,
            fee_earned=_was_earned(share),
            claimed_until=None,
        )
    journal.post([dispute_books.undone(part, restored=restored, at=at)])
    share.fee_returned -= part.from_fee
    share.taken -= part.absorbed
    share.restored += restored
    share.hold_deadline = max(share.hold_deadline, at + reversals.DECIDE_WITHIN)
    share.save(update_fields=["fee_returned", "taken", "restored", "hold_deadline"])
    if share.status == Share.Status.RELEASED and share.left > 0:
        reason = _("The bank gave the money back.")
        move(share, Share.Status.HELD, actor=actor, reason=reason, at=at, claimed_until=None)
    if restored and (share.release_at is None or share.release_at <= at):
        share.release_at, share.release_basis = at, Share.Basis.STAFF
        share.save(update_fields=["release_at", "release_basis"])
    part.lines.all().delete()
    part.from_seller = part.from_fee = part.from_platform = part.processing = part.absorbed = part.owed = 0
    part.policy, part.outcome, part.ended_at = "", Outcome.OPEN, None
    part.save()


def _was_earned(share: Share) -> bool:
    return share.funds_flow != FundsFlow.HELD or journal.find(books.fee_key(share)) is not None


def _owe_again(dispute: Dispute, *, at: datetime) -> None:
    """Refunds that the bank's taking had paid are owed to the buyer again."""
    for refund in dispute.paid_refunds.filter(status=Refund.Status.SUCCEEDED).select_related("share__order"):
        paid = journal.find(dispute_books.paid_key(refund))
        if paid is not None:
            key = f"{paid.key}:undone"
            words = "Owed to the buyer again: the bank gave it back"
            journal.post([paid.reversed(key=key, kind="dispute", description=words, occurred_at=at)])
        reason = _("The bank gave back what had paid it.")
        move(refund, Refund.Status.FAILED, actor=BANK, reason=reason, at=at, failure="dispute_won")
        dispute.beyond += refund.amount


# --- afterwards ---


def _let_go(share: Share, dispute: Dispute, *, at: datetime, actor: str) -> None:
    """What was fetched back for the dispute and is the seller's after all is released again at once."""
    fetched = Reversal.objects.filter(release__share=share, dispute=dispute).exclude(status=Reversal.Status.REFUSED)
    if fetched.exists() and (share.release_at is None or share.release_at <= at):
        share.release_at, share.release_basis = at, Share.Basis.STAFF
        share.save(update_fields=["release_at", "release_basis"])
    shares.close_if_done(share, at=at, actor=actor)
