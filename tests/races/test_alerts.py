"""Several workers look and tell at once. Twins without what keeps them apart show that the races are real."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from django.db import connection

from accounts.models import User
from kit.clock import now
from kit.faults import armed
from kit.models import Mail
from monitoring import handling, letters
from monitoring.models import Alert, Kind
from monitoring.sweeping import look, sweep
from monitoring.watches import BY_KIND
from tests.together import at_once
from tests.unit.monitoring import rows

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]

DEAD = BY_KIND[Kind.DEAD]
ONE_LIVE = next(one for one in Alert._meta.constraints if one.name == "one_live_alert_per_problem")


@pytest.fixture
def dana() -> User:
    return User.objects.create_superuser("dana@example.org", "a long enough password")


@contextmanager
def meeting_before_looking(parties: int) -> Iterator[None]:
    """Every sweep has read what is open, and none has looked yet."""
    barrier = threading.Barrier(parties)
    with armed("watch.read", lambda: _wait(barrier)):
        yield


def _wait(barrier: threading.Barrier) -> None:
    barrier.wait(10)


def test_eight_sweeps_at_once_open_each_problem_once_and_tell_it_once(dana: User) -> None:
    for _event in range(5):
        rows.an_event(status="dead", last_error="KeyError: 'charge'")

    with meeting_before_looking(8):
        results = at_once(*[lambda: sweep([DEAD])] * 8)

    assert results == [None] * 8
    assert Alert.objects.count() == 5
    assert Mail.objects.count() == 1


def test_without_the_constraint_every_sweep_opens_its_own(dana: User) -> None:
    rows.an_event(status="dead", last_error="KeyError: 'charge'")
    with connection.schema_editor() as editor:
        editor.remove_constraint(Alert, ONE_LIVE)
    try:
        with meeting_before_looking(4):
            at_once(*[lambda: look(DEAD)] * 4)

        assert Alert.objects.count() == 4
    finally:
        Alert.objects.all().delete()
        with connection.schema_editor() as editor:
            editor.add_constraint(Alert, ONE_LIVE)


def test_two_workers_tell_an_owner_once(dana: User) -> None:
    for _event in range(3):
        rows.an_event(status="dead", last_error="KeyError: 'charge'")
    look(DEAD)

    results = at_once(*[letters.tell] * 6)

    assert sorted(map(str, results)) == ["0"] * 5 + ["3"]
    assert Mail.objects.count() == 1


def test_without_the_lock_both_tell(dana: User, monkeypatch: pytest.MonkeyPatch) -> None:
    rows.an_event(status="dead", last_error="KeyError: 'charge'")
    look(DEAD)
    barrier = threading.Barrier(2)
    write = letters._write

    def meet(*args: object) -> None:
        barrier.wait(10)
        write(*args)  # type: ignore[arg-type]

    monkeypatch.setattr(letters, "_alone", lambda: True)
    monkeypatch.setattr(letters, "_write", meet)
    at_once(letters.tell, letters.tell)

    assert Mail.objects.count() == 2


def test_a_sweep_that_looked_before_a_problem_came_does_not_close_what_another_opened_since(dana: User) -> None:
    read, opened = threading.Event(), threading.Event()
    mine = threading.local()

    def wait_for_the_other() -> None:
        if getattr(mine, "slow", False):
            read.set()
            assert opened.wait(10)

    def slow() -> None:
        mine.slow = True
        # What it finds is as it was: the event is handled again by the time it looks.
        look(DEAD)

    def quick() -> None:
        assert read.wait(10)
        event = rows.an_event(status="dead", last_error="KeyError: 'charge'")
        look(DEAD)
        type(event).objects.filter(pk=event.pk).update(status="handled")
        opened.set()

    with armed("watch.read", wait_for_the_other):
        at_once(slow, quick)

    assert Alert.objects.get().status == "open", "it was not there when the slow one read what is open"
    look(DEAD)
    assert Alert.objects.get().status == "closed"


def test_a_person_and_the_sweep_close_one_at_once_and_it_is_closed_once(dana: User) -> None:
    for _time in range(5):
        event = rows.an_event(status="dead", last_error="KeyError: 'charge'")
        look(DEAD)
        alert = Alert.objects.latest("pk")
        type(event).objects.filter(pk=event.pk).update(status="handled")

        at_once(lambda: look(DEAD), lambda one=alert: handling.close(one, by=dana, reason="Known."))

        look(DEAD)
        alert.refresh_from_db()
        moves = list(alert.moves.values_list("from_status", "to_status"))
        assert moves in ([("open", "closed")], [("open", "dismissed"), ("dismissed", "closed")])
        assert alert.closed_at is not None
        assert alert.closed_at <= now()
