"""Copies of the whole state, and going back to them."""

import json
import sqlite3
import threading
import time
from pathlib import Path

import pytest
import stripe

from emulator.core import Emulator
from emulator.snapshots import SnapshotError
from tests.emulator.shop import DAY, Inbox, Shop
from tests.stripe_inprocess import in_process_client


def everything(em: Emulator) -> str:
    """What all tables hold, apart from the clock and the numbers reserved for ids."""
    tables = ("object", "ref", "ledger", "held", "idempotency", "delivery", "attempt", "due", "request_log")
    return json.dumps([em.store.rows(f"SELECT * FROM {name} ORDER BY 1, 2, 3") for name in tables], default=str)


@pytest.mark.parametrize("where", ["memory", "file"])
def test_restoring_puts_everything_back_with_the_clock(tmp_path: Path, where: str) -> None:
    em = Emulator(":memory:" if where == "memory" else str(tmp_path / "stripe.db"), clock="frozen", strict=True)
    shop = Shop(em, in_process_client(em))
    Inbox(em)
    seller = shop.seller()
    kept = shop.charge(10_000, transfer_data={"destination": seller})
    balance, clock = shop.balance(seller), em.clock_state()
    before = everything(em)
    em.snapshots.save("before")
    later = shop.charge(7_000)
    em.faults.add("save_500")
    em.advance(seconds=9 * DAY)

    em.snapshots.restore("before")

    assert everything(em) == before
    assert em.clock_state()["now"] == clock["now"]
    assert em.faults.list() == []
    assert shop.balance(seller) == balance
    assert shop.client.v1.charges.retrieve(kept.id).amount == 10_000
    with pytest.raises(stripe.InvalidRequestError):
        shop.client.v1.charges.retrieve(later.id)
    em.advance(seconds=9 * DAY)
    assert shop.client.v1.payouts.list(options={"stripe_account": seller}).data[0].amount == 10_000
    em.require_conservation()
    em.close()


def test_a_key_used_after_the_snapshot_executes_again_after_going_back(em: Emulator, shop: Shop) -> None:
    em.snapshots.save("start")
    first = shop.client.v1.customers.create({"email": "a@b.example"}, {"idempotency_key": "once"})

    em.snapshots.restore("start")

    assert shop.client.v1.customers.list().data == []
    again = shop.client.v1.customers.create({"email": "c@d.example"}, {"idempotency_key": "once"})
    assert again.email == "c@d.example"
    assert first.email == "a@b.example"


def test_endpoints_and_what_was_on_its_way_come_back(em: Emulator, shop: Shop) -> None:
    inbox = Inbox(em)
    shop.client.v1.customers.create({})
    claimed = em.due_deliveries()
    em.snapshots.save("sending")
    em.record_attempt(claimed[0].id, 200)
    shop.client.v1.customers.create({})

    em.snapshots.restore("sending")
    sent = em.deliver_due(inbox.send)

    assert sent == 1
    assert inbox.types == ["customer.created"]


def test_an_attempt_of_before_is_never_counted_for_a_delivery_made_afterwards(em: Emulator, shop: Shop) -> None:
    Inbox(em)
    em.snapshots.save("start")
    shop.client.v1.customers.create({})
    (under_way,) = em.due_deliveries()

    em.snapshots.restore("start")
    shop.client.v1.customers.create({})
    em.record_attempt(under_way.id, 200)

    assert [one.event_type for one in em.due_deliveries()] == ["customer.created"]


def test_an_offset_clock_goes_back_to_the_moment_of_the_snapshot(tmp_path: Path) -> None:
    em = Emulator(str(tmp_path / "stripe.db"), clock="offset")
    em.advance(seconds=30 * DAY)
    then = em.now()
    em.snapshots.save("month")
    em.advance(seconds=300 * DAY)

    em.snapshots.restore("month")

    assert em.clock_state()["mode"] == "offset"
    assert then <= em.now() <= then + 5
    em.close()
    again = Emulator(str(tmp_path / "stripe.db"), clock="offset")
    assert then <= again.now() <= then + 10
    again.close()


def test_a_snapshot_file_starts_another_emulator(tmp_path: Path, em: Emulator, shop: Shop) -> None:
    charge = shop.charge(4_200)
    path = tmp_path / "carried.sqlite3"
    em.snapshots.write(path)
    other = Emulator(clock="real")

    other.snapshots.read(path)

    assert other.platform_id == em.platform_id
    assert other.now() == em.now()
    assert in_process_client(other).v1.charges.retrieve(charge.id).amount == 4_200
    assert Shop(other, in_process_client(other)).charge(100).id != charge.id
    other.close()


