"""Decisions about money: seen before the click, carried out exactly as seen, each with one audit row (B4, I19).

    plan = decisions.preview(share, kind, request)              # shown, its hash goes into the form
    action = decisions.confirm(share, kind, request, plan_hash=..., user=..., reason=...)

`confirm` makes the plan again under the share's lock: if it is not the one that was shown it raises PlanChanged, which
carries the new one. Stripe is asked after the commit; what Stripe does not answer at once the sweeps finish.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import structlog
from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext as _

from accounts.models import User
from gateway import reads
from gateway.errors import StripeRefused, StripeUnavailable
from kit.clock import now
from kit.faults import faultpoint
from kit.transitions import IllegalMove, LostRace, move
from ledger import journal
from orders import progress
from payments import (
    books,
    consequences,
    disputes,
    holds,
    milestone_parts,
    outside,
    refunds,
    releases,
    reversals,
    shares,
)
from payments.consequences import Facts, Plan, Refused
from payments.errors import PaymentError
from payments.models import Hold, MoneyAction, Refund, Release, Reversal, Share

log = structlog.get_logger(__name__)

Kind = MoneyAction.Kind
Status = MoneyAction.Status
Request = Mapping[str, Any]
Row = Release | Refund | Reversal
# What a room above writes in the transaction of a decision, under the share's lock: the decision and what it ends are
# committed together, or neither is.
Also = Callable[[Share, MoneyAction, list[Row]], None]

# What moves money away from the platform or the seller, and so may need a second person.
MOVES_MONEY = frozenset({Kind.RELEASE, Kind.REFUND, Kind.REVERSE, Kind.CANCEL, Kind.DECIDE, Kind.RETRY})


# What would take from what is held for the seller, or from what they have.
TAKES_FROM_SELLER = frozenset({Kind.REFUND, Kind.CANCEL, Kind.DECIDE, Kind.REVERSE})


class PlanChanged(PaymentError):
    """What was agreed to is not what would happen now; `plan` is what would."""

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        super().__init__(_("The facts changed since this was shown. Look at it again before you confirm."))


class NotApprovable(PaymentError):
    """This person cannot approve it, or nobody can any more."""


@dataclass(frozen=True, slots=True)
class Decider:
    """Who decides: a member of staff (`user`), or a job or party called `actor`."""

    actor: str
    user: User | None = None
    request_id: str = ""


def preview(share: Share, kind: str, request: Request) -> Plan:
    """What would happen, from the facts of this moment. Writes nothing. Raises Refused."""
    return _plan(share, kind, request, shares.facts(share))


def confirm(
    share: Share, kind: str, request: Request, *, plan_hash: str, by: Decider, reason: str, also: Also | None = None
) -> MoneyAction:
    """Carry out what was shown, or put it before a second person above the limit.

    `also` is called once it is written, also when it only waits for a second person; what it raises undoes all of it.

    Raises PlanChanged, Refused; StripeRefused when Stripe said no (written down), StripeUnavailable when it has not
    answered yet (the sweeps finish it).
    """
    return _do(share, kind, request, by=by, reason=reason, plan_hash=plan_hash, also=also)


def by_itself(
    share: Share,
    kind: str,
    request: Request,
    *,
    actor: str,
    reason: str,
    plan_hash: str | None = None,
    also: Also | None = None,
) -> MoneyAction:
    """Carry out what a rule of the marketplace, a buyer's or a seller's word decides. Raises like `confirm`, and calls
    `also` like it.

    With `plan_hash` only exactly that plan: of two sweeps that reckoned with the same facts, one acts.
    """
    return _do(share, kind, request, by=Decider(actor), reason=reason, plan_hash=plan_hash, also=also)


def approve(action: MoneyAction, *, by: User) -> MoneyAction:
    """A second person agrees: carry out exactly the plan the first one saw. Raises NotApprovable, PlanChanged (then the
    request is outdated and has to be made anew), and like `confirm`.
    """
    if by.pk == action.user_id:
        raise NotApprovable(_("You asked for this yourself. Another member of staff has to approve it."))
    _look_first(action.share, action.kind)
    try:
        rows = _approve(action, by)
    except Refused as refused:
        raise NotApprovable(_("The facts changed while this was approved. Look at it again.")) from refused
    faultpoint("decision.committed")
    _send(rows, actor=by.email)
    action.refresh_from_db()
    return action


def _approve(action: MoneyAction, by: User) -> list[Row]:
    share = action.share
    with transaction.atomic():
        share = shares.locked_with_debt(share.pk)
        action = _locked_action(action)
        if action.status != Status.WAITING:
            raise NotApprovable(_("This is %(status)s already.") % {"status": action.get_status_display()})
        _end_request(share, action, actor=by.email, reason=_("Decided by a second person."))
        plan = _fresh(share, action)
        if plan is not None:
            rows = _write(share, plan, by=Decider(action.actor, action.user), reason=action.reason)
            move(action, Status.DONE, actor=by.email, reason=_("Approved."), at=now(), approver=by, done_at=now())
    if plan is None:
        raise NotApprovable(_("The facts changed since this was asked for. It has to be asked for again."))
    return rows


def decline(action: MoneyAction, *, by: User, reason: str) -> None:
    """A second person says no. Raises NotApprovable when it is carried out or declined already."""
    try:
        with transaction.atomic():
            # Locked: somebody may approve it at this moment, and a release waits for its end.
            share = shares.locked(action.share_id)
            move(action, Status.DECLINED, actor=by.email, reason=reason, at=now(), done_at=now())
            _end_request(share, action, actor=by.email, reason=reason)
    except (LostRace, IllegalMove) as error:
        raise NotApprovable(_("Somebody else was faster.")) from error


def _end_request(share: Share, action: MoneyAction, *, actor: str, reason: str) -> None:
    holds.end(share, kind=Hold.Kind.STAFF, ref=holds.of_request(action.pk), actor=actor, reason=reason)


def _hold_for(share: Share, action: MoneyAction) -> None:
    """Nothing goes to the seller while somebody is asked whether it should go back (invariant I06)."""
    holds.write(
        share,
        kind=Hold.Kind.STAFF,
        ref=holds.of_request(action.pk),
        reason=_("The marketplace decides whether some of it goes back to the buyer."),
        ends_when=_("A second person says yes or no."),
        actor=action.actor,
    )


def _locked_action(action: MoneyAction) -> MoneyAction:
    # Locked: of two who approve at the same time, one does (the other finds it done).
    found: MoneyAction = MoneyAction.objects.select_for_update().get(pk=action.pk)
    return found


def needs_second_person(plan: Plan) -> bool:
    """Whether staff cannot do this alone. Currencies without a limit always need two."""
    limits: dict[str, int] = settings.SECOND_PERSON_ABOVE
    return plan.kind in MOVES_MONEY and plan.amount > limits.get(plan.currency, 0)


def _do(
    share: Share,
    kind: str,
    request: Request,
    *,
    by: Decider,
    reason: str,
    plan_hash: str | None,
    also: Also | None = None,
) -> MoneyAction:
    if not reason.strip():
        raise Refused("no_reason", field="reason")
    _look_first(share, kind)
    with transaction.atomic():
        share = shares.locked_with_debt(share.pk)
        plan = _plan(share, kind, request, shares.facts(share))
        if plan_hash is not None and plan.hash != plan_hash:
            raise PlanChanged(plan)
        faultpoint("decision.planned")
        waits = by.user is not None and needs_second_person(plan)
        if waits and (asked := share.actions.filter(status=Status.WAITING, plan_hash=plan.hash, user=by.user).first()):
            # The button was pressed twice: it waits for a second person once (fault F34).
            return asked
        rows: list[Row] = [] if waits else _write(share, plan, by=by, reason=reason)
        action = _record(share, plan, by=by, reason=reason, waits=waits)
        if waits and kind in TAKES_FROM_SELLER:
            _hold_for(share, action)
        if also is not None:
            also(share, action, rows)
    faultpoint("decision.committed")
    _send(rows, actor=by.actor)
    return action


def _look_first(share: Share, kind: str) -> None:
    """Before money leaves for the seller, see whether the bank or the Dashboard was faster (fault F37)."""
    if kind != Kind.RELEASE or not share.payment.charge_id:
        return
    charge = reads.charge(share.payment.charge_id)
    if charge.disputed:
        for dispute in reads.disputes_of(charge.id):
            disputes.apply(dispute, actor="release check")
    outside.take_in(share.payment, charge, actor="release check")


def _plan(share: Share, kind: str, request: Request, facts: Facts) -> Plan:
    if kind == Kind.DECIDE:
        refund = share.refunds.filter(pk=request["refund"], undecided=True).first()
        if refund is None:
            raise Refused("decided_already")
        before = shares.lines(share, without=refund)
        return consequences.decide(facts, request, amount=refund.amount, lines=before)
    if kind == Kind.RETRY:
        failed = refunds.unpaid(share).filter(pk=request["refund"]).first()
        if failed is None:
            raise Refused("not_failed")
        return consequences.retry(facts, request, amount=refunds.still_owed(failed))
    if kind == Kind.END_HOLD and outside.is_undecided(share, request["hold"]):
        raise Refused("decide_first")
    if kind == Kind.RELEASE and "milestone" in request:
        milestone_parts.check(share, request["milestone"], request["amount"])
    plans: dict[str, Callable[[Facts, Request], Plan]] = {
        Kind.REFUND: consequences.refund,
        Kind.RELEASE: consequences.release,
        Kind.REVERSE: consequences.reverse,
        Kind.HOLD: consequences.hold,
        Kind.END_HOLD: consequences.end_hold,
        Kind.CANCEL: consequences.cancel,
    }
    return plans[kind](facts, request)


def _write(share: Share, plan: Plan, *, by: Decider, reason: str) -> list[Row]:
    """Everything the plan does in our own rows, and the operations that ask Stripe for the rest."""
    at = now()
    match plan.kind:
        case Kind.RELEASE:
            release = releases.write(share, dict(plan.steps), actor=by.actor, reason=reason, at=at)
            if "milestone" in plan.request:
                milestone_parts.sent_by(plan.request["milestone"], release)
            return [release]
        case Kind.REFUND:
            return [refunds.write(share, plan.steps, plan.request, actor=by.actor, at=at)]
        case Kind.CANCEL:
            _call_off(share, by=by, reason=reason, at=at)
            return [refunds.write(share, plan.steps, plan.request, actor=by.actor, at=at)]
        case Kind.REVERSE:
            parts = plan.steps["reversals"]
            return [
                reversals.write(part["release"], part["amount"], actor=by.actor, reason=reason, at=at) for part in parts
            ]
        case Kind.DECIDE:
            return _decided(share, plan, by=by, at=at)
        case Kind.RETRY:
            failed = share.refunds.get(pk=plan.request["refund"])
            return [refunds.write_retry(failed, plan.amount, actor=by.actor, at=at)]
        case Kind.HOLD:
            _hold(share, plan, by=by, reason=reason)
        case Kind.END_HOLD:
            hold = share.holds.get(pk=plan.request["hold"])
            holds.end(share, kind=Hold.Kind(hold.kind), ref=hold.ref, actor=by.actor, reason=reason)
    return []


def _call_off(share: Share, *, by: Decider, reason: str, at: datetime) -> None:
    try:
        progress.cancel_paid(share.order, at=at, actor=by.actor, reason=reason)
    except IllegalMove as error:
        # The seller sent it between our look at the order and its lock.
        raise Refused("sent_already") from error


def _hold(share: Share, plan: Plan, *, by: Decider, reason: str) -> None:
    releases.call_off(share, actor=by.actor, reason=reason)
    until = plan.request.get("until")
    holds.write(
        share,
        kind=Hold.Kind.STAFF,
        ref=f"{by.actor}:{now().isoformat()}"[:100],
        reason=reason,
        ends_when=_("Somebody of the marketplace ends it.") if until is None else _("Its time is over."),
        until=None if until is None else datetime.fromisoformat(until),
        actor=by.actor,
    )


def _decided(share: Share, plan: Plan, *, by: Decider, at: datetime) -> list[Row]:
    """A refund made outside gets its parts, as if it had been decided here."""
    steps = plan.steps
    refund = share.refunds.get(pk=plan.request["refund"])
    for name in ("from_seller", "from_fee", "from_platform", "processing", "absorbed", "owed"):
        setattr(refund, name, steps[name])
    refund.policy, refund.to_reverse, refund.undecided = plan.request["policy"], steps["reverse"], False
    refund.save()
    refunds.write_lines(refund, steps)
    share.fee_returned += refund.from_fee
    share.taken += refund.absorbed
    share.save(update_fields=["fee_returned", "taken"])
    refund.share = share
    journal.post([books.refund_decided(refund, at=at)])
    reversals.write_for_refund(refund, actor=by.actor, at=at)
    holds.end(share, kind=Hold.Kind.STAFF, ref=outside.ref(refund), actor=by.actor, reason="Decided.")
    shares.close_if_done(share, at=at, actor=by.actor)
    return [refund]


def _fresh(share: Share, action: MoneyAction) -> Plan | None:
    """The plan that was asked for, if it is still what would happen; otherwise the request is outdated."""
    try:
        plan = _plan(share, action.kind, action.request, shares.facts(share))
    except Refused:
        plan = None
    if plan is None or plan.hash != action.plan_hash:
        move(action, Status.OUTDATED, actor="approval", reason=_("The facts changed."), at=now(), done_at=now())
        return None
    return plan


def _record(share: Share, plan: Plan, *, by: Decider, reason: str, waits: bool) -> MoneyAction:
    at = now()
    return MoneyAction.objects.create(
        kind=plan.kind,
        share=share,
        status=Status.WAITING if waits else Status.DONE,
        request=dict(plan.request),
        plan=plan.as_json,
        plan_hash=plan.hash,
        currency=plan.currency,
        amount=plan.amount,
        user=by.user,
        actor=by.actor,
        reason=reason,
        request_id=by.request_id,
        needs_approval=waits,
        created_at=at,
        done_at=None if waits else at,
    )


def _send(rows: list[Row], *, actor: str) -> None:
    """Ask Stripe, outside any transaction. What Stripe does not answer is raised, and the sweeps go on with it."""
    for row in rows:
        try:
            if isinstance(row, Release):
                releases.send(row, actor=actor)
            elif isinstance(row, Refund):
                refunds.send(row, actor=actor)
            else:
                reversals.send(row, actor=actor)
        except (StripeRefused, StripeUnavailable) as error:
            log.warning("decision_not_finished", row=str(row), error=str(error))
            raise
