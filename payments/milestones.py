"""Releasing an order in parts, as seller and buyer agreed (docs/decisions/0020): proposed, agreed, done, confirmed.

While parts are agreed nothing of the order is released by date. The seller says that one is done; the buyer confirms
it, or says nothing until some days after a warning; then exactly that part is sent, by one transfer, through
`payments.decisions`. What holds money back (cases, disputes, warnings, staff) holds these releases back as well.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta

import structlog
from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import Exists, OuterRef, Q
from django.utils.translation import gettext as _

from gateway.errors import GatewayError
from kit.clock import now
from kit.transitions import IllegalMove, LostRace, move
from orders.models import FundsFlow
from orders.models import Status as OrderStatus
from payments import decisions, milestone_letters, milestone_parts, releases, schedule, shares
from payments.consequences import Plan, Refused
from payments.errors import PaymentError
from payments.models import Hold, Milestone, MilestoneAgreement, MoneyAction, Release, Share

log = structlog.get_logger(__name__)

ACTOR = "milestone sweep"
MOST = 6
BATCH = 200

Agreement = MilestoneAgreement
Status = Milestone.Status


class NotAgreeable(PaymentError):
    """The milestones cannot be proposed, answered or said to be done now; the message says why."""


@dataclass(frozen=True, slots=True)
class Part:
    """What the seller proposes: `amount` minor units of their money in the share's currency."""

    name: str
    amount: int


def why_not(share: Share) -> str:
    """Why no milestones can be proposed for this order now; nothing if they can."""
    if share.funds_flow != FundsFlow.HELD:
        return _("The money of this order went to you with the payment: nothing is held for it.")
    if share.status != Share.Status.HELD or share.left <= 0:
        return _("Nothing is held for this order any more.")
    if share.order.status not in (OrderStatus.PAID, OrderStatus.FULFILLED):
        return _("Milestones are for orders that are paid and not with the buyer yet.")
    if share.agreements.filter(status__in=Agreement.LIVE).exists():
        return _("There are milestones for this order already.")
    return ""


def propose(share: Share, parts: Sequence[Part], *, actor: str) -> Agreement:
    """The seller proposes parts that add up to what is held for them, to the minor unit. The buyer gets mail.

    Raises NotAgreeable.
    """
    try:
        with transaction.atomic():
            # Locked: the parts must add up to what is held when they are written, whatever a refund does just now.
            share = shares.locked(share.pk)
            if refusal := why_not(share) or _why_not_parts(share, parts):
                raise NotAgreeable(refusal)
            agreement = Agreement.objects.create(share=share, proposed_at=now(), proposed_by=actor)
            Milestone.objects.bulk_create(
                Milestone(agreement=agreement, number=number, name=part.name, amount=part.amount)
                for number, part in enumerate(parts, start=1)
            )
            milestone_letters.proposed(agreement)
    except IntegrityError as error:
        raise NotAgreeable(_("There are milestones for this order already.")) from error
    return agreement


def withdraw(agreement: Agreement, *, actor: str) -> None:
    """The seller takes back what the buyer has not answered. Raises NotAgreeable."""
    _answer(agreement, Agreement.Status.WITHDRAWN, actor=actor, reason=_("The seller withdrew them."))


def agree(agreement: Agreement, *, actor: str) -> None:
    """The buyer agrees; from now on the money is released by these parts. Raises NotAgreeable."""
    with transaction.atomic():
        # Locked: the order may be released, cancelled or received at this moment: then there is nothing to agree on.
        share = shares.locked(agreement.share_id)
        parts = list(agreement.milestones.all())
        if share.status != Share.Status.HELD or sum(one.amount for one in parts) != share.left:
            raise NotAgreeable(_("The money of this order has changed since. The seller can propose milestones anew."))
        if share.order.status not in (OrderStatus.PAID, OrderStatus.FULFILLED):
            raise NotAgreeable(_("This order has changed since: there is nothing to agree on any more."))
        _answer(agreement, Agreement.Status.AGREED, actor=actor, reason=_("The buyer agreed."))
        milestone_letters.answered(agreement)


