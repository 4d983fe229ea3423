"""Finishing what was left behind: in which order, by whom, and when (faults F19, F22)."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from emulator.core import Emulator
from gateway import claims, client, operations
from gateway.errors import FrozenRequestMismatch
from gateway.models import Operation
from gateway.priority import Priority, current, of_this_process, working_as
from gateway.tasks import finish_operations, work_for_money
from kit import clock
from kit.clock import fixed_at, machine_now, now
from kit.faults import armed
from tests.unit.gateway.support import CUSTOMERS, Killed, Market, Requests, die, later, made, planned

pytestmark = pytest.mark.django_db


def test_people_are_served_first_and_then_whoever_waited_longest(stripe_emulator: Emulator, requests: Requests) -> None:
    for key, priority, minutes in [("c", 2, 9), ("b2", 1, 3), ("b1", 1, 7), ("a2", 0, 1), ("a1", 0, 2)]:
        with working_as(Priority(priority)):
            planned(key)
        Operation.objects.filter(business_key=key).update(due_at=now() - timedelta(minutes=minutes))

    assert operations.finish_due() == 5

    assert requests.keys == ["a1:g1", "a2:g1", "b1:g1", "b2:g1", "c:g1"]


def test_a_sweep_ends_at_its_limit(stripe_emulator: Emulator, requests: Requests) -> None:
    for number in range(25):
        planned(f"customer:{number}")
    Operation.objects.update(due_at=now())

    assert operations.finish_due(limit=12) == 12
    assert len(requests.keys) == 12
    assert operations.finish_due() == 13


def test_what_one_sweep_has_taken_the_next_one_leaves(stripe_emulator: Emulator) -> None:
    for number in range(3):
        planned(f"customer:{number}")
    Operation.objects.update(due_at=now())

    first, second = claims.take_due(2), claims.take_due(2)

    assert len({row.pk for row in [*first, *second]}) == 3
    with fixed_at(now() + claims.LEASE + timedelta(seconds=1)):
        assert len(claims.take_due(10)) == 3, "a sweep that died gives them back"


def test_f22_the_reaper_takes_back_what_a_dead_sender_left(stripe_emulator: Emulator) -> None:
    operation = planned()
    with armed("operation.answered", die), pytest.raises(Killed):
        operations.execute(operation)

    assert claims.reap() == 0
    with fixed_at(machine_now() + claims.LEASE + timedelta(seconds=1)):
        assert claims.reap() == 1
        assert claims.reap() == 0

    operation.refresh_from_db()
    assert (operation.status, operation.leased_until) == ("unknown", None)
    assert "did not finish" in operation.moves.latest("pk").reason


def test_f22_moving_the_demos_clock_ends_no_lease(
    stripe_emulator: Emulator, requests: Requests, monkeypatch: pytest.MonkeyPatch
) -> None:
    operation = planned()
    with armed("operation.claimed", die), pytest.raises(Killed):
        operations.execute(operation)

    monkeypatch.setattr(clock, "_current_offset", lambda: timedelta(days=3))
    operations.finish_due()
    operations.execute(operation)

    operation.refresh_from_db()
    assert operation.status == "submitting"
    assert requests.seen == []


def test_a_sender_that_was_held_up_does_not_send(stripe_emulator: Emulator, requests: Requests) -> None:
    operation = planned()
    held_up = pytest.MonkeyPatch()

    with armed("operation.claimed", lambda: held_up.setattr(claims.time, "monotonic", lambda: 10.0**9)):
        operation = operations.execute(operation)
    held_up.undo()

    assert requests.seen == []
    assert (operation.status, operation.first_sent_at, operation.last_sent_at) == ("unknown", None, None)
    assert operations.execute(operation).status == "succeeded"


def test_f17_a_key_that_grew_old_between_claim_and_call_is_not_sent(
    market: Market, requests: Requests, monkeypatch: pytest.MonkeyPatch
) -> None:
    operation = market.transfer()
    market.emulator.faults.add("lost_response", match="POST /v1/transfers")
    operations.execute(operation)

    with armed("operation.claimed", lambda: monkeypatch.setattr(clock, "_current_offset", lambda: timedelta(days=2))):
        operation = operations.execute(operation)

    assert len(requests.seen) == 1
    assert operation.status == "unknown"
    assert operations.execute(operation).adopted


def test_one_that_always_fails_does_not_stop_the_others(
    stripe_emulator: Emulator, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    planned("customer:bad")
    planned("customer:good")
    Operation.objects.update(due_at=now())
    post: Callable[..., Any] = client.post

    def broken(path: str, params: Any, *, key: str, account: str = "") -> Any:
        if key == "customer:bad:g1":
            raise TypeError("nobody thought of this")
        return post(path, params, key=key, account=account)

    monkeypatch.setattr(client, "post", broken)

    assert operations.finish_due() == 2
    assert operations.latest("customer:good").status == "succeeded"
    assert "operation_needs_a_person" in caplog.text


@pytest.mark.parametrize("end", ["succeeded", "failed", "superseded"])
def test_f19_what_has_ended_is_never_sent_again(market: Market, requests: Requests, end: str) -> None:
    operation = market.transfer()
    if end == "succeeded":
        operations.execute(operation)
    elif end == "failed":
        market.emulator.faults.add("error_before", match="POST /v1/transfers", status=400)
        operations.execute(operation)
    else:
        market.emulator.faults.add("error_before", match="POST /v1/transfers", status=503)
        operations.execute(operation)
        with later(market.emulator, hours=21):
            operations.execute(operation)
    sent = list(requests.keys)

    with later(market.emulator, hours=1):
        operations.execute(operation)
        Operation.objects.update(due_at=now())
        operations.finish_due()

    operation.refresh_from_db()
    assert operation.status == end
    assert requests.keys == sent


def test_f19_what_is_asked_for_again_after_a_refusal_has_another_key(market: Market, requests: Requests) -> None:
    market.emulator.faults.add("error_before", match="POST /v1/transfers", status=400)
    refused = operations.execute(market.transfer())

    again = operations.execute(market.transfer())

    assert (refused.status, again.status) == ("failed", "succeeded")
    assert requests.keys == ["release:1:g1", "release:1:g2"]


def test_f16_two_equal_refunds_are_two(market: Market) -> None:
    first = operations.execute(market.refund("refund:one"))
    second = operations.execute(market.refund("refund:two"))

    assert first.object_id != second.object_id
    assert len(made(market.emulator, "refund")) == 2


def test_f16_a_key_belongs_to_one_address(market: Market) -> None:
    market.transfer("release:1")

    with pytest.raises(FrozenRequestMismatch):
        market.refund("release:1")


def test_what_must_not_be_sent_now_is_held_back(
    market: Market, requests: Requests, monkeypatch: pytest.MonkeyPatch
) -> None:
    disputed = ["The order is disputed."]
    monkeypatch.setattr(operations, "_checks", {})
    operations.check_before_sending("transfers.create", lambda operation: "".join(disputed))
    operation = operations.execute(market.transfer())
    assert (operation.status, operation.error_message) == ("planned", "The order is disputed.")

    with later(market.emulator, minutes=6):
        operations.finish_due()
    assert requests.seen == []

    disputed.clear()
    with later(market.emulator, minutes=6):
        operations.finish_due()
    operation.refresh_from_db()
    assert operation.status == "succeeded"


def test_what_may_have_been_sent_is_not_held_back(market: Market, monkeypatch: pytest.MonkeyPatch) -> None:
    operation = market.transfer()
    market.emulator.faults.add("lost_response", match="POST /v1/transfers")
    operations.execute(operation)
    monkeypatch.setattr(operations, "_checks", {})
    operations.check_before_sending("transfers.create", lambda operation: "The order is disputed.")

    assert operations.execute(operation).status == "succeeded"


def test_a_new_generation_is_held_back_too(market: Market, monkeypatch: pytest.MonkeyPatch) -> None:
    operation = market.transfer()
    market.emulator.faults.add("error_before", match="POST /v1/transfers", status=503)
    operations.execute(operation)
    monkeypatch.setattr(operations, "_checks", {})
    operations.check_before_sending("transfers.create", lambda operation: "The order is disputed.")

    with later(market.emulator, hours=21):
        standing = operations.execute(operation)

    assert (standing.generation, standing.status) == (2, "planned")
    assert made(market.emulator, "transfer") == []


def test_what_was_never_sent_can_be_called_off(market: Market, requests: Requests) -> None:
    operation = market.transfer()

    assert operations.call_off(operation, actor="dana@example.org", reason="The buyer disputes it.")

    operations.execute(operation)
    assert (operation.status, operation.moves.get().actor) == ("failed", "dana@example.org")
    assert requests.seen == []


def test_what_may_have_been_sent_cannot_be_called_off(market: Market) -> None:
    read_before = market.transfer()
    market.emulator.faults.add("lost_response", match="POST /v1/transfers")
    sent = operations.execute(Operation.objects.get())

    assert not operations.call_off(read_before, actor="dana@example.org", reason="The buyer disputes it.")
    assert not operations.call_off(sent, actor="dana@example.org", reason="The buyer disputes it.")
    sent.refresh_from_db()
    assert sent.status == "unknown"


def test_the_workers_bell_finishes_what_is_due(stripe_emulator: Emulator) -> None:
    operation = planned()
    with later(stripe_emulator, minutes=1):
        finish_operations()

    operation.refresh_from_db()
    assert operation.status == "succeeded"


def test_a_worker_works_for_money_and_a_sweep_never_as_a_person(
    stripe_emulator: Emulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[Priority] = []
    monkeypatch.setattr(client, "ask_leave", lambda account="": asked.append(current()))
    planned()
    Operation.objects.update(due_at=now())
    operations.finish_due()
    try:
        work_for_money()
        operations.execute(planned("customer:2"))
    finally:
        of_this_process(Priority.PERSON)
    operations.execute(planned("customer:3"))

    assert asked == [Priority.MONEY, Priority.MONEY, Priority.PERSON]


def test_f13_a_yes_that_comes_late_counts(stripe_emulator: Emulator) -> None:
    operation = planned()

    def reaped() -> None:
        with fixed_at(machine_now() + claims.LEASE + timedelta(seconds=1)):
            claims.reap()

    with armed("operation.answered", reaped):
        operation = operations.execute(operation)

    assert operation.status == "succeeded"
    assert [move.to_status for move in operation.moves.all()] == ["submitting", "unknown", "succeeded"]


def test_a_late_no_answer_does_not_end_somebody_elses_lease(stripe_emulator: Emulator) -> None:
    operation = planned()
    others: list[claims.Claim | None] = []

    def overtaken() -> None:
        with fixed_at(machine_now() + claims.LEASE + timedelta(seconds=1)):
            claims.reap()
            others.append(claims.claim(Operation.objects.get()))

    stripe_emulator.faults.add("error_before", match=CUSTOMERS, status=503)
    with armed("operation.claimed", overtaken):
        operation = operations.execute(operation)

    assert others[0] is not None
    assert (operation.status, operation.attempts) == ("submitting", 2)
    assert claims.is_leased(operation)


def test_a_yes_after_it_was_superseded_calls_a_person(
    stripe_emulator: Emulator, caplog: pytest.LogCaptureFixture
) -> None:
    operation = planned()
    operations.execute(planned("customer:2"))
    Operation.objects.filter(pk=operation.pk).update(status="superseded")
    operation.refresh_from_db()

    claims.succeeded(operation, {"id": "cus_late"}, "req_1")

    operation.refresh_from_db()
    assert operation.status == "superseded"
    assert "A late yes" in caplog.text
