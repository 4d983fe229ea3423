"""Whoever alters the books behind every trigger is found, and the first altered row is named (invariant I02)."""

import io
from collections.abc import Callable

import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from ledger import canon
from ledger.models import Account, Checkpoint, Entry, Posting, Seal
from ledger.sealing import seal_due
from ledger.verifying import Altered, verify
from tests.unit.ledger.books import alter, post_each

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def sealed_books() -> None:
    """Six postings in three seals, and one that waits."""
    for pair in ("ab", "cd", "ef"):
        post_each(*pair)
        seal_due()
    post_each("waits")


def verified() -> str:
    """What the command prints when all is well. Otherwise it raises CommandError, which ends it with 1."""
    out = io.StringIO()
    call_command("ledger_verify", stdout=out)
    return out.getvalue()


def entry_of(name: str) -> int:
    return Entry.objects.get(posting__key=f"charge:{name}", account=Account.PLATFORM_CASH).pk


def posting_of(name: str) -> int:
    return Posting.objects.get(key=f"charge:{name}").pk


def test_books_that_nobody_touched_are_in_order() -> None:
    printed = verified()

    head = Seal.objects.get(number=3)
    assert "In order: 3 seals, 6 postings, 12 entries; 1 postings wait to be sealed." in printed
    assert f"Last seal: 3:{head.hash}" in printed


def changed_amounts() -> str:
    """Both sides, so that everything still sums to zero."""
    alter(f"UPDATE ledger_entry SET amount = amount * 2 WHERE posting_id = {posting_of('c')}")
    return f"Entry {entry_of('c')} was changed after seal 2."


def changed_entry_and_balances() -> str:
    """Somebody careful puts every later balance right as well."""
    alter(
        f"UPDATE ledger_entry SET ref = 'ELSE' WHERE id = {entry_of('c')}",
        "UPDATE ledger_checkpoint SET balance = balance - 1000 WHERE account = 'platform_cash' AND seal_id > 1",
    )
    return f"Entry {entry_of('c')} was changed after seal 2."


def changed_posting() -> str:
    alter(f"UPDATE ledger_posting SET description = 'Nothing to see' WHERE id = {posting_of('d')}")
    return f"Posting {posting_of('d')} was changed after seal 2."


def deleted_entry() -> str:
    gone = entry_of("d")
    alter(f"DELETE FROM ledger_entry WHERE id = {gone}")
    return f"Entry {gone} is missing: it was in seal 2."


def deleted_posting() -> str:
    gone = posting_of("a")
    alter(f"DELETE FROM ledger_entry WHERE posting_id = {gone}", f"DELETE FROM ledger_posting WHERE id = {gone}")
    return f"Posting {gone} is missing: it was in seal 1."


def deleted_posting_with_its_entries_left() -> str:
    gone = posting_of("waits")
    left = Entry.objects.filter(posting_id=gone).order_by("pk")[0].pk
    alter(f"DELETE FROM ledger_posting WHERE id = {gone}")
    return f"Entry {left} has no posting any more."


def entries_slipped_into_a_seal() -> str:
    alter(
        "INSERT INTO ledger_entry (posting_id, account, ref, currency, amount, position)"
        " SELECT id, 'suspense', '', 'eur', sign, position FROM ledger_posting, (VALUES (1), (-1)) AS s (sign)"
        f" WHERE id = {posting_of('c')}"
    )
    first = Entry.objects.filter(account=Account.SUSPENSE).order_by("pk")[0].pk
    return f"Entry {first} was added: seal 2 was made without it."


def posting_slipped_into_a_seal() -> str:
    alter(
        "INSERT INTO ledger_posting (key, kind, description, balance_transaction, order_number, occurred_at,"
        " created_at, position) SELECT 'forged', kind, description, '', '', occurred_at, created_at, position"
        " FROM ledger_posting WHERE key = 'charge:b'"
    )
    return f"Posting {Posting.objects.get(key='forged').pk} was added: seal 1 was made without it."


def unbalanced_entry_that_waits() -> str:
    alter(f"UPDATE ledger_entry SET amount = amount + 1 WHERE id = {entry_of('waits')}")
    return f"Posting {posting_of('waits')} does not sum to zero: 1 eur are left."


def swapped_order() -> str:
    """Two postings of one seal change places in time."""
    first, second = posting_of("c"), posting_of("d")
    places = dict(Posting.objects.filter(pk__in=[first, second]).values_list("pk", "position"))
    for one, other in ((first, second), (second, first)):
        alter(
            f"UPDATE ledger_posting SET position = {places[other]} WHERE id = {one}",
            f"UPDATE ledger_entry SET position = {places[other]} WHERE posting_id = {one}",
        )
    return f"Posting {first} was changed after seal 2."


def moved_to_a_later_seal() -> str:
    moved = posting_of("b")
    alter(
        "UPDATE ledger_posting SET position = (SELECT position FROM ledger_posting WHERE key = 'charge:f')"
        f" WHERE id = {moved}"
    )
    return f"Posting {moved} is missing: it was in seal 1."


