"""Operations: intent first, one key, one body, never forgotten (faults F13-F15, F17, F22; invariant I09)."""

import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import ProgrammingError, transaction

from emulator.core import Emulator
from gateway import client, operations
from gateway.errors import (
    CalledInsideTransaction,
    FrozenRequestMismatch,
    NotFoundAtStripe,
    StripeRefused,
    StripeUnavailable,
)
from gateway.models import Operation
from kit.clock import fixed_at, now
from kit.faults import armed

pytestmark = pytest.mark.django_db


class Killed(BaseException):
    """The process died here: nothing after this line ran."""


def die() -> None:
    raise Killed


def planned(key: str = "customer:1", **changes: Any) -> Operation:
    request = {"email": "alice@example.org", **changes}
    return operations.plan(
        name="customer.create", business_key=key, path="/v1/customers", params=request, actor="test", reason="A test."
    )


def customers_at_stripe(emulator: Emulator) -> list[dict[str, Any]]:
    answer = emulator.handle("GET", "/v1/customers?limit=100", {"Authorization": f"Bearer {emulator.secret_key}"})
    found: list[dict[str, Any]] = json.loads(answer.body)["data"]
    return found


def test_an_operation_is_sent_once_and_remembered(stripe_emulator: Emulator) -> None:
    operation = operations.execute(planned())
    again = operations.execute(operation)

    assert again.status == "succeeded"
    assert again.object_id == customers_at_stripe(stripe_emulator)[0]["id"]
    assert len(customers_at_stripe(stripe_emulator)) == 1
    assert [move.to_status for move in again.moves.all()] == ["submitting", "succeeded"]


def test_planning_the_same_again_finds_the_operation_there_is(stripe_emulator: Emulator) -> None:
    assert planned().pk == planned().pk


def test_f14_another_request_under_the_same_key_is_refused(stripe_emulator: Emulator) -> None:
    planned()

    with pytest.raises(FrozenRequestMismatch):
        planned(email="other@example.org")


@pytest.mark.parametrize("field", ["key", "business_key", "path", "account", "request_hash"])
def test_f14_the_database_refuses_to_change_what_goes_with_a_key(stripe_emulator: Emulator, field: str) -> None:
    operation = planned()

    with (
        pytest.raises(ProgrammingError, match="Cannot update rows"),
        transaction.atomic(),
    ):
        Operation.objects.filter(pk=operation.pk).update(**{field: "another"})
    with pytest.raises(ProgrammingError), transaction.atomic():
        Operation.objects.filter(pk=operation.pk).update(request={"email": "mallory@example.org"})


def test_f13_a_lost_answer_is_asked_for_with_the_same_key(stripe_emulator: Emulator) -> None:
    stripe_emulator.faults.add("lost_response", match="POST /v1/customers")

    operation = operations.execute(planned())
    assert operation.status == "unknown"
    with pytest.raises(StripeUnavailable):
        operations.require(operation)
    operation = operations.execute(operation)

    assert operation.status == "succeeded"
    assert len(customers_at_stripe(stripe_emulator)) == 1


@pytest.mark.parametrize("status", [429, 500, 503])
def test_an_error_that_may_pass_leaves_the_outcome_open(stripe_emulator: Emulator, status: int) -> None:
    stripe_emulator.faults.add("error_before", match="POST /v1/customers", status=status)

    operation = operations.execute(planned())

    assert operation.status == "unknown"
    assert operation.due_at is not None
    assert operation.due_at > now()
    assert operations.execute(operation).status == "succeeded"


def test_a_refusal_is_final_and_the_next_try_is_a_new_generation(stripe_emulator: Emulator) -> None:
    operation = operations.execute(planned(balance="many"))
    assert operation.status == "failed"
    with pytest.raises(StripeRefused):
        operations.require(operation)

    second = planned()

    assert (second.generation, second.key) == (2, "customer:1:g2")
    assert operations.execute(second).status == "succeeded"


@pytest.mark.parametrize("point", ["operation.claimed", "operation.answered"])
def test_f22_killed_around_the_call_the_sweeper_finishes_it(stripe_emulator: Emulator, point: str) -> None:
    operation = planned()
    with armed(point, die), pytest.raises(Killed):
        operations.execute(operation)
    operation.refresh_from_db()
    assert operation.status == "submitting"

    with fixed_at(now() + operations.LEASE + timedelta(seconds=1)):
        assert operations.finish_due() == 1

    operation.refresh_from_db()
    assert operation.status == "succeeded"
    assert len(customers_at_stripe(stripe_emulator)) == 1


def test_killed_before_it_was_sent_the_sweeper_sends_it(stripe_emulator: Emulator) -> None:
    operation = planned()
    assert operations.finish_due() == 0

    with fixed_at(now() + operations.GRACE + timedelta(seconds=1)):
        operations.finish_due()

    operation.refresh_from_db()
    assert operation.status == "succeeded"


def test_what_somebody_is_sending_is_left_to_them(stripe_emulator: Emulator) -> None:
    operation = planned()
    with armed("operation.claimed", die), pytest.raises(Killed):
        operations.execute(operation)

    operations.execute(operation)

    assert operation.status == "submitting"
    assert not customers_at_stripe(stripe_emulator)


def test_f17_after_twenty_hours_nothing_is_sent_again(stripe_emulator: Emulator) -> None:
    stripe_emulator.faults.add("lost_response", match="POST /v1/customers")
    operation = operations.execute(planned())

    with fixed_at(now() + timedelta(hours=21)):
        operation = operations.execute(operation)

    assert operation.status == "stale"
    assert len(customers_at_stripe(stripe_emulator)) == 1


