"""One money story for three readers (B5): what happened to an order's money and what will, in each one's words.

All three are made from the same rows - share, holds, releases, reversals, refunds, payouts - and differ in words, and
in what is whose business: buyers see nothing of fees, sellers nothing of who works for the marketplace.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.conf import settings
from django.utils.formats import date_format
from django.utils.timezone import localtime
from django.utils.translation import gettext as _

from kit.clock import now
from kit.money import Money
from kit.recorded import for_the_reader
from orders.models import Status as OrderStatus
from payments import buyer_words, milestone_parts
from payments.models import Dispute, DisputeShare, Hold, Milestone, MilestoneAgreement, Refund, Release, Reversal, Share

Basis = Share.Basis


@dataclass(frozen=True, slots=True)
class Step:
    """One line of the story. Without a past `at` it is still to come."""

    label: str
    at: datetime | date | None = None
    money: Money | None = None
    actor: str = ""
    reason: str = ""
    is_future: bool = False
    # So it is now, for as long as it lasts: neither past nor to come.
    is_standing: bool = False


def for_buyer(share: Share) -> list[Step]:
    """Where the buyer's money is, and until when they can object."""
    paid = Step(_("You paid"), share.opened_at, share.money(share.gross))
    steps = [Step(_buyer_release(release), release.sent_at) for release in _sent(share)]
    steps += [_buyer_refund(refund) for refund in _refunds(share)]
    steps += [step for part in _disputes(share) for step in _buyer_dispute(part)]
    if share.status == Share.Status.HELD and share.left:
        # While something holds it back, no day counts.
        holds = [Step(words, is_future=True, is_standing=True) for words in buyer_words.waits(share)]
        steps += holds or _buyer_waits(share)
    # First, even where the bank's question was heard of in the same moment as the payment.
    return [paid, *_in_order(steps)]


def for_seller(share: Share) -> list[Step]:
    """What is the seller's, from when, in which payout, and why it waits if it does."""
    yours = share.money(share.gross - share.fee)
    paid = Step(_("The buyer paid; your share"), share.opened_at, yours)
    steps: list[Step] = []
    for release in _sent(share):
        steps += _seller_release(release)
    steps += [_seller_refund(refund) for refund in _refunds(share)]
    steps += [step for part in _disputes(share) for step in _seller_dispute(part)]
    if share.status == Share.Status.HELD and share.left:
        steps += _seller_waits(share)
        steps += [
            Step(_("It waits: %(why)s") % {"why": for_the_reader(hold.reason)}, is_future=True, reason=hold.ends_when)
            for hold in _holds(share)
        ]
    # First, as for the buyer.
    return [paid, *_in_order(steps)]


def for_staff(share: Share) -> list[Step]:
    """Everything, with who did it and why."""
    paid = [
        Step(_("Paid by the buyer"), share.opened_at, share.money(share.gross)),
        Step(_("Our fee, out of it"), share.opened_at, share.money(share.fee)),
    ]
    steps: list[Step] = []
    for release in share.releases.select_related("payout"):
        steps.append(_staff_release(release))
        if release.status == Release.Status.SENT and release.amount:
            steps += _payout_steps(release, to_bank=_("To the seller’s bank, about"))
        steps += [_staff_reversal(reversal) for reversal in release.reversals.all()]
    steps += [_staff_refund(refund) for refund in share.refunds.all()]
    steps += [step for part in _disputes(share) for step in _staff_dispute(part)]
    for hold in share.holds.all():
        label = _("Held back: %(kind)s") % {"kind": hold.get_kind_display()}
        steps.append(Step(label, hold.opened_at, None, hold.actor, hold.reason))
        if hold.ended_at:
            steps.append(Step(_("Hold ended"), hold.ended_at, None, hold.ended_by, hold.end_reason))
    if share.status != Share.Status.HELD or not share.left:
        return [*paid, *_in_order(steps)]
    steps.append(_staff_wait(share))
    return [*paid, *_in_order(steps), Step(_("May not be held any longer"), share.hold_deadline, is_future=True)]


