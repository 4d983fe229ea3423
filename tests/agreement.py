"""Stripe's balances and our books, compared to the minor unit: the platform's and every seller's.

    agreement.check(world)         # after a flow, in-process
    agreement.check_demo(site)     # after a walk through the running demo

Each raises AssertionError with every balance that differs. What the platform does with its own money in Stripe's
Dashboard (payouts to its own bank, top-ups, Stripe's other fees) is not in our books and is left out.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

import psycopg
import stripe

from ledger.models import Account, Entry
from tests.invariants import NOT_BOOKED_HERE, read_books
from tests.stripe_inprocess import in_process_client
from tests.world import World

if TYPE_CHECKING:
    from tests.browser.site import Site

# (account at Stripe, "" for the platform's; currency) -> minor units
Cash = Counter[tuple[str, str]]


def check(world: World) -> None:
    """Once every event is handled and every sweep has run."""
    books = {(account, ref, currency): amount for (account, ref, currency), amount in read_books().items()}
    assert not (found := differences(in_process_client(world.emulator), books)), "\n".join(found)


def check_demo(site: Site, *, within: float = 30) -> None:
    """The same for the running demo, whose workers may still be busy: it has so many seconds to agree."""
    given = site.environment()
    client = stripe.StripeClient(given["STRIPE_SECRET_KEY"], base_addresses={"api": site.emulator})
    deadline = time.monotonic() + within
    while found := differences(client, _books_of(given)):
        assert time.monotonic() < deadline, "\n".join(found)
        time.sleep(0.5)


def differences(client: stripe.StripeClient, books: Mapping[tuple[str, str, str], int]) -> list[str]:
    """What Stripe says of each balance and what our books say, where it is not the same."""
    ours: Cash = Counter()
    for (account, ref, currency), amount in books.items():
        if account in (Account.PLATFORM_CASH, Account.SELLER_CASH):
            ours[ref, currency] += amount
    at_stripe = client.v1.accounts.list({"limit": 100}).auto_paging_iter()
    accounts = {ref for ref, _currency in ours} | {account.id for account in at_stripe}
    theirs: Cash = Counter()
    for account in {"", *accounts}:
        options: Any = {"stripe_account": account} if account else {}
        for currency, amount in _total(client, options).items():
            theirs[account, currency] += amount
    for line in _not_ours(client):
        theirs["", line.currency] -= line.net
    return [
        f"{name[0] or 'the platform'}: {theirs[name]} {name[1]} at Stripe, {ours[name]} in the books"
        for name in sorted({*ours, *theirs})
        if ours[name] != theirs[name]
    ]


def _total(client: stripe.StripeClient, options: Any) -> Counter[str]:
    balance = client.v1.balance.retrieve(options=options)
    found: Counter[str] = Counter()
    for part in [*balance.available, *balance.pending]:
        found[part.currency] += part.amount
    return found


def _not_ours(client: stripe.StripeClient) -> Iterable[stripe.BalanceTransaction]:
    for kind in sorted(NOT_BOOKED_HERE):
        yield from client.v1.balance_transactions.list({"type": kind, "limit": 100}).auto_paging_iter()


def _books_of(environment: Mapping[str, str]) -> dict[tuple[str, str, str], int]:
    """As `manage.py ledger_balances` sums them up, which takes seconds to start each time."""
    table = Entry._meta.db_table
    sums = f"SELECT account, ref, currency, sum(amount) FROM {table} WHERE account = ANY(%s) GROUP BY 1, 2, 3"
    with psycopg.connect(environment["DATABASE_URL"]) as demo:
        rows = demo.execute(sums, [[Account.PLATFORM_CASH.value, Account.SELLER_CASH.value]])
        return {(account, ref, currency): int(amount) for account, ref, currency, amount in rows if amount}
