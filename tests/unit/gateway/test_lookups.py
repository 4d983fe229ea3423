"""When a key can no longer say what happened, Stripe is looked at (faults F17, F18; invariants I07, I09)."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from emulator.core import Emulator
from gateway import client, finders, lookups, operations
from gateway.errors import NotSure, StripeUnavailable
from gateway.models import Operation
from kit.clock import fixed_at, now
from kit.faults import armed
from kit.transitions import IllegalMove
from tests.unit.gateway.support import CUSTOMERS, TRANSFERS, Killed, Market, Requests, die, later, made, plan, planned

pytestmark = pytest.mark.django_db


def test_what_moves_money_carries_its_own_name(market: Market) -> None:
    named = market.transfer("release:7", metadata={"order": "7"})
    customer = planned("customer:7")

    assert named.request["metadata"] == {"order": "7", **operations.identity("release:7")}
    assert customer.request["metadata"] == {"customer": "customer:7"}


def test_another_name_than_its_own_is_refused(market: Market) -> None:
    with pytest.raises(ValueError, match=r"metadata\.operation"):
        market.transfer("release:7", metadata={"operation": "release:8"})


def cases() -> list[Any]:
    def transfer(market: Market) -> Operation:
        return market.transfer()

    def without_a_group(market: Market) -> Operation:
        charge = market.shop.charge(5000).id
        params = {"amount": 1000, "currency": "eur", "destination": market.seller, "source_transaction": charge}
        return plan("transfers.create", "release:1", "/v1/transfers", params)

    def refund(market: Market) -> Operation:
        return market.refund()

    def reversal(market: Market) -> Operation:
        sent = operations.execute(market.transfer("release:9"))
        return market.reversal(sent.object_id)

    def account(market: Market) -> Operation:
        asked = {"contact_email": "bob@example.org", "identity": {"country": "de"}, "metadata": {"seller": "1"}}
        return plan("account.create", "account:1", "/v2/core/accounts", asked | {"include": ["requirements"]})

    def page(market: Market) -> Operation:
        customer = operations.execute(planned("customer:9")).object_id
        line = {"quantity": 1, "price_data": {"currency": "eur", "unit_amount": 500, "product_data": {"name": "Hat"}}}
        params = {"mode": "payment", "customer": customer, "line_items": [line], "metadata": {"payment": "1"}}
        return plan("checkout.session.create", "checkout:1", "/v1/checkout/sessions", {**params, "success_url": SHOP})

    found = [transfer, without_a_group, refund, reversal, account, page, lambda _market: planned()]
    names = ["transfer", "transfer without a group", "refund", "reversal", "account", "page", "customer"]
    return [pytest.param(case, id=name) for case, name in zip(found, names, strict=True)]


SHOP = "https://shop.example/thanks"
# Keys of the newer interface live for a month.
LONG = {"account.create": 30 * 24}
KINDS = ("transfer", "refund", "transfer_reversal", "checkout.session", "customer", "v2.core.account")


def everything(emulator: Emulator) -> list[str]:
    return sorted(id for kind in KINDS for id in made(emulator, kind))


@pytest.mark.parametrize("make", cases())
def test_f17_what_was_done_is_found_and_adopted(market: Market, make: Callable[[Market], Operation]) -> None:
    operation = make(market)
    market.emulator.faults.add("lost_response", match=f"POST {operation.path}")
    assert operations.execute(operation).status == "unknown"
    there = everything(market.emulator)

    with later(market.emulator, hours=LONG.get(operation.name, 21)):
        operations.finish_due()

    operation.refresh_from_db()
    assert (operation.status, operation.adopted) == ("succeeded", True)
    assert operations.require(operation)["id"] == operation.object_id
    assert operation.object_id in str(operation.moves.latest("pk").reason)
    assert everything(market.emulator) == there
    assert Operation.objects.filter(business_key=operation.business_key).count() == 1


@pytest.mark.parametrize("make", cases())
def test_f17_what_was_not_done_is_sent_under_a_new_key(
    market: Market, requests: Requests, make: Callable[[Market], Operation]
) -> None:
    operation = make(market)
    market.emulator.faults.add("error_before", match=f"POST {operation.path}", status=503)
    assert operations.execute(operation).status == "unknown"
    there = everything(market.emulator)

    with later(market.emulator, hours=LONG.get(operation.name, 21)):
        standing = operations.execute(operation)

    operation.refresh_from_db()
    assert (operation.status, standing.status) == ("superseded", "succeeded")
    assert (standing.key, standing.request) == (f"{operation.business_key}:g2", operation.request)
    assert len(everything(market.emulator)) == len(there) + 1
    assert requests.keys[-2:] == [operation.key, standing.key]
    assert operations.require(operation)["id"] == standing.object_id


def test_f17_the_second_generation_finds_what_the_first_one_made(market: Market) -> None:
    first = market.transfer()
    market.emulator.faults.add("error_before", match=TRANSFERS, status=503)
    operations.execute(first)
    with later(market.emulator, hours=21):
        market.emulator.faults.add("lost_response", match=TRANSFERS)
        second = operations.execute(first)
    assert (second.generation, second.status) == (2, "unknown")

    with later(market.emulator, hours=21):
        found = operations.execute(first)

    assert (found.pk, found.status, found.adopted) == (second.pk, "succeeded", True)
    assert len(made(market.emulator, "transfer")) == 1


def test_what_was_sent_a_moment_ago_may_still_be_on_its_way(market: Market) -> None:
    operation = market.transfer()
    market.emulator.faults.add("error_before", match=TRANSFERS, status=503, times=2)
    with later(market.emulator):
        operations.execute(operation)
    with later(market.emulator, hours=19, minutes=59.5):
        operations.execute(operation)

    with later(market.emulator, minutes=1):
        early = operations.execute(operation)
        assert (early.status, early.generation) == ("unknown", 1)
    with later(market.emulator, minutes=2):
        standing = operations.execute(operation)

    assert (standing.status, standing.generation) == ("succeeded", 2)


def test_f18_a_failure_stripe_saved_is_looked_up_after_three_replays(market: Market, requests: Requests) -> None:
    operation = market.transfer()
    market.emulator.faults.add("save_500", match=TRANSFERS)

    for minutes in (0, 2, 2, 2):
        with later(market.emulator, minutes=minutes):
            operation = operations.execute(operation)
    assert (operation.status, operation.replays) == ("unknown", 3)
    with later(market.emulator, minutes=2):
        standing = operations.execute(operation)

    assert (standing.status, standing.generation) == ("succeeded", 2)
    assert requests.keys == ["release:1:g1"] * 4 + ["release:1:g2"]
    assert len(made(market.emulator, "transfer")) == 1


def test_f18_a_saved_failure_of_something_that_happened_is_adopted(market: Market) -> None:
    operation = market.transfer()
    market.emulator.faults.add("save_500", match=TRANSFERS)
    for _attempt in range(4):
        operation = operations.execute(operation)
    by_hand = market.shop.client.v1.transfers.create(operation.request)

    with later(market.emulator, minutes=3):
        operation = operations.execute(operation)

    assert (operation.status, operation.object_id) == ("succeeded", by_hand.id)


def test_f18_an_error_that_passes_is_no_replay(stripe_emulator: Emulator) -> None:
    operation = planned()
    stripe_emulator.faults.add("error_before", match=CUSTOMERS, status=500, times=4)

    for _attempt in range(4):
        operation = operations.execute(operation)

    assert (operation.status, operation.replays) == ("unknown", 0)


def test_f18_a_stripe_that_never_answers_any_key_ends_with_a_person(market: Market, requests: Requests) -> None:
    operation = market.transfer()
    market.emulator.faults.add("save_500", match=TRANSFERS, times=100)

    with later(market.emulator):
        operations.execute(operation)
    for _round in range(40):
        with later(market.emulator, hours=1.1):
            operations.finish_due()

    last = operations.latest("release:1")
    assert last is not None
    assert (last.status, last.generation) == ("stale", lookups.MOST_SUPERSEDED + 1)
    assert len(set(requests.keys)) == lookups.MOST_SUPERSEDED + 1


def test_its_name_is_enough_to_find_it(market: Market) -> None:
    operation = market.transfer(metadata={"order": "7"})
    market.emulator.faults.add("lost_response", match=TRANSFERS)
    operations.execute(operation)
    [there] = made(market.emulator, "transfer")
    market.shop.client.v1.transfers.update(there, {"metadata": {"order": "seven, says Dana"}})

    with later(market.emulator, hours=21):
        operation = operations.execute(operation)

    assert (operation.status, operation.object_id) == ("succeeded", there)


def test_two_of_it_at_stripe_are_for_a_person_to_judge(market: Market) -> None:
    operation = market.transfer()
    market.emulator.faults.add("lost_response", match=TRANSFERS)
    operations.execute(operation)
    market.shop.client.v1.transfers.create(operation.request)

    with later(market.emulator, hours=21):
        operation = operations.execute(operation)

    assert operation.status == "stale"
    assert "Stripe has 2 of it" in operation.error_message


def test_another_amount_under_its_name_is_for_a_person_to_judge(market: Market) -> None:
    operation = market.transfer()
    market.emulator.faults.add("error_before", match=TRANSFERS, status=503)
    operations.execute(operation)
    market.shop.client.v1.transfers.create({**operation.request, "amount": 999})

    with later(market.emulator, hours=21):
        operation = operations.execute(operation)

    assert operation.status == "stale"
    assert "another amount" in operation.error_message


def test_what_nobody_knows_how_to_look_for_is_for_a_person(market: Market) -> None:
    sent = operations.execute(market.transfer())
    label = f"/v1/transfers/{sent.object_id}"
    operation = plan("transfers.update", "note:1", label, {"description": "For Bob"})
    market.emulator.faults.add("lost_response", match=f"POST {label}")
    operations.execute(operation)

    with later(market.emulator, hours=21):
        assert operations.execute(operation).status == "stale"
    operation.refresh_from_db()
    operations.give_up(operation, reason="A note, no money.")
    assert operation.status == "failed"


def test_a_room_may_say_how_its_own_things_are_found(market: Market, monkeypatch: pytest.MonkeyPatch) -> None:
    sent = operations.execute(market.transfer())
    label = f"/v1/transfers/{sent.object_id}"
    monkeypatch.setattr(finders, "_by_name", {})
    finders.register("transfers.update", lambda operation: client.get(operation.path))
    operation = plan("transfers.update", "note:1", label, {"description": "For Bob"})
    market.emulator.faults.add("lost_response", match=f"POST {label}")
    operations.execute(operation)

    with later(market.emulator, hours=21):
        operation = operations.execute(operation)

    assert (operation.status, operation.adopted) == ("succeeded", True)


def test_a_page_that_was_to_be_closed_is_looked_at(market: Market) -> None:
    session = market.shop.session()
    path = f"/v1/checkout/sessions/{session.id}/expire"
    operation = plan("checkout.session.expire", "checkout-expire:1", path, {})
    market.emulator.faults.add("lost_response", match=f"POST {path}")
    operations.execute(operation)

    with later(market.emulator, hours=21):
        operation = operations.execute(operation)

    assert (operation.status, operation.adopted) == ("succeeded", True)
    assert operations.require(operation)["status"] == "expired"


def test_while_stripe_does_not_say_it_is_looked_for_again_later(market: Market) -> None:
    operation = market.transfer()
    market.emulator.faults.add("lost_response", match=TRANSFERS)
    operations.execute(operation)
    market.emulator.faults.add("error_before", match="GET /v1/transfers", status=503, times=2)

    with later(market.emulator, hours=21):
        operation = operations.execute(operation)
        assert operation.status == "unknown"
        assert operation.due_at is not None
        assert operation.due_at > now()
    with later(market.emulator, hours=1):
        operations.finish_due()

    operation.refresh_from_db()
    assert (operation.status, operation.adopted) == ("succeeded", True)


def test_more_than_can_be_looked_through_is_not_taken_for_nothing(
    market: Market, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(3):
        market.shop.client.v1.transfers.create(market.transfer(f"release:{number + 10}").request)
    monkeypatch.setattr(finders, "PAGE", 1)
    operation = market.transfer()
    assert finders.find(operation) is None
    monkeypatch.setattr(finders, "MOST_PAGES", 2)

    with pytest.raises(NotSure, match="to the end"):
        finders.find(operation)


@pytest.mark.parametrize("point", ["operation.looking_up", "operation.looked_up", "operation.superseded"])
def test_f22_killed_while_looking_it_is_looked_for_again(market: Market, point: str) -> None:
    operation = market.transfer()
    market.emulator.faults.add("error_before", match=TRANSFERS, status=503)
    operations.execute(operation)

    with later(market.emulator, hours=21):
        with armed(point, die), pytest.raises(Killed):
            operations.execute(operation)
        with fixed_at(now() + timedelta(minutes=2)):
            operations.finish_due()

    standing = operations.latest("release:1")
    assert standing is not None
    assert (standing.status, standing.generation) == ("succeeded", 2)
    assert len(made(market.emulator, "transfer")) == 1


def test_f14_a_key_stripe_knows_from_another_request_calls_a_person(
    market: Market, requests: Requests, caplog: pytest.LogCaptureFixture
) -> None:
    market.shop.client.v1.transfers.create(
        {**market.transfer().request, "amount": 5, "metadata": {}}, {"idempotency_key": "release:1:g1"}
    )

    operation = operations.execute(market.transfer())

    assert operation.status == "stale"
    assert "another request" in operation.error_message
    with pytest.raises(StripeUnavailable):
        operations.require(operation)
    assert "operation_needs_a_person" in caplog.text


def test_a_person_looks_a_stale_one_up_and_finishes_it(market: Market) -> None:
    market.shop.client.v1.transfers.create(
        {**market.transfer().request, "amount": 5, "metadata": {}}, {"idempotency_key": "release:1:g1"}
    )
    operation = operations.execute(market.transfer())

    with later(market.emulator, minutes=3):
        standing = operations.look_up(operation, actor="dana@example.org", reason="Two shops share a sandbox.")

    operation.refresh_from_db()
    assert (operation.status, standing.status, standing.generation) == ("superseded", "succeeded", 2)
    who = {(move.actor, move.to_status) for move in operation.moves.all()}
    assert {("dana@example.org", "stale"), ("dana@example.org", "superseded")} <= who


def test_a_person_who_looks_up_a_young_one_has_it_sent_again_under_its_key(market: Market, requests: Requests) -> None:
    operation = market.transfer()
    market.emulator.faults.add("lost_response", match=TRANSFERS)
    operations.execute(operation)

    operation = operations.look_up(operation, actor="dana@example.org", reason="Bob is waiting.")

    assert (operation.status, operation.adopted) == ("succeeded", False)
    assert requests.keys == ["release:1:g1"] * 2


def test_what_is_over_is_not_looked_up(market: Market) -> None:
    operation = operations.execute(market.transfer())

    with pytest.raises(IllegalMove):
        operations.look_up(operation, actor="dana@example.org", reason="Why not.")


def test_what_moves_money_is_never_given_up_unseen(market: Market) -> None:
    operation = market.transfer()
    Operation.objects.update(status="stale")
    operation.refresh_from_db()

    with pytest.raises(ValueError, match="moves money"):
        operations.give_up(operation, reason="It will be fine.")


def test_a_list_that_shows_nobodys_metadata_proves_nothing(market: Market) -> None:
    operation = market.transfer()
    listed = [{"id": "tr_1", "amount": 1000}, {"id": "tr_2", "amount": 1000, "metadata": None}]

    with pytest.raises(NotSure, match="does not show metadata"):
        finders.the_one(operation, iter(listed))
