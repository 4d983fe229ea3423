"""Who may send an operation, and writing down what came of it. Every change of its status is made here.

A sender claims the row by a conditional UPDATE and has it until its lease ends, by the machine's clock. `attempts` is
its number: an answer that leaves the outcome open counts only if nobody has claimed the row since. Yes from Stripe
counts whenever it comes.
"""

import time
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import structlog
from django.db import transaction

from gateway import backoff
from gateway.errors import NotLetIn, NotSent, StripeRefused, StripeUnavailable
from gateway.models import Operation, OperationMove
from kit.clock import machine_now, now
from kit.faults import faultpoint
from kit.transitions import LostRace, move

log = structlog.get_logger(__name__)

Status = Operation.Status

ACTOR = "operations"
LEASE = timedelta(seconds=60)
# A sender that was held up for longer than this after its claim does not send: somebody else may soon.
SEND_WITHIN_SECONDS = 30.0


@dataclass(frozen=True, slots=True)
class Claim:
    """One sender's right to send, and what the row said before: what to go back to if Stripe saw nothing of it."""

    attempt: int
    first_sent_at: datetime | None
    last_sent_at: datetime | None
    until: float

    @property
    def is_late(self) -> bool:
        """Whether too much of the lease has gone by: counted by a clock that goes on while the process stands still."""
        return time.monotonic() > self.until


def claim(operation: Operation) -> Claim | None:
    """Become the one sender, or None: of two processes only one sends, and only what is as it was when it was read."""
    attempt, moment = operation.attempts + 1, machine_now()
    mine = Claim(attempt, operation.first_sent_at, operation.last_sent_at, time.monotonic() + SEND_WITHIN_SECONDS)
    with transaction.atomic():
        # Locked: of two senders the second sees the first one's attempt, also when that one has ended already.
        row = Operation.objects.select_for_update().get(pk=operation.pk)
        free = row.status in (Status.PLANNED, Status.UNKNOWN) and row.attempts == operation.attempts
        if free:
            move(
                row,
                Status.SUBMITTING,
                actor=ACTOR,
                reason=f"Attempt {attempt}.",
                attempts=attempt,
                first_sent_at=row.first_sent_at or now(),
                last_sent_at=moment,
                leased_until=moment + LEASE,
                due_at=None,
            )
            # What was locked and moved is how the row stands: it need not be read again.
            vars(operation).update(vars(row))
    if free:
        return mine
    operation.refresh_from_db()
    return None


def is_leased(operation: Operation) -> bool:
    """Whether somebody is sending it just now."""
    leased = operation.leased_until is not None and operation.leased_until > machine_now()
    return operation.status == Status.SUBMITTING and leased


def reap(limit: int = 100) -> int:
    """Take operations back from senders whose lease has ended (fault F22); how many."""
    left = Operation.objects.filter(status=Status.SUBMITTING, leased_until__lte=machine_now())
    return sum(reap_one(operation) for operation in left.order_by("leased_until")[:limit])


def reap_one(operation: Operation) -> bool:
    """Take it back if its lease has ended. The outcome is unknown; it is due at once."""
    if operation.status != Status.SUBMITTING or is_leased(operation):
        return False
    faultpoint("operation.reaping")
    why = "Whoever was sending it did not finish."
    # Only from the attempt that was read: it may have been finished and claimed anew since.
    return _if_still(operation, operation.attempts, Status.UNKNOWN, why, leased_until=None, due_at=now())


def take_due(limit: int) -> list[Operation]:
    """Due operations, by priority and then by age, set aside for this completer alone as long as a lease takes."""
    moment = now()
    due = Operation.objects.filter(status__in=[Status.PLANNED, Status.UNKNOWN], due_at__lte=moment)
    with transaction.atomic():
        # Locked and skipped: several completers share the work, and none waits for another.
        rows = list(due.select_for_update(skip_locked=True).order_by("priority", "due_at", "pk")[:limit])
        Operation.objects.filter(pk__in=[row.pk for row in rows]).update(due_at=moment + LEASE)
    return rows


def put_back(operations: Iterable[Operation], wait: float) -> None:
    """Not sent: due again after so many seconds. No attempt is counted, and no key grows older."""
    waiting = Operation.objects.filter(
        pk__in=[operation.pk for operation in operations], status__in=[Status.PLANNED, Status.UNKNOWN]
    )
    waiting.update(due_at=now() + timedelta(seconds=wait))


def succeeded(operation: Operation, body: dict[str, Any], request_id: str) -> None:
    """Stripe confirmed it. What happened has happened, so this counts also after the lease has ended."""
    kept = {"response": body, "object_id": _object_id(body)} if operation.keeps_answer else {}
    fields = {**kept, "stripe_request_id": request_id, "error_code": "", "error_message": ""}
    _say_yes(operation, "Stripe confirmed it.", actor=ACTOR, **fields)


