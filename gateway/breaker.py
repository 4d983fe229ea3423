"""While Stripe does not answer, it is left alone (fault F21): people hear so at once, workers do other work.

After FAILURES calls in a row without an answer, all within WINDOW, nothing is sent for a pause. Then one call at a time
tries; an answer ends the pause, another failure doubles it. Counted for all processes together, by the machine's clock.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog
from django.db import connection, transaction
from django.db.models import Q

from gateway.errors import NotSent
from gateway.models import Breaker
from kit.clock import machine_now

log = structlog.get_logger(__name__)

NAME = "stripe"
FAILURES = 5
WINDOW = timedelta(seconds=60)
SHORTEST_PAUSE = timedelta(seconds=15)
LONGEST_PAUSE = timedelta(minutes=5)
# How long the one that tries has for it; longer than a call may take.
PROBE = timedelta(seconds=20)
# Asked around every call to Stripe, so in the fewest steps; the row itself is read when there is something to read.
OPEN = "SELECT EXISTS (SELECT FROM gateway_breaker WHERE name = %s AND opened_at IS NOT NULL)"
FAILING = "SELECT EXISTS (SELECT FROM gateway_breaker WHERE name = %s AND failures > 0)"


@dataclass(frozen=True, slots=True)
class State:
    """What is known about the line to Stripe. `leaving_alone_until` is None while calls are sent."""

    failures: int
    since: datetime | None
    leaving_alone_until: datetime | None
    last_error: str


def state() -> State:
    """For pages that show how things are."""
    row = Breaker.objects.filter(name=NAME).first() or Breaker(name=NAME)
    return State(row.failures, row.opened_at, row.open_until if row.opened_at else None, row.last_error)


def ask() -> None:
    """May something be sent? Raises NotSent while Stripe is left alone, for all but the one whose turn it is to try."""
    if not _is_noted(OPEN):
        return
    row = Breaker.objects.filter(name=NAME).exclude(opened_at=None).first()
    if row is None:
        return
    moment = machine_now()
    # The row count decides who tries: everybody else is told that Stripe does not answer.
    chosen = Breaker.objects.filter(
        Q(probing_until=None) | Q(probing_until__lte=moment), name=NAME, opened_at__isnull=False, open_until__lte=moment
    ).update(probing_until=moment + PROBE)
    if not chosen:
        next_try = max(row.open_until or moment, row.probing_until or moment)
        raise NotSent("Stripe does not answer just now.", wait=max((next_try - moment).total_seconds(), 1.0))


def heard() -> None:
    """Stripe answered, if only with an error of its own making."""
    if not _is_noted(FAILING):
        return
    row = Breaker.objects.filter(name=NAME, failures__gt=0).first()
    if row is None:
        return
    Breaker.objects.filter(name=NAME).update(
        failures=0, opened_at=None, open_until=None, probing_until=None, pauses=0, last_error=""
    )
    if row.opened_at is not None:
        log.warning("stripe_answers_again", since=row.opened_at.isoformat())


def failed(error: str) -> None:
    """Stripe did not answer, or with a failure of its own."""
    moment = machine_now()
    with transaction.atomic():
        Breaker.objects.get_or_create(name=NAME)
        # Locked for the length of this UPDATE: failures that come at once are all counted.
        row = Breaker.objects.select_for_update().get(name=NAME)
        recent = row.last_failure_at is not None and moment - row.last_failure_at <= WINDOW
        row.failures = row.failures + 1 if recent or row.opened_at else 1
        row.last_failure_at, row.last_error = moment, error
        opens = row.opened_at is None and row.failures >= FAILURES
        # Of those under way when it opened, a failure says nothing new.
        tried_in_vain = row.opened_at is not None and row.probing_until is not None
        if opens or tried_in_vain:
            row.opened_at = row.opened_at or moment
            row.open_until = moment + min(SHORTEST_PAUSE * 2**row.pauses, LONGEST_PAUSE)
            row.pauses, row.probing_until = min(row.pauses + 1, 10), None
        row.save()
    if opens:
        log.error("stripe_does_not_answer", failures=row.failures, error=error)


def _is_noted(question: str) -> bool:
    with connection.cursor() as cursor:
        cursor.execute(question, [NAME])
        return bool(cursor.fetchone()[0])
