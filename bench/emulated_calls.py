"""The calls that are measured, in-process and over HTTP."""

import itertools
import json
import time
from collections.abc import Callable
from statistics import median
from typing import Any
from urllib.parse import urlencode

from bench.client import HOST, LoadError
from emulator import hosted, panel
from emulator.core import Emulator

KEY = "sk_test_emulator"
FORM = {"Authorization": f"Bearer {KEY}", "Content-Type": "application/x-www-form-urlencoded"}
INTENT = {
    "amount": "10000",
    "currency": "eur",
    "description": "Order 1234",
    "metadata[order]": "1234",
    "transfer_group": "order_1234",
}
ACCOUNT = {
    "contact_email": "ada@example.org",
    "display_name": "Ada's hats",
    "dashboard": "express",
    "identity": {"country": "DE"},
    "defaults": {"responsibilities": {"fees_collector": "application", "losses_collector": "application"}},
    "configuration": {"recipient": {"capabilities": {"stripe_balance": {"stripe_transfers": {"requested": True}}}}},
}
SELLERS = 4
_keys = itertools.count()


def creates(count: int) -> list[bytes]:
    """Whole HTTP requests that create payment intents, each under an idempotency key of its own, as real clients do."""
    body = urlencode(INTENT).encode()
    return [
        (
            f"POST /v1/payment_intents HTTP/1.1\r\nHost: {HOST}\r\nAuthorization: Bearer {KEY}\r\n"
            "User-Agent: Stripe/v1 PythonBindings/16.1.0\r\nAccept: */*\r\n"
            f"Content-Type: application/x-www-form-urlencoded\r\nIdempotency-Key: bench-{next(_keys)}\r\n"
            f"Content-Length: {len(body)}\r\n\r\n"
        ).encode()
        + body
        for _ in range(count)
    ]


class Caller:
    """Speaks to an emulator in this process, through the same door as HTTP does."""

    def __init__(self, em: Emulator) -> None:
        self.em = em
        self.sellers: list[str] = []

    def post(self, path: str, form: dict[str, str], account: str = "") -> Any:
        headers = {**FORM, "Idempotency-Key": f"in-process-{next(_keys)}"}
        return self._send("POST", path, headers, urlencode(form).encode(), account)

    def get(self, path: str, account: str = "") -> Any:
        return self._send("GET", path, FORM, b"", account)

    def _send(self, method: str, path: str, headers: dict[str, str], body: bytes, account: str) -> Any:
        if account:
            headers = {**headers, "Stripe-Account": account}
        answer = self.em.handle(method, path, headers, body)
        if answer.status != 200:
            raise LoadError(f"{method} {path}: {answer.status} {answer.body[:300]!r}")
        return answer.body

    def create_intent(self) -> Any:
        return self.post("/v1/payment_intents", INTENT)

    def open_sellers(self) -> None:
        """Sellers who can be paid."""
        for _ in range(SELLERS):
            headers = {"Authorization": f"Bearer {KEY}", "Stripe-Version": self.em.api_version}
            made = self.em.handle("POST", "/v2/core/accounts", headers, json.dumps(ACCOUNT).encode())
            account = str(json.loads(made.body)["id"])
            hosted.complete_onboarding(self.em, account)
            self.sellers.append(account)

    def sell(self, number: int) -> None:
        """One paid order: some twenty objects on the platform's account and a seller's."""
        split = {
            "transfer_data[destination]": self.sellers[number % SELLERS],
            "application_fee_amount": "1000",
            "payment_method": "pm_card_visa",
            "confirm": "true",
        }
        self.post("/v1/payment_intents", {**INTENT, **split})

    def objects(self) -> int:
        row = self.em.store.one("SELECT count(*) FROM object")
        return int(row[0]) if row else 0

    def reads(self) -> dict[str, Callable[[], object]]:
        """What must stay as quick among many objects as among few."""
        seller = self.sellers[0]
        hour_ago = self.em.now() - 3600
        return {
            "retrieve": lambda: self.get(f"/v1/accounts/{seller}"),
            "balance": lambda: self.get("/v1/balance"),
            "a seller's balance": lambda: self.get("/v1/balance", seller),
            "charges.list": lambda: self.get("/v1/charges"),
            "charges.list(created)": lambda: self.get(f"/v1/charges?created[gte]={hour_ago}"),
            "transfers.list(destination)": lambda: self.get(f"/v1/transfers?destination={seller}"),
            "balance_transactions.list(type)": lambda: self.get("/v1/balance_transactions?type=charge"),
            "a seller's balance_transactions.list(type)": lambda: self.get(
                "/v1/balance_transactions?type=payment", seller
            ),
            "events.list": lambda: self.get("/v1/events"),
            "events.list(type)": lambda: self.get("/v1/events?type=account.updated"),
            "events.list(delivery_success)": lambda: self.get("/v1/events?delivery_success=false"),
            "panel objects": lambda: panel.objects(self.em, "charge", limit=50),
            "panel events": lambda: panel.events(self.em, limit=50),
            "panel events of a type": lambda: panel.events(self.em, type="account.updated", limit=50),
            "panel ledger": lambda: panel.ledger(self.em, "platform", limit=50),
            "panel requests": lambda: panel.requests(self.em, limit=50),
            "tick": self.em.tick,
        }


def milliseconds(call: Callable[[], object], times: int, windows: int = 5) -> float:
    """The median of `times` calls in the quietest of several windows: what else runs here only ever adds."""
    found = []
    for _ in range(windows):
        took = []
        for _ in range(times):
            began = time.perf_counter()
            call()
            took.append(time.perf_counter() - began)
        found.append(median(took) * 1000)
    return min(found)
