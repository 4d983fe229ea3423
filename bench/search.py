"""Search among many listings (G10), and what a page of the shop costs (the part of G6 that is not counted in queries).

The listings are written by plain SQL: titles of an adjective, a material and a thing, each as common as its place in
its list, and descriptions of words some of which nearly every listing has. Then our own search, with photos, sellers
and how many were found, takes turns with the same question put to PostgreSQL without an index: one SELECT of ids in the
order of ts_rank, and as parallel as it likes. What is compared is the time in the database, round by round.

Part of `make bench`; alone: `python -m bench.search [--small | --large]`.
"""

import argparse
import json
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from psycopg import sql

from bench.figures import Figure, line, ratios
from bench.servers import ROOT, BenchError, Stage, stage

# Nothing here speaks to Stripe; a port nobody listens on.
NO_STRIPE = "http://127.0.0.1:9"
SELLERS = 500
PER_TRANSACTION = 20_000

ADJECTIVES = "blue small tall grey warm old round quiet heavy narrow speckled crooked".split()
MATERIALS = "linen stoneware walnut glass wool brass paper leather cotton slate porcelain cork".split()
THINGS = "vase apron bowl shirt jug board lamp print basket ring stool kettle candle mirror spoon teapot".split()
COMMON = "made by hand in our workshop, packed with care and sent within a few days of your order".split()

# Words nobody thought of, a few of which each description has: they make the index as large as real words would.
RARE = "(SELECT string_agg('w' || (power(random(), 3) * 200000)::int, ' ') FROM generate_series(1, 20 + (n * 0)::int))"

# Those that hold no constraint up.
INDEXES = """
    SELECT indexrelid::regclass::text, pg_get_indexdef(indexrelid) FROM pg_index
    WHERE indrelid = ANY(%s::text[]::regclass[]) AND NOT indisunique
"""


@dataclass(frozen=True, slots=True)
class Size:
    """How many listings there are, and how often each question is asked."""

    listings: int = 30_000
    rounds: int = 7


SMALL = Size(listings=3_000, rounds=3)
LARGE = Size(listings=1_000_000, rounds=15)
WANTED_AT_LARGE = 80


