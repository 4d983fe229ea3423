"""A month passes: everything due runs in its order, once, and quickly."""

import time
from collections.abc import Mapping
from functools import partial
from pathlib import Path

import pytest
import stripe

from emulator.core import Emulator
from emulator.types import Send
from tests.emulator.shop import DAY, Inbox, Shop
from tests.stripe_inprocess import in_process_client

MONTH = 31 * DAY
ORDERS = 500


def deliver(em: Emulator, send: Send) -> None:
    em.deliver_due(send)


def positions(happened: list[dict[str, object]], what: str) -> list[int]:
    return [index for index, entry in enumerate(happened) if entry["what"] == what]


def moments(happened: list[dict[str, object]], what: str) -> list[int]:
    return [int(str(entry["at"])) for entry in happened if entry["what"] == what]


def test_a_month_with_everything_due_passes_in_order_and_says_so(em: Emulator, shop: Shop) -> None:
    seller, start = shop.seller(), em.now()
    Inbox(em)
    shop.charge(10_000, transfer_data={"destination": seller})
    session = shop.session()
    disputed = shop.charge(9_000, payment_method="pm_card_createDispute")
    held = shop.charge(6_000, capture_method="manual")
    shop.charge(100_000, at_once=True)
    refunded = shop.charge(5_000, payment_method="pm_card_pendingRefund")
    refund = shop.client.v1.refunds.create({"charge": refunded.id})
    shop.client.v1.customers.create({}, {"idempotency_key": "for a day"})
    for claimed in em.due_deliveries():
        em.record_attempt(claimed.id, 500)

    happened = em.advance(seconds=MONTH)

    told = [str(entry["what"]) for entry in happened]
    assert [entry["at"] for entry in happened] == sorted(int(entry["at"]) for entry in happened)
    for what, days in (
        ("webhook retry due", (0, 0.01)),
        ("refund.succeeded", (0, 3)),
        ("checkout.session.expired", (1, 1)),
        ("balance.available", (0, 3)),
        ("payout.created", (0, 7)),
        ("payout.paid", (1, 7)),
        ("payment_intent.canceled", (6, 8)),
        ("dispute lost", (13, 16)),
        ("idempotency keys forgotten", (31, 31)),
    ):
        at = moments(happened, what)
        assert at, (what, told)
        assert days[0] * DAY <= at[0] - start <= days[1] * DAY + 1, what
    sellers = [entry for entry in happened if entry.get("account") == seller]
    first = [positions(sellers, what)[0] for what in ("balance.available", "payout.created", "payout.paid")]
    assert first == sorted(first)
    assert shop.client.v1.checkout.sessions.retrieve(session.id).status == "expired"
    assert shop.client.v1.charges.retrieve(disputed.id).disputed
    assert shop.client.v1.charges.retrieve(held.id).refunded
    assert shop.client.v1.refunds.retrieve(refund.id).status == "succeeded"
    again = shop.client.v1.customers.create({"name": "another"}, {"idempotency_key": "for a day"})
    assert again.name == "another"


