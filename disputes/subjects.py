"""A dispute or a fraud warning as rules see it, read from the rows of this moment; and how a dispute is answered."""

from __future__ import annotations

from datetime import datetime

from django.conf import settings

from disputes import advice, completeness, judging
from disputes.errors import NotNow
from disputes.judging import Verdict
from disputes.models import FraudWarning, Rule
from evidence import conceding, packs, submitting
from evidence.errors import Changed, NotOpen
from evidence.models import EvidenceFile, Pack, SellerWords, Submission
from kit.clock import now
from payments.decisions import Decider
from payments.models import Dispute


def judge(rule: Rule, subject: Dispute | FraudWarning, *, since: datetime | None = None) -> Verdict:
    """What the rule decides about it now. `since` is when notice was given."""
    at = now()
    if isinstance(subject, FraudWarning):
        return judging.warning(rule, warned(subject), at=at, hold_days=settings.WARNING_HOLD_DAYS)
    facts = disputed(subject)
    if rule.kind == Rule.Kind.FILE:
        return judging.file(rule, facts, at=at)
    found = judging.concede(rule, facts, at=at)
    if found.because == "no_time_for_notice" and since is not None:
        # Notice was given in time: what counts now is that the bank still takes an answer.
        return Verdict(judging.CONCEDE, "small", at)
    return found


def disputed(dispute: Dispute) -> judging.Disputed:
    """The facts about a dispute."""
    pack = Pack.objects.filter(dispute=dispute).first()
    return judging.Disputed(
        status=dispute.status,
        reason=dispute.reason,
        amount=dispute.amount,
        currency=dispute.currency,
        due_by=dispute.due_by,
        complete=completeness.of(dispute).is_complete,
        answered=_answered_elsewhere(dispute, pack),
        is_open=pack is None or pack.status in Pack.OPEN,
        objected=pack is not None and pack.objected_at is not None,
        seller_gave=pack is not None and _seller_gave(pack),
    )


def warned(warning: FraudWarning) -> judging.Warned:
    """The facts about a warned payment."""
    reckoned = advice.reckon_warning(warning)
    return judging.Warned(
        status=warning.status,
        actionable=warning.actionable,
        refundable=reckoned.amount,
        currency=reckoned.currency,
        best=reckoned.row().best,
        warned_at=warning.warned_at,
    )


def is_under_way(dispute: Dispute, actor: str) -> bool:
    """Whether `actor` has answered already, this time the bank asked."""
    pack = Pack.objects.filter(dispute=dispute).first()
    live = (Submission.Status.SENDING, Submission.Status.SENT)
    return pack is not None and pack.submissions.filter(round=pack.round, actor=actor, status__in=live).exists()


def _answered_elsewhere(dispute: Dispute, pack: Pack | None) -> bool:
    """Whether Stripe counts more answers than ours. What we sent to an inquiry does not answer the dispute it became:
    the bank asks again, and the pack is open again.
    """
    sent = {"kind": Submission.Kind.EVIDENCE, "status": Submission.Status.SENT}
    known = pack.submissions.filter(**sent).count() if pack is not None else 0
    return dispute.submission_count > known


def _seller_gave(pack: Pack) -> bool:
    """Whether a seller sent us words or a file for it: then it is for people to weigh."""
    files = pack.files.filter(party=EvidenceFile.Party.SELLER, removed_at=None)
    return bool(files.exists() or SellerWords.objects.filter(dispute=pack.dispute_id).exclude(text="").exists())


def answer(dispute: Dispute, what: str, *, actor: str, reason: str) -> None:
    """Send what is there, or accept the loss, once. Stripe's answer may come later: then it is finished by itself.

    Raises NotNow when somebody else is at it, and what that comes to will be seen; NotAllowed with what is lacking or
    what Stripe refused; GatewayError.
    """
    pack = packs.for_dispute(dispute, actor=actor)
    by = Decider(actor)
    try:
        if what == judging.SEND:
            submitting.submit(pack, by=by, reason=reason)
        else:
            shown = conceding.consequences(pack.dispute)
            conceding.concede(pack, by=by, reason=reason, plan_hash=shown.hash)
    except (NotOpen, Changed) as error:
        raise NotNow(str(error)) from error