class Search:
    """One run of the measurements, in the run's own database."""

    def __init__(self, stage: Stage, size: Size) -> None:
        self.stage, self.size, self.database = stage, size, stage.database

    def lines(self) -> Iterator[str]:
        """Both goals' lines."""
        filled = self._fill()
        found = self._worker("measure", str(self.size.rounds))
        yield self._g10(found["questions"], filled)
        yield self._g6(found["pages"])

    def _g10(self, questions: dict[str, dict[str, Any]], filled: float) -> str:
        shares = {name: ratios(each["scan"], each["ours"]) for name, each in questions.items()}
        # Here only what was meant is searched for, as is elsewhere: all of it is in what a page takes.
        shares.pop("a mistyped word")
        worst = min(shares, key=lambda name: shares[name].middle)
        # An eightieth at a million listings, and in proportion before: a page costs the same, a scan grows.
        wanted = max(1, WANTED_AT_LARGE * self.size.listings // LARGE.listings)
        return line(
            "G10",
            f"1/{shares[worst].show()} of the scan ({worst})",
            f"<=1/{wanted}",
            ok=shares[worst].middle >= wanted,
            about=f"{self.size.listings} listings (written in {filled:.0f} s), the first 24 by how well they fit (and "
            "with their photos and sellers, to the first who searches for it; and with all that Python does): "
            + ", ".join(
                f"{name} ({each['found']} found) {Figure(tuple(each['ours'])).show(1)} ms in the database "
                f"({Figure(tuple(each['page'])).show(1)} ms; {Figure(tuple(each['whole'])).show(1)} ms), scan "
                f"{Figure(tuple(each['scan'])).show()} ms"
                for name, each in questions.items()
            ),
        )

    def _g6(self, pages: dict[str, list[float]]) -> str:
        cost, deep = ratios(pages["browse"], pages["bare"]), ratios(pages["deep"], pages["first"])
        return line(
            "G6",
            f"browse CPU {cost.show(1)}x, deep page {deep.show(2)}x",
            "<=3.0x, deep page <=1.20x",
            ok=cost.middle <= 3 and deep.middle <= 1.2,
            about=f"browse with 24 cards {Figure(tuple(pages['browse'])).show(1)} ms of CPU, a bare page of one query "
            f"for as many rows behind the same middleware {Figure(tuple(pages['bare'])).show(1)} ms; rows of the first "
            f"page {Figure(tuple(pages['first'])).show(1)} ms, of one in the middle of the shop "
            f"{Figure(tuple(pages['deep'])).show(1)} ms; queries are counted by the tests",
        )

    def _fill(self) -> float:
        """The seconds it took."""
        began = time.monotonic()
        tables = ("accounts_seller", "catalog_category", "catalog_listing", "catalog_photo")
        defaults: dict[str, dict[str, Any]] = self._worker("defaults", *tables)
        # Foreign keys hold by construction; checking a million of them one by one takes longer than all the rest.
        self.database.execute("SET session_replication_role = replica")
        shop = {"id": "n", "name": "'Shop ' || n", "slug": "'shop-' || n", "country": "'DE'"}
        self._insert("accounts_seller", defaults, shop, 1, SELLERS)
        shelf = {"id": "n + 1000", "name": "'Shelf ' || n", "slug": "'shelf-' || n"}
        self._insert("catalog_category", defaults, shelf, 1, 8)
        photo = {"id": "n", "listing_id": "n", "image": "'p.webp'", "width": "800", "height": "1000"}
        with self._without_indexes("catalog_listing", "catalog_photo"):
            for first in range(1, self.size.listings + 1, PER_TRANSACTION):
                last = min(first + PER_TRANSACTION - 1, self.size.listings)
                self._insert("catalog_listing", defaults, _listing(), first, last)
                self._insert("catalog_photo", defaults, photo, first, last)
        self.database.execute("RESET session_replication_role")
        self.database.execute("VACUUM (ANALYZE) catalog_listing, catalog_photo, accounts_seller")
        self._worker("learn")
        return time.monotonic() - began

    @contextmanager
    def _without_indexes(self, *tables: str) -> Iterator[None]:
        """Indexes are built in one go afterwards, as after a restore: row by row a million takes an hour."""
        found = self.database.execute(INDEXES, [list(tables)]).fetchall()
        for name, _definition in found:
            self.database.execute(sql.SQL("DROP INDEX {}").format(sql.Identifier(name)))
        yield
        self.database.execute("SET maintenance_work_mem = '512MB'")
        for _name, definition in found:
            self.database.execute(definition)

    def _insert(
        self, table: str, defaults: dict[str, dict[str, Any]], row: dict[str, str], first: int, last: int
    ) -> None:
        others = {name: sql.Literal(value) for name, value in defaults[table].items() if name not in row}
        columns: dict[str, sql.Composable] = {**others, **{name: sql.SQL(value) for name, value in row.items()}}
        statement = sql.SQL("INSERT INTO {} ({}) SELECT {} FROM generate_series({}::bigint, {}::bigint) AS n").format(
            sql.Identifier(table),
            sql.SQL(", ").join(sql.Identifier(name) for name in columns),
            sql.SQL(", ").join(columns.values()),
            first,
            last,
        )
        self.database.execute(statement)

    def _worker(self, *arguments: str) -> dict[str, Any]:
        """Our own code, in a process of its own with the marketplace's settings."""
        done = subprocess.run(
            [sys.executable, "-m", "bench.search_worker", *arguments],
            cwd=ROOT,
            env={**self.stage.environment, "LOG_LEVEL": "ERROR"},
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            raise BenchError(f"bench.search_worker {' '.join(arguments)} failed:\n{done.stdout}{done.stderr}")
        found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
        return found


def _listing() -> dict[str, str]:
    """What is particular about each listing, as SQL with `n` for its number."""
    title = " || ' ' || ".join(_one_of(words) for words in (ADJECTIVES, MATERIALS, THINGS))
    return {
        "id": "n",
        "seller_id": f"1 + n % {SELLERS}",
        "category_id": "1001 + n % 8",
        "title": f"initcap({title})",
        "slug": "'thing-' || n",
        "description": f"'{' '.join(COMMON)}. ' || {_one_of(THINGS)} || ' {' '.join(COMMON)} ' || {RARE}",
        "price": "500 + (n * 7919) % 20000",
        "currency": "'eur'",
        "available": "(n % 10 <> 0)::int * 3",
        "status": "'published'",
        "updated_at": "now()",
        "published_at": "timestamptz '2020-01-01' + n * interval '1 minute'",
        "shop_name": f"'Shop ' || (1 + n % {SELLERS})",
    }


def _one_of(words: list[str]) -> str:
    """One of them, the first ones far more often than the last: the square of an even chance."""
    return f"('{{{','.join(words)}}}'::text[])[1 + floor(power(random(), 2) * {len(words)})::int]"


def main() -> int:
    """The goals alone."""
    parser = argparse.ArgumentParser(
        prog="python -m bench.search", description=(__doc__ or "").split("\n", maxsplit=1)[0]
    )
    parser.add_argument("--small", action="store_true", help="just to see that it runs")
    parser.add_argument("--large", action="store_true", help="a million listings")
    asked = parser.parse_args()
    with stage(NO_STRIPE) as stand:
        for result in Search(stand, SMALL if asked.small else LARGE if asked.large else Size()).lines():
            print(result, flush=True)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
