"""Whether what should run by itself does: a row for each periodic task, written when one ends.

Times are the machine's (`machine_now`), because beat rings by it; moving the demo's clock makes no job late.
"""

import time
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from celery import Celery, current_app
from celery.signals import task_postrun, task_prerun
from django.db.models import F

from kit.clock import machine_now
from monitoring.models import Heartbeat

# What rings every few seconds, and at each nudge besides, need not write a row each time.
WRITE_EVERY = timedelta(seconds=5)
# So much later than its turn a job is late: a restart of the worker takes its time, and a long run holds up others.
GRACE = timedelta(minutes=5)
# So many failures in a row are no accident.
FAILING = 3
WATCH = "monitoring.watch"

# Of this process: when each run began (a perf counter), and what was last written about each task.
_began: dict[str, float] = {}
_written: dict[str, tuple[datetime, bool]] = {}


def schedule(app: Celery | None = None) -> dict[str, int]:
    """Every periodic task with its pace in seconds, as beat has it."""
    entries: Mapping[str, Any] = (app or current_app).conf.beat_schedule or {}
    return {str(entry["task"]): int(entry["schedule"]) for entry in entries.values()}


def expect() -> None:
    """A row for each periodic task, with its pace, so that one that never runs is missed."""
    moment = machine_now()
    rows = [Heartbeat(task=task, every_seconds=seconds, expected_since=moment) for task, seconds in schedule().items()]
    Heartbeat.objects.bulk_create(rows, update_conflicts=True, unique_fields=["task"], update_fields=["every_seconds"])


def late() -> list[Heartbeat]:
    """Scheduled tasks that are overdue, or fail each time."""
    moment = machine_now()
    rows = Heartbeat.objects.filter(task__in=schedule())
    return [row for row in rows if is_late(row, moment) or row.failures >= FAILING]


def is_late(row: Heartbeat, moment: datetime) -> bool:
    """Whether it should have run by now, twice over and a while."""
    last = row.last_run_at or row.expected_since
    return moment - last > timedelta(seconds=2 * row.every_seconds) + GRACE


def watched() -> Heartbeat | None:
    """The row of the watch itself: without it nobody would find anything."""
    return Heartbeat.objects.filter(task=WATCH).first()


def beat(task: str, *, ok: bool, took_ms: int, error: str = "") -> None:
    """Write down that a task ran just now, well or not."""
    moment = machine_now()
    row, _created = Heartbeat.objects.get_or_create(task=task, defaults={"expected_since": moment})
    told = {"last_run_at": moment, "took_ms": took_ms, "last_error": error[:500]}
    mine = Heartbeat.objects.filter(pk=row.pk)
    if ok:
        mine.update(**told, last_ok_at=moment, failures=0)
    else:
        mine.update(**told, failures=F("failures") + 1)


@task_prerun.connect
def _starts(task_id: str, **_ignored: object) -> None:
    _began[task_id] = time.perf_counter()


@task_postrun.connect
def _ends(sender: Any, task_id: str, state: str, retval: object, **_ignored: object) -> None:
    began = _began.pop(task_id, None)
    if sender.name not in schedule(sender.app):
        return
    ok = state == "SUCCESS"
    last = _written.get(sender.name)
    if last is not None and ok and last[1] and machine_now() - last[0] < WRITE_EVERY:
        return
    took = 0 if began is None else int((time.perf_counter() - began) * 1000)
    error = f"{type(retval).__name__}: {retval}" if isinstance(retval, BaseException) else ""
    beat(sender.name, ok=ok, took_ms=took, error=error)
    _written[sender.name] = (machine_now(), ok)
