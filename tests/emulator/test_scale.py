"""Nothing is slower among many objects: every read goes by an index, in its order."""

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import stripe

from emulator import panel
from emulator.core import Emulator
from tests.emulator.shop import DAY, Inbox, Shop
from tests.stripe_inprocess import in_process_client

Read = Callable[[Emulator, stripe.StripeClient, str], object]

READS: dict[str, Read] = {
    "balance": lambda em, client, seller: client.v1.balance.retrieve(),
    "charges": lambda em, client, seller: client.v1.charges.list(),
    "charges since": lambda em, client, seller: client.v1.charges.list({"created": {"gte": em.now() - 60}}),
    "charges until": lambda em, client, seller: client.v1.charges.list({"created": {"lt": em.now() - 60}}),
    "charges of an intent": lambda em, client, seller: client.v1.charges.list({"payment_intent": "pi_1"}),
    "transfers": lambda em, client, seller: client.v1.transfers.list({"destination": seller}),
    "transactions": lambda em, client, seller: client.v1.balance_transactions.list({"type": "charge"}),
    "a seller's transactions": lambda em, client, seller: client.v1.balance_transactions.list(
        {"type": "payment"}, {"stripe_account": seller}
    ),
    "a payout's transactions": lambda em, client, seller: client.v1.balance_transactions.list(
        {"payout": client.v1.payouts.list(options={"stripe_account": seller}).data[0].id}, {"stripe_account": seller}
    ),
    "payouts": lambda em, client, seller: client.v1.payouts.list({"status": "paid"}, {"stripe_account": seller}),
    "accounts": lambda em, client, seller: client.v2.core.accounts.list(),
    "events": lambda em, client, seller: client.v1.events.list(),
    "events of a type": lambda em, client, seller: client.v1.events.list({"type": "charge.succeeded"}),
    "events delivered": lambda em, client, seller: client.v1.events.list({"delivery_success": True}),
    "panel objects": lambda em, client, seller: panel.objects(em, "charge", limit=20),
    "panel events": lambda em, client, seller: panel.events(em, limit=20),
    "panel events of a type": lambda em, client, seller: panel.events(em, type="charge.succeeded", limit=20),
    "panel ledger": lambda em, client, seller: panel.ledger(em, seller, limit=20),
    "panel requests": lambda em, client, seller: panel.requests(em, limit=20),
    "tick": lambda em, client, seller: em.tick(),
    "create": lambda em, client, seller: client.v1.payment_intents.create({"amount": 100, "currency": "eur"}),
    "transfer": lambda em, client, seller: client.v1.transfers.create(
        {"amount": 100, "currency": "eur", "destination": seller}
    ),
}


@pytest.fixture(scope="module")
def filled() -> Iterator[tuple[Emulator, stripe.StripeClient, str]]:
    em = Emulator(seed=4, clock="frozen")
    client = in_process_client(em)
    shop = Shop(em, client)
    Inbox(em)
    seller = shop.seller()
    shop.charge(50_000, at_once=True)
    for _ in range(3):
        shop.charge(10_000, transfer_data={"destination": seller})
    em.advance(seconds=3 * DAY)
    shop.charge(50_000, at_once=True)
    yield em, client, seller
    em.close()


@contextmanager
def statements(em: Emulator) -> Iterator[list[str]]:
    """The SQL that runs meanwhile, with its values."""
    found: list[str] = []
    em.store._db.set_trace_callback(found.append)
    yield found
    em.store._db.set_trace_callback(None)


@pytest.mark.parametrize("read", READS.values(), ids=READS.keys())
def test_no_read_looks_through_a_table_or_sorts_it(
    filled: tuple[Emulator, stripe.StripeClient, str], read: Read
) -> None:
    em, client, seller = filled
    with statements(em) as ran:
        read(em, client, seller)

    plans = {
        sql: [str(row[3]) for row in em.store.rows(f"EXPLAIN QUERY PLAN {sql}")]
        for sql in ran
        if sql.lstrip().upper().startswith(("SELECT", "UPDATE", "DELETE"))
    }
    wrong = {
        sql: step
        for sql, steps in plans.items()
        for step in steps
        # the request log is walked from its end, as far as the page goes
        if (step.startswith("SCAN") and step != "SCAN request_log") or step.startswith("USE TEMP")
    }
    assert plans
    assert wrong == {}