def test_i09_retries_carry_the_same_key_and_the_same_bytes(stripe_emulator: Emulator) -> None:
    seen: list[tuple[str, bytes]] = []
    handle = stripe_emulator.handle
    stripe_emulator.handle = recording(handle, seen)  # type: ignore[method-assign]
    stripe_emulator.faults.add("lost_response", match="POST /v1/customers", times=2)
    operation = planned(name="Alice", metadata={"b": "2", "a": "1"}, phone="+49 30 901820")

    for _attempt in range(3):
        operation = operations.execute(Operation.objects.get(pk=operation.pk))

    assert operation.status == "succeeded"
    assert len(seen) == 3
    assert len(set(seen)) == 1


def recording(handle: Callable[..., Any], seen: list[tuple[str, bytes]]) -> Callable[..., Any]:
    def recorded(method: str, url: str, headers: Any, body: bytes = b"") -> Any:
        seen.append((headers["Idempotency-Key"], body))
        return handle(method, url, headers, body)

    return recorded


def test_stripe_is_never_called_inside_a_transaction(stripe_emulator: Emulator) -> None:
    operation = planned()

    with transaction.atomic(), pytest.raises(CalledInsideTransaction):
        operations.execute(operation)
    with transaction.atomic(), pytest.raises(CalledInsideTransaction):
        client.get("/v1/balance")

    operation.refresh_from_db()
    assert operation.status == "planned"


def test_the_answer_to_a_short_lived_request_is_not_kept(stripe_emulator: Emulator) -> None:
    answer = operations.run_once(
        name="customer.create",
        business_key="link:1",
        path="/v1/customers",
        params={"email": "alice@example.org"},
        actor="test",
        reason="A test.",
    )

    operation = Operation.objects.get()
    assert answer["object"] == "customer"
    assert (operation.status, operation.response, operation.object_id) == ("succeeded", None, "")


@pytest.mark.parametrize("point", ["operation.planned_once", "operation.claimed_once"])
def test_a_short_lived_request_somebody_died_over_is_not_asked_again_for_nobody(
    stripe_emulator: Emulator, point: str
) -> None:
    with armed(point, die), pytest.raises(Killed):
        operations.run_once(
            name="customer.create",
            business_key="link:1",
            path="/v1/customers",
            params={"email": "alice@example.org"},
            actor="test",
            reason="A test.",
        )

    with fixed_at(now() + timedelta(hours=1)):
        operations.finish_due()

    operation = Operation.objects.get()
    assert (operation.status, operation.response) == ("failed", None)
    assert not customers_at_stripe(stripe_emulator)


def test_what_stripe_does_not_have_is_told_apart(stripe_emulator: Emulator) -> None:
    with pytest.raises(NotFoundAtStripe):
        client.get("/v1/customers/cus_unknown")


def test_a_wrong_key_leaves_the_outcome_open_until_it_is_put_right(stripe_emulator: Emulator) -> None:
    stripe_emulator.faults.add("error_before", match="POST /v1/customers", status=401)

    operation = operations.execute(planned())

    assert operation.status == "unknown"
    assert operations.execute(operation).status == "succeeded"


@pytest.mark.parametrize("status", [401, 403])
def test_f17_a_wrong_key_for_a_day_spoils_nothing_because_stripe_never_began(
    stripe_emulator: Emulator, status: int
) -> None:
    stripe_emulator.faults.add("error_before", match="POST /v1/customers", status=status)
    operation = operations.execute(planned())

    with fixed_at(now() + timedelta(hours=21)):
        operation = operations.execute(operation)

    assert operation.status == "succeeded"


def test_f17_a_wrong_key_later_does_not_make_an_old_key_young_again(stripe_emulator: Emulator) -> None:
    stripe_emulator.faults.add("lost_response", match="POST /v1/customers")
    operation = operations.execute(planned())
    stripe_emulator.faults.add("error_before", match="POST /v1/customers", status=401)

    with fixed_at(now() + timedelta(hours=12)):
        operation = operations.execute(operation)
    with fixed_at(now() + timedelta(hours=21)):
        operation = operations.execute(operation)

    assert operation.status == "stale"
    assert len(customers_at_stripe(stripe_emulator)) == 1


def test_an_operation_tried_very_often_still_waits_an_hour_at_most(stripe_emulator: Emulator) -> None:
    stripe_emulator.faults.add("error_before", match="POST /v1/customers", status=503)
    operation = planned()
    Operation.objects.update(attempts=60)

    operation = operations.execute(operation)

    assert operation.status == "unknown"
    assert operation.due_at is not None
    assert operation.due_at <= now() + timedelta(hours=1)


@pytest.mark.parametrize(("days", "status"), [(21, "succeeded"), (30, "stale")])
def test_f17_a_key_of_the_newer_interface_is_good_for_weeks(stripe_emulator: Emulator, days: int, status: str) -> None:
    stripe_emulator.faults.add("error_before", match="POST /v2/core/accounts", status=503)
    operation = operations.execute(
        operations.plan(
            name="account.create",
            business_key="account:1",
            path="/v2/core/accounts",
            params={"contact_email": "bob@example.org", "identity": {"country": "de"}},
            actor="test",
            reason="A test.",
        )
    )
    assert operation.status == "unknown"

    with fixed_at(now() + timedelta(days=days)):
        operation = operations.execute(operation)

    assert operation.status == status