def adopt(operation: Operation, body: dict[str, Any], *, actor: str, reason: str) -> None:
    """It was found at Stripe: that is its outcome."""
    why = f"Adopted {_object_id(body)}, found at Stripe. {reason}".strip()
    found = {"response": body, "object_id": _object_id(body), "adopted": True, "error_message": ""}
    _say_yes(operation, why, actor=actor, **found)


def refused(operation: Operation, mine: Claim, error: StripeRefused) -> None:
    """Stripe said no, and nothing happened there."""
    told = {"error_code": error.code, "error_message": error.message}
    _if_still(operation, mine.attempt, Status.FAILED, error.message, **_ended(), **told)


def given_up(operation: Operation, mine: Claim, reason: str) -> None:
    """A short-lived request for which nobody waits any more."""
    _if_still(operation, mine.attempt, Status.FAILED, reason, **_ended(), error_message=reason)


def left_open(operation: Operation, mine: Claim, error: StripeUnavailable) -> None:
    """No answer we can rely on: it may have happened."""
    fields: dict[str, Any] = {"replays": 0}
    if isinstance(error, NotLetIn | NotSent):
        # This attempt does not age the key: Stripe has not seen it (fault F17).
        fields = {"first_sent_at": mine.first_sent_at, "last_sent_at": mine.last_sent_at}
    elif error.replayed and error.http_status >= 500:
        # Stripe repeats a failure it saved: it has not begun anything anew (fault F18).
        fields = {"replays": operation.replays + 1, "last_sent_at": mine.last_sent_at}
    wait = backoff.pause(operation.attempts, error.should_retry)
    fields |= {"error_code": error.code, "error_message": str(error), "leased_until": None, "due_at": now() + wait}
    _if_still(operation, mine.attempt, Status.UNKNOWN, str(error), **fields)


def shelve(operation: Operation, reason: str, *, actor: str = ACTOR) -> None:
    """Nobody here can tell what became of it: a person has to look."""
    if operation.status != Status.UNKNOWN:
        return
    try:
        move(operation, Status.STALE, actor=actor, reason=reason, error_message=reason, due_at=None)
    except LostRace:
        operation.refresh_from_db()
        return
    log.error("operation_needs_a_person", key=operation.key, reason=reason)


def supersede(operation: Operation, *, actor: str, reason: str) -> Operation:
    """It is certainly not at Stripe: the same request begins again under a new key; the old one is never used again.

    One transaction, so that there is always exactly one live generation (invariant I09). Returns the new one, or what
    another process made of the row meanwhile.
    """
    try:
        with transaction.atomic():
            why = f"It is not at Stripe. {reason}".strip()
            move(operation, Status.SUPERSEDED, actor=actor, reason=why, **_ended())
            return Operation.objects.create(
                key=f"{operation.business_key}:g{operation.generation + 1}",
                generation=operation.generation + 1,
                planned_at=now(),
                due_at=now(),
                reason=f"{operation.key} is not at Stripe. {operation.reason}",
                **{name: getattr(operation, name) for name in FROZEN},
            )
    except LostRace:
        operation.refresh_from_db()
        return operation


def note(operation: Operation, *, actor: str, reason: str) -> None:
    """Write into the history that a person did something that may leave the status as it is."""
    at = operation.status
    OperationMove.objects.create(subject=operation, from_status=at, to_status=at, at=now(), actor=actor, reason=reason)


FROZEN = ("name", "business_key", "account", "path", "request", "request_hash", "actor", "priority", "keeps_answer")


def _say_yes(operation: Operation, reason: str, *, actor: str, **fields: Any) -> None:
    # Each try names the status that was read; whoever moves the row meanwhile makes us read again. Statuses only move
    # towards an end, so this comes to one soon.
    while Status.SUCCEEDED in Operation.MOVES[operation.status]:
        try:
            move(operation, Status.SUCCEEDED, actor=actor, reason=reason, **_ended(), **fields)
        except LostRace:
            operation.refresh_from_db()
        else:
            return
    if operation.status != Status.SUCCEEDED:
        # It counted as not done, or as given up, and was done after all: perhaps twice.
        log.error("operation_needs_a_person", key=operation.key, reason=f"A late yes, but {operation.status}. {reason}")


def _if_still(operation: Operation, attempt: int, status: Operation.Status, reason: str, **fields: Any) -> bool:
    """Move what this attempt is still about; otherwise only read what became of it."""
    with transaction.atomic():
        # Locked: between reading the attempt and moving, the reaper or another sender may come.
        row = Operation.objects.select_for_update().get(pk=operation.pk)
        mine = row.status == Status.SUBMITTING and row.attempts == attempt
        if mine:
            move(row, status, actor=ACTOR, reason=reason, **fields)
    operation.refresh_from_db()
    return mine


def _ended() -> dict[str, Any]:
    return {"finished_at": now(), "leased_until": None, "due_at": None}


def _object_id(body: dict[str, Any]) -> str:
    return str(body.get("id") or "")
