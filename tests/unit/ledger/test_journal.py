"""The books: balanced, append-only, written once."""

from datetime import UTC, datetime

import pytest
from django.db import DatabaseError, connection, transaction

from ledger.journal import EntryPlan, PostingPlan, Unbalanced, balance, post
from ledger.models import CASH, CLEARING, OBLIGATIONS, RESULTS, Account, Entry, Posting

AT = datetime(2026, 6, 14, tzinfo=UTC)


def plan(key: str = "charge:txn_1", amount: int = 1000, other: int | None = None) -> PostingPlan:
    return PostingPlan(
        key=key,
        kind="charge",
        description="Buyer paid",
        occurred_at=AT,
        entries=(
            EntryPlan(Account.PLATFORM_CASH, "", amount, "eur"),
            EntryPlan(Account.ORDER_HELD, "ABC", -amount if other is None else other, "eur"),
        ),
    )


def test_a_plan_that_does_not_add_up_cannot_be_made() -> None:
    with pytest.raises(Unbalanced):
        plan(other=-999)


def test_every_account_belongs_to_one_group() -> None:
    groups = [CASH, OBLIGATIONS, RESULTS, CLEARING]

    assert sorted(account for group in groups for account in group) == sorted(Account)


@pytest.mark.django_db
def test_a_posting_moves_both_balances() -> None:
    assert post([plan()]) == 1

    assert balance(Account.PLATFORM_CASH, "", "eur") == 1000
    assert balance(Account.ORDER_HELD, "ABC", "eur") == -1000


@pytest.mark.django_db
def test_the_same_fact_is_booked_once() -> None:
    post([plan()])

    assert post([plan()]) == 0
    assert balance(Account.PLATFORM_CASH, "", "eur") == 1000


@pytest.mark.django_db(transaction=True)
def test_i01_the_database_refuses_entries_that_do_not_sum_to_zero() -> None:
    with pytest.raises(DatabaseError, match="does not sum to zero"):
        write_by_hand((5, "eur"))

    assert not Posting.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_i01_a_posting_without_entries_is_refused() -> None:
    with pytest.raises(DatabaseError, match="has no entries"), transaction.atomic():
        Posting.objects.create(key="k", kind="charge", description="d", occurred_at=AT, created_at=AT)


@pytest.mark.django_db(transaction=True)
def test_i01_balanced_in_each_currency_or_refused() -> None:
    with pytest.raises(DatabaseError, match="does not sum to zero"):
        write_by_hand((5, "eur"), (-5, "usd"))


@pytest.mark.django_db(transaction=True)
def test_i01_an_entry_that_comes_after_the_look_is_looked_at_itself() -> None:
    """Whoever has the constraints checked early cannot add to a posting that was found in order."""
    with pytest.raises(DatabaseError, match="does not sum to zero"):
        add_after_the_look()

    assert not Posting.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_a_posting_made_entry_by_entry_counts_when_it_is_complete() -> None:
    write_by_hand((7, "eur"), (-5, "eur"), (-2, "eur"))

    assert Entry.objects.count() == 3


@pytest.mark.django_db
def test_a_fact_given_twice_in_one_call_is_booked_once() -> None:
    assert post([plan(), plan(amount=5), plan("charge:txn_2")]) == 2
    assert post([]) == 0

    assert balance(Account.PLATFORM_CASH, "", "eur") == 2000


@pytest.mark.django_db
@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE ledger_entry SET amount = amount + 1",
        "DELETE FROM ledger_entry",
        "TRUNCATE ledger_entry CASCADE",
        "UPDATE ledger_posting SET description = 'other'",
        "DELETE FROM ledger_posting",
        "TRUNCATE ledger_posting CASCADE",
    ],
)
def test_i02_history_is_never_rewritten(statement: str) -> None:
    post([plan()])

    with pytest.raises(DatabaseError, match="never changed or removed"), transaction.atomic():
        run("SET CONSTRAINTS ALL IMMEDIATE", statement)

    assert balance(Account.PLATFORM_CASH, "", "eur") == 1000


def run(*statements: str) -> None:
    with connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)


@transaction.atomic
def write_by_hand(*lines: tuple[int, str]) -> None:
    posting = Posting.objects.create(key="k", kind="charge", description="d", occurred_at=AT, created_at=AT)
    for amount, currency in lines:
        Entry.objects.create(posting=posting, account=Account.SUSPENSE, currency=currency, amount=amount)


@transaction.atomic
def add_after_the_look() -> None:
    post([plan()])
    run("SET CONSTRAINTS ALL IMMEDIATE", "SET CONSTRAINTS ALL DEFERRED")
    Entry.objects.create(posting=Posting.objects.get(), account=Account.PLATFORM_CASH, currency="eur", amount=5)