def borne_by(refund: Refund) -> str:
    """Who bears a refund and how much each, for staff; only those who bear some of it."""
    if refund.undecided:
        return _("Nobody has decided yet who bears it.")
    money = refund.share.money
    debt = refund.owed - _fetched_back(refund)
    parts = [
        (_("The seller bears %(amount)s."), refund.from_seller + refund.processing),
        (_("Of that %(amount)s is their debt now."), debt),
        (_("We give up %(amount)s of our fee."), refund.from_fee),
        (_("We bear %(amount)s."), refund.from_platform),
    ]
    return " ".join(sentence % {"amount": money(amount)} for sentence, amount in parts if amount)


def release_line(share: Share) -> str:
    """One line for the seller's list of orders: when it is theirs, or why not yet."""
    if share.status == Share.Status.RETURNED:
        return _("went back to the buyer")
    if share.status == Share.Status.HELD and share.order.status == OrderStatus.CANCELLED and share.refundable:
        return _("goes back to the buyer")
    hold = next(iter(_holds(share)), None)
    if share.status == Share.Status.HELD and hold is not None:
        return _("waits: %(why)s") % {"why": hold.get_kind_display()}
    if share.status == Share.Status.HELD and _agreement(share) is not None:
        return _("yours as milestones are confirmed")
    if share.status == Share.Status.HELD and share.release_at is None:
        return _("yours after delivery")
    if share.status == Share.Status.HELD:
        day = share.release_at or now()
        return _("yours on %(day)s") % {"day": _day(day)}
    release = max(_sent(share), key=lambda one: one.pk, default=None)
    if release is None:
        return _("yours")
    return _payout_word(release)


def _buyer_waits(share: Share) -> list[Step]:
    agreement = _agreement(share)
    if agreement is None:
        return [Step(_buyer_wait(share), share.release_at, is_future=True)]
    words = {
        Milestone.Status.OPEN: _("Held until you confirm “%(name)s”"),
        Milestone.Status.DONE: _("Held until you confirm “%(name)s” or %(day)s"),
        Milestone.Status.CONFIRMED: _("The part for “%(name)s” goes to the seller"),
    }
    return [
        Step(
            words[Milestone.Status(one.status)] % {"name": one.name, "day": _day(one.due_at or now())},
            one.due_at,
            is_future=True,
        )
        for one in _milestones_left(agreement)
    ]


def _buyer_release(release: Release) -> str:
    milestone = _milestone(release)
    if milestone is None:
        return _("It went to the shop")
    return _("The part for “%(name)s” went to the seller") % {"name": milestone.name}


def _milestone(release: Release) -> Milestone | None:
    """What it was sent for, if seller and buyer agreed on milestones."""
    return getattr(release, "milestone", None)


def _agreement(share: Share) -> MilestoneAgreement | None:
    return next((one for one in share.agreements.all() if one.status == MilestoneAgreement.Status.AGREED), None)


def _milestones_left(agreement: MilestoneAgreement) -> list[Milestone]:
    return [one for one in agreement.milestones.all() if not one.is_released]


def _buyer_wait(share: Share) -> str:
    if share.order.status == OrderStatus.AWAITING_PAYMENT:
        return _("Held while we check your payment")
    if share.order.status == OrderStatus.CANCELLED:
        return _("It goes back to you")
    if share.order.status == OrderStatus.DELIVERED and share.release_at is not None:
        return _("It goes to the shop")
    if share.release_at is not None:
        return _("Held until you confirm or %(day)s") % {"day": _day(share.release_at)}
    if share.order.status == OrderStatus.PAID:
        return _("Held until it is sent and you have it")
    return _("Held until you confirm that you have it")