def test_what_a_month_brings_is_the_same_whether_in_one_step_or_in_many() -> None:
    told = []
    for steps in (1, 31):
        em = Emulator(seed=3, clock="frozen", strict=True)
        em.clock.frozen_at = 1_800_000_000
        shop = Shop(em, in_process_client(em))
        seller = shop.seller()
        shop.charge(10_000, transfer_data={"destination": seller})
        shop.charge(2_000, payment_method="pm_card_createDisputeInquiry")
        shop.session()
        happened = [entry for _ in range(steps) for entry in em.advance(seconds=MONTH // steps)]
        # old keys are counted at the end of each step
        told.append([tuple(entry.items()) for entry in happened if entry["what"] != "idempotency keys forgotten"])
        em.require_conservation()
        em.close()

    assert told[0] == told[1]


def test_a_month_over_five_hundred_orders_passes_well_within_a_minute() -> None:
    em = Emulator(seed=9, clock="frozen")
    shop = Shop(em, in_process_client(em))
    sellers = [shop.seller() for _ in range(10)]
    Inbox(em)
    for number in range(ORDERS):
        shop.charge(1_000 + number, transfer_data={"destination": sellers[number % 10]}, application_fee_amount=100)
        if number % 10 == 0:
            shop.session()
        if number % 20 == 0:
            shop.charge(900, payment_method="pm_card_createDispute")

    began = time.perf_counter()
    happened = em.advance(seconds=MONTH)
    took = time.perf_counter() - began

    assert took < 30  # under a second on an idle machine
    assert len(positions(happened, "checkout.session.expired")) == ORDERS / 10
    assert len(positions(happened, "dispute lost")) == ORDERS / 20
    assert {str(entry.get("account", "")) for entry in happened if entry["what"] == "payout.paid"} >= set(sellers)
    assert all(shop.balance(seller) == (0, 0) for seller in sellers)
    em.require_conservation()
    em.close()


def test_retries_stop_the_clock_at_their_time_and_are_sent_there(em: Emulator, shop: Shop) -> None:
    inbox = Inbox(em)
    inbox.status = 503
    shop.client.v1.customers.create({})
    start, sent = em.now(), []

    def send(url: str, headers: Mapping[str, str], body: bytes) -> int:
        sent.append(em.now() - start)
        return inbox.send(url, headers, body)

    em.deliver_due(send)
    em.send_due = partial(deliver, em, send)

    happened = em.advance(seconds=MONTH)

    delays = em.settings.retry_delays
    assert sent == [sum(delays[:count]) for count in range(len(delays) + 1)]
    assert moments(happened, "webhook retry due") == [start + after for after in sent[1:]]
    assert "webhook retries due" not in {entry["what"] for entry in happened}
    assert em.due_deliveries() == []


def test_a_receiver_may_ask_the_emulator_while_the_clock_is_being_advanced() -> None:
    em = Emulator(clock="offset")
    client = in_process_client(em)
    inbox = Inbox(em)
    inbox.status = 500
    client.v1.customers.create({})
    em.deliver_due(inbox.send)
    asked: list[str] = []

    def send(url: str, headers: Mapping[str, str], body: bytes) -> int:
        asked.append(client.v1.balance.retrieve().object)
        return 200

    em.send_due = partial(deliver, em, send)

    em.advance(seconds=DAY)

    assert asked == ["balance"]
    em.close()


def test_a_new_store_may_begin_in_the_past_and_catch_up(tmp_path: Path) -> None:
    path = str(tmp_path / "emulator.sqlite3")
    em = Emulator(path, clock="offset", days_ago=90)
    customer = in_process_client(em).v1.customers.create({})
    assert customer.created == pytest.approx(time.time() - 90 * DAY, abs=5)

    em.advance(seconds=60 * DAY)
    em.close()

    # What was lived through stays: only a new store begins that far back.
    again = Emulator(path, clock="offset", days_ago=90)
    assert again.now() == pytest.approx(time.time() - 30 * DAY, abs=5)
    again.advance(seconds=-again.clock_state()["offset_seconds"])
    assert again.now() == pytest.approx(time.time(), abs=5)
    again.close()


def test_a_store_that_has_a_present_is_not_moved_into_the_past(tmp_path: Path) -> None:
    path = str(tmp_path / "emulator.sqlite3")
    Emulator(path, clock="offset").close()

    em = Emulator(path, clock="offset", days_ago=90)

    assert em.now() == pytest.approx(time.time(), abs=5)
    em.close()


def test_the_clock_refuses_what_makes_no_sense(em: Emulator, client: stripe.StripeClient) -> None:
    for wrong in ({}, {"seconds": 1, "to": 2}, {"seconds": -1}, {"to": em.now() - 1}):
        with pytest.raises(ValueError, match=r"either|forward"):
            em.advance(**wrong)

    assert em.advance(seconds=0) == []
