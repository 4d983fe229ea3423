"""What is kept: threads, restarts, seeds, resets, transcripts."""

import json
import threading
from pathlib import Path

import pytest
import stripe

from emulator.core import Emulator
from emulator.coverage import operations, report
from emulator.registry import OPERATIONS
from tests.emulator.shop import DAY, Inbox, Shop
from tests.stripe_inprocess import in_process_client


@pytest.mark.parametrize("where", ["memory", "file"])
def test_many_threads_share_one_store_without_losing_money(tmp_path: Path, where: str) -> None:
    em = Emulator(":memory:" if where == "memory" else str(tmp_path / "stripe.db"), clock="frozen", strict=True)
    shop = Shop(em, in_process_client(em))
    seller = shop.seller()
    shop.charge(100_000, at_once=True)
    problems: list[Exception] = []

    def work(number: int) -> None:
        client = in_process_client(em)
        for turn in range(10):
            params = {"amount": 100, "currency": "eur", "destination": seller}
            # two threads use each key: one executes, the other replays or waits its turn
            key = f"{number // 2}-{turn}"
            try:
                client.v1.transfers.create(params, {"idempotency_key": key, "max_network_retries": 5})
            except stripe.StripeError as problem:
                problems.append(problem)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert problems == []
    assert shop.balance(seller) == (4_000, 0)
    em.require_conservation()
    em.close()


def test_a_restart_continues_where_the_last_process_stopped(tmp_path: Path) -> None:
    path = str(tmp_path / "stripe.db")
    em = Emulator(path, clock="frozen")
    shop = Shop(em, in_process_client(em))
    Inbox(em)
    seller = shop.seller()
    charge = shop.charge(10_000, transfer_data={"destination": seller})
    em.advance(seconds=DAY)
    now = em.now()
    claimed = len(em.due_deliveries())
    em.close()

    again = Emulator(path, clock="frozen")

    shop = Shop(again, in_process_client(again))
    assert again.now() == now
    assert shop.client.v1.charges.retrieve(charge.id).amount == 10_000
    assert len(again.due_deliveries()) == claimed
    assert shop.charge(500).id != charge.id
    again.advance(seconds=DAY)
    assert shop.client.v1.payouts.list(options={"stripe_account": seller}).data[0].amount == 10_000
    again.close()


def test_the_same_seed_gives_the_same_ids() -> None:
    made = []
    for _ in range(2):
        em = Emulator(seed=42, clock="frozen")
        shop = Shop(em, in_process_client(em))
        made.append((em.platform_id, shop.seller(), shop.charge(1_000).id))
        em.close()

    assert made[0] == made[1]
    other = Emulator(seed=43)
    assert other.platform_id != made[0][0]
    other.close()


def test_reset_forgets_everything_but_the_configured_endpoints(em: Emulator, shop: Shop) -> None:
    inbox = Inbox(em)
    first = shop.seller()
    em.advance(seconds=DAY)
    em.faults.add("save_500")

    em.reset()

    assert em.store.get(first) is None
    assert em.due_deliveries() == []
    assert shop.client.v1.events.list().data == []
    shop.client.v1.customers.create({})
    em.deliver_due(inbox.send)
    assert inbox.types == ["customer.created"]


def test_after_a_reset_old_ids_never_come_back_unless_a_seed_asks_for_it() -> None:
    ids = {}
    for seed in (None, 5):
        em = Emulator(seed=seed, clock="frozen")
        first = em.platform_id
        em.reset()
        ids[seed] = (first, em.platform_id)
        em.close()

    assert ids[None][0] != ids[None][1]
    assert ids[5][0] == ids[5][1]


def test_the_clock_only_moves_forward_and_says_how_it_runs(em: Emulator) -> None:
    with pytest.raises(ValueError, match="forward"):
        em.advance(to=em.now() - 1)
    with pytest.raises(ValueError, match="either"):
        em.advance()
    em.advance(seconds=60)
    assert em.clock_state()["mode"] == "frozen"
    real = Emulator()
    before = real.now()
    real.advance(seconds=3_600)
    assert real.clock_state()["mode"] == "offset"
    assert real.now() - before in (3_600, 3_601)
    real.close()


def test_whoever_advances_the_clock_is_told_everything_that_happened_on_the_way() -> None:
    em = Emulator()
    shop = Shop(em, in_process_client(em))
    sellers = [shop.seller() for _ in range(5)]
    for seller in sellers:
        shop.charge(5_000, transfer_data={"destination": seller})
    done = threading.Event()

    def keep_ticking() -> None:
        while not done.is_set():
            em.tick()

    worker = threading.Thread(target=keep_ticking)
    worker.start()

    happened = em.advance(seconds=2 * DAY)

    done.set()
    worker.join()
    told = {entry["id"] for entry in happened if entry["what"] == "payout.created"}
    assert {row.id for row in em.store.find("payout", account=None)} == told
    assert len(told) == 5
    em.close()


def test_the_transcript_has_one_line_an_exchange_and_one_an_event(tmp_path: Path) -> None:
    path = tmp_path / "transcript.jsonl"
    em = Emulator(clock="frozen", transcript=str(path))
    client = in_process_client(em)

    client.v1.customers.create({"email": "a@b.example"})
    with pytest.raises(stripe.InvalidRequestError):
        client.v1.customers.create({"emial": "a@b.example"})

    lines = [json.loads(line) for line in path.read_text().splitlines()]
    event, created, refused = lines
    assert event["event"]["type"] == "customer.created"
    assert set(created) == {"method", "path", "form_body", "status", "response_body"}
    assert (created["method"], created["path"], created["status"]) == ("POST", "/v1/customers", 200)
    assert created["form_body"] == "email=a%40b.example"
    assert refused["response_body"]["error"]["param"] == "emial"
    em.close()


def test_a_handler_that_raises_leaves_nothing_behind(em: Emulator, client: stripe.StripeClient, shop: Shop) -> None:
    seller = shop.seller()
    charge = shop.charge(10_000, transfer_data={"destination": seller}, application_fee_amount=100)
    before = em.store.rows("SELECT count(*) FROM object")
    em.faults.add("save_500", match="POST /v1/refunds")

    with pytest.raises(stripe.APIError):
        client.v1.refunds.create({"charge": charge.id, "reverse_transfer": True})

    assert em.store.rows("SELECT count(*) FROM object") == before


def test_a_fault_fires_on_the_nth_match_as_often_as_told(em: Emulator, client: stripe.StripeClient) -> None:
    em.faults.add("error_before", match="POST /v1/customers", nth=2, times=2, status=503)

    outcomes = []
    for _ in range(4):
        try:
            client.v1.customers.create({})
            outcomes.append("made")
        except stripe.APIError:
            outcomes.append("failed")

    assert outcomes == ["made", "failed", "failed", "made"]
    em.faults.clear()
    assert em.faults.list() == []
    with pytest.raises(ValueError, match="Unknown fault"):
        em.faults.add("earthquake")


def test_the_coverage_page_lists_every_modelled_operation() -> None:
    page = report()

    assert len(operations()) == len(OPERATIONS)
    assert all(f"  {name}\n" in page for name in OPERATIONS)
    assert "D documented by Stripe, A assumed" in page