def _buyer_refund(refund: Refund) -> Step:
    words = {
        Refund.Status.PLANNED: _("A refund is being sent to you"),
        Refund.Status.PENDING: _("A refund is on its way to you"),
        Refund.Status.SUCCEEDED: _("Refunded to the card you paid with"),
        Refund.Status.FAILED: _("Your bank sent the refund back; we pay it another way"),
    }
    why = "" if refund.outside else f"{refund.get_reason_display()}."
    return Step(words[Refund.Status(refund.status)], refund.planned_at, refund.money, reason=why)


def _seller_release(release: Release) -> list[Step]:
    steps = []
    if release.netted:
        kept = release.share.money(-release.netted)
        steps.append(Step(_("Set off against what you owed"), release.sent_at, kept))
    if release.amount:
        milestone = _milestone(release)
        why = "" if milestone is None else _("For “%(name)s”.") % {"name": milestone.name}
        steps.append(Step(_("Yours, in your Stripe balance"), release.sent_at, release.money, reason=why))
        steps += _payout_steps(release, to_bank=_("To your bank, about"))
    # What was fetched back for a refund is told with the refund: it is one loss, not two.
    done = [one for one in release.reversals.all() if one.status == Reversal.Status.DONE and one.refund_id is None]
    return steps + [Step(_("Fetched back"), one.done_at, -one.money, reason=one.reason) for one in done]


def _payout_steps(release: Release, *, to_bank: str) -> list[Step]:
    payout = release.payout
    if payout is None:
        # What was fetched back before it left reaches no bank.
        back = sum(one.amount for one in release.reversals.all() if one.status == Reversal.Status.DONE)
        left = release.share.money(release.amount - back)
        return [Step(to_bank, _expected_payout(release), left, is_future=True)] if left.amount else []
    arrived = payout.status == "paid"
    label = _("In the payout of %(day)s") % {"day": date_format(payout.arrives_on, "j F")}
    return [Step(label, payout.arrives_on, release.money, reason=payout.failure_message, is_future=not arrived)]


def _seller_refund(refund: Refund) -> Step:
    borne = refund.share.money(-(refund.from_seller + refund.processing))
    if refund.undecided:
        return Step(_("Refunded to the buyer; whose part is being decided"), refund.planned_at, refund.money)
    words = _("Your part of a refund to the buyer") if borne.amount else _("Refunded to the buyer at our cost")
    why = [f"{refund.get_reason_display()}.", *_where_it_came_from(refund)]
    return Step(words, refund.planned_at, borne, reason=" ".join(why))


def _where_it_came_from(refund: Refund) -> list[str]:
    """How the seller's part was paid, in sentences; nothing when it simply came out of what was held."""
    if not refund.owed:
        return []
    fetched = _fetched_back(refund)
    parts = [
        (_("%(amount)s came out of what was held."), refund.absorbed),
        (_("%(amount)s came out of your Stripe balance."), fetched),
        (_("%(amount)s you owe us: it is kept back from what is released to you next."), refund.owed - fetched),
    ]
    return [sentence % {"amount": refund.share.money(amount)} for sentence, amount in parts if amount]


def _fetched_back(refund: Refund) -> int:
    """What was taken back for it from the seller's Stripe balance, or is being taken."""
    return sum(one.amount for one in refund.reversals.all() if one.status != Reversal.Status.REFUSED)


def _seller_waits(share: Share) -> list[Step]:
    agreement = _agreement(share)
    if agreement is None:
        return [_seller_wait(share)]
    left = _milestones_left(agreement)
    weights = [one.amount for one in left]
    amounts = milestone_parts.by_weight(share.left, weights, currency=share.currency) if left else []
    words = {
        Milestone.Status.OPEN: _("Yours when “%(name)s” is done"),
        Milestone.Status.DONE: _("Yours when the buyer confirms “%(name)s”, or on %(day)s"),
        Milestone.Status.CONFIRMED: _("Yours: “%(name)s” is confirmed"),
    }
    return [
        Step(
            words[Milestone.Status(one.status)] % {"name": one.name, "day": _day(one.due_at or now())},
            one.due_at,
            share.money(amount),
            is_future=True,
        )
        for one, amount in zip(left, amounts, strict=True)
    ]