def altered_seal() -> str:
    alter("UPDATE ledger_seal SET sealed_at = sealed_at - interval '1 day' WHERE number = 2")
    return "Seal 2 was changed."


def altered_leaf() -> str:
    alter("UPDATE ledger_seal SET leaves = set_byte(leaves, 12, 255 - get_byte(leaves, 12)) WHERE number = 2")
    return "Seal 2 was changed."


def altered_seal_with_its_hash_computed_anew() -> str:
    """The seal is consistent in itself, with an altered row in it; the next one gives it away."""
    alter(f"UPDATE ledger_posting SET description = 'Other' WHERE id = {posting_of('c')}")
    forge_seal(2)
    return "Seal 2 was changed: the next one was made after another."


def deleted_seal() -> str:
    alter("DELETE FROM ledger_seal WHERE number = 2", "DELETE FROM ledger_checkpoint WHERE seal_id = 2")
    return "Seal 2 is missing."


def deleted_last_seal() -> str:
    alter("DELETE FROM ledger_seal WHERE number = 3")
    return f"Balance {Checkpoint.objects.filter(seal_id=3).order_by('pk')[0].pk} has no seal any more."


def altered_balance() -> str:
    alter("UPDATE ledger_checkpoint SET balance = 1 WHERE account = 'order_held' AND ref = 'C'")
    return "The balance of order_held:C eur in seal 2 was changed: it is 1, its entries make -1000."


def deleted_balance() -> str:
    alter("DELETE FROM ledger_checkpoint WHERE account = 'order_held' AND ref = 'C'")
    return "The balance of order_held:C eur in seal 2 was changed: it is None, its entries make -1000."


def added_balance() -> str:
    alter(
        "INSERT INTO ledger_checkpoint (seal_id, account, ref, currency, balance, below)"
        " SELECT number, 'suspense', '', 'eur', 5, below FROM ledger_seal WHERE number = 1"
    )
    return "The balance of suspense: eur in seal 1 was changed: it is 5, its entries make None."


ALTERATIONS = [
    changed_amounts, changed_entry_and_balances, changed_posting, deleted_entry, deleted_posting,
    deleted_posting_with_its_entries_left, entries_slipped_into_a_seal, posting_slipped_into_a_seal,
    unbalanced_entry_that_waits, swapped_order, moved_to_a_later_seal, altered_seal, altered_leaf,
    altered_seal_with_its_hash_computed_anew, deleted_seal, deleted_last_seal, altered_balance, deleted_balance,
    added_balance,
]  # fmt: skip


@pytest.mark.parametrize("change", ALTERATIONS, ids=lambda change: change.__name__)
def test_i02_the_first_altered_row_is_named(change: Callable[[], str]) -> None:
    expected = change()

    with pytest.raises(CommandError) as refused:
        verified()

    assert str(refused.value) == expected
    assert refused.value.returncode == 1


def test_of_several_alterations_the_first_in_the_books_is_named() -> None:
    alter(
        f"UPDATE ledger_posting SET kind = 'x' WHERE id IN ({posting_of('e')}, {posting_of('c')})",
    )

    with pytest.raises(Altered, match=f"^Posting {posting_of('c')} was changed after seal 2.$"):
        verify()


def test_an_end_that_was_cut_off_and_sealed_anew_needs_the_hash_that_was_kept() -> None:
    """Nothing inside the database can tell; a hash kept outside can."""
    kept = verify().head
    alter(
        f"UPDATE ledger_posting SET description = 'Other' WHERE id = {posting_of('f')}",
        "DELETE FROM ledger_seal WHERE number = 3",
        "DELETE FROM ledger_checkpoint WHERE seal_id = 3",
    )
    seal_due()

    assert verify().seals == 3
    with pytest.raises(CommandError, match="not in the chain any more"):
        call_command("ledger_verify", expect=kept)


def test_a_hash_that_was_kept_proves_what_came_before_it() -> None:
    kept = verify().head
    post_each("later")
    seal_due()

    call_command("ledger_verify", expect=kept, stdout=io.StringIO())


def forge_seal(number: int) -> None:
    """Write a seal's hashes anew, as somebody would who can read ledger/canon.py."""
    seal, before = Seal.objects.get(number=number), Seal.objects.get(number=number - 1)
    rows = canon.summary(before.below, seal.below)
    forged = canon.seal_hash(
        number=number,
        previous=seal.previous,
        below=seal.below,
        rows=rows,
        checkpoints=seal.checkpoints_hash,
        sealed_at=seal.sealed_at,
    )
    with connection.cursor() as cursor:
        cursor.execute("SET session_replication_role = replica")
        cursor.execute(
            "UPDATE ledger_seal SET rows_hash = %s, leaves = %s, hash = %s WHERE number = %s",
            [rows.rows_hash, rows.leaves, forged, number],
        )
        cursor.execute("RESET session_replication_role")