def decline(agreement: Agreement, *, actor: str, reason: str) -> None:
    """The buyer does not agree; the order goes on as before. Raises NotAgreeable."""
    with transaction.atomic():
        _answer(agreement, Agreement.Status.DECLINED, actor=actor, reason=reason, answer=reason)
        milestone_letters.answered(agreement)


def say_done(milestone: Milestone, *, actor: str) -> None:
    """The seller says that a part is done: the buyer looks at it, and has some days to. Raises NotAgreeable."""
    at = now()
    due = at + timedelta(days=settings.RELEASE_DAYS_AFTER_DELIVERY)
    with transaction.atomic():
        _need_agreed(milestone)
        _step(milestone, Status.DONE, actor=actor, reason=_("The seller says it is done."), done_at=at, due_at=due)
        milestone_letters.done(milestone)


def not_done(milestone: Milestone, *, actor: str, reason: str) -> None:
    """The buyer says that it is not done: it is open again. Raises NotAgreeable."""
    with transaction.atomic():
        _need_agreed(milestone)
        fields = {"done_at": None, "due_at": None, "warned_at": None, "objection": reason}
        _step(milestone, Status.OPEN, actor=actor, reason=reason, **fields)
        milestone_letters.not_done(milestone)


def preview(milestone: Milestone) -> Plan:
    """What confirming it does. Raises Refused."""
    share = milestone.agreement.share
    return decisions.preview(share, MoneyAction.Kind.RELEASE, _request(milestone, share))


def confirm(milestone: Milestone, *, actor: str, plan_hash: str) -> None:
    """The buyer confirms it as shown: exactly that part goes to the seller, now or as soon as nothing holds it back.

    Raises PlanChanged when it is not what was shown, Refused, NotAgreeable; GatewayError when Stripe has not answered
    or said no (it is finished, or tried again, by itself).
    """
    plan = preview(milestone)
    if plan.hash != plan_hash:
        raise decisions.PlanChanged(plan)
    with transaction.atomic():
        _need_agreed(milestone)
        _step(milestone, Status.CONFIRMED, actor=actor, reason=_("The buyer confirmed it."))
    release(milestone, actor=actor, reason=_("The buyer confirmed “%(name)s”.") % {"name": milestone.name})


def release(milestone: Milestone, *, actor: str, reason: str) -> None:
    """Send a confirmed milestone's part. Of two who try, one does: raises Refused for the other, PlanChanged if the
    money changed between reckoning and locking, and GatewayError.
    """
    share = Share.objects.select_related("order", "payment", "account").get(pk=milestone.agreement.share_id)
    request = _request(milestone, share)
    kind = MoneyAction.Kind.RELEASE
    plan = decisions.preview(share, kind, request)
    decisions.by_itself(share, kind, request, actor=actor, reason=reason, plan_hash=plan.hash)


def warn_due() -> int:
    """Tell buyers of milestones that count as confirmed soon, because they have said nothing; how many."""
    soon = now() + timedelta(days=schedule.warning_days())
    waiting = Milestone.objects.filter(
        status=Status.DONE, due_at__lte=soon, warned_at=None, agreement__status=Agreement.Status.AGREED
    )
    return sum(1 for milestone in waiting.order_by("due_at", "pk")[:BATCH] if _try(_warn, milestone))


def confirm_due() -> int:
    """Take silence for a yes, some days after the warning; how many. Nothing of it while something holds the money."""
    due = Milestone.objects.filter(
        status=Status.DONE, due_at__lte=now(), warned_at__isnull=False, agreement__status=Agreement.Status.AGREED
    ).exclude(_is_held_back())
    return sum(1 for milestone in due.order_by("due_at", "pk")[:BATCH] if _try(_confirm, milestone))


def release_confirmed() -> int:
    """Send what was confirmed and not sent: something held it back, Stripe refused it, or a crash; how many."""
    unsent = Q(release=None) | Q(release__status=Release.Status.REFUSED, release__planned_at__lte=now() - releases.WAIT)
    found = Milestone.objects.filter(
        unsent,
        status=Status.CONFIRMED,
        agreement__status=Agreement.Status.AGREED,
        agreement__share__status=Share.Status.HELD,
    ).exclude(_is_held_back())
    return sum(1 for milestone in found.order_by("pk")[:BATCH] if _try(_send, milestone))