def test_a_balance_is_the_sum_of_its_ledger_whatever_became_available(shop: Shop, em: Emulator) -> None:
    seller = shop.seller()
    for days in range(5):
        shop.charge(1_000 + days, transfer_data={"destination": seller}, application_fee_amount=10)
        em.advance(seconds=DAY // 2)

    rows = em.store.rows(
        "SELECT sum(net * (available_on <= ?)), sum(net * (available_on > ?)) FROM ledger WHERE account = ?",
        (em.now(), em.now(), seller),
    )

    assert shop.balance(seller) == rows[0]
    em.require_conservation()


def test_lists_bounded_by_time_hold_exactly_what_was_made_then(shop: Shop, em: Emulator) -> None:
    made = {}
    for _ in range(8):
        em.advance(seconds=45)
        made[em.now()] = shop.client.v1.customers.create({}).id
    moments = sorted(made)

    def listed(**bounds: int) -> list[str]:
        return [one.id for one in shop.client.v1.customers.list({"created": bounds}).auto_paging_iter()]  # type: ignore[typeddict-item]

    for moment in (*moments, moments[0] - 1, moments[-1] + 1):
        for operator, holds in (
            ("gt", lambda at, m: at > m),
            ("gte", lambda at, m: at >= m),
            ("lt", lambda at, m: at < m),
            ("lte", lambda at, m: at <= m),
        ):
            expected = [made[at] for at in reversed(moments) if holds(at, moment)]
            assert listed(**{operator: moment}) == expected


def test_a_deleted_customer_does_not_hide_others_from_lists_by_time(shop: Shop, em: Emulator) -> None:
    first = shop.client.v1.customers.create({})
    em.advance(seconds=DAY)
    kept = [shop.client.v1.customers.create({}).id for _ in range(2)]
    em.advance(seconds=DAY)
    shop.client.v1.customers.delete(first.id)
    em.advance(seconds=DAY)

    listed = shop.client.v1.customers.list({"created": {"gte": em.now() - 3 * DAY + 1}})

    assert [one.id for one in listed.data] == kept[::-1]


def test_a_file_of_an_earlier_version_gets_its_indexes_and_sums(tmp_path: Path) -> None:
    path = str(tmp_path / "stripe.db")
    em = Emulator(path, clock="frozen")
    shop = Shop(em, in_process_client(em))
    seller = shop.seller()
    shop.charge(9_000, transfer_data={"destination": seller})
    shop.client.v1.products.create({"name": "Hat", "active": False})
    balance = shop.balance(seller)
    em.close()
    db = sqlite3.connect(path)
    db.executescript(
        "DROP TABLE held; DROP TABLE ref; DROP INDEX object_by_created; DROP INDEX ledger_of_account;"
        "CREATE TABLE ref (kind TEXT NOT NULL, field TEXT NOT NULL, value TEXT NOT NULL, seq INTEGER NOT NULL);"
        "CREATE INDEX ref_by_value ON ref (kind, field, value, seq); CREATE INDEX ref_by_seq ON ref (seq);"
        "CREATE INDEX ledger_by_account ON ledger (account, currency, available_on);"
    )
    db.close()

    again = Emulator(path, clock="frozen", strict=True)

    client = in_process_client(again)
    assert Shop(again, client).balance(seller) == balance
    assert len(client.v1.transfers.list({"destination": seller}).data) == 1
    assert len(client.v1.products.list({"active": False}).data) == 1
    assert len(client.v1.events.list({"type": "charge.succeeded"}).data) == 1
    again.require_conservation()
    again.close()
