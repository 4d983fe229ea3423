"""Closing the books: in the order transactions end in, chained by hashes, with balances to go on from."""

import hashlib
import json
import threading
from datetime import UTC, datetime, timedelta

import pytest
from django.db import DatabaseError, connection, transaction

from ledger import canon, sealing
from ledger.journal import balance, balances, post, statement
from ledger.models import Account, Checkpoint, Entry, Posting, Seal
from ledger.sealing import seal_batch, seal_due, unsealed
from ledger.tasks import seal
from tests.unit.ledger.books import AT, charge, post_each, run

pytestmark = pytest.mark.django_db(transaction=True)


def in_another_connection(act) -> None:
    """Let `act` happen in a thread, and so in a transaction, of its own; wait for it."""

    def body() -> None:
        try:
            act()
        finally:
            connection.close()

    thread = threading.Thread(target=body)
    thread.start()
    thread.join(timeout=20)
    assert not thread.is_alive()


def test_what_is_posted_is_sealed_once() -> None:
    post_each("a", "b")

    assert seal_due() == 2
    assert seal_due() == 0
    assert [(each.number, each.postings, each.entries) for each in Seal.objects.all()] == [(1, 2, 4)]


def test_each_seal_holds_the_hash_of_the_one_before() -> None:
    for name in "abc":
        post_each(name)
        seal()

    first, second, third = Seal.objects.order_by("number")
    assert first.previous == sealing.BEGINNING
    assert (second.previous, third.previous) == (first.hash, second.hash)


def test_a_balance_is_the_last_checkpoint_and_what_came_since() -> None:
    post_each("a", "b")
    seal_due()
    post_each("c")

    assert balance(Account.PLATFORM_CASH, "", "eur") == 3000
    assert Checkpoint.objects.get(account=Account.PLATFORM_CASH).balance == 2000
    assert balances(Account.ORDER_HELD, ["A", "C", "nobody"]) == {("A", "eur"): -1000, ("C", "eur"): -1000}


def test_an_account_untouched_since_its_last_checkpoint_keeps_it() -> None:
    post_each("a")
    seal_due()
    post_each("b")
    seal_due()

    assert Checkpoint.objects.filter(account=Account.ORDER_HELD, ref="A").count() == 1
    assert balance(Account.ORDER_HELD, "A", "eur") == -1000


def test_balances_of_several_currencies_are_kept_apart() -> None:
    post([charge("a", 500), charge("b", 700, currency="jpy")])
    seal_due()

    assert balances(Account.PLATFORM_CASH, [""]) == {("", "eur"): 500, ("", "jpy"): 700}


def test_many_postings_are_sealed_in_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sealing, "BATCH", 3)
    post_each(*"abcdefgh")

    assert seal_due() == 8
    assert [each.postings for each in Seal.objects.order_by("number")] == [3, 3, 2]


def test_one_transaction_larger_than_a_batch_is_sealed_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sealing, "BATCH", 3)
    post([charge(str(number)) for number in range(5)])
    post_each("later")

    assert seal_due() == 6
    assert [each.postings for each in Seal.objects.order_by("number")] == [5, 1]


def test_a_transaction_that_commits_after_a_later_one_was_ready_is_not_missed() -> None:
    """Two connections: the first one begins to write, the second writes and commits, and only then the first does."""
    with transaction.atomic():
        post([charge("slow")])
        in_another_connection(lambda: post_each("quick"))
        in_another_connection(seal_due)
        assert unsealed_elsewhere() == 1

    assert unsealed() == 2
    assert seal_due() == 2
    assert unsealed() == 0
    assert balance(Account.PLATFORM_CASH, "", "eur") == 2000


def test_control_sealing_by_id_would_have_missed_it() -> None:
    """The same two transactions: by ids, the second one's seal reaches beyond the first one's rows."""
    with transaction.atomic():
        post([charge("slow")])
        in_another_connection(lambda: post_each("quick"))
        seen: list[int] = []
        in_another_connection(lambda: seen.extend(Posting.objects.values_list("pk", flat=True)))

    sealed_up_to = max(seen)
    assert Posting.objects.filter(pk__lte=sealed_up_to).count() == 2
    assert len(seen) == 1


