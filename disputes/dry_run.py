"""What a rule would have done with past disputes and warnings, and what that would have cost or saved.

The same judging as for what is open now (disputes.judging), on what is known of the time. Beside what really happened:
`effect` is what would have been gained (+) or lost (-), in minor units; None where nobody can know. The number of
queries does not depend on how many there were.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.db.models import Prefetch, QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from disputes import judging
from disputes.judging import Verdict
from disputes.models import Advice, FraudWarning, Rule
from disputes.words import Text, because
from evidence.models import EvidenceFile, Pack
from kit.clock import now
from kit.money import Money
from payments.models import Dispute

# At most so many, the newest.
MOST = 2000
DAYS = 365

WOULD: dict[str, Text] = {
    judging.SEND: gettext_lazy("send the evidence"),
    judging.CONCEDE: gettext_lazy("accept the loss"),
    judging.REFUND: gettext_lazy("refund"),
    judging.HOLD: gettext_lazy("hold"),
    judging.LET_GO: gettext_lazy("let go on"),
}


@dataclass(frozen=True, slots=True)
class Row:
    """One past dispute or warning about which the rule would have done something."""

    subject: Dispute | FraudWarning
    at: datetime
    amount: Money
    what: str
    because: str
    outcome: str
    effect: Money | None
    # Whether the effect is what was to be expected, and not what certainly would have been.
    is_expected: bool = False

    @property
    def would(self) -> str:
        """What it would have done."""
        return str(WOULD[self.what])


@dataclass(frozen=True, slots=True)
class Total:
    """Everything in one currency."""

    acts: int
    saved: Money
    cost: Money

    @property
    def net(self) -> Money:
        """What would have been gained (+) or lost (-)."""
        return self.saved - self.cost


@dataclass(frozen=True, slots=True)
class Report:
    """What came of a dry run over `considered` of the last `days`."""

    rule: Rule
    days: int
    considered: int
    rows: tuple[Row, ...]
    totals: tuple[Total, ...]
    unknown: int
    # Why it would have left the others alone, and how many.
    left_alone: tuple[tuple[str, int], ...]


def run(rule: Rule, *, days: int = DAYS) -> Report:
    """Run the rule, as it is given (it need not be saved), over what was in the last days. Writes nothing."""
    since = now() - timedelta(days=days)
    over = _over_warnings if rule.kind == Rule.Kind.WARNING else _over_disputes
    considered, rows, left = 0, [], dict[str, int]()
    for found, row in over(rule, since):
        considered += 1
        if row is not None:
            rows.append(row)
        else:
            left[found] = left.get(found, 0) + 1
    why = sorted(((because(code), count) for code, count in left.items()), key=lambda one: -one[1])
    unknown = sum(1 for row in rows if row.effect is None)
    return Report(rule, days, considered, tuple(rows), _totals(rows), unknown, tuple(why))


def _known(subject: Dispute | FraudWarning) -> list[Advice]:
    """What was read with it: its advice."""
    found: list[Advice] = vars(subject)["known"]
    return found


def _totals(rows: Iterable[Row]) -> tuple[Total, ...]:
    found: dict[str, list[int]] = {}
    for row in rows:
        acts, saved, cost = found.setdefault(row.amount.currency, [0, 0, 0])
        effect = row.effect.amount if row.effect is not None else 0
        found[row.amount.currency] = [acts + 1, saved + max(0, effect), cost + max(0, -effect)]
    return tuple(
        Total(acts, Money(saved, currency), Money(cost, currency))
        for currency, (acts, saved, cost) in sorted(found.items())
    )


# --- disputes ---


def _over_disputes(rule: Rule, since: datetime) -> Iterable[tuple[str, Row | None]]:
    for dispute in _disputes(since):
        # An inquiry that became a dispute counts as that; one that did not was never lost.
        advice = next(iter(_known(dispute)), None)
        facts = _as_it_was(dispute, advice)
        judge = judging.file if rule.kind == Rule.Kind.FILE else judging.concede
        at = dispute.opened_at
        if rule.kind == Rule.Kind.FILE and dispute.due_by is not None:
            at = max(at, dispute.due_by - timedelta(hours=rule.hours))
        verdict = judge(rule, facts, at=at)
        if rule.kind == Rule.Kind.FILE and dispute.submission_count:
            verdict = Verdict("", "moved_on")
        yield verdict.because, _disputed_row(dispute, verdict, advice) if verdict.what else None


def _disputes(since: datetime) -> QuerySet[Dispute]:
    current = Prefetch("advice", Advice.objects.filter(superseded_at=None), to_attr="known")
    files = EvidenceFile.objects.filter(party=EvidenceFile.Party.SELLER, removed_at=None)
    packs = Prefetch("pack", Pack.objects.prefetch_related(Prefetch("files", files, to_attr="given")))
    rows = Dispute.objects.filter(opened_at__gte=since, payment__isnull=False)
    return rows.prefetch_related(current, packs).order_by("-pk")[:MOST]


def _as_it_was(dispute: Dispute, advice: Advice | None) -> judging.Disputed:
    """When the bank had just asked, as far as it is known."""
    pack = getattr(dispute, "pack", None)
    quiet = dispute.status in Dispute.INQUIRIES or dispute.status == Dispute.Status.PREVENTED
    asked = Dispute.Status.WARNING_NEEDS_RESPONSE if quiet else Dispute.Status.NEEDS_RESPONSE
    return judging.Disputed(
        status=asked,
        reason=dispute.reason,
        amount=dispute.amount,
        currency=dispute.currency,
        # Stripe says nothing of a date that is over.
        due_by=dispute.due_by or dispute.opened_at + timedelta(days=7),
        complete=advice is not None and advice.band == Advice.Band.ALL,
        objected=pack is not None and pack.objected_at is not None,
        seller_gave=pack is not None and bool(pack.given),
    )


def _disputed_row(dispute: Dispute, verdict: Verdict, advice: Advice | None) -> Row:
    effect, is_expected = _effect_on(dispute, verdict.what, advice)
    return Row(
        dispute,
        dispute.opened_at,
        dispute.money,
        verdict.what,
        because(verdict.because),
        str(dispute.get_status_display()),
        None if effect is None else Money(effect, dispute.currency),
        is_expected,
    )


def _effect_on(dispute: Dispute, what: str, advice: Advice | None) -> tuple[int | None, bool]:
    """Beside what really came of it. Given up, a won one would have been lost, and a lost one without the fee and the
    time of answering it. Sent in time, what silence lost might have been won: what that was worth was advised then.
    """
    if dispute.settled_at is None:
        return None, False
    answered = dispute.submission_count > 0
    spent = _spent(dispute.currency) if answered else 0
    won = dispute.status in Dispute.ENDED_WELL
    if what == judging.CONCEDE:
        back = settings.DISPUTE_COUNTER_FEE_COMES_BACK
        handling = settings.DISPUTE_HANDLING_COSTS.get(dispute.currency, 0) if answered else 0
        return (-dispute.amount + (handling if back else spent) if won else spent), False
    fight, accept = (_value(advice, way) for way in ("fight", "accept"))
    if won or fight is None or accept is None:
        return 0, False
    return fight - accept, True


def _spent(currency: str) -> int:
    """What answering costs, in minor units."""
    fee: Mapping[str, int] = settings.DISPUTE_COUNTER_FEES
    handling: Mapping[str, int] = settings.DISPUTE_HANDLING_COSTS
    return fee.get(currency, 0) + handling.get(currency, 0)


def _value(advice: Advice | None, way: str) -> int | None:
    found = advice.value_of(way) if advice is not None else None
    return None if found is None else found.amount


# --- warnings ---


def _over_warnings(rule: Rule, since: datetime) -> Iterable[tuple[str, Row | None]]:
    for warning in _warnings(since):
        # As it was reckoned first, when nobody had decided yet.
        advice = next(iter(_known(warning)), None)
        if advice is None or advice.in_hindsight:
            yield "nothing_kept", None
            continue
        facts = judging.Warned(
            status=FraudWarning.Status.OPEN,
            actionable=True,
            refundable=advice.amount,
            currency=advice.currency,
            best=advice.best,
            warned_at=warning.warned_at,
        )
        verdict = judging.warning(rule, facts, at=warning.heard_at, hold_days=settings.WARNING_HOLD_DAYS)
        yield verdict.because, _warned_row(warning, verdict, advice) if verdict.what else None


def _warnings(since: datetime) -> QuerySet[FraudWarning]:
    first = Prefetch("advice", Advice.objects.order_by("pk"), to_attr="known")
    return FraudWarning.objects.filter(warned_at__gte=since).prefetch_related(first).order_by("-pk")[:MOST]


def _warned_row(warning: FraudWarning, verdict: Verdict, advice: Advice) -> Row:
    effect = _effect_of_warned(warning, verdict.what, advice)
    return Row(
        warning,
        warning.warned_at,
        advice.money,
        verdict.what,
        because(verdict.because),
        str(warning.get_status_display()),
        None if effect is None else Money(effect, advice.currency),
    )


def _effect_of_warned(warning: FraudWarning, what: str, advice: Advice) -> int | None:
    """Beside what really came of it: refunded, a dispute and its fee would have been spared, or an honest sale lost."""
    given, last = advice.facts["given"], _known(warning)[-1]
    refunded = given["goods"] - given["refundable"]
    match warning.status, what:
        case (FraudWarning.Status.DISPUTED, judging.REFUND):
            return None if last.real_value is None else int(refunded - last.real_value)
        case (FraudWarning.Status.OVER, judging.REFUND):
            return int(refunded)
        case (FraudWarning.Status.REFUNDED, judging.REFUND):
            return 0
        case (FraudWarning.Status.DISPUTED, judging.HOLD):
            # The goods would not have been sent after the warning.
            return int(given["goods"])
        case (FraudWarning.Status.OVER, judging.HOLD):
            return -int(given.get("waiting", 0))
        case (FraudWarning.Status.DISPUTED | FraudWarning.Status.OVER, judging.LET_GO):
            return 0
    return None


def about(kind: str) -> str:
    """What the figures mean, in words."""
    if kind == Rule.Kind.CONCEDE:
        return _(
            "Beside what really happened: what was won would have been given up (a cost), what was lost all the same "
            "would have been lost without the fee and the time of answering it (saved)."
        )
    if kind == Rule.Kind.FILE:
        return _(
            "Beside what really happened: complete evidence would have been sent where nobody answered. What that was "
            "worth is what was expected of it then, not what certainly would have been won."
        )
    return _(
        "Beside what really happened: a refund would have spared a dispute and its fee (saved), or given an honest "
        "sale back for nothing (a cost). Warnings that were refunded anyway count as no difference."
    )
