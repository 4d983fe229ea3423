"""The ledger's own code, timed in a process with the marketplace's settings: `python -m bench.books_worker <what>`.

Prints one line of JSON. Started by bench/books.py.
"""

import json
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial
from statistics import median
from uuid import uuid4

import django

# The models below need the settings.
django.setup()

from django.db import connection, transaction  # noqa: E402

from ledger.journal import EntryPlan, PostingPlan, balance, post, statement  # noqa: E402
from ledger.models import Account  # noqa: E402
from ledger.sealing import seal_due  # noqa: E402

TIMES = 31
SCANS = 5
AT = datetime(2026, 6, 14, tzinfo=UTC)

SCAN = "SELECT sum(amount) FROM ledger_entry WHERE account = %s AND ref = %s AND currency = 'eur'"


def seal_all() -> dict[str, object]:
    """Everything that is due, in as many seals as it takes."""
    connection.ensure_connection()
    began = time.perf_counter()
    return {"postings": seal_due(), "seconds": time.perf_counter() - began}


def post_many(how_many: int) -> dict[str, object]:
    """One after the other, each in a transaction of its own, as the marketplace does it."""
    connection.ensure_connection()
    began = time.perf_counter()
    for _each in range(how_many):
        with transaction.atomic():
            post([_plan(uuid4().hex)])
    return {"postings": how_many, "seconds": time.perf_counter() - began}


def read() -> dict[str, object]:
    """Milliseconds for balances, for the same sum by a sequential scan, and for pages of statements."""
    asked = {
        "platform": (Account.PLATFORM_CASH, ""),
        "large seller": (Account.SELLER_PAYABLE, "large"),
        "small seller": (Account.SELLER_PAYABLE, "small"),
        "order": (Account.ORDER_HELD, "77"),
        "nobody": (Account.SELLER_DEBT, "nobody"),
    }
    large = statement(Account.SELLER_PAYABLE, "large", "eur", limit=1)[0]
    middle = statement(Account.SELLER_PAYABLE, "large", "eur", before=large, limit=5000)[-1]
    return {
        "balances": {name: _milliseconds(partial(balance, *account, "eur")) for name, account in asked.items()},
        "scan": _scan(*asked["platform"]),
        "pages": {
            "first": _milliseconds(lambda: statement(Account.SELLER_PAYABLE, "large", "eur")),
            "deep": _milliseconds(lambda: statement(Account.SELLER_PAYABLE, "large", "eur", before=middle)),
        },
        "small_page": _milliseconds(lambda: statement(Account.SELLER_PAYABLE, "small", "eur")),
    }


def _scan(account: Account, ref: str) -> float:
    """Without any index, and as parallel as PostgreSQL likes."""
    with connection.cursor() as cursor:
        for kind in ("indexscan", "indexonlyscan", "bitmapscan"):
            cursor.execute(f"SET enable_{kind} = off")
        found = _milliseconds(lambda: cursor.execute(SCAN, [account, ref]), SCANS)
        cursor.execute("RESET ALL")
    return found


def _milliseconds(act: Callable[[], object], times: int = TIMES) -> float:
    act()
    taken = []
    for _each in range(times):
        began = time.perf_counter()
        act()
        taken.append(time.perf_counter() - began)
    return median(taken) * 1000


def _plan(name: str) -> PostingPlan:
    entries = (
        EntryPlan(Account.PLATFORM_CASH, "", 9680, "eur"),
        EntryPlan(Account.PROCESSING_FEES, "", 320, "eur"),
        EntryPlan(Account.ORDER_HELD, name[:12], -9000, "eur"),
        EntryPlan(Account.SELLER_PAYABLE, "s1", -1000, "eur"),
    )
    return PostingPlan(f"b:{name}", "charge", "Buyer paid order", AT, entries, f"txn_{name}", name[:12])


if __name__ == "__main__":
    what = {"seal": seal_all, "read": read, "post": lambda: post_many(int(sys.argv[2]))}[sys.argv[1]]
    print(json.dumps(what()))
