"""Rules at work: notice given, and what was announced carried out when its time comes. Only while the rule is on.

Each time one acts there is one row (disputes.models.Act) with the version of the rule and the facts. Before acting
everything is looked at again: whether the rule is still on, what Stripe says of the dispute now, whether somebody
objected; whoever moves the row from `noticed` to `acting` does it, and nobody else.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta

import structlog
from django.db import IntegrityError, transaction
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils.translation import gettext as _

from disputes import advice, judging, letters, rules, subjects, warnings, words
from disputes.errors import NotNow
from disputes.judging import Verdict
from disputes.models import Act, Advice, FraudWarning, Rule
from evidence.errors import NotAllowed
from gateway import reads
from gateway.errors import GatewayError, StripeUnavailable
from kit.clock import machine_now, now
from kit.faults import faultpoint
from kit.transitions import LostRace, move
from payments import decisions
from payments import disputes as payments_disputes
from payments.consequences import Refused
from payments.decisions import PlanChanged
from payments.models import Dispute, Hold, MoneyAction, Share

log = structlog.get_logger(__name__)

ACTOR = "dispute rules"
BATCH = 200
# Whoever acts has so long; then another worker takes over (fault F22).
LEASE = timedelta(minutes=2)
# What Stripe did not answer is tried again after so long.
TRY_AGAIN = timedelta(minutes=5)

Status, Kind, Mode = Act.Status, Rule.Kind, Rule.Mode


def give_notice() -> int:
    """Announce what rules will do about whatever is open; how many were announced, or written down by a dry rule."""
    count = 0
    for rule in rules.every_rule():
        if rule.mode != Mode.OFF:
            count += sum(1 for subject in _open(rule) if _safely(lambda one, rule=rule: consider(rule, one), subject))
    return count


def act_due() -> int:
    """Carry out what was announced and is due; how many came to an end."""
    free = Q(status=Status.NOTICED) | Q(status=Status.ACTING, claimed_until__lt=machine_now())
    due = Act.objects.filter(free, due_at__lte=now()).select_related("rule", "dispute", "warning__payment")
    return sum(1 for act in due.order_by("?")[:BATCH] if _safely(act_on, act))


def consider(rule: Rule, subject: Dispute | FraudWarning) -> bool:
    """Announce what the rule decides about one dispute or warning, once; whether anything was new."""
    verdict = subjects.judge(rule, subject)
    if not verdict.what or rules.is_spent(rule, subject):
        return False
    found = advice.record_warning(subject) if isinstance(subject, FraudWarning) else advice.record_dispute(subject)
    is_dry = rule.mode == Mode.DRY
    if is_dry and subject.acts.filter(rule=rule, version=rule.version, status=Status.DRY, what=verdict.what).exists():
        return False
    try:
        with transaction.atomic():
            act = _write(rule, subject, verdict, found)
            if verdict.what == judging.CONCEDE and not is_dry:
                letters.will_concede(act)
    except IntegrityError:
        # Another worker announced it at the same moment: the database holds that there is one.
        return False
    return True


def act_on(act: Act) -> bool:
    """Carry one out, unless something speaks against it by now; whether it came to an end here."""
    if not _claim(act):
        return False
    faultpoint("rule.claimed")
    try:
        ending, result = _carry_out(act)
    except (StripeUnavailable, PlanChanged, NotNow) as error:
        _put_back(act, str(error))
        return False
    except (GatewayError, Refused, NotAllowed) as error:
        ending, result = Status.FAILED, str(error)
    faultpoint("rule.done")
    if ending in (Status.FAILED, Status.MISSED):
        log.error("rule_needs_a_person", act=act.pk, rule=act.rule.kind, subject=str(act.subject), why=result)
    move(act, ending, actor=ACTOR, reason=result, result=result, ended_at=now(), actions=act.actions)
    return True


# --- giving notice ---


def _open(rule: Rule) -> Iterator[Dispute | FraudWarning]:
    """What the rule may be about, without what is announced already; in any order, so that nothing is held up."""
    if rule.kind == Kind.WARNING:
        announced = Exists(Act.objects.filter(warning=OuterRef("pk"), status__in=Act.LIVE))
        warned = FraudWarning.objects.filter(
            ~announced, status__in=[FraudWarning.Status.OPEN, FraudWarning.Status.HOLDING], actionable=True
        )
        yield from warned.select_related("payment").order_by("?")[:BATCH]
        return
    announced = Exists(Act.objects.filter(dispute=OuterRef("pk"), status__in=Act.LIVE))
    asked: QuerySet[Dispute] = Dispute.objects.filter(
        ~announced,
        status__in=Dispute.NEEDS_ANSWER,
        settled_at=None,
        payment__isnull=False,
        due_by__gt=now(),
    )
    yield from asked.select_related("payment").order_by("?")[:BATCH]


def _write(rule: Rule, subject: Dispute | FraudWarning, verdict: Verdict, found: Advice) -> Act:
    at = now()
    return Act.objects.create(
        rule=rule,
        version=rule.version,
        dispute=subject if isinstance(subject, Dispute) else None,
        warning=subject if isinstance(subject, FraudWarning) else None,
        status=Status.DRY if rule.mode == Mode.DRY else Status.NOTICED,
        what=verdict.what,
        because=verdict.because,
        facts={
            "rule": {"mode": rule.mode, "hours": rule.hours, "limits": rule.limits},
            "advice": found.pk,
            "ways": found.ways,
            **found.facts,
        },
        currency=found.currency,
        amount=found.amount,
        noticed_at=at,
        due_at=verdict.due_at or at,
        ended_at=at if rule.mode == Mode.DRY else None,
    )


# --- acting ---


def _claim(act: Act) -> bool:
    """Whether it is ours to do now. Leased, so that what a dead worker began somebody else finishes."""
    until = machine_now() + LEASE
    if act.status == Status.NOTICED:
        try:
            move(act, Status.ACTING, actor=ACTOR, reason=_("Its time has come."), claimed_until=until)
        except LostRace:
            return False
        return True
    late = Act.objects.filter(pk=act.pk, status=Status.ACTING, claimed_until__lt=machine_now())
    return late.update(claimed_until=until) == 1


def _put_back(act: Act, why: str) -> None:
    log.warning("rule_waits", act=act.pk, why=why)
    move(
        act, Status.NOTICED, actor=ACTOR, reason=why, due_at=now() + TRY_AGAIN, claimed_until=None, actions=act.actions
    )


def _carry_out(act: Act) -> tuple[str, str]:
    """How it ended, in words too. Nothing is done that nobody wants any more."""
    rule = rules.rule(act.rule.kind)
    if rule.mode != Mode.ON:
        return Status.OVERTAKEN, _("The rule was switched off.")
    subject = _look_again(act)
    if isinstance(subject, Dispute) and subjects.is_under_way(subject, ACTOR):
        # Whoever held this before us asked Stripe, and could not write it down here.
        return Status.DONE, words.done(act.what)
    verdict = subjects.judge(rule, subject, since=act.noticed_at)
    faultpoint("rule.judged")
    if verdict.because == "too_late":
        return Status.MISSED, words.because(verdict.because)
    if verdict.what != act.what:
        return Status.OVERTAKEN, words.because(verdict.because)
    _do(act, rule, subject)
    return Status.DONE, words.done(act.what)


def _look_again(act: Act) -> Dispute | FraudWarning:
    """As it is at Stripe now: what we know of it may be minutes old."""
    known = act.subject
    if isinstance(known, Dispute):
        payments_disputes.apply(reads.dispute(known.stripe_id), actor=ACTOR)
        return Dispute.objects.select_related("payment").get(pk=known.pk)
    warnings.apply(reads.fraud_warning(known.stripe_id), actor=ACTOR)
    return FraudWarning.objects.select_related("payment").get(pk=known.pk)


def _do(act: Act, rule: Rule, subject: Dispute | FraudWarning) -> None:
    """What was decided about money is noted in `act.actions` one by one: some may be done when the next is refused."""
    reason = _("Rule “%(rule)s”, version %(version)d: %(why)s") % {
        "rule": rule,
        "version": rule.version,
        "why": words.because(act.because),
    }
    if isinstance(subject, Dispute):
        subjects.answer(subject, act.what, actor=ACTOR, reason=reason)
        return
    if act.what == judging.REFUND:
        for share in subject.payment.shares.select_related("order").order_by("pk"):
            if share.refundable:
                act.actions.append(_refund(share, reason))
    elif act.what == judging.LET_GO:
        act.actions.extend(_end_holds(subject, reason))
    # To hold it nothing is needed: it is held since the warning came.
    warnings.decided(subject, words.BECOMES[act.what], actor=ACTOR, reason=reason)


def _refund(share: Share, reason: str) -> int:
    """Give back everything that is left of one order; the decision's id. Of two who reckoned alike, one does. Raises
    NotNow while a release is on its way: it is known in a minute what is left.
    """
    kind, request = warnings.refund_request(share)
    try:
        plan = decisions.preview(share, kind, request)
        action = decisions.by_itself(share, kind, request, actor=ACTOR, reason=reason, plan_hash=plan.hash)
    except StripeUnavailable:
        # Decided, written down and asked for: the sweeps of payments finish it.
        action = share.actions.filter(plan_hash=plan.hash).latest("pk")
    except Refused as refused:
        if refused.code != "release_on_its_way":
            raise
        raise NotNow(_("A release of this order is on its way to Stripe.")) from refused
    return int(action.pk)


def _end_holds(warning: FraudWarning, reason: str) -> list[int]:
    """Each order goes on to its release."""
    holds = Hold.objects.filter(
        share__payment=warning.payment, kind=Hold.Kind.WARNING, ref=warning.stripe_id, ended_at=None
    )
    return [
        decisions.by_itself(hold.share, MoneyAction.Kind.END_HOLD, {"hold": hold.pk}, actor=ACTOR, reason=reason).pk
        for hold in holds.select_related("share__order").order_by("share_id")
    ]


def _safely(do: Callable[..., bool], row: object) -> bool:
    """Whether something was done. Whatever is wrong with one does not hold up the others (fault F06)."""
    try:
        return do(row)
    except (GatewayError, Refused, LostRace) as error:
        log.warning("rule_not_applied", about=str(row), error=str(error))
    except Exception:
        log.exception("rule_needs_a_person", about=str(row))
    return False
