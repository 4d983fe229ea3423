"""Many at once at the books: nobody waits for anybody, one sealer at a time, no fact twice. On real PostgreSQL.

Each race has a control: the same crowd without the protection must go wrong, or the race proves nothing.
"""

import threading
from collections.abc import Callable, Iterator

import pytest
from django.db import IntegrityError, OperationalError, connection, transaction

from ledger import sealing
from ledger.journal import balance, post
from ledger.models import Account, Checkpoint, Entry, Posting, Seal
from ledger.sealing import seal_batch, seal_due
from ledger.verifying import Altered, verify
from tests.together import at_once
from tests.unit.ledger.books import alter, charge, post_each, run

CROWD = 16
ONE_BALANCE = next(c for c in Checkpoint._meta.constraints if c.name == "checkpoint_of_account")

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]


def hold_open(act: Callable[[int], None]) -> Callable[[int], Callable[[], str]]:
    """Calls that `act` and then keep their transactions open until every one of them has acted."""
    everybody_acted = threading.Barrier(CROWD)

    def call(number: int) -> Callable[[], str]:
        def inside() -> str:
            with transaction.atomic():
                # Waiting for another's row would now end in an error instead of a slow success.
                run("SET LOCAL lock_timeout = '2s'")
                act(number)
                everybody_acted.wait(timeout=6)
            return "posted"

        return inside

    return call


def test_postings_to_one_platform_account_do_not_wait_for_each_other() -> None:
    """All are open at once, each having posted to the platform's cash: possible only if nobody waits."""
    call = hold_open(lambda number: post([charge(str(number))]) and None)

    fared = at_once(*[call(number) for number in range(CROWD)])

    assert fared == ["posted"] * CROWD
    assert balance(Account.PLATFORM_CASH, "", "eur") == 1000 * CROWD


@pytest.fixture
def a_stored_balance() -> Iterator[None]:
    """What we did not do: one row that holds the account's balance."""
    run("CREATE TABLE stored_balance (account text PRIMARY KEY, amount bigint)")
    run("INSERT INTO stored_balance VALUES ('platform_cash', 0)")
    yield
    run("DROP TABLE stored_balance")


def test_control_with_a_stored_balance_they_wait(a_stored_balance: None) -> None:
    def act(number: int) -> None:
        post([charge(str(number))])
        run("UPDATE stored_balance SET amount = amount + 1000")

    call = hold_open(act)
    fared = at_once(*[call(number) for number in range(CROWD)])

    assert any(isinstance(each, OperationalError | threading.BrokenBarrierError) for each in fared)
    assert "posted" not in fared


def test_one_fact_posted_by_many_at_once_is_booked_once() -> None:
    fared = at_once(*[lambda: post([charge("same"), charge("same-too")])] * CROWD)

    assert sorted(str(each) for each in fared) == ["0"] * (CROWD - 1) + ["2"]
    assert Posting.objects.count() == 2
    assert Entry.objects.count() == 4


def test_sealers_at_once_make_one_chain() -> None:
    post_each(*[f"n{number}" for number in range(20)])

    fared = at_once(*[seal_due] * 8)

    assert [each for each in fared if isinstance(each, Exception)] == []
    assert sum(int(str(each)) for each in fared) == 20
    assert verify().postings == 20


def sealing_at_the_same_moment(monkeypatch: pytest.MonkeyPatch, sealers: int) -> list[object]:
    """Every sealer has read the same last seal before any goes on; none of them asks for the lock."""
    everybody_has_read = threading.Barrier(sealers)
    end = Posting.objects.latest("position").position + 1

    def wait_for_the_others(start: int) -> int:
        everybody_has_read.wait(timeout=20)
        return end

    monkeypatch.setattr(sealing, "_alone", lambda: True)
    monkeypatch.setattr(sealing, "_end_of_batch", wait_for_the_others)
    return at_once(*[seal_batch] * sealers)


def test_control_without_the_lock_sealers_end_in_errors(monkeypatch: pytest.MonkeyPatch) -> None:
    post_each("a", "b")

    fared = sealing_at_the_same_moment(monkeypatch, 4)

    assert sum(isinstance(each, IntegrityError) for each in fared) == 3
    assert Seal.objects.count() == 1


@pytest.fixture
def without_uniqueness() -> Iterator[None]:
    """Neither seals nor their balances have to be one of a kind."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT conname, pg_get_constraintdef(oid) FROM pg_constraint"
            " WHERE conrelid = 'ledger_seal'::regclass AND contype IN ('u', 'p')"
        )
        found = cursor.fetchall()
    for name, _definition in found:
        run(f'ALTER TABLE ledger_seal DROP CONSTRAINT "{name}"')
    with connection.schema_editor() as schema:
        schema.remove_constraint(Checkpoint, ONE_BALANCE)
    yield
    alter("DELETE FROM ledger_seal", "DELETE FROM ledger_checkpoint")
    for name, definition in found:
        run(f'ALTER TABLE ledger_seal ADD CONSTRAINT "{name}" {definition}')
    with connection.schema_editor() as schema:
        schema.add_constraint(Checkpoint, ONE_BALANCE)


def test_control_without_lock_and_uniqueness_the_chain_forks(
    monkeypatch: pytest.MonkeyPatch, without_uniqueness: None
) -> None:
    post_each("a", "b")

    fared = sealing_at_the_same_moment(monkeypatch, 2)

    assert [seal.number for seal in Seal.objects.all()] == [1, 1], fared
    with pytest.raises(Altered):
        verify()


def test_balances_read_while_others_post_and_seal_are_never_torn() -> None:
    """Whatever is committed and sealed meanwhile, a reader sees a whole number of charges, and never fewer again."""
    done = threading.Event()
    seen: list[int] = []

    def read() -> None:
        while not done.is_set():
            seen.append(balance(Account.PLATFORM_CASH, "", "eur"))

    def write() -> None:
        for number in range(60):
            post([charge(f"{threading.get_ident()}-{number}")])

    def close_books() -> None:
        while not done.is_set():
            seal_due()

    def write_all() -> None:
        try:
            write()
        finally:
            done.set()

    fared = at_once(read, close_books, write_all)

    assert fared == [None, None, None]
    assert len(seen) > 5
    assert seen == sorted(seen)
    assert all(each % 1000 == 0 for each in seen)
    seal_due()
    assert verify().postings == 60
