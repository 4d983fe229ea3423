"""The market as every game begins it, and the client that counts the money after each request."""

from __future__ import annotations

import collections
import tempfile
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from emulator.core import Emulator
from tests.emulator.shop import Shop
from tests.stripe_inprocess import InProcessHTTPClient, in_process_client

US_BANK = {
    "object": "bank_account",
    "country": "US",
    "currency": "usd",
    "routing_number": "110000000",
    "account_number": "000123456789",
}
GERMAN_BANK = {
    "object": "bank_account",
    "country": "DE",
    "currency": "eur",
    "account_number": "DE89370400440532013000",
}
CLOSED_BANK = {**GERMAN_BANK, "account_number": "DE62370400440532013001"}

# steps, requests and objects of this process, for whoever has to show how much was played
PLAYED: collections.Counter[str] = collections.Counter()


class CheckedHTTPClient(InProcessHTTPClient):
    """Money is counted after each request that may have moved it, also when its answer was lost."""

    def request(self, method: str, *rest: Any, **more: Any) -> tuple[str, int, Mapping[str, str]]:
        PLAYED["requests"] += 1
        try:
            return super().request(method, *rest, **more)
        finally:
            if method.upper() != "GET":
                self.emulator.require_conservation()


@cache
def opening() -> tuple[tempfile.TemporaryDirectory[str], list[str], str]:
    """Where the market as every game begins it is kept, its sellers, and a customer."""
    folder = tempfile.TemporaryDirectory(prefix="market-")
    em = Emulator(seed=1, clock="frozen", strict=True)
    shop = Shop(em, in_process_client(em))
    sellers = [shop.seller() for _ in range(4)]
    for seller, bank in ((sellers[2], CLOSED_BANK), (sellers[3], US_BANK)):
        params: Any = {"external_account": bank, "default_for_currency": True}
        shop.client.v1.accounts.external_accounts.create(seller, params)
    sellers.append(shop.account())
    customer = shop.client.v1.customers.create({"email": "bob@example.org"}).id
    em.snapshots.write(Path(folder.name) / "market")
    em.close()
    return folder, sellers, customer
