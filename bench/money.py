"""The money part of G11: the sweep that releases what is due, beside a longer and longer history.

Three sweeps: over some due orders with a short history in the tables, over many with ten times as many orders before
them, and by two processes at once over the same due orders. What is compared is what one release takes in the first two
(the median, so that a pause of the machine does not count), the memory of the second once it is warm and at its end,
and that as many transfers were asked for as orders were due: each once, also by two processes.

Orders are seeded by plain SQL, without the postings of their payments; Stripe is played in the process
(bench/money_worker.py). Part of `make bench`; alone: `python -m bench.money [--small | --large]`.
"""

import argparse
import json
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from psycopg import sql

from bench.figures import line
from bench.servers import ROOT, BenchError, Stage, stage

# Nothing here speaks to Stripe; a port nobody listens on.
NO_STRIPE = "http://127.0.0.1:9"
SELLERS = 50

# What is particular about each row, as SQL with `n` for its number; every other column has its model's default.
PEOPLE: dict[str, dict[str, str]] = {
    "accounts_user": {"id": "1", "email": "'alice@example.org'"},
    "customers_customer": {"id": "1", "user_id": "1", "stripe_id": "'cus_1'"},
}
SHOPS: dict[str, dict[str, str]] = {
    "accounts_seller": {"id": "n", "name": "'Shop ' || n", "slug": "'shop-' || n", "country": "'DE'"},
    "accounts_connectedaccount": {
        "id": "n", "seller_id": "n", "stripe_id": "'acct_' || n", "transfers": "'active'", "payouts": "'active'",
    },
}  # fmt: skip
_SELLER = f"1 + n % {SELLERS}"
# One order each: paid, sent, received, due since an hour ago.
ORDERS: dict[str, dict[str, str]] = {
    "orders_purchase": {
        "id": "n", "number": "'P' || n", "customer_id": "1", "status": "'paid'", "currency": "'eur'", "total": "10000",
        "placed_at": "now()",
    },
    "orders_order": {
        "id": "n", "number": "'O' || n", "purchase_id": "n", "seller_id": _SELLER, "status": "'delivered'",
        "funds_flow": "'held'", "currency": "'eur'", "total": "10000", "fee": "1000", "placed_at": "now()",
        "paid_at": "now()", "ship_by": "now()", "fulfilled_at": "now()", "delivered_at": "now()",
        "delivered_by": "'buyer'",
    },
    "orders_orderline": {
        "id": "n", "order_id": "n", "listing_id": "1", "reservation_id": "n", "title": "'Apron'",
        "delivery": "'shipping'", "unit_price": "10000", "quantity": "1", "amount": "10000", "fee": "1000",
    },
    "payments_payment": {
        "id": "n", "purchase_id": "n", "status": "'paid'", "currency": "'eur'", "amount": "10000", "fee": "1000",
        "funds_flow": "'held'", "session_id": "'cs_' || n", "payment_intent_id": "'pi_' || n",
        "charge_id": "'ch_' || n", "created_at": "now()", "paid_at": "now()",
    },
    "payments_share": {
        "id": "n", "order_id": "n", "payment_id": "n", "account_id": _SELLER, "funds_flow": "'held'",
        "currency": "'eur'", "gross": "10000", "fee": "1000", "processing": "320", "opened_at": "now()",
        "release_at": "now() - interval '1 hour'", "release_basis": "'received'",
        "hold_deadline": "now() + interval '90 days'",
    },
}  # fmt: skip
RELEASED = {"payments_share": {"status": "'released'", "released": "9000", "fee_earned": "true"}}
PER_TRANSACTION = 20_000
ONCE = sql.SQL("""
    SELECT count(*) FROM payments_share WHERE status = 'released' AND 1 = (
        SELECT count(*) FROM payments_release WHERE share_id = payments_share.id AND status = 'sent'
    ) AND 1 = (
        SELECT count(*) FROM gateway_operation
        WHERE business_key = 'release:O' || payments_share.id || ':1' AND status = 'succeeded' AND attempts = 1
    )
""")


@dataclass(frozen=True, slots=True)
class Size:
    """How many orders are due in the long sweep and in the other two, and how many were released before the first."""

    many: int = 300
    due: int = 100
    history: int = 4_000


SMALL = Size(many=60, due=30, history=300)
LARGE = Size(many=100_000, due=2_000, history=1_000_000)


