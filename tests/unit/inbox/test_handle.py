"""Working through stored events (faults F03-F06, F10, F55; invariants I10, I15)."""

import threading
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection, transaction
from django.db.models.functions import Now
from django.test import Client

from catalog.models import Category
from gateway.errors import StripeUnavailable
from inbox import routes
from inbox.handle import GIVE_UP_AFTER, handle, handle_waiting, replay
from inbox.models import StripeEvent
from inbox.routes import Route
from kit.faults import armed
from tests.factories import CategoryFactory
from tests.signing import CONNECT, event, send


class Killed(BaseException):
    """The process died here."""


def die() -> None:
    raise Killed


@pytest.fixture
def effects(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """A route of our own, whose effect is a row and whose look at Stripe is noted."""
    looked: list[str] = []

    def fetch(received: StripeEvent) -> str:
        looked.append(received.event_id)
        return received.object_id

    def apply(received: StripeEvent, found: str) -> None:
        CategoryFactory(name=received.event_id, slug=found)

    monkeypatch.setitem(routes.ROUTES, ("platform", "test.happened"), Route(fetch=fetch, apply=apply))
    return looked


def received(event_id: str = "evt_1", **changes: Any) -> StripeEvent:
    content = event(event_id, **{"type": "test.happened", **changes})
    send(Client(), content, address=CONNECT if changes.get("account") else "/stripe/events/platform")
    return StripeEvent.objects.get(event_id=event_id)


def due_now() -> None:
    StripeEvent.objects.update(due_at=Now(), claimed_until=None)


@pytest.mark.django_db
def test_an_event_is_handled_and_marked_together(effects: list[str]) -> None:
    received()

    assert handle_waiting() == 1

    row = StripeEvent.objects.get()
    assert row.status == "handled"
    assert row.handled_at is not None
    assert effects == ["evt_1"]
    assert handle_waiting() == 0


@pytest.mark.django_db
def test_a_type_nothing_depends_on_is_marked_ignored() -> None:
    received(type="moon.phase.changed")

    handle_waiting()

    assert StripeEvent.objects.get().status == "ignored"


@pytest.mark.django_db
def test_an_event_of_the_other_mode_is_ignored(effects: list[str]) -> None:
    received(livemode=True)

    handle_waiting()

    assert StripeEvent.objects.get().status == "ignored"
    assert effects == []


@pytest.mark.django_db
def test_f10_a_connected_accounts_event_never_reaches_platform_handlers(effects: list[str]) -> None:
    send(Client(), event("evt_1", type="test.happened", account="acct_other"))

    handle_waiting()

    assert StripeEvent.objects.get().status == "ignored"
    assert effects == []


@pytest.mark.django_db
def test_f05_when_the_effect_fails_the_mark_goes_with_it(effects: list[str]) -> None:
    received()

    def fails() -> None:
        raise RuntimeError("halfway")

    with armed("inbox.applied", fails):
        handle_waiting()

    row = StripeEvent.objects.get()
    assert row.status == "received"
    assert "halfway" in row.last_error
    assert not exists("evt_1")
    due_now()
    handle_waiting()
    assert StripeEvent.objects.get().status == "handled"
    assert exists("evt_1")


@pytest.mark.django_db
@pytest.mark.parametrize("point", ["inbox.fetched", "inbox.applied"])
def test_f55_a_worker_killed_at_any_point_leaves_work_for_the_next(effects: list[str], point: str) -> None:
    received()

    with armed(point, die), pytest.raises(Killed):
        handle_waiting()
    assert handle_waiting() == 0, "the lease still holds"

    StripeEvent.objects.update(claimed_until=Now() - timedelta(seconds=1))
    assert handle_waiting() == 1
    assert StripeEvent.objects.get().status == "handled"
    assert count("evt_1") == 1


@pytest.mark.django_db
def test_f06_a_poison_event_neither_blocks_the_others_nor_loops_for_ever(
    effects: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def fetch(_event: StripeEvent) -> None:
        raise KeyError("surprise")

    monkeypatch.setitem(
        routes.ROUTES, ("platform", "test.poison"), Route(fetch=fetch, apply=lambda _event, _found: None)
    )
    poison = received("evt_poison", type="test.poison")
    received("evt_good")

    for _attempt in range(GIVE_UP_AFTER + 1):
        handle_waiting()
        due_now()

    poison.refresh_from_db()
    assert poison.status == "dead"
    assert "surprise" in poison.last_error
    assert StripeEvent.objects.get(event_id="evt_good").status == "handled"


@pytest.mark.django_db
def test_f07_events_outlive_a_day_on_which_stripe_does_not_answer(
    effects: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    silent = [True]

    def fetch(_event: StripeEvent) -> None:
        if silent:
            raise StripeUnavailable("No answer.")

    monkeypatch.setitem(
        routes.ROUTES, ("platform", "test.silence"), Route(fetch=fetch, apply=lambda _event, _found: None)
    )
    row = received(type="test.silence")
    for _try in range(GIVE_UP_AFTER + 48):
        handle_waiting()
        due_now()
    row.refresh_from_db()
    assert row.status == "received"

    silent.clear()
    handle_waiting()

    row.refresh_from_db()
    assert row.status == "handled"


@pytest.mark.django_db
def test_a_dead_event_is_handled_when_a_person_replays_it(effects: list[str]) -> None:
    row = received(type="moon.phase.changed")
    handle_waiting()
    row.refresh_from_db()

    replay(row, actor="dana@example.org", reason="We handle these now.")

    assert handle_waiting() == 1
    assert row.moves.filter(actor="dana@example.org").count() == 1


@pytest.mark.django_db(transaction=True)
def test_f01_five_workers_with_the_same_event_have_one_effect(effects: list[str]) -> None:
    row = received()
    barrier = threading.Barrier(5)

    def worker() -> None:
        barrier.wait()
        handle(StripeEvent.objects.get(pk=row.pk))
        connection.close()

    run_all([threading.Thread(target=worker) for _number in range(5)])

    assert len(effects) == 5, "all five looked"
    assert count("evt_1") == 1


@pytest.mark.django_db(transaction=True)
def test_f01_without_the_lock_the_effect_would_be_doubled(effects: list[str]) -> None:
    """The control twin: the same race, without the lock and the second look, must go wrong."""
    row = received()
    barrier = threading.Barrier(5)

    def worker() -> None:
        barrier.wait()
        seen = StripeEvent.objects.get(pk=row.pk)
        barrier.wait()
        if seen.status == "received":
            with transaction.atomic():
                CategoryFactory(name=seen.event_id)
                StripeEvent.objects.filter(pk=row.pk).update(handled_at=Now())
        connection.close()

    run_all([threading.Thread(target=worker) for _number in range(5)])

    assert count("evt_1") == 5


@pytest.mark.django_db(transaction=True)
def test_two_workers_never_claim_the_same_row(effects: list[str]) -> None:
    for number in range(40):
        received(f"evt_{number}", data={"object": {"id": f"obj-{number}"}})
    barrier = threading.Barrier(4)

    def worker() -> None:
        barrier.wait()
        while handle_waiting(limit=3):
            pass
        connection.close()

    run_all([threading.Thread(target=worker) for _number in range(4)])

    assert sorted(effects) == sorted(f"evt_{number}" for number in range(40))


@pytest.mark.django_db(transaction=True)
def test_f01_five_copies_delivered_at_once_are_stored_once() -> None:
    barrier = threading.Barrier(5)
    answers: list[int] = []

    def deliver() -> None:
        barrier.wait()
        answers.append(send(Client(), event("evt_same")).status_code)
        connection.close()

    run_all([threading.Thread(target=deliver) for _number in range(5)])

    assert answers == [200] * 5
    assert StripeEvent.objects.count() == 1


def run_all(threads: list[threading.Thread]) -> None:
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=30)


def exists(name: str) -> bool:
    return count(name) > 0


def count(name: str) -> int:
    return Category.objects.filter(name=name).count()
