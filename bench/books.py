"""What the ledger costs (goals G7 and G8): posting beside plain SQL, sealing, balances and statements when it is long.

Plain SQL is two INSERTs a posting, by the same client, into tables with the same columns, keys and indexes and without
a single trigger. Both sides take turns of a fraction of a second; what is compared is compared round by round.

Part of `make bench`; alone: `python -m bench.books [--small | --large]`.
"""

import argparse
import json
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import count
from typing import Any

import psycopg
from psycopg import sql

from bench.figures import Figure, line, ratios
from bench.servers import ROOT, BenchError, Stage, stage

# Nothing here speaks to Stripe; a port nobody listens on.
NO_STRIPE = "http://127.0.0.1:9"
CONNECTIONS = 4
ENTRIES = 4
# Not a table: ours is posted to by the call that journal.post makes.
CALL = "call"

PLAIN = """
    CREATE TABLE plain_posting (LIKE ledger_posting INCLUDING ALL);
    CREATE TABLE plain_entry (
        LIKE ledger_entry INCLUDING ALL, FOREIGN KEY (position, posting_id) REFERENCES plain_posting (position, id)
    );
"""
EMPTY = """
    SET session_replication_role = replica;
    TRUNCATE plain_posting, plain_entry, ledger_posting, ledger_entry, ledger_seal, ledger_checkpoint;
    RESET session_replication_role;
"""

POSTING = sql.SQL(
    "INSERT INTO {} (key, kind, description, balance_transaction, order_number, occurred_at, created_at)"
    " VALUES (%s, 'charge', 'Buyer paid order', %s, %s, now(), now()) ON CONFLICT (key) DO NOTHING RETURNING id"
)
ENTRY = sql.SQL(
    "INSERT INTO {} (posting_id, account, ref, currency, amount)"
    " VALUES (%(id)s, 'platform_cash', %(platform)s, 'eur', 9680),"
    " (%(id)s, 'processing_fees', %(platform)s, 'eur', 320),"
    " (%(id)s, 'order_held', %(order)s, 'eur', -9000), (%(id)s, 'seller_payable', %(seller)s, 'eur', -1000)"
)

# A long history, written as fast as it goes, in transactions of a few thousand postings. Every tenth posting is the
# large seller's until that one has its entries, a hundred are the small seller's, the rest belong to many others.
FILL = """
    WITH posting AS (
        INSERT INTO ledger_posting
            (key, kind, description, balance_transaction, order_number, occurred_at, created_at)
        SELECT 'fill:' || n, 'charge', 'Buyer paid order', 'txn_' || n, (n %% 10000000)::text, now(), now()
        FROM generate_series(%(first)s::bigint, %(last)s::bigint) AS n
        RETURNING id, order_number, position
    )
    INSERT INTO ledger_entry (posting_id, account, ref, currency, amount, position)
    SELECT id, account, ref, 'eur', amount, position FROM posting, LATERAL (VALUES
        ('platform_cash', '', 9680), ('processing_fees', '', 320), ('order_held', order_number, -9000),
        ('seller_payable', CASE
            WHEN order_number::bigint %% %(large_each)s = 0 THEN 'large'
            WHEN order_number::bigint %% %(small_each)s = 1 THEN 'small'
            ELSE 's' || order_number::bigint %% 997 END, -1000)
    ) AS line (account, ref, amount)
"""
PER_TRANSACTION = 4000


@dataclass(frozen=True, slots=True)
class Size:
    """How much is posted in turns, and how long the history is for balances and statements."""

    rounds: int = 30
    postings: int = 60
    history: int = 100_000
    large_seller: int = 10_000
    small_seller: int = 100


SMALL = Size(rounds=3, postings=5, history=5_000, large_seller=500)
LARGE = Size(rounds=100, postings=200, history=2_500_000, large_seller=100_000)
WANTED_AT_LARGE = 100


