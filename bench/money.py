"""The release sweep (G9) and the money part of G11: what is due, released beside a longer and longer history.

Two sweeps, each by two processes at once, as two workers would: over some due orders with a short history in the
tables, and over many with ten times as many orders before them. What is compared is what one release takes in the two
and at the beginning and the end of the long one (medians, so that a pause of the machine does not count), the memory of
the long one once it is warm and at its end, and that each order due was released once, whoever did it. Before that the
claim step alone, in turns with plain SQL (bench/claims_worker.py).

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
from statistics import median
from typing import Any

from psycopg import sql

from bench.figures import Figure, line, ratios
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


PLAIN = """
    CREATE TABLE plain_share (LIKE payments_share INCLUDING ALL);
    INSERT INTO plain_share SELECT * FROM payments_share WHERE status = 'held';
"""
# What was only claimed is history afterwards.
CLAIMED = "UPDATE payments_share SET status = 'released', released = 9000, fee_earned = true WHERE status = 'held'"
WORKERS = 2


@dataclass(frozen=True, slots=True)
class Size:
    """How many orders are due in the long sweep and in the short one, how many were released before the first, how many
    are only claimed, and how many a worker claims at once.
    """

    many: int = 300
    due: int = 100
    history: int = 4_000
    claimed: int = 20_000
    claims: int = 10


SMALL = Size(many=60, due=30, history=300, claimed=3_000, claims=5)
LARGE = Size(many=100_000, due=2_000, history=1_000_000, claimed=200_000, claims=1_000)
# The claim step is always measured with as many as a worker takes in production.
CLAIMED_AT_ONCE = 1_000


@dataclass(frozen=True, slots=True)
class Parts:
    """Seconds of a release: the middle one of all, of the first fifth and of the last."""

    middle: float
    first: float
    last: float

    @classmethod
    def of(cls, workers: list[list[float]]) -> "Parts":
        """From what each worker's releases took, in their order."""
        fifth = {name: [each for took in workers for each in _fifth(took, name)] for name in ("first", "last")}
        return cls(median([each for took in workers for each in took]), median(fifth["first"]), median(fifth["last"]))

    @property
    def kept(self) -> float:
        """The pace of the last fifth as a part of the first one's."""
        return self.first / self.last


@dataclass(frozen=True, slots=True)
class Swept:
    """What the workers of one sweep did together."""

    asked_for: list[int]
    seconds: float
    took: Parts
    cpu: Parts
    growth: float
    megabytes: tuple[int, int]
    each: list[int]


