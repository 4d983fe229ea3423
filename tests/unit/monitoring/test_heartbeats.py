"""Proof that what should run by itself did run."""

from __future__ import annotations

from datetime import timedelta
from io import StringIO

import pytest
from celery import Celery
from django.core.management import call_command

from accounts.models import User
from kit.clock import fixed_at, machine_now, now
from marketplace.celery import app
from monitoring import heartbeats
from monitoring.models import Alert, Heartbeat
from monitoring.queries import board
from tests.unit.monitoring import rows

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def afresh(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing was written by this process yet."""
    monkeypatch.setattr(heartbeats, "_written", {})


def test_every_periodic_task_is_expected_from_the_first_look_on() -> None:
    heartbeats.expect()
    heartbeats.expect()

    assert set(Heartbeat.objects.values_list("task", flat=True)) == set(heartbeats.schedule())
    assert heartbeats.late() == []
    assert Heartbeat.objects.get(task="payments.find_missed_disputes").every_seconds == 3600


def test_a_job_is_late_after_two_turns_and_a_while() -> None:
    heartbeats.expect()
    start = machine_now()
    heartbeats.beat("payments.find_missed_disputes", ok=True, took_ms=1)

    def late(minutes: int) -> bool:
        with fixed_at(start + timedelta(minutes=minutes)):
            return "payments.find_missed_disputes" in {row.task for row in heartbeats.late()}

    assert [late(minutes) for minutes in (60, 120, 124, 126)] == [False, False, False, True]


def test_three_failures_in_a_row_are_no_accident_and_one_success_ends_them() -> None:
    heartbeats.expect()
    for _time in range(3):
        assert heartbeats.late() == []
        heartbeats.beat("kit.send_mail", ok=False, took_ms=1, error="OSError: no route to host")

    assert [row.task for row in heartbeats.late()] == ["kit.send_mail"]
    heartbeats.beat("kit.send_mail", ok=True, took_ms=1)
    assert heartbeats.late() == []


def test_a_worker_that_runs_a_periodic_task_leaves_its_mark() -> None:
    run("kit.send_mail")

    row = Heartbeat.objects.get(task="kit.send_mail")
    assert row.last_run_at == row.last_ok_at
    assert row.failures == 0


def test_a_periodic_task_that_fails_leaves_why() -> None:
    probe = Celery("probe", set_as_current=False)
    probe.conf.beat_schedule = {"it": {"task": "probe.fails", "schedule": 5.0}}

    @probe.task(name="probe.fails")
    def fails() -> None:
        raise ValueError("no such thing")

    fails.apply()
    fails.apply()

    row = Heartbeat.objects.get(task="probe.fails")
    assert (row.failures, row.last_error, row.last_ok_at) == (2, "ValueError: no such thing", None)


def test_a_task_that_runs_all_the_time_is_not_written_each_time() -> None:
    run("kit.send_mail")
    first = Heartbeat.objects.get(task="kit.send_mail").last_run_at

    run("kit.send_mail")
    assert Heartbeat.objects.get(task="kit.send_mail").last_run_at == first

    with fixed_at(machine_now() + timedelta(seconds=6)):
        run("kit.send_mail")
    assert Heartbeat.objects.get(task="kit.send_mail").last_run_at != first


def test_a_task_nobody_scheduled_leaves_no_mark() -> None:
    probe = Celery("probe", set_as_current=False)

    @probe.task(name="probe.once")
    def once() -> None:
        pass

    once.apply()

    assert not Heartbeat.objects.filter(task="probe.once").exists()


def test_the_watch_cannot_tell_that_it_stands_still_so_page_and_command_do() -> None:
    dana = User.objects.create_superuser("dana@example.org", "a long enough password")
    heartbeats.beat(heartbeats.WATCH, ok=True, took_ms=1)
    assert board(dana).silent_since is None
    call_command("open_problems", stdout=StringIO())

    with fixed_at(machine_now() + timedelta(minutes=8)):
        assert board(dana).silent_since is not None
        told = StringIO()
        with pytest.raises(SystemExit) as ended:
            call_command("open_problems", stdout=told)
    assert ended.value.code == 1
    assert "Nobody has looked for problems since" in told.getvalue()


def test_the_command_prints_what_the_page_says_and_fails_when_it_is_urgent() -> None:
    rows.an_event(status="dead", last_error="KeyError: 'charge'")
    told = StringIO()
    call_command("open_problems", "--look", stdout=told)
    assert "See why the event refund.updated could not be handled" in told.getvalue()
    assert "http://" in told.getvalue()

    rows.an_operation(status="stale", planned_at=now())
    with pytest.raises(SystemExit) as ended:
        call_command("open_problems", "--look", stdout=(told := StringIO()))

    assert ended.value.code == 1
    assert told.getvalue().count("!") == 1
    assert Alert.objects.count() == 2


def test_the_command_shows_one_persons_alone() -> None:
    rows.an_event(status="dead", last_error="KeyError: 'charge'")
    told = StringIO()

    call_command("open_problems", "--look", "--owner", "nobody@example.org", stdout=told)

    assert told.getvalue() == "No open problems.\n"


def run(task: str) -> None:
    """As a worker does."""
    app.loader.import_default_modules()
    app.tasks[task].apply()
