"""The sweep that releases what is due, with the marketplace's settings: `python -m bench.money_worker release <how many
it claims at once>`. `defaults <tables>` tells what to fill other columns with than those that matter.

Stripe is played in the same process by something that says yes to everything at once and counts: what is measured is
our selecting, locking, planning, booking and writing down, not Stripe and not the line to it. The stripe library, the
operations, the token bucket and every trigger of the books are the real ones. The books are sealed once a second
meanwhile, as the job does it once a minute at a sixtieth of this pace.

Prints one line of JSON. Started by bench/money.py.
"""

import json
import sys
import threading
import time
from array import array
from collections.abc import Mapping, Sequence
from datetime import datetime
from itertools import pairwise
from typing import Any
from urllib.parse import parse_qs, urlsplit
from uuid import UUID

import django
import psutil
import stripe

# The models below need the settings.
django.setup()

from django.apps import apps  # noqa: E402
from django.db import connection  # noqa: E402
from django.db.models import Field, Model  # noqa: E402

from gateway import client  # noqa: E402
from ledger.sealing import seal_due  # noqa: E402
from payments import sweeps  # noqa: E402

SEAL_EVERY_SECONDS = 1.0
LOOK_AT_MEMORY_EVERY = 10
# A process grows while it learns what it needs: connections, compiled queries, caches of models. After so many releases
# it should have that.
WARM_AFTER = 20


class Yes(stripe.HTTPClient):
    """Stripe on a good day: every charge is undisputed, every transfer is made and booked."""

    name = "yes"

    def __init__(self) -> None:
        super().__init__()
        self.made = 0
        # Which releases it was asked to transfer, when, and what this process had cost until then.
        self.releases = array("q")
        self.at = array("d")
        self.cpu = array("d")
        self.memory = array("q")
        self._process = psutil.Process()

    def request(
        self, method: str, url: str, headers: Mapping[str, str] | None, post_data: Any = None, **_: Any
    ) -> tuple[str, int, Mapping[str, str]]:
        """The library's one way out."""
        body = self._transfer(parse_qs(str(post_data))) if method == "post" else _charge(urlsplit(url).path)
        return json.dumps(body), 200, {"request-id": "req_bench"}

    def close(self) -> None:
        """Nothing is open."""

    def _transfer(self, asked: Mapping[str, list[str]]) -> dict[str, object]:
        self.made += 1
        self.at.append(time.perf_counter())
        self.cpu.append(time.process_time())
        if self.made % LOOK_AT_MEMORY_EVERY == 1:
            self.memory.append(self._process.memory_info().rss)
        name, amount, currency = asked["metadata[release]"][0], int(asked["amount"][0]), asked["currency"][0]
        self.releases.append(int(name))
        line = {"id": f"txn_{name}", "amount": -amount, "fee": 0, "net": -amount, "currency": currency}
        return {
            "id": f"tr_{name}",
            "object": "transfer",
            "amount": amount,
            "currency": currency,
            "destination": asked["destination"][0],
            "destination_payment": f"py_{name}",
            "balance_transaction": {**line, "object": "balance_transaction", "available_on": 1_800_000_000},
            "metadata": {"operation": asked["metadata[operation]"][0]},
        }


def _charge(path: str) -> dict[str, object]:
    name = path.rpartition("/")[2]
    return {
        "id": name,
        "object": "charge",
        "amount": 10_000,
        "amount_captured": 10_000,
        "amount_refunded": 0,
        "currency": "eur",
        "paid": True,
        "disputed": False,
        "balance_transaction": {"id": f"txn_{name}", "amount": 10_000, "fee": 320, "net": 9_680, "currency": "eur"},
    }


def release(at_once: int) -> dict[str, object]:
    """One sweep; what it did, what each release took, and the memory it began and ended with."""
    stripe_says = Yes()
    over = threading.Event()
    sealing = threading.Thread(target=_seal_until, args=[over], daemon=True)
    began = time.perf_counter()
    with client.speaking_through(stripe_says):
        sealing.start()
        released = sweeps.release_due(at_once)
    seconds = time.perf_counter() - began
    over.set()
    sealing.join()
    warm = stripe_says.memory[max(WARM_AFTER, stripe_says.made // 20) // LOOK_AT_MEMORY_EVERY :]
    return {
        "released": released,
        "asked_for": list(stripe_says.releases),
        "seconds": seconds,
        "took": _between(stripe_says.at),
        "cpu": _between(stripe_says.cpu),
        "memory": [warm[0], warm[-1]] if warm else [],
    }


def _between(moments: Sequence[float]) -> list[float]:
    return [round(after - before, 6) for before, after in pairwise(moments)]


def defaults(tables: Sequence[str]) -> dict[str, dict[str, object]]:
    """What the columns of these tables hold when nobody says anything, as far as they must hold something."""
    models = {model._meta.db_table: model for model in apps.get_models()}
    return {table: {str(field.column): _default(field) for field in _fields(models[table])} for table in tables}


def _fields(model: type[Model]) -> list[Field[Any, Any]]:
    return [field for field in model._meta.concrete_fields if not field.null and not field.primary_key]


def _default(field: Field[Any, Any]) -> object:
    value = field.get_default()
    if isinstance(value, datetime | UUID):
        return str(value)
    return value if isinstance(value, str | int) else json.dumps(value)


def _seal_until(over: threading.Event) -> None:
    while not over.wait(SEAL_EVERY_SECONDS):
        seal_due()
    seal_due()
    connection.close()


if __name__ == "__main__":
    print(json.dumps(release(int(sys.argv[2])) if sys.argv[1] == "release" else defaults(sys.argv[2:])))
