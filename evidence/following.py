"""Packs brought to where their disputes are: missed, answered elsewhere, asked again, decided."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from evidence.models import Pack, Submission
from gateway import reads
from gateway.objects import Dispute as Found
from kit.clock import now
from kit.transitions import move
from payments import disputes
from payments.models import Dispute

ACTOR = "evidence sweep"
Status = Pack.Status


def look(pack: Pack, *, actor: str = ACTOR) -> Found:
    """The dispute as it is at Stripe at this moment; our rows follow it.

    Outside any transaction. Raises StripeUnavailable, StripeRefused; NotYet for a charge that may still become ours.
    """
    found = reads.dispute(pack.dispute.stripe_id)
    disputes.apply(found, actor=actor)
    follow(pack, actor=actor)
    return found


def follow(pack: Pack, *, actor: str = ACTOR) -> None:
    """Bring the pack to where our row of the dispute is. Any number of times."""
    with transaction.atomic():
        # Locked: it may be edited or sent at this moment.
        locked = Pack.objects.select_for_update(of=("self",)).get(pk=pack.pk)
        bring(locked, actor=actor, at=now())
    pack.refresh_from_db()


def bring(pack: Pack, *, actor: str, at: datetime) -> None:
    """The same for a pack that is locked already."""
    dispute = Dispute.objects.get(pk=pack.dispute_id)
    pack.dispute = dispute
    if pack.status in Pack.OPEN:
        _while_open(pack, dispute, actor=actor, at=at)
    elif pack.status not in Pack.UNDER_WAY:
        if pack.status == Status.MISSED and _answered_elsewhere(pack, dispute):
            _outside(pack, Submission.Kind.EVIDENCE, actor=actor, at=at)
            move(pack, Status.SUBMITTED, actor=actor, reason=_("It was answered in Stripe's Dashboard."), at=at)
        elif _asks_again(pack, dispute, at):
            _next_round(pack, dispute, actor=actor, at=at)
    if dispute.status in Dispute.ENDED and pack.outcome != dispute.status:
        pack.outcome, pack.outcome_at = dispute.status, dispute.closed_at or at
        pack.save(update_fields=["outcome", "outcome_at"])


def has_passed(dispute: Dispute, at: datetime) -> bool:
    """Whether the bank takes no answer any more."""
    return dispute.due_by is not None and at >= dispute.due_by


def _while_open(pack: Pack, dispute: Dispute, *, actor: str, at: datetime) -> None:
    if _answered_elsewhere(pack, dispute):
        _outside(pack, Submission.Kind.EVIDENCE, actor=actor, at=at)
        move(pack, Status.SUBMITTED, actor=actor, reason=_("It was answered in Stripe's Dashboard."), at=at)
    elif dispute.status in Dispute.NEEDS_ANSWER:
        if has_passed(dispute, at):
            move(pack, Status.MISSED, actor=actor, reason=_("The bank's date passed without an answer."), at=at)
        elif pack.asked_as != dispute.status:
            pack.asked_as = dispute.status
            pack.save(update_fields=["asked_as"])
    elif dispute.status == Dispute.Status.LOST:
        if dispute.due_by is None or has_passed(dispute, at):
            move(pack, Status.MISSED, actor=actor, reason=_("The bank decided without an answer."), at=at)
        else:
            _outside(pack, Submission.Kind.CONCESSION, actor=actor, at=at)
            reason = _("The loss was accepted in Stripe's Dashboard.")
            move(pack, Status.CONCEDED, actor=actor, reason=reason, at=at)
    elif dispute.status != Dispute.Status.UNKNOWN:
        reason = _("The dispute is %(status)s.") % {"status": dispute.get_status_display()}
        move(pack, Status.CLOSED, actor=actor, reason=reason, at=at)


def _answered_elsewhere(pack: Pack, dispute: Dispute) -> bool:
    """Whether Stripe counts more answers than we know of."""
    known = pack.submissions.filter(kind=Submission.Kind.EVIDENCE, status=Submission.Status.SENT).count()
    return dispute.submission_count > known


def _outside(pack: Pack, kind: Submission.Kind, *, actor: str, at: datetime) -> None:
    """A row for what somebody did in Stripe's Dashboard; what they sent is there, not here."""
    Submission.objects.create(
        pack=pack,
        kind=kind,
        status=Submission.Status.SENT,
        round=pack.round,
        actor=actor,
        reason=_("Found at Stripe."),
        planned_at=at,
        done_at=at,
        made_outside=True,
    )


def _asks_again(pack: Pack, dispute: Dispute, at: datetime) -> bool:
    """An inquiry became a dispute, or a decision was appealed; or the bank gave more time for what was missed."""
    if dispute.status not in Dispute.NEEDS_ANSWER or has_passed(dispute, at):
        return False
    is_later = Dispute.RANKS[dispute.status] > Dispute.RANKS.get(pack.asked_as, 0)
    return is_later or pack.status == Status.MISSED


def _next_round(pack: Pack, dispute: Dispute, *, actor: str, at: datetime) -> None:
    cleared = {"looked_over_by": None, "looked_over_at": None, "looked_over_hash": "", "draft_hash": "", "trouble": ""}
    fields = {**cleared, "round": pack.round + 1, "asked_as": dispute.status, "outcome": "", "outcome_at": None}
    move(pack, Status.GATHERING, actor=actor, reason=_("The bank asks again."), at=at, **fields)
