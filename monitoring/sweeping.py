"""The sweep: open what is newly wrong, keep the facts of what still is, close what is gone.

It may run twice, or several times at once: a problem has one live alert by a constraint, moves name the status they
start from, and what a sweep did not know before it looked it does not close.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import timedelta
from functools import partial
from typing import Any

import structlog
from django.conf import settings

from kit.clock import now
from kit.faults import faultpoint
from kit.transitions import LostRace, move
from monitoring import duties, heartbeats, letters
from monitoring.models import Alert
from monitoring.watch import MOST, Problem, Watch
from monitoring.watches import BY_KIND, WATCHES

log = structlog.get_logger(__name__)

ACTOR = "watch"
Status = Alert.Status
# What a person closed though it is still there comes back after so long.
DISMISSED_FOR = timedelta(days=30)


class WatchFailed(Exception):
    """Some watches could not look. The others did."""


def sweep(watches: Iterable[Watch] | None = None) -> None:
    """Look at everything, and tell the owners.

    Raises WatchFailed in the end if a watch could not look: the job then counts as failed, which is a problem itself.
    """
    heartbeats.expect()
    chosen = [watch for watch in WATCHES if not watch.seldom] if watches is None else list(watches)
    failed = [watch.kind.value for watch in chosen if not _try_watch(watch, look)]
    wake()
    duties.hand_over()
    letters.tell()
    letters.escalate()
    if failed:
        raise WatchFailed(", ".join(failed))


def look(watch: Watch) -> None:
    """One kind: open, refresh, close."""
    # Read before looking: an alert that another sweep opens meanwhile is not one whose cause is gone.
    live = {alert.subject: alert for alert in Alert.objects.filter(kind=watch.kind, status__in=Alert.LIVE)}
    faultpoint("watch.read")
    found = {problem.subject: problem for problem in watch.find(None)}
    if len(found) >= MOST:
        # There may be more than it told of: what it did not name is asked about before it is closed.
        found |= {problem.subject: problem for problem in watch.find(live.keys() - found.keys())}
    _open(watch, [problem for subject, problem in found.items() if subject not in live])
    _refresh(live, found)
    for subject in live.keys() - found.keys():
        _close(live[subject])


def recheck(kinds: Iterable[str]) -> None:
    """Close what is gone since the last look, before a page lists it: nobody wants to read of what they have just dealt
    with. One query for each kind that is open, and none for those that read much.
    """
    opened: dict[str, list[Alert]] = {}
    for alert in Alert.objects.filter(kind__in=list(kinds), status=Status.OPEN):
        opened.setdefault(alert.kind, []).append(alert)
    for kind, alerts in opened.items():
        if not BY_KIND[kind].seldom:
            _try_watch(BY_KIND[kind], partial(_recheck, alerts=alerts))


def wake() -> int:
    """Open again what was put off until now, and what a person closed long ago and is still there; how many."""
    over = Alert.objects.filter(status__in=[Status.SNOOZED, Status.DISMISSED], quiet_until__lte=now())
    return sum(_try_move(alert, Status.OPEN, "The time it was put off is over.", **_afresh()) for alert in over)


def forget() -> int:
    """Remove what was over long ago, with its history: its facts name people; how many."""
    long_ago = now() - timedelta(days=settings.ALERTS["keep_days"])
    old = list(Alert.objects.filter(status=Status.CLOSED, closed_at__lt=long_ago).values_list("pk", flat=True)[:1000])
    Alert.objects.filter(pk__in=old).delete()
    return len(old)


def _recheck(watch: Watch, alerts: list[Alert]) -> None:
    still = {problem.subject for problem in watch.find([alert.subject for alert in alerts])}
    for alert in alerts:
        if alert.subject not in still:
            _close(alert)


def _try_watch(watch: Watch, act: Callable[[Watch], None]) -> bool:
    try:
        act(watch)
    except Exception:
        # The others do not wait for whoever puts this one right (fault F06).
        log.exception("watch_needs_a_person", kind=watch.kind.value)
        return False
    return True


def _open(watch: Watch, problems: list[Problem]) -> None:
    if not problems:
        return
    moment, owner = now(), duties.owners()[watch.kind]
    alerts = [
        Alert(
            kind=watch.kind,
            subject=problem.subject,
            since=problem.since,
            owner=owner,
            opened_at=moment,
            active_since=moment,
            **_told_by(problem),
        )
        for problem in problems
    ]
    # Another sweep may have been faster: then its alert stands.
    Alert.objects.bulk_create(alerts, ignore_conflicts=True)
    log.info("problems_opened", kind=watch.kind.value, count=len(alerts))


def _refresh(live: dict[str, Alert], found: dict[str, Problem]) -> None:
    changed = []
    for subject in live.keys() & found.keys():
        alert, told = live[subject], _told_by(found[subject])
        if any(getattr(alert, name) != value for name, value in told.items()):
            for name, value in told.items():
                setattr(alert, name, value)
            changed.append(alert)
    Alert.objects.bulk_update(changed, ["facts", "currency", "amount", "due"], batch_size=100)


def _told_by(problem: Problem) -> dict[str, Any]:
    return {
        "facts": problem.facts,
        "currency": problem.currency if problem.amount is not None else "",
        "amount": problem.amount,
        "due": problem.due,
    }


def _close(alert: Alert) -> None:
    how = alert.closed_how or Alert.Closed.BY_ITSELF
    also = {"closed_at": alert.closed_at or now(), "closed_how": how}
    _try_move(alert, Status.CLOSED, "Its cause is gone.", **also)


def _afresh() -> dict[str, Any]:
    """As if it had just been found: its owner is told again, and has time again."""
    return {
        "quiet_until": None,
        "active_since": now(),
        "told_at": None,
        "seen_at": None,
        "escalated_at": None,
        "closed_at": None,
        "closed_how": "",
    }


def _try_move(alert: Alert, to: str, reason: str, **also: Any) -> bool:
    try:
        move(alert, to, actor=ACTOR, reason=reason, **also)
    except LostRace:
        # A person or another sweep was faster; the next sweep sees what is left to do.
        return False
    return True
