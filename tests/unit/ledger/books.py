"""Postings to fill books with, and a hand that alters them behind everybody's back."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

from django.db import connection, transaction

from ledger.journal import EntryPlan, PostingPlan, post
from ledger.models import Account

AT = datetime(2026, 6, 14, tzinfo=UTC)


def charge(name: str, amount: int = 1000, *, order: str = "ABC", currency: str = "eur") -> PostingPlan:
    """A buyer paid: `amount` into the platform's cash, held for an order."""
    return PostingPlan(
        key=f"charge:{name}",
        kind="charge",
        description='Buyer paid "it", € and all',
        occurred_at=AT,
        entries=(
            EntryPlan(Account.PLATFORM_CASH, "", amount, currency),
            EntryPlan(Account.ORDER_HELD, order, -amount, currency),
        ),
        balance_transaction=f"txn_{name}",
        order_number=order,
    )


def post_each(*names: str) -> None:
    """A charge for each name, each in a transaction of its own."""
    for name in names:
        post([charge(name, order=name.upper())])


def run(*statements: str) -> None:
    """SQL as it is."""
    with connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)


@contextmanager
def behind_the_triggers() -> Iterator[None]:
    """What a superuser can do: no trigger and no foreign key looks on."""
    with transaction.atomic():
        run("SET LOCAL session_replication_role = replica")
        yield


def alter(*statements: str) -> None:
    """Change the books as nobody may."""
    with behind_the_triggers():
        run(*statements)