def _seller_wait(share: Share) -> Step:
    money = share.money(share.left)
    if share.release_at is None:
        return Step(_("Yours after delivery"), None, money, is_future=True)
    why = {
        Basis.RECEIVED: _("The buyer has it."),
        Basis.DELIVERED: _("The buyer has %(days)d days to object.") % {"days": settings.RELEASE_DAYS_AFTER_DELIVERY},
        Basis.SHIPPED: _("Nobody has said yet that it arrived. It is yours sooner when the buyer confirms it."),
        Basis.STAFF: _("We set this date."),
    }
    reason = why[Basis(share.release_basis)] if share.release_basis else ""
    day = _day(share.release_at)
    is_late = share.release_at <= now() and bool(_holds(share))
    title = _("Was to be yours on %(day)s") % {"day": day} if is_late else _("Yours on %(day)s") % {"day": day}
    return Step(title, share.release_at, money, "", reason, True)


def _staff_wait(share: Share) -> Step:
    left = share.money(share.left)
    if _agreement(share) is not None:
        return Step(_("Released as milestones are confirmed"), None, left, is_future=True)
    if share.release_at is None:
        return Step(_("Release after delivery"), None, left, is_future=True)
    why = _("Counts from: %(basis)s.") % {"basis": share.get_release_basis_display()} if share.release_basis else ""
    if _holds(share):
        why = _("Not while it is held back: %(why)s.") % {"why": _hold_word(_holds(share)[0])}
    return Step(_("Release"), share.release_at, left, reason=why, is_future=True)


def _staff_release(release: Release) -> Step:
    words = {
        Release.Status.PLANNED: _("Release being sent"),
        Release.Status.SENT: _("Released to the seller"),
        Release.Status.REFUSED: _("Release refused"),
    }
    label = words[Release.Status(release.status)]
    if release.netted:
        label = _("%(label)s, and %(kept)s set off against debt") % {
            "label": label,
            "kept": release.share.money(release.netted),
        }
    why = release.refusal or release.reason
    return Step(label, release.sent_at or release.planned_at, release.money, release.actor, why)


def _staff_reversal(reversal: Reversal) -> Step:
    words = {
        Reversal.Status.PLANNED: _("Being fetched back"),
        Reversal.Status.DONE: _("Fetched back from the seller"),
        Reversal.Status.REFUSED: _("Could not be fetched back"),
    }
    label = words[Reversal.Status(reversal.status)]
    moment = reversal.done_at or reversal.planned_at
    return Step(label, moment, -reversal.money, reversal.actor, reversal.refusal or reversal.reason)


def _staff_refund(refund: Refund) -> Step:
    label = _("Refund: %(status)s") % {"status": refund.get_status_display()}
    if refund.outside:
        label = _("Refund made in Stripe’s Dashboard: %(status)s") % {"status": refund.get_status_display()}
    return Step(
        label, refund.planned_at, -refund.money, refund.actor, f"{refund.get_reason_display()}. {borne_by(refund)}"
    )


def _buyer_dispute(part: DisputeShare) -> list[Step]:
    steps = [Step(_("Your bank asked for your money back"), part.dispute.opened_at, part.money)]
    words = {
        DisputeShare.Outcome.LOST: _("Your bank gave it back to you"),
        DisputeShare.Outcome.RETURNED: _("Your bank decided that the payment stands"),
    }
    return steps + [Step(words[DisputeShare.Outcome(part.outcome)], part.ended_at) for _once in _ended(part)]


