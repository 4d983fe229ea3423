"""What tests of operations share: a small marketplace at Stripe, requests that move money, time that passes."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qs

from emulator.core import Emulator
from gateway import operations
from gateway.models import Operation
from kit.clock import fixed_at
from tests.emulator.shop import Shop
from tests.stripe_inprocess import in_process_client

CUSTOMERS = "POST /v1/customers"
TRANSFERS = "POST /v1/transfers"


class Killed(BaseException):
    """The process died here: nothing after this line ran."""


def die() -> None:
    raise Killed


@contextmanager
def later(emulator: Emulator, *, hours: float = 0, minutes: float = 0, seconds: float = 0) -> Iterator[None]:
    """So much time passes, at Stripe and here, on the wall and for business."""
    emulator.advance(seconds=int(hours * 3600 + minutes * 60 + seconds))
    with fixed_at(datetime.fromtimestamp(emulator.now(), UTC)):
        yield


def planned(key: str = "customer:1", **changes: Any) -> Operation:
    """Somebody is to become a Customer at Stripe."""
    request = {"email": "alice@example.org", "metadata": {"customer": key}, **changes}
    return operations.plan(
        name="customer.create", business_key=key, path="/v1/customers", params=request, actor="test", reason="A test."
    )


def made(emulator: Emulator, kind: str) -> list[str]:
    """The ids of all objects of a kind on the platform."""
    return [row.id for row in emulator.store.find(kind, account="")]


class Requests:
    """Every change that reaches Stripe: its address, its key and what it asks for."""

    def __init__(self, emulator: Emulator) -> None:
        self.seen: list[tuple[str, str, dict[str, Any]]] = []
        # Of each of them: when, by Stripe's clock, and with which status it was answered; 0 if the answer was lost.
        self.answers: list[tuple[int, int]] = []
        self._now = emulator.now
        self._handle: Callable[..., Any] = emulator.handle
        emulator.handle = self._noted  # type: ignore[method-assign]

    @property
    def keys(self) -> list[str]:
        """The idempotency keys, in order."""
        return [key for _path, key, _body in self.seen]

    def _noted(self, method: str, url: str, headers: Any, body: bytes = b"") -> Any:
        if method == "POST":
            form = url.startswith("/v1/")
            asked = parse_qs(body.decode()) if form else json.loads(body or b"{}")
            self.seen.append((url, headers["Idempotency-Key"], asked))
            self.answers.append((self._now(), 0))
        place = len(self.answers) - 1
        answer = self._handle(method, url, headers, body)
        if method == "POST":
            self.answers[place] = (self._now(), answer.status)
        return answer


class Market:
    """A seller who may be paid, and a buyer's payment to pay them from, however long it takes."""

    def __init__(self, emulator: Emulator) -> None:
        self.emulator = emulator
        self.shop = Shop(emulator, in_process_client(emulator))
        self.seller = self.shop.seller()
        self.charge = self.shop.charge(100_000).id

    def transfer(self, key: str = "release:1", amount: int = 1000, **more: Any) -> Operation:
        """A release, planned. Amount in cents."""
        params = {"amount": amount, "currency": "eur", "destination": self.seller, "source_transaction": self.charge}
        params |= {"transfer_group": "P1", **more}
        return plan("transfers.create", key, "/v1/transfers", params)

    def refund(self, key: str = "refund:1", amount: int = 500) -> Operation:
        """A refund, planned. Amount in cents."""
        return plan("refunds.create", key, "/v1/refunds", {"charge": self.charge, "amount": amount})

    def reversal(self, transfer: str, key: str = "reversal:1", amount: int = 300) -> Operation:
        """Part of a transfer taken back, planned. Amount in cents."""
        return plan("transfers.reversals.create", key, f"/v1/transfers/{transfer}/reversals", {"amount": amount})


def plan(name: str, key: str, path: str, params: dict[str, Any]) -> Operation:
    """An operation of the tests."""
    return operations.plan(name=name, business_key=key, path=path, params=params, actor="test", reason="A test.")