def end_over() -> int:
    """End agreements with nothing left to release: all was sent, or the order was cancelled or refunded; how many."""
    gone = ~Q(share__status=Share.Status.HELD) | Q(share__order__status=OrderStatus.CANCELLED)
    found = Agreement.objects.filter(gone, status__in=Agreement.LIVE)
    return sum(1 for agreement in found.order_by("pk")[:BATCH] if _end(agreement))


SWEEPS = (warn_due, confirm_due, release_confirmed, end_over)


def _request(milestone: Milestone, share: Share) -> dict[str, int]:
    part = milestone_parts.parts(milestone.agreement, share.left).get(milestone.pk, 0)
    return {"amount": part, "milestone": milestone.pk}


def _why_not_parts(share: Share, parts: Sequence[Part]) -> str:
    if not parts:
        return _("Name at least one milestone.")
    if len(parts) > MOST:
        return _("At most %(most)d milestones are possible.") % {"most": MOST}
    if any(part.amount <= 0 for part in parts):
        return _("Every milestone needs an amount above zero.")
    total = sum(part.amount for part in parts)
    if total != share.left:
        values = {"total": share.money(total), "left": share.money(share.left)}
        return _("The milestones add up to %(total)s, but your share is %(left)s. Change the amounts.") % values
    return ""


def _need_agreed(milestone: Milestone) -> None:
    # Locked: the agreement may end at this moment, and nothing of one that is over is done or confirmed.
    agreement = Agreement.objects.select_for_update().get(pk=milestone.agreement_id)
    if agreement.status != Agreement.Status.AGREED:
        raise NotAgreeable(_("These milestones are not agreed, or over."))


def _answer(agreement: Agreement, to: str, *, actor: str, reason: str, **fields: object) -> None:
    at = now()
    if agreement.status == to:
        # The button was pressed twice (fault F34).
        return
    try:
        move(agreement, to, actor=actor, reason=reason, at=at, answered_at=at, **fields)
    except (IllegalMove, LostRace) as error:
        raise NotAgreeable(_("This was answered or withdrawn already.")) from error


def _step(milestone: Milestone, to: str, *, actor: str, reason: str, **fields: object) -> None:
    try:
        move(milestone, to, actor=actor, reason=reason, at=now(), **fields)
    except (IllegalMove, LostRace) as error:
        raise NotAgreeable(_("This has changed meanwhile. Look at it again.")) from error


def _is_held_back() -> Exists:
    return Exists(Hold.objects.filter(share=OuterRef("agreement__share"), ended_at=None))


def _warn(milestone: Milestone) -> None:
    due = max(milestone.due_at or now(), now() + timedelta(days=schedule.warning_days()))
    with transaction.atomic():
        # The row count decides: of two sweeps one writes the letter, and none to a buyer who was faster.
        fresh = Milestone.objects.filter(pk=milestone.pk, status=Status.DONE, warned_at=None)
        if fresh.update(warned_at=now(), due_at=due):
            milestone.due_at = due
            milestone_letters.counts_soon(milestone)


def _confirm(milestone: Milestone) -> None:
    with transaction.atomic():
        _need_agreed(milestone)
        _step(milestone, Status.CONFIRMED, actor=ACTOR, reason="The buyer said nothing after the warning.")
    _send(milestone)


def _send(milestone: Milestone) -> None:
    release(milestone, actor=ACTOR, reason=f"The milestone “{milestone.name}” is confirmed.")


def _end(agreement: Agreement) -> bool:
    try:
        move(agreement, Agreement.Status.OVER, actor=ACTOR, reason="Nothing is held for it any more.", at=now())
    except LostRace:
        return False
    return True


def _try(act: Callable[[Milestone], None], milestone: Milestone) -> bool:
    """Whether something was done about it. Whatever is wrong with one does not hold up the others (fault F06)."""
    try:
        act(milestone)
    except (Refused, NotAgreeable) as refusal:
        log.info("milestone_not_acted_on", milestone=milestone.pk, why=str(refusal))
    except (GatewayError, PaymentError) as error:
        log.warning("milestone_not_finished", milestone=milestone.pk, error=str(error))
    except Exception:
        log.exception("milestone_needs_a_person", milestone=milestone.pk)
    else:
        return True
    return False