class Books:
    """One run of the measurements, in the run's own database."""

    def __init__(self, stage: Stage, size: Size) -> None:
        self.stage = stage
        self.size = size
        self.database = stage.database
        self.database.execute(PLAIN)
        self.numbers = count()
        self.pool = ThreadPoolExecutor(CONNECTIONS)
        self.connections = [psycopg.connect(stage.database_url, autocommit=True) for _each in range(CONNECTIONS)]

    def lines(self) -> Iterator[str]:
        """Each goal as soon as it is known."""
        for table in (CALL, "ledger", "plain"):
            self._rate(table)
        yield self._g7()
        self.database.execute(EMPTY)
        yield self._g8()
        self.close()

    def close(self) -> None:
        """Leave the database to others."""
        self.pool.shutdown()
        for connection in self.connections:
            connection.close()

    def _g7(self) -> str:
        ours: list[float] = []
        plain: list[float] = []
        spread: list[float] = []
        inserts: list[float] = []
        for number in range(self.size.rounds):
            sides = [
                (ours, CALL, True),
                (plain, "plain", True),
                (spread, CALL, False),
                (inserts, "ledger", True),
            ]
            # Whoever goes first has the colder caches: everybody is first as often.
            for figures, table, shared in sides[number % 4 :] + sides[: number % 4]:
                figures.append(self._rate(table, shared=shared))
        cost, heat = ratios(ours, plain), ratios(ours, spread)
        sealed = self._worker("seal")
        posted = Figure(tuple(ours))
        faster = (sealed["postings"] / sealed["seconds"]) / posted.middle
        through_django = self._worker("post", "400")
        return line(
            "G7",
            f"{cost.show(2)}x, hot {heat.show(2)}x, sealing {faster:.1f}x",
            ">=0.85x, hot >=0.90x, sealing >=5x",
            ok=cost.middle >= 0.85 and heat.middle >= 0.9 and faster >= 5,
            about=f"postings of {ENTRIES} entries over {CONNECTIONS} connections: {posted.show()} a second with every "
            f"trigger, by the call journal.post makes, {Figure(tuple(plain)).show()} into plain tables by INSERTs; the "
            f"same INSERTs with every trigger {ratios(inserts, plain).show(2)}x; all on one platform account against "
            f"each on its own; {sealed['postings']} sealed in {sealed['seconds']:.1f} s; journal.post through one "
            f"connection {through_django['postings'] / through_django['seconds']:.0f} a second",
        )

    def _rate(self, table: str, *, shared: bool = True) -> float:
        """Postings a second, all connections together."""
        start = threading.Barrier(CONNECTIONS + 1)
        done = [self.pool.submit(self._post, each, start, table, shared) for each in self.connections]
        start.wait()
        began = time.perf_counter()
        for each in done:
            each.result()
        return CONNECTIONS * self.size.postings / (time.perf_counter() - began)

    def _post(
        self, connection: psycopg.Connection[tuple[Any, ...]], start: threading.Barrier, table: str, shared: bool
    ) -> None:
        posting = POSTING.format(sql.Identifier(f"{table}_posting"))
        entry = ENTRY.format(sql.Identifier(f"{table}_entry"))
        start.wait()
        for _each in range(self.size.postings):
            number = next(self.numbers)
            with connection.transaction():
                if table == CALL:
                    connection.execute("SELECT ledger_post(%s, now())", [_as_json(number, shared)])
                    continue
                row = connection.execute(posting, [f"b:{number}", f"txn_{number}", str(number)]).fetchone()
                if row is None:
                    raise BenchError("a posting was there already")
                platform = "" if shared else str(number)
                connection.execute(
                    entry, {"id": row[0], "platform": platform, "order": str(number), "seller": str(number % 500)}
                )

    def _g8(self) -> str:
        seconds = self._fill()
        sealed = self._worker("seal")
        # What a busy minute leaves unsealed.
        for _turn in range(max(1, 600 // (CONNECTIONS * self.size.postings))):
            self._rate(CALL)
        self.database.execute("ANALYZE ledger_entry, ledger_posting, ledger_checkpoint")
        found = self._worker("read")
        worst = max(found["balances"], key=lambda name: found["balances"][name])
        share = found["scan"] / found["balances"][worst]
        page = max(found["pages"].values()) / found["small_page"]
        # A hundredth at ten million entries, and in proportion before: a balance costs the same, a scan grows.
        wanted = max(1, WANTED_AT_LARGE * self.size.history // LARGE.history)
        return line(
            "G8",
            f"1/{share:.0f} of the scan, page {page:.2f}x",
            f"<=1/{wanted}, page <=1.50x",
            ok=share >= wanted and page <= 1.5,
            about=f"{ENTRIES * self.size.history} entries (written in {seconds:.0f} s, sealed in "
            f"{sealed['seconds']:.0f} s, {sealed['postings'] / sealed['seconds']:.0f} postings a second): "
            f"sequential scan {found['scan']:.1f} ms; "
            + ", ".join(f"{name} {milliseconds:.2f} ms" for name, milliseconds in found["balances"].items())
            + f"; page of 25 of a seller with {self.size.large_seller} entries "
            + ", ".join(f"{name} {milliseconds:.2f} ms" for name, milliseconds in found["pages"].items())
            + f", of one with {self.size.small_seller} {found['small_page']:.2f} ms",
        )

    def _fill(self) -> float:
        """The seconds it took."""
        began = time.monotonic()
        shares = {
            "large_each": self.size.history // self.size.large_seller,
            "small_each": self.size.history // self.size.small_seller,
        }
        self.database.execute("SET session_replication_role = replica")
        for first in range(1, self.size.history + 1, PER_TRANSACTION):
            last = min(first + PER_TRANSACTION - 1, self.size.history)
            self.database.execute(FILL, {"first": first, "last": last, **shares})
        self.database.execute("RESET session_replication_role")
        self.database.execute("VACUUM (ANALYZE) ledger_entry, ledger_posting")
        return time.monotonic() - began

    def _worker(self, *arguments: str) -> dict[str, Any]:
        """Our own code, in a process of its own with the marketplace's settings."""
        done = subprocess.run(
            [sys.executable, "-m", "bench.books_worker", *arguments],
            cwd=ROOT,
            env=self.stage.environment,
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            raise BenchError(f"bench.books_worker {' '.join(arguments)} failed:\n{done.stdout}{done.stderr}")
        found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
        return found


def _as_json(number: int, shared: bool) -> str:
    """What journal.post hands over."""
    platform = "" if shared else str(number)
    lines = [
        ("platform_cash", platform, "eur", 9680),
        ("processing_fees", platform, "eur", 320),
        ("order_held", str(number), "eur", -9000),
        ("seller_payable", str(number % 500), "eur", -1000),
    ]
    return json.dumps(
        [(f"b:{number}", "charge", "Buyer paid order", f"txn_{number}", str(number), "2026-06-14T00:00:00Z", lines)]
    )


def main() -> int:
    """The ledger's goals alone."""
    parser = argparse.ArgumentParser(
        prog="python -m bench.books", description=(__doc__ or "").split("\n", maxsplit=1)[0]
    )
    parser.add_argument("--small", action="store_true", help="just to see that it runs")
    parser.add_argument("--large", action="store_true", help="ten million entries")
    asked = parser.parse_args()
    with stage(NO_STRIPE) as stand:
        for result in Books(stand, SMALL if asked.small else LARGE if asked.large else Size()).lines():
            print(result, flush=True)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