def _fifth(took: list[float], which: str) -> list[float]:
    many = max(1, len(took) // 5)
    return took[:many] if which == "first" else took[-many:]


class Money:
    """One run of the measurements, in the run's own database."""

    def __init__(self, stage: Stage, size: Size) -> None:
        self.stage, self.size, self.database = stage, size, stage.database
        self.seeded = 0
        self.defaults: dict[str, dict[str, Any]] = {}

    def lines(self) -> Iterator[str]:
        """Both goals' lines."""
        self.defaults = self._answer(self._start("money_worker", "defaults", *PEOPLE, *SHOPS, *ORDERS))
        self._insert(PEOPLE, 1, 1)
        self._insert(SHOPS, 1, SELLERS)
        claims = self._claims()
        before = self.seeded + self.size.history
        short = self._sweep_after(self.size.history, self.size.due)
        long = self._sweep_after(9 * self.size.history, self.size.many)
        yield self._g9(claims, long)
        yield self._g11(short, long, before)

    def _g9(self, claims: dict[str, list[float]], long: Swept) -> str:
        beside = ratios(claims["ours"], claims["floor"])
        fifth = max(1, len(claims["ours"]) // 5)
        kept = median(claims["ours"][-fifth:]) / median(claims["ours"][:fifth])
        once, due = self.stage.count(ONCE), self.size.due + self.size.many
        return line(
            "G9",
            f"claim {beside.show(2)}x, its last fifth {kept:.2f}x, the sweep's {long.took.kept:.2f}x, memory "
            f"{long.growth:.2f}x, once {once}/{due}",
            ">=0.50x, >=0.90x, >=0.90x, <1.05x, all once",
            ok=beside.middle >= 0.5 and min(kept, long.took.kept) >= 0.9 and long.growth < 1.05 and once == due,
            about=f"{len(claims['ours'])} claims of {CLAIMED_AT_ONCE}: {Figure(tuple(claims['ours'])).show()} rows a "
            f"second, plain SQL {Figure(tuple(claims['floor'])).show()}; a sweep over {self.size.many} by {WORKERS} "
            f"processes at once, {' and '.join(str(each) for each in long.each)}, in {long.seconds:.0f} s: a release "
            f"{long.took.first * 1000:.1f} ms in the first fifth and {long.took.last * 1000:.1f} ms in the last, CPU "
            f"{long.cpu.first * 1000:.1f} and {long.cpu.last * 1000:.1f} ms; {long.megabytes[0]} to "
            f"{long.megabytes[1]} MB",
        )

    def _g11(self, short: Swept, long: Swept, before: int) -> str:
        cost = long.took.middle / short.took.middle
        asked = short.asked_for + long.asked_for
        once, due = self.stage.count(ONCE), self.size.due + self.size.many
        return line(
            "G11",
            f"release {cost:.2f}x, once {once}/{due} by {len(set(asked))} of {len(asked)} transfers",
            "<=1.25x, all once",
            ok=cost <= 1.25 and once == due == len(asked) == len(set(asked)),
            about=f"a sweep over {self.size.due} due orders after {before} others and one over {self.size.many} after "
            f"{self.seeded - self.size.many}, each by {WORKERS} processes at once: a release "
            f"{short.took.middle * 1000:.1f} ms and {long.took.middle * 1000:.1f} ms (median), CPU "
            f"{short.cpu.middle * 1000:.1f} and {long.cpu.middle * 1000:.1f} ms; Stripe played in the process, saying "
            "yes at once",
        )

    def _claims(self) -> dict[str, list[float]]:
        self._seed(self.size.claimed)
        self.database.execute(PLAIN)
        self.database.execute("VACUUM (ANALYZE) plain_share")
        found = self._answer(self._start("claims_worker", str(CLAIMED_AT_ONCE)))
        self.database.execute(CLAIMED)
        self.database.execute("DROP TABLE plain_share")
        return found

    def _sweep_after(self, history: int, due: int) -> Swept:
        self._seed(history, released=True)
        self._seed(due)
        # Started together: they share what is due.
        started = [self._start("money_worker", "release", str(self.size.claims)) for _each in range(WORKERS)]
        found = [self._answer(process) for process in started]
        if not any(each["released"] for each in found):
            raise BenchError("bench.money_worker released nothing")
        grew = [each["memory"] for each in found if each["memory"]]
        worst = max(grew, key=lambda memory: memory[1] / memory[0]) if grew else [1, 1]
        return Swept(
            asked_for=[release for each in found for release in each["asked_for"]],
            seconds=max(each["seconds"] for each in found),
            took=Parts.of([each["took"] for each in found]),
            cpu=Parts.of([each["cpu"] for each in found]),
            growth=worst[1] / worst[0],
            megabytes=(round(worst[0] / 2**20), round(worst[1] / 2**20)),
            each=[each["released"] for each in found],
        )

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

    def _start(self, worker: str, *arguments: str) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [sys.executable, "-m", f"bench.{worker}", *arguments],
            cwd=ROOT,
            env={**self.stage.environment, "LOG_LEVEL": "ERROR"},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def _answer(self, process: subprocess.Popen[str]) -> dict[str, Any]:
        out, errors = process.communicate()
        if process.returncode:
            raise BenchError(f"{process.args!r} failed:\n{out}{errors}")
        found: dict[str, Any] = json.loads(out.splitlines()[-1])
        return found


def main() -> int:
    """The goals alone."""
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