def test_a_snapshot_taken_while_others_pay_is_consistent(tmp_path: Path) -> None:
    em = Emulator(str(tmp_path / "stripe.db"), clock="frozen")
    shop = Shop(em, in_process_client(em))
    seller = shop.seller()
    stop = threading.Event()

    def keep_paying() -> None:
        while not stop.is_set():
            shop.charge(1_000, transfer_data={"destination": seller})

    threads = [threading.Thread(target=keep_paying) for _ in range(2)]
    for thread in threads:
        thread.start()
    for number in range(4):
        em.snapshots.save(f"moment-{number}")
    stop.set()
    for thread in threads:
        thread.join()

    for number in range(4):
        em.snapshots.restore(f"moment-{number}")
        em.require_conservation()
    assert list(tmp_path.rglob("*.partial")) == []
    em.close()


@pytest.mark.parametrize("name", ["../outside", "a/b", "", ".hidden", "a.b", "x" * 65, "/etc/passwd", "é"])
def test_a_name_is_never_a_path(em: Emulator, name: str) -> None:
    with pytest.raises(SnapshotError, match="letters"):
        em.snapshots.save(name)
    with pytest.raises(SnapshotError, match="letters"):
        em.snapshots.restore(name)


def test_snapshots_are_listed_replaced_and_removed(em: Emulator, client: stripe.StripeClient) -> None:
    em.snapshots.save("one")
    client.v1.customers.create({})
    em.snapshots.save("two")
    em.snapshots.save("one")

    names = sorted(one["name"] for one in em.snapshots.list())
    em.snapshots.restore("one")
    em.snapshots.remove("two")

    assert names == ["one", "two"]
    assert len(client.v1.customers.list().data) == 1
    assert [one["name"] for one in em.snapshots.list()] == ["one"]
    with pytest.raises(SnapshotError, match="no snapshot two"):
        em.snapshots.restore("two")


def test_a_file_that_is_no_snapshot_changes_nothing(em: Emulator, shop: Shop, tmp_path: Path) -> None:
    charge = shop.charge(1_000)
    text = tmp_path / "text"
    text.write_text("not a database at all, however long this text may be" * 100)
    foreign = tmp_path / "foreign"
    with sqlite3.connect(foreign) as db:
        db.execute("CREATE TABLE meta (key TEXT, value TEXT)")
    db.close()
    armed = tmp_path / "armed"
    em.snapshots.write(armed)
    with sqlite3.connect(armed) as db:
        db.execute("CREATE TRIGGER t AFTER INSERT ON object BEGIN DELETE FROM ledger; END")
    db.close()

    for path in (text, foreign, armed, tmp_path / "missing"):
        with pytest.raises(SnapshotError):
            em.snapshots.read(path)

    assert shop.client.v1.charges.retrieve(charge.id).amount == 1_000


def test_a_stale_read_planned_before_does_not_survive_going_back(em: Emulator, shop: Shop) -> None:
    em.snapshots.save("start")
    em.faults.add("stale_read", match="GET /v1/customers/.*")
    customer = shop.client.v1.customers.create({"email": "a@b.example"})
    shop.client.v1.customers.update(customer.id, {"email": "c@d.example"})

    em.snapshots.restore("start")
    made = shop.client.v1.customers.create({"email": "e@f.example"})

    assert shop.client.v1.customers.retrieve(made.id).email == "e@f.example"


def test_a_clock_changes_its_mode_and_never_goes_back() -> None:
    em = Emulator(clock="offset")

    em.set_clock("frozen")
    frozen = em.now()
    em.advance(seconds=DAY)
    em.set_clock("offset")

    assert em.clock_state()["mode"] == "offset"
    assert em.now() - frozen - DAY in (0, 1)
    with pytest.raises(ValueError, match="ahead of real time"):
        em.set_clock("real")
    em.close()


def test_leaving_a_frozen_clock_of_the_past_runs_what_fell_due_meanwhile() -> None:
    em = Emulator(clock="frozen")
    em.clock.frozen_at = int(time.time()) - 30 * DAY
    shop = Shop(em, in_process_client(em))
    session = shop.session()

    happened = em.set_clock("real")

    assert em.clock_state()["mode"] == "real"
    assert [entry["id"] for entry in happened if entry["what"] == "checkout.session.expired"] == [session.id]
    assert happened[0]["at"] < em.now() - 28 * DAY
    em.close()


def test_a_store_is_never_opened_before_what_it_holds(tmp_path: Path) -> None:
    path = str(tmp_path / "stripe.db")
    em = Emulator(path, clock="offset")
    em.advance(seconds=90 * DAY)
    Shop(em, in_process_client(em)).charge(100)
    latest = em.now()
    em.close()

    frozen = Emulator(path, clock="frozen")

    assert frozen.now() >= latest - 2
    frozen.close()
