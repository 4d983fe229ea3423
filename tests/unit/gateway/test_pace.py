"""How often Stripe is asked, and whether at all (faults F20, F21)."""

import random
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import pytest

from emulator.core import Emulator
from gateway import backoff, breaker, bucket, client, operations, reads
from gateway.errors import NotSent, StripeUnavailable
from gateway.models import Breaker, Bucket, Operation
from gateway.priority import Priority, working_as
from kit.clock import fixed_at, machine_now, now
from tests.unit.gateway.support import CUSTOMERS, TRANSFERS, Market, Requests, later, made, planned

pytestmark = pytest.mark.django_db


@contextmanager
def timed() -> Iterator[list[float]]:
    """How many seconds the block took."""
    taken: list[float] = []
    started = time.monotonic()
    yield taken
    taken.append(time.monotonic() - started)


def drain(account: str, priority: Priority) -> int:
    """How many calls are let through at once before the next has to wait."""
    count = 0
    while bucket._try(account, priority) == 0:
        count += 1
    return count


def test_f20_an_account_is_not_asked_more_often_than_allowed(settings: Any) -> None:
    settings.STRIPE_CALLS_PER_SECOND = 20.0

    with timed() as taken:
        for _call in range(30):
            bucket.take("", Priority.PERSON)

    assert taken[0] >= 9 / 20


def test_f20_each_account_has_a_bucket_of_its_own(settings: Any) -> None:
    settings.STRIPE_CALLS_PER_SECOND = 4.0

    assert drain("", Priority.PERSON) == 4
    assert drain("acct_bob", Priority.PERSON) == 4


def test_f20_those_who_can_wait_leave_a_part_to_those_who_cannot(settings: Any) -> None:
    settings.STRIPE_CALLS_PER_SECOND = 20.0

    taken = [drain("", priority) for priority in (Priority.BACKGROUND, Priority.MONEY, Priority.PERSON)]

    # One more may come in while the calls are counted.
    assert taken == [pytest.approx(expected, abs=1) for expected in (10, 5, 5)]


def test_f20_a_bucket_fills_again(settings: Any) -> None:
    settings.STRIPE_CALLS_PER_SECOND = 20.0
    drain("", Priority.PERSON)
    Bucket.objects.update(filled_at=now() - timedelta(minutes=5))

    assert drain("", Priority.PERSON) == pytest.approx(20, abs=1)


def test_f20_a_clock_that_jumps_back_takes_nothing_away(settings: Any) -> None:
    settings.STRIPE_CALLS_PER_SECOND = 20.0
    bucket.take("", Priority.PERSON)
    Bucket.objects.update(filled_at=now() + timedelta(hours=1))

    assert drain("", Priority.PERSON) == pytest.approx(19, abs=1)


def test_f20_who_waited_too_long_is_told_to_come_back(settings: Any, requests: Requests) -> None:
    settings.STRIPE_CALLS_PER_SECOND = 0.1
    drain("", Priority.PERSON)

    with pytest.raises(NotSent, match="too often") as refused:
        client.get("/v1/balance")

    assert refused.value.wait > 1


def test_f20_background_work_is_put_back_and_nothing_is_counted(settings: Any, requests: Requests) -> None:
    operation = planned()
    settings.STRIPE_CALLS_PER_SECOND = 0.1
    drain("", Priority.BACKGROUND)

    with working_as(Priority.BACKGROUND):
        operation = operations.execute(operation)

    assert (operation.status, operation.attempts, operation.first_sent_at) == ("planned", 0, None)
    assert operation.due_at is not None
    assert operation.due_at > now()
    assert requests.seen == []


def test_f20_when_stripe_says_too_many_everybody_slows_down(stripe_emulator: Emulator, settings: Any) -> None:
    settings.STRIPE_CALLS_PER_SECOND = 20.0
    stripe_emulator.faults.add("error_before", match=CUSTOMERS, status=429)

    operation = operations.execute(planned())

    assert (operation.status, operation.error_code) == ("unknown", "rate_limit")
    assert drain("", Priority.PERSON) <= 5


def test_f20_two_writers_of_one_object_do_not_slow_everybody_down(stripe_emulator: Emulator, settings: Any) -> None:
    settings.STRIPE_CALLS_PER_SECOND = 20.0
    stripe_emulator.faults.add("error_before", match=CUSTOMERS, status=429, code="lock_timeout")

    operation = operations.execute(planned())

    assert (operation.status, operation.error_code) == ("unknown", "lock_timeout")
    assert drain("", Priority.PERSON) >= 15


