"""Accepting the loss of a dispute: for good, and only by who has seen what it costs whom."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from django.db import transaction
from django.utils.translation import gettext as _

from evidence import seller_part
from evidence.errors import Changed, NotAllowed, NotOpen
from evidence.following import look
from evidence.models import Pack, Submission
from evidence.submitting import closed_words, proceed, require_open
from kit.clock import now
from kit.faults import faultpoint
from kit.money import Money, allocate
from kit.transitions import move
from payments import dispute_plans, shares
from payments.consequences import Plan
from payments.decisions import Decider
from payments.models import Dispute, DisputeShare


@dataclass(frozen=True, slots=True)
class Concession:
    """What accepting the loss does: a plan for each order, as payments.disputes will carry it out, and the dispute's
    fee (None while Stripe has not said). What no order carries is the marketplace's.
    """

    plans: tuple[Plan, ...]
    fee: Money | None
    beyond: Money | None

    @property
    def hash(self) -> str:
        """Agreed to is exactly this."""
        told = [*(plan.hash for plan in self.plans), str(self.fee), str(self.beyond)]
        return hashlib.sha256("\n".join(told).encode()).hexdigest()


def consequences(dispute: Dispute) -> Concession:
    """What it would cost whom to lose the dispute now. Amounts in each plan are minor units of its own currency."""
    parts = list(dispute.shares.exclude(outcome=DisputeShare.Outcome.RETURNED).select_related("share__order"))
    policy = dispute_plans.policy_for(dispute.reason)
    same = all(part.share.currency == dispute.line_currency for part in parts)
    fee = dispute_plans.fee_for_seller(policy, max(0, dispute.fee)) if same else 0
    fees = allocate(fee, [part.amount for part in parts]) if parts else []
    plans = tuple(
        dispute_plans.lost(shares.facts(part.share), str(dispute), part.amount, policy, fee=fee_part)
        for part, fee_part in zip(parts, fees, strict=True)
    )
    beyond = dispute.outstanding - sum(part.amount for part in parts) if same and parts else 0
    currency = dispute.line_currency
    return Concession(
        plans,
        Money(dispute.fee, currency) if currency and dispute.fee else None,
        Money(beyond, currency) if currency and beyond > 0 else None,
    )


def concede(pack: Pack, *, by: Decider, reason: str, plan_hash: str) -> Submission:
    """Accept the loss at Stripe. `plan_hash` is that of the consequences that were shown (`Concession.hash`).

    Stripe cannot take it back. The answer may still be SENDING when Stripe did not say in time: it is finished by
    itself. Outside any transaction. Raises NotOpen, NotAllowed (an inquiry has nothing to lose: refund it instead),
    Changed when it would cost something else by now, or a job asks and by now people are to weigh it; GatewayError when
    Stripe does not answer before anything began.
    """
    if not reason.strip():
        raise NotAllowed(_("Say why."))
    look(pack, actor=by.actor)
    require_open(pack)
    if pack.dispute.status in Dispute.INQUIRIES:
        raise NotAllowed(_("This is an inquiry: no money was taken. Refund the buyer to end it, or answer it."))
    submission = _begin(pack, by=by, reason=reason, plan_hash=plan_hash)
    faultpoint("evidence.begun")
    submission = proceed(submission)
    pack.refresh_from_db()
    if submission.status == Submission.Status.REFUSED:
        raise NotOpen(closed_words(pack)) if pack.status not in Pack.OPEN else NotAllowed(submission.refusal)
    return submission


def _begin(pack: Pack, *, by: Decider, reason: str, plan_hash: str) -> Submission:
    with transaction.atomic():
        # Locked: whoever sends evidence at this moment, or concedes as well, is the first or the second.
        locked = Pack.objects.select_for_update(of=("self",)).select_related("dispute").get(pk=pack.pk)
        require_open(locked)
        if by.user is None and (locked.objected_at is not None or seller_part.all_given(locked.dispute)):
            # It came after whoever decided this had looked, and what is accepted cannot be taken back.
            raise Changed(_("Somebody objected, or a seller sent evidence: people weigh that."))
        if consequences(locked.dispute).hash != plan_hash:
            raise Changed(_("It would cost something else by now. Look at it once more."))
        row = Submission.objects.create(
            pack=locked,
            kind=Submission.Kind.CONCESSION,
            round=locked.round,
            content_hash=plan_hash,
            user=by.user,
            actor=by.actor,
            reason=reason,
            planned_at=now(),
        )
        move(locked, Pack.Status.CONCEDING, actor=by.actor, reason=reason, trouble="")
    return row
