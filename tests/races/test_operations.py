"""Several processes at one operation (faults F13, F17, F20, F22), each with a twin in which what keeps them apart is
off.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta
from typing import Any

import pytest
from django.db import DatabaseError, IntegrityError, connection
from django.db.models import F

from emulator.core import Emulator
from gateway import breaker, bucket, claims, operations
from gateway.errors import NotSent
from gateway.models import Bucket, Operation, OperationMove
from gateway.priority import Priority
from kit import clock
from kit.clock import fixed_at, machine_now, now
from kit.faults import armed
from tests.together import at_once
from tests.unit.gateway.support import CUSTOMERS, TRANSFERS, Market, Requests, made, planned

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]

WORKERS = 4


@pytest.fixture
def requests(stripe_emulator: Emulator) -> Requests:
    return Requests(stripe_emulator)


@pytest.fixture
def market(stripe_emulator: Emulator) -> Market:
    return Market(stripe_emulator)


def claim_unlocked(operation: Operation) -> claims.Claim | None:
    """A claim that trusts what it read: what `claims.claim` would be without its lock and its condition."""
    attempt = operation.attempts + 1
    mine = claims.Claim(attempt, operation.first_sent_at, operation.last_sent_at, time.monotonic() + 30)
    Operation.objects.filter(pk=operation.pk).update(
        status="submitting", attempts=attempt, first_sent_at=now(), leased_until=machine_now() + claims.LEASE
    )
    operation.refresh_from_db()
    return mine


def execute_at_once(operation: Operation) -> list[object]:
    return at_once(*[lambda: operations.execute(Operation.objects.get(pk=operation.pk)) for _one in range(WORKERS)])


def test_f15_workers_that_execute_one_operation_at_once_send_it_once(requests: Requests) -> None:
    operation = planned()

    results = execute_at_once(operation)

    assert [result for result in results if isinstance(result, Exception)] == []
    assert requests.keys == ["customer:1:g1"]


def test_control_without_the_claim_all_of_them_send_it(
    requests: Requests, stripe_emulator: Emulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    operation = planned()
    together = threading.Barrier(WORKERS)

    def claim(operation: Operation) -> claims.Claim | None:
        together.wait(timeout=30)
        return claim_unlocked(operation)

    monkeypatch.setattr(claims, "claim", claim)

    execute_at_once(operation)

    assert len(requests.keys) > 1, "the race was not run"


def due(count: int) -> None:
    for number in range(count):
        planned(f"customer:{number}")
    Operation.objects.update(due_at=now())


def test_f22_sweeps_at_once_send_each_operation_once(requests: Requests, stripe_emulator: Emulator) -> None:
    due(40)

    tried = at_once(*[operations.finish_due for _sweep in range(WORKERS)])

    assert sum(int(str(count)) for count in tried) == 40, "no two sweeps took the same one"
    assert sorted(requests.keys) == sorted(f"customer:{number}:g1" for number in range(40))
    assert len(made(stripe_emulator, "customer")) == 40


def test_control_sweeps_that_do_not_skip_what_others_took_take_it_again(
    requests: Requests, monkeypatch: pytest.MonkeyPatch
) -> None:
    due(40)
    monkeypatch.setattr(claims, "take_due", lambda limit: take_unlocked())

    tried = at_once(*[lambda: operations.finish_due(40) for _sweep in range(WORKERS)])

    assert sum(int(str(count)) for count in tried) > 40
    # The claim still keeps each from being sent twice.
    assert len(set(requests.keys)) == len(requests.keys)


def take_unlocked() -> list[Operation]:
    return list(Operation.objects.filter(status__in=["planned", "unknown"], due_at__lte=now()).order_by("pk"))


def while_slow(emulator: Emulator, operation: Operation, rival: Callable[[], object]) -> None:
    """Stripe acts at once and answers late; meanwhile the rival comes."""
    emulator.faults.add("delay", match=f"POST {operation.path}", seconds=1.5, after=True)

    def rival_later() -> None:
        deadline = time.monotonic() + 5
        while not Operation.objects.filter(pk=operation.pk, status="submitting").exists():
            assert time.monotonic() < deadline
            time.sleep(0.01)
        time.sleep(0.3)
        rival()

    results = at_once(lambda: operations.execute(Operation.objects.get(pk=operation.pk)), rival_later)
    assert [result for result in results if isinstance(result, Exception)] == []


def test_f22_a_late_answer_and_the_reaper_end_in_one_success(
    market: Market, requests: Requests, monkeypatch: pytest.MonkeyPatch
) -> None:
    operation = market.transfer()
    monkeypatch.setattr(claims, "LEASE", timedelta(seconds=0.2))

    while_slow(market.emulator, operation, operations.finish_due)
    time.sleep(0.3)
    operations.finish_due()

    operation.refresh_from_db()
    assert operation.status == "succeeded"
    assert made(market.emulator, "transfer") == [operation.object_id]
    assert set(requests.keys) == {"release:1:g1"}
    assert OperationMove.objects.filter(subject=operation, to_status="succeeded").count() == 1


def test_f22_the_database_gone_after_stripe_answered_the_sweeper_finishes_it(
    market: Market, requests: Requests
) -> None:
    operation = market.transfer()

    def end_our_connection() -> None:
        with connection.cursor() as cursor, suppress(DatabaseError):
            cursor.execute("SELECT pg_terminate_backend(pg_backend_pid())")

    with armed("operation.answered", end_our_connection), pytest.raises(DatabaseError):
        operations.execute(operation)
    connection.close()
    operation.refresh_from_db()
    assert operation.status == "submitting"

    with fixed_at(machine_now() + claims.LEASE + timedelta(seconds=1)):
        operations.finish_due()

    operation.refresh_from_db()
    assert operation.status == "succeeded"
    assert made(market.emulator, "transfer") == [operation.object_id]
    assert requests.keys == ["release:1:g1"] * 2


def test_control_a_reaper_that_takes_a_new_key_pays_twice(
    market: Market, requests: Requests, monkeypatch: pytest.MonkeyPatch
) -> None:
    operation = market.transfer()
    monkeypatch.setattr(claims, "LEASE", timedelta(seconds=0.2))

    def with_a_new_key() -> None:
        claims.reap()
        left = Operation.objects.get(pk=operation.pk)
        operations.execute(claims.supersede(left, actor="test", reason="Nobody looked."))

    while_slow(market.emulator, operation, with_a_new_key)

    assert len(made(market.emulator, "transfer")) == 2


def move_the_demo_clock(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clock, "_current_offset", lambda: timedelta(hours=21))


def test_f17_a_demo_clock_that_jumps_during_a_call_makes_nobody_send_it_anew(
    market: Market, requests: Requests, monkeypatch: pytest.MonkeyPatch
) -> None:
    operation = market.transfer()
    market.emulator.faults.add("delay", match=TRANSFERS, seconds=1.5)

    def jump() -> None:
        time.sleep(0.5)
        move_the_demo_clock(monkeypatch)
        operations.finish_due()

    at_once(lambda: operations.execute(operation), jump)

    operation.refresh_from_db()
    assert (operation.status, operation.generation) == ("succeeded", 1)
    assert made(market.emulator, "transfer") == [operation.object_id]


def test_control_leases_on_the_business_clock_let_it_be_sent_anew(
    market: Market, requests: Requests, monkeypatch: pytest.MonkeyPatch
) -> None:
    operation = market.transfer()
    monkeypatch.setattr(claims, "machine_now", now)
    monkeypatch.setattr("gateway.lookups.machine_now", now)
    # The first request is still on its way when Stripe's list is looked at: it waits before it reaches Stripe.
    handle = market.emulator.handle
    slow = threading.Event()

    def on_its_way(method: str, url: str, headers: Any, body: bytes = b"") -> Any:
        if method == "POST" and not slow.is_set():
            slow.set()
            time.sleep(1.5)
        return handle(method, url, headers, body)

    market.emulator.handle = on_its_way  # type: ignore[method-assign]

    def jump() -> None:
        slow.wait()
        move_the_demo_clock(monkeypatch)
        operations.finish_due()

    at_once(lambda: operations.execute(operation), jump)

    assert len(made(market.emulator, "transfer")) == 2


def test_f17_two_who_look_at_once_begin_one_new_generation(market: Market, requests: Requests) -> None:
    operation = market.transfer()
    market.emulator.faults.add("error_before", match=TRANSFERS, status=503)
    operations.execute(operation)
    Operation.objects.update(
        first_sent_at=now() - timedelta(hours=21), last_sent_at=now() - timedelta(hours=21), planned_at=now()
    )
    together = threading.Barrier(2)

    with armed("operation.looked_up", lambda: together.wait(timeout=10) and None):
        at_once(*[lambda: operations.execute(Operation.objects.get(pk=operation.pk)) for _one in range(2)])

    assert list(Operation.objects.order_by("pk").values_list("status", flat=True)) == ["superseded", "succeeded"]
    assert requests.keys == ["release:1:g1", "release:1:g2"]


def test_control_without_the_status_that_was_read_only_the_constraint_stops_a_second_one(market: Market) -> None:
    first = market.transfer()
    Operation.objects.update(status="unknown")
    claims.supersede(Operation.objects.get(), actor="test", reason="One looked.")

    with pytest.raises(IntegrityError, match="one_live_operation_per_business_key"):
        Operation.objects.filter(pk=first.pk).update(status="unknown")


def five_calls(account: str) -> None:
    for _call in range(5):
        bucket.take(account, Priority.PERSON)


def test_f20_workers_share_one_bucket(settings: Any) -> None:
    settings.STRIPE_CALLS_PER_SECOND = 20.0
    bucket.take("", Priority.PERSON)
    Bucket.objects.update(tokens=0)
    started = time.monotonic()

    at_once(*[lambda: five_calls("") for _worker in range(WORKERS)])

    assert time.monotonic() - started >= 19 / 20


def test_control_buckets_of_their_own_let_all_calls_through(settings: Any) -> None:
    settings.STRIPE_CALLS_PER_SECOND = 20.0
    started = time.monotonic()

    at_once(*[lambda: five_calls(str(threading.get_ident()))] * WORKERS)

    assert time.monotonic() - started < 19 / 20


def test_f20_nobody_holds_a_lock_while_waiting_for_a_token(settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.STRIPE_CALLS_PER_SECOND = 1.0
    # With jitter the token may be two seconds away, and a busy machine slower still: nobody gives up here.
    monkeypatch.setitem(bucket.WAITS, Priority.PERSON, 60.0)
    for _call in range(4):
        bucket.take("", Priority.PERSON)
    done: list[object] = []
    waiting = threading.Thread(target=lambda: done.extend(at_once(lambda: bucket.take("", Priority.PERSON))))
    waiting.start()
    time.sleep(0.2)

    with connection.cursor() as cursor:
        cursor.execute("SET lock_timeout = 50")
        Bucket.objects.update(tokens=F("tokens"))
        cursor.execute("SET lock_timeout = 0")
    assert done == [], "it still waits"
    waiting.join()


def test_f21_failures_that_come_at_once_are_all_counted() -> None:
    at_once(*[lambda: breaker.failed("connection lost") for _call in range(breaker.FAILURES)])

    assert breaker.state().failures == breaker.FAILURES
    assert breaker.state().leaving_alone_until is not None


def test_f21_of_many_at_once_one_tries_whether_stripe_answers(stripe_emulator: Emulator) -> None:
    for _call in range(breaker.FAILURES):
        breaker.failed("connection lost")
    breaker.Breaker.objects.update(open_until=machine_now() - timedelta(seconds=1))

    results = at_once(*[breaker.ask for _call in range(8)])

    assert sum(isinstance(result, NotSent) for result in results) == 7


def test_f20_two_writers_of_one_key_are_told_apart_from_a_refusal(
    requests: Requests, stripe_emulator: Emulator
) -> None:
    operation = planned()
    stripe_emulator.faults.add("error_before", match=CUSTOMERS, status=409, code="idempotency_key_in_use")

    assert operations.execute(operation).status == "unknown"
    assert operations.execute(operation).status == "succeeded"
