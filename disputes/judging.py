"""What a rule decides, from facts alone: the same for what is open now and for what was, in a dry run. Pure.

Whether a rule may act at all (off, dry, on) is not asked here, but whether what it says fits.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from disputes.models import FraudWarning, Rule
from evidence.checklists import HOPELESS
from payments.models import Dispute

Kind = Rule.Kind
SEND, CONCEDE, REFUND, HOLD, LET_GO = "send", "concede", "refund", "hold", "let_go"


@dataclass(frozen=True, slots=True)
class Disputed:
    """What is so about a dispute at a moment. Amounts are minor units; `complete` is with all the bank needs to see."""

    status: str
    reason: str
    amount: int
    currency: str
    due_by: datetime | None
    complete: bool = False
    answered: bool = False
    # Whether its pack takes changes: nothing is being sent or conceded.
    is_open: bool = True
    objected: bool = False
    seller_gave: bool = False


@dataclass(frozen=True, slots=True)
class Warned:
    """What is so about a warned payment at a moment."""

    status: str
    actionable: bool
    refundable: int
    currency: str
    best: str
    warned_at: datetime


@dataclass(frozen=True, slots=True)
class Verdict:
    """`what` is to be done, nothing if it is empty; `because` is the code of why or why not; `due_at` is when."""

    what: str
    because: str
    due_at: datetime | None = None


def file(rule: Rule, facts: Disputed, *, at: datetime) -> Verdict:
    """Send what is complete, `rule.hours` before the bank's date, unless somebody objected."""
    waits = _waits(facts, at, Dispute.NEEDS_ANSWER)
    if waits:
        return Verdict("", waits)
    if facts.reason in HOPELESS:
        return Verdict("", "nobody_wins")
    if facts.objected:
        return Verdict("", "objected")
    if not facts.complete:
        return Verdict("", "incomplete")
    due_at = (facts.due_by or at) - timedelta(hours=rule.hours)
    return Verdict(SEND, "complete", max(at, due_at))


def concede(rule: Rule, facts: Disputed, *, at: datetime) -> Verdict:
    """Accept a loss nobody can win, or a small one without evidence, after `rule.hours` of notice. Whoever gives
    evidence stops it; what is complete is worth sending, however small.
    """
    waits = _waits(facts, at, frozenset({Dispute.Status.NEEDS_RESPONSE}))
    if waits:
        return Verdict("", waits)
    hopeless = facts.reason in HOPELESS
    if not hopeless and facts.amount > rule.limits.get(facts.currency, 0):
        return Verdict("", "above_limit")
    if facts.seller_gave:
        return Verdict("", "seller_gave")
    if facts.objected:
        return Verdict("", "objected")
    if not hopeless and facts.complete:
        return Verdict("", "complete")
    due_at = at + timedelta(hours=rule.hours)
    if facts.due_by is not None and facts.due_by <= due_at:
        return Verdict("", "no_time_for_notice")
    return Verdict(CONCEDE, "nobody_wins" if hopeless else "small", due_at)


def warning(rule: Rule, facts: Warned, *, at: datetime, hold_days: int) -> Verdict:
    """Do what is expected to cost least, up to the limit of the currency: what is above it people decide."""
    if facts.status not in (FraudWarning.Status.OPEN, FraudWarning.Status.HOLDING) or not facts.actionable:
        return Verdict("", "moved_on")
    if facts.refundable > rule.limits.get(facts.currency, 0):
        return Verdict("", "above_limit")
    holding = facts.status == FraudWarning.Status.HOLDING
    if holding and facts.best != REFUND and facts.warned_at + timedelta(days=hold_days) <= at:
        return Verdict(LET_GO, "held_long_enough", at)
    if holding and facts.best == HOLD:
        return Verdict("", "decided")
    return Verdict(facts.best, "costs_least", at + timedelta(hours=rule.hours))


def _waits(facts: Disputed, at: datetime, statuses: frozenset[str]) -> str:
    """Why it does not wait for an answer of ours any more, if it does not."""
    if facts.status not in statuses or facts.answered or not facts.is_open:
        return "moved_on"
    return "too_late" if facts.due_by is None or facts.due_by <= at else ""