class Money:
    """One run of the measurements, in the run's own database."""

    def __init__(self, stage: Stage, size: Size) -> None:
        self.stage, self.size, self.database = stage, size, stage.database
        self.seeded = 0
        self.defaults: dict[str, dict[str, Any]] = {}

    def lines(self) -> Iterator[str]:
        """The goal's line."""
        self.defaults = self._answer(self._start("defaults", *PEOPLE, *SHOPS, *ORDERS))
        self._insert(PEOPLE, 1, 1)
        self._insert(SHOPS, 1, SELLERS)
        short = self._sweep_after(self.size.history, self.size.due)
        long = self._sweep_after(9 * self.size.history, self.size.many)
        self._seed(self.size.due)
        # Started together; they find the same orders due.
        both = [self._start("release") for _each in range(2)]
        together = [self._answer(process) for process in both]
        yield self._line(short, long, together)

    def _line(self, short: dict[str, Any], long: dict[str, Any], together: list[dict[str, Any]]) -> str:
        cost = long["middle"] / short["middle"]
        grown = long["memory"][1] / long["memory"][0]
        asked = sum(sweep["transfers"] for sweep in (short, long, *together))
        once, due = self.stage.count(ONCE), 2 * self.size.due + self.size.many
        slowest = max(each["seconds"] for each in together)
        megabytes = [round(value / 2**20) for value in long["memory"]]
        return line(
            "G11",
            f"release {cost:.2f}x, memory {grown:.2f}x, once {once}/{due} by {asked} transfers",
            "<=1.25x, <=1.10x, all once",
            ok=cost <= 1.25 and grown <= 1.1 and once == due == asked,
            about=f"a sweep over {self.size.due} due orders after {self.size.history} others and one over "
            f"{self.size.many} after {10 * self.size.history + self.size.due}: a release "
            f"{short['middle'] * 1000:.1f} ms and {long['middle'] * 1000:.1f} ms (median), the long one "
            f"{long['seconds']:.0f} s, memory {megabytes[0]} to {megabytes[1]} MB once it was warm; two processes at "
            f"once over {self.size.due}: {' and '.join(str(each['released']) for each in together)} in {slowest:.1f} "
            "s; Stripe played in the process, saying yes at once",
        )

    def _sweep_after(self, history: int, due: int) -> dict[str, Any]:
        self._seed(history, released=True)
        self._seed(due)
        return self._answer(self._start("release"))

    def _seed(self, how_many: int, *, released: bool = False) -> None:
        rows = {table: {**row, **(RELEASED.get(table, {}) if released else {})} for table, row in ORDERS.items()}
        end = self.seeded + how_many
        for first in range(self.seeded + 1, end + 1, PER_TRANSACTION):
            self._insert(rows, first, min(first + PER_TRANSACTION - 1, end))
        self.seeded = end
        self.database.execute("VACUUM (ANALYZE) payments_share, payments_payment, orders_order, orders_orderline")

    def _insert(self, rows: dict[str, dict[str, str]], first: int, last: int) -> None:
        """One row of each table for each number."""
        # Foreign keys hold by construction; checking a million of them one by one takes longer than all the rest.
        self.database.execute("SET session_replication_role = replica")
        for table, row in rows.items():
            given = {name: sql.SQL(value) for name, value in row.items()}
            others = {name: sql.Literal(value) for name, value in self.defaults[table].items() if name not in row}
            statement = sql.SQL("INSERT INTO {} ({}) SELECT {} FROM generate_series({}::bigint, {}::bigint) AS n")
            columns = {**others, **given}
            names = sql.SQL(", ").join(sql.Identifier(name) for name in columns)
            values = sql.SQL(", ").join(columns.values())
            self.database.execute(statement.format(sql.Identifier(table), names, values, first, last))
        self.database.execute("RESET session_replication_role")

    def _start(self, *arguments: str) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [sys.executable, "-m", "bench.money_worker", *arguments],
            cwd=ROOT,
            env={**self.stage.environment, "LOG_LEVEL": "ERROR"},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def _answer(self, process: subprocess.Popen[str]) -> dict[str, Any]:
        out, errors = process.communicate()
        if process.returncode:
            raise BenchError(f"bench.money_worker failed:\n{out}{errors}")
        found: dict[str, Any] = json.loads(out.splitlines()[-1])
        if found.get("released") == 0:
            raise BenchError(f"bench.money_worker released nothing:\n{out}{errors}")
        return found


def main() -> int:
    """The goal alone."""
    parser = argparse.ArgumentParser(
        prog="python -m bench.money", description=(__doc__ or "").split("\n", maxsplit=1)[0]
    )
    parser.add_argument("--small", action="store_true", help="just to see that it runs")
    parser.add_argument("--large", action="store_true", help="100,000 due orders, ten million others")
    asked = parser.parse_args()
    began = time.monotonic()
    with stage(NO_STRIPE) as stand:
        for result in Money(stand, SMALL if asked.small else LARGE if asked.large else Size()).lines():
            print(result, flush=True)
    print(f"bench: {time.monotonic() - began:.0f} s", file=sys.stderr)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