@pytest.mark.parametrize(("said", "longest"), [(True, 8), (None, 40), (False, 240)])
def test_f20_pauses_are_spread_at_random_and_heed_stripe(said: bool | None, longest: int) -> None:
    pauses = [backoff.pause(3, said).total_seconds() for _try in range(500)]

    assert all(1 <= seconds <= longest for seconds in pauses)
    assert min(pauses) < longest * 0.3
    assert max(pauses) > longest * 0.7


def test_f20_what_stripe_says_about_retries_is_heard(
    stripe_emulator: Emulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    heard: list[bool | None] = []

    def pause(attempts: int, said: bool | None) -> timedelta:
        heard.append(said)
        return timedelta(seconds=1)

    monkeypatch.setattr(backoff, "pause", pause)
    for said in ({"should_retry": True}, {"should_retry": False}, {}):
        stripe_emulator.faults.add("error_before", match=CUSTOMERS, status=503, **said)
        operations.execute(planned(f"customer:{said}"))

    assert heard == [True, False, None]


def test_f20_a_third_of_all_calls_refused_for_ten_minutes_loses_and_doubles_nothing(market: Market) -> None:
    chance, handle = random.Random(20), market.emulator.handle

    def busy(method: str, url: str, headers: Any, body: bytes = b"") -> Any:
        if method == "POST" and chance.random() < 0.3:
            market.emulator.faults.add("error_before", match=TRANSFERS, status=429)
        return handle(method, url, headers, body)

    market.emulator.handle = busy  # type: ignore[method-assign]
    wanted = [market.transfer(f"release:{number}") for number in range(40)]
    for _minute in range(10):
        with later(market.emulator, minutes=1):
            operations.finish_due()
    market.emulator.handle = handle  # type: ignore[method-assign]
    with later(market.emulator, hours=1):
        operations.finish_due()

    assert Operation.objects.filter(status="succeeded").count() == len(wanted)
    assert len(made(market.emulator, "transfer")) == len(wanted)
    assert Operation.objects.filter(attempts__gt=1).exists()


def silent(emulator: Emulator, times: int = breaker.FAILURES) -> None:
    """Stripe drops so many connections."""
    emulator.faults.add("error_before", match=".*", status=503, times=times)


def break_it(emulator: Emulator) -> None:
    """So many failures in a row that Stripe is left alone."""
    silent(emulator)
    for number in range(breaker.FAILURES):
        operations.execute(planned(f"broken:{number}"))
    emulator.faults.clear()
    assert breaker.state().leaving_alone_until is not None


def test_f21_a_person_is_told_at_once_while_stripe_does_not_answer(
    stripe_emulator: Emulator, requests: Requests
) -> None:
    with later(stripe_emulator):
        break_it(stripe_emulator)
        before = len(requests.seen)

        with timed() as taken:
            operation = operations.execute(planned())
        with pytest.raises(StripeUnavailable):
            operations.require(operation)
        with pytest.raises(StripeUnavailable, match="does not answer"):
            reads.balance()
        with pytest.raises(StripeUnavailable, match="does not answer"):
            link()

    assert len(requests.seen) == before
    assert taken[0] < 0.5
    assert (operation.status, operation.attempts) == ("planned", 0)


def link() -> None:
    operations.run_once(
        name="customer.create", business_key="link:1", path="/v1/customers", params={}, actor="test", reason="A test."
    )


def test_f21_nothing_is_written_down_for_a_link_nobody_asked_for(stripe_emulator: Emulator) -> None:
    with later(stripe_emulator):
        break_it(stripe_emulator)
        with pytest.raises(NotSent):
            link()

    assert not Operation.objects.filter(business_key="link:1").exists()


def test_f21_the_sweep_sends_nothing_meanwhile_and_everything_afterwards(
    stripe_emulator: Emulator, requests: Requests
) -> None:
    with later(stripe_emulator):
        break_it(stripe_emulator)
        sent = len(requests.seen)
        waiting = [planned(f"customer:{number}") for number in range(3)]
        Operation.objects.update(due_at=now())
        assert operations.finish_due() == 0
        assert len(requests.seen) == sent

    with later(stripe_emulator, minutes=5):
        operations.finish_due()

    assert breaker.state().failures == 0
    assert Operation.objects.filter(status="succeeded").count() == breaker.FAILURES + len(waiting)


def test_f21_one_call_tries_and_its_failure_makes_the_pause_longer(
    stripe_emulator: Emulator, requests: Requests
) -> None:
    lengths = []
    with later(stripe_emulator):
        break_it(stripe_emulator)
    for _round in range(3):
        until = breaker.state().leaving_alone_until
        assert until is not None
        with fixed_at(until):
            silent(stripe_emulator, 1)
            sent = len(requests.seen)
            for number in range(3):
                operations.execute(planned(f"customer:{number}"))
            assert len(requests.seen) == sent + 1
            following = breaker.state().leaving_alone_until
            assert following is not None
            lengths.append((following - until).total_seconds())

    assert lengths == [30, 60, 120]


def test_f21_only_one_of_many_tries_whether_stripe_answers(stripe_emulator: Emulator) -> None:
    with later(stripe_emulator):
        break_it(stripe_emulator)
    with fixed_at(machine_now() + timedelta(minutes=1)):
        breaker.ask()

        with pytest.raises(NotSent):
            breaker.ask()


def test_f21_a_try_nobody_finished_does_not_keep_the_line_closed(stripe_emulator: Emulator) -> None:
    with later(stripe_emulator):
        break_it(stripe_emulator)
    with fixed_at(machine_now() + timedelta(minutes=1)):
        breaker.ask()
    with fixed_at(machine_now() + timedelta(minutes=1) + breaker.PROBE):
        breaker.ask()


def test_f21_an_answer_opens_the_line_and_says_so(stripe_emulator: Emulator, caplog: pytest.LogCaptureFixture) -> None:
    with later(stripe_emulator):
        break_it(stripe_emulator)
    with later(stripe_emulator, minutes=5):
        operation = operations.execute(planned())

    assert operation.status == "succeeded"
    assert breaker.state() == breaker.State(0, None, None, "")
    assert "stripe_does_not_answer" in caplog.text
    assert "stripe_answers_again" in caplog.text


@pytest.mark.parametrize("status", [400, 401, 409, 429])
def test_f21_an_answer_that_is_no_is_an_answer(stripe_emulator: Emulator, status: int) -> None:
    stripe_emulator.faults.add("error_before", match=CUSTOMERS, status=status, times=10)

    for number in range(10):
        operations.execute(planned(f"customer:{number}"))

    assert breaker.state().leaving_alone_until is None


def test_f21_a_saved_failure_does_not_mean_that_stripe_is_down(stripe_emulator: Emulator) -> None:
    stripe_emulator.faults.add("save_500", match=CUSTOMERS)

    for _attempt in range(3 * breaker.FAILURES):
        operations.execute(planned())

    assert breaker.state().leaving_alone_until is None


def test_f21_failures_far_apart_are_bad_luck(stripe_emulator: Emulator) -> None:
    silent(stripe_emulator, 10)
    for number in range(10):
        with later(stripe_emulator, seconds=breaker.WINDOW.total_seconds() + 2):
            operations.execute(planned(f"customer:{number}"))

    assert breaker.state().failures == 1


def test_f21_a_late_failure_of_a_call_under_way_does_not_lengthen_the_pause(stripe_emulator: Emulator) -> None:
    with later(stripe_emulator):
        break_it(stripe_emulator)
        until = Breaker.objects.get().open_until

        breaker.failed("connection lost")

        assert Breaker.objects.get().open_until == until


def test_f21_a_call_has_time_limits(stripe_emulator: Emulator, settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[Any] = []
    monkeypatch.setattr(client.stripe, "RequestsClient", lambda timeout: asked.append(timeout))  # noqa: PLW0108 - its name counts
    monkeypatch.setattr(client, "_build", lambda http: http)
    monkeypatch.setattr(client, "_client", None)
    client._current()

    assert asked == [(3.0, settings.STRIPE_TIMEOUT_SECONDS)]


def test_a_worker_lets_people_go_first() -> None:
    with working_as(Priority.BACKGROUND):
        assert planned().priority == Priority.BACKGROUND
    assert planned("customer:2").priority == Priority.PERSON