def _seller_dispute(part: DisputeShare) -> list[Step]:
    due_by = part.dispute.due_by if part.dispute.status in Dispute.NEEDS_ANSWER else None
    until = _("We answer until %(day)s.") % {"day": _day(due_by)} if due_by else ""
    steps = [Step(_("The buyer’s bank asked for the money back"), part.dispute.opened_at, part.money, reason=until)]
    for _once in _ended(part):
        if part.outcome == DisputeShare.Outcome.RETURNED:
            steps.append(Step(_("The bank decided for you"), part.ended_at))
            continue
        borne = part.from_seller + part.processing
        label = (
            _("The bank decided for the buyer; your part")
            if borne
            else _("The bank decided for the buyer; at our cost")
        )
        parts = [
            (_("%(amount)s came out of what was held."), part.absorbed),
            (_("%(amount)s you owe us: it is kept back from what is released to you next."), part.owed),
        ]
        why = " ".join(sentence % {"amount": part.share.money(amount)} for sentence, amount in parts if amount)
        steps.append(Step(label, part.ended_at, part.share.money(-borne), reason=why))
    return steps


def _staff_dispute(part: DisputeShare) -> list[Step]:
    dispute = part.dispute
    label = _("Disputed at the bank: %(status)s") % {"status": dispute.get_status_display()}
    why = _("%(reason)s, %(id)s.") % {"reason": dispute.reason, "id": dispute.stripe_id}
    steps = [Step(label, dispute.opened_at, -part.money, reason=why)]
    if part.withdrawn_at and part.short:
        short = part.share.money(part.short)
        steps.append(Step(_("Could not be fetched back from the seller"), part.withdrawn_at, short))
    for _once in _ended(part):
        parts = [
            (_("The seller bears %(amount)s."), part.from_seller + part.processing),
            (_("Of that %(amount)s became their debt."), part.owed),
            (_("We give up %(amount)s of our fee."), part.from_fee),
            (_("We bear %(amount)s."), part.from_platform),
        ]
        why = " ".join(sentence % {"amount": part.share.money(amount)} for sentence, amount in parts if amount)
        label = _("Dispute over: %(outcome)s") % {"outcome": part.get_outcome_display()}
        steps.append(Step(label, part.ended_at, reason=why))
    return steps


def _ended(part: DisputeShare) -> list[DisputeShare]:
    return [part] if part.ended_at else []


def _disputes(share: Share) -> list[DisputeShare]:
    return list(share.disputes.all())


def _expected_payout(release: Release) -> date:
    """A guess, said as one: the first working day after the money is available, and one more for the bank."""
    start = localtime(max(filter(None, (release.available_on, release.sent_at, now())))).date()
    day = start
    for _step in range(2):
        day += timedelta(days=1)
        while day.weekday() >= 5:
            day += timedelta(days=1)
    return day


def _payout_word(release: Release) -> str:
    payout = release.payout
    if payout is None:
        return _("yours; in the payout of about %(day)s") % {"day": date_format(_expected_payout(release), "j F")}
    return _("in the payout of %(day)s") % {"day": date_format(payout.arrives_on, "j F")}


def _sent(share: Share) -> list[Release]:
    return [release for release in share.releases.all() if release.status == Release.Status.SENT]


def _refunds(share: Share) -> list[Refund]:
    """Refunds that count: what Stripe refused never happened, and one that is paid again is told by its successor."""
    return [refund for refund in share.refunds.all() if refund.status != Refund.Status.REFUSED]


def _holds(share: Share) -> list[Hold]:
    return [hold for hold in share.holds.all() if hold.ended_at is None]


def _hold_word(hold: Hold) -> str:
    return str(hold.get_kind_display())


def _day(moment: datetime) -> str:
    return date_format(localtime(moment), "j F")


def _in_order(steps: list[Step]) -> list[Step]:
    """The past by time, then the future by time, then what has no date yet."""
    far = datetime.max.replace(tzinfo=now().tzinfo)

    def place(step: Step) -> tuple[bool, datetime]:
        at = step.at
        if at is None:
            return step.is_future, far
        if not isinstance(at, datetime):
            at = datetime.combine(at, datetime.min.time(), tzinfo=now().tzinfo)
        return step.is_future, at

    return sorted(steps, key=place)