def unsealed_elsewhere() -> int:
    found: list[int] = []
    in_another_connection(lambda: found.append(unsealed()))
    return found[0]


def test_a_sealer_that_finds_another_at_work_leaves_it_to_it() -> None:
    post_each("a")
    with transaction.atomic():
        assert sealing._alone()
        found: list[object] = []
        in_another_connection(lambda: found.append(seal_batch()))

    assert found == [None]
    assert seal_due() == 1


def test_sealing_inside_a_transaction_is_refused() -> None:
    with pytest.raises(RuntimeError, match="durable"), transaction.atomic():
        seal_batch()


@pytest.mark.parametrize("table", ["ledger_seal", "ledger_checkpoint"])
@pytest.mark.parametrize("statement", ["UPDATE {} SET below = below + 1", "DELETE FROM {}", "TRUNCATE {} CASCADE"])
def test_i02_seals_are_never_rewritten(table: str, statement: str) -> None:
    post_each("a")
    seal_due()

    with pytest.raises(DatabaseError, match="never changed or removed"):
        run(statement.format(table))


def test_nobody_chooses_a_position() -> None:
    post_each("a")
    known = Posting.objects.get()

    with pytest.raises(DatabaseError, match="position of another transaction"):
        Entry.objects.create(posting=known, account=Account.SUSPENSE, currency="eur", amount=1, position=known.position)
    with pytest.raises(DatabaseError, match="ledger_entry_of_posting"):
        Entry.objects.create(posting=known, account=Account.SUSPENSE, currency="eur", amount=1)
    with pytest.raises(DatabaseError, match="position of another transaction"):
        write_into_the_past(known.position)


@transaction.atomic
def write_into_the_past(position: int) -> None:
    forged = Posting.objects.create(
        key="f", kind="f", description="f", occurred_at=AT, created_at=AT, position=position
    )
    Entry.objects.create(posting=forged, account=Account.SUSPENSE, currency="eur", amount=1, position=position)


def test_hashes_can_be_computed_without_the_database() -> None:
    """A second implementation, from the description in ledger/canon.py alone."""
    post([charge("a", 1234), charge("b", 99, currency="jpy")])
    seal_due()
    made = Seal.objects.get()

    rows = b"".join(
        digest
        for posting in Posting.objects.order_by("position", "pk")
        for digest in [sha(posting_row(posting)), *(sha(entry_row(each)) for each in posting.entries.order_by("pk"))]
    )
    lines = sorted([each.account, each.ref, each.currency, each.balance] for each in Checkpoint.objects.all())
    written = "".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines)

    assert made.rows_hash == hashlib.sha256(rows).hexdigest()
    assert made.checkpoints_hash == hashlib.sha256(written.encode()).hexdigest()
    assert len(bytes(made.leaves)) == canon.LEAF * 6


def sha(row: list[object]) -> bytes:
    return hashlib.sha256(json.dumps(row, ensure_ascii=False).encode()).digest()


def micros(moment: datetime) -> int:
    return (moment - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1)


def posting_row(row: Posting) -> list[object]:
    return [
        "posting", row.pk, row.position, row.key, row.kind, row.description, row.balance_transaction,
        row.order_number, micros(row.occurred_at), micros(row.created_at),
    ]  # fmt: skip


def entry_row(row: Entry) -> list[object]:
    return ["entry", row.pk, row.position, row.posting_id, row.account, row.ref, row.currency, row.amount]


def test_a_statement_goes_back_page_by_page_with_the_balance_after_each_line() -> None:
    for number in range(7):
        post([charge(str(number), 100 + number)])
        if number in (2, 4):
            seal_due()

    first = statement(Account.PLATFORM_CASH, "", "eur", limit=4)
    second = statement(Account.PLATFORM_CASH, "", "eur", before=first[-1], limit=4)

    assert [line.amount for line in [*first, *second]] == [106, 105, 104, 103, 102, 101, 100]
    assert [line.balance for line in [*first, *second]] == [721, 615, 510, 406, 303, 201, 100]
    assert statement(Account.PLATFORM_CASH, "", "eur", before=second[-1]) == []
