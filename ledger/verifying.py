"""Recomputing the books from the first posting on, to prove that nothing was altered since it was sealed.

Everything is computed again from the rows as they are now. What was hashed is described in ledger/canon.py.
"""

from collections.abc import Callable
from dataclasses import dataclass

from django.db import connection

from ledger import canon
from ledger.models import Seal
from ledger.sealing import BEGINNING, unsealed

KINDS = {"p": "Posting", "e": "Entry"}


class Altered(Exception):
    """The books are not what was sealed; the message names the first row that differs."""


@dataclass(frozen=True, slots=True)
class Verified:
    """What was found in order. `head` is the last seal as "number:hash": kept elsewhere, it proves all before it."""

    seals: int
    postings: int
    entries: int
    waiting: int
    head: str


# What a seal's balances must be: those of the checkpoints before, plus the seal's own entries.
WRONG_CHECKPOINT = """
    WITH changed AS (
        SELECT account, ref, currency, sum(amount) AS amount
        FROM ledger_posting AS posting,
            LATERAL (SELECT * FROM ledger_entry WHERE posting_id = posting.id OFFSET 0) AS entry
        WHERE posting.position >= %(from)s AND posting.position < %(below)s
        GROUP BY account, ref, currency
    ), expected AS (
        SELECT account, ref, currency, amount + coalesce((
            SELECT balance FROM ledger_checkpoint AS before
            WHERE before.account = changed.account AND before.ref = changed.ref
                AND before.currency = changed.currency AND before.below < %(below)s
            ORDER BY before.below DESC LIMIT 1
        ), 0) AS balance
        FROM changed
    ), written AS (
        SELECT * FROM ledger_checkpoint WHERE seal_id = %(number)s
    )
    SELECT coalesce(written.account, expected.account), coalesce(written.ref, expected.ref),
        coalesce(written.currency, expected.currency), written.balance, expected.balance
    FROM written FULL JOIN expected USING (account, ref, currency)
    WHERE written.balance IS DISTINCT FROM expected.balance OR written.below IS DISTINCT FROM %(below)s
    ORDER BY 1, 2, 3 LIMIT 1
"""

UNBALANCED = """
    SELECT posting_id, currency, sum(amount)
    FROM ledger_posting AS posting,
        LATERAL (SELECT * FROM ledger_entry WHERE posting_id = posting.id OFFSET 0) AS entry
    WHERE posting.position >= %(from)s AND posting.position < %(below)s
    GROUP BY posting_id, currency HAVING sum(amount) <> 0 ORDER BY posting_id LIMIT 1
"""

# Rows that no seal can see: entries whose posting is gone, balances whose seal is gone.
WITHOUT_POSTING = """
    SELECT entry.id FROM ledger_entry AS entry LEFT JOIN ledger_posting AS posting ON posting.id = entry.posting_id
    WHERE posting.id IS NULL ORDER BY entry.id LIMIT 1
"""
WITHOUT_SEAL = """
    SELECT balance.id FROM ledger_checkpoint AS balance LEFT JOIN ledger_seal AS seal ON seal.number = balance.seal_id
    WHERE seal.number IS NULL ORDER BY balance.id LIMIT 1
"""
HIDDEN = {"Entry {} has no posting any more.": WITHOUT_POSTING, "Balance {} has no seal any more.": WITHOUT_SEAL}


def verify(*, expected_head: str = "", progress: Callable[[Seal], None] | None = None) -> Verified:
    """Recompute everything. Raises Altered, naming the first seal, posting, entry or balance that differs.

    `expected_head` ("number:hash", from an earlier run or the log) must be in the chain still: only that shows that
    the end of the chain was not cut off or written anew. Changes nothing; sealing may go on meanwhile.
    """
    last: Seal | None = None
    postings = entries = 0
    for seal in Seal.objects.order_by("number").iterator(chunk_size=50):
        _verify_seal(seal, last)
        if progress is not None:
            progress(seal)
        postings, entries, last = postings + seal.postings, entries + seal.entries, seal
    _verify_rest(last)
    if expected_head:
        _verify_head(expected_head)
    return Verified(
        seals=last.number if last else 0,
        postings=postings,
        entries=entries,
        waiting=unsealed(),
        head=f"{last.number}:{last.hash}" if last else "",
    )


def _verify_seal(seal: Seal, last: Seal | None) -> None:
    number = last.number + 1 if last else 1
    if seal.number != number:
        raise Altered(f"Seal {number} is missing.")
    start = last.below if last else 0
    stored = canon.Summary(seal.postings, seal.entries, seal.rows_hash, bytes(seal.leaves))
    if seal.hash != canon.seal_hash(
        number=seal.number,
        previous=seal.previous,
        below=seal.below,
        rows=stored,
        checkpoints=seal.checkpoints_hash,
        sealed_at=seal.sealed_at,
    ):
        raise Altered(f"Seal {seal.number} was changed.")
    if seal.previous != (last.hash if last else BEGINNING):
        # The later seal still holds what the earlier one was.
        raise Altered(f"Seal {seal.number - 1 or 1} was changed: the next one was made after another.")
    found = canon.summary(start, seal.below)
    if found != stored:
        raise Altered(_first_difference(seal, bytes(stored.leaves), found.leaves))
    _verify_balances(seal, start)


def _first_difference(seal: Seal, stored: bytes, found: bytes) -> str:
    """Where the two lists part; a row that is in one of them only was removed or added, else it was changed."""
    before, after = canon.leaves_of(stored), canon.leaves_of(found)
    old, new = list(before.items()), list(after.items())
    for place in range(max(len(old), len(new))):
        was = old[place] if place < len(old) else None
        is_now = new[place] if place < len(new) else None
        if was == is_now:
            continue
        if was is not None and was[0] not in after:
            return f"{_row(was[0])} is missing: it was in seal {seal.number}."
        if is_now is not None and is_now[0] not in before:
            return f"{_row(is_now[0])} was added: seal {seal.number} was made without it."
        row = was or is_now
        if row is not None:
            return f"{_row(row[0])} was changed after seal {seal.number}."
    return f"Seal {seal.number} was changed: its rows have another hash."


def _row(key: tuple[str, int]) -> str:
    return f"{KINDS.get(key[0], 'Row')} {key[1]}"


def _verify_balances(seal: Seal, start: int) -> None:
    place = {"number": seal.number, "from": start, "below": seal.below}
    with connection.cursor() as cursor:
        cursor.execute(WRONG_CHECKPOINT, place)
        if wrong := cursor.fetchone():
            account, ref, currency, written, expected = wrong
            raise Altered(
                f"The balance of {account}:{ref} {currency} in seal {seal.number} was changed: "
                f"it is {written}, its entries make {expected}."
            )
        _require_balanced(start, seal.below)
    if canon.checkpoints_hash(seal.number) != seal.checkpoints_hash:
        raise Altered(f"The balances of seal {seal.number} were changed.")


def _require_balanced(start: int, below: int) -> None:
    with connection.cursor() as cursor:
        cursor.execute(UNBALANCED, {"from": start, "below": below})
        if wrong := cursor.fetchone():
            posting, currency, left = wrong
            raise Altered(f"Posting {posting} does not sum to zero: {left} {currency} are left.")


def _verify_rest(last: Seal | None) -> None:
    """What is not sealed yet sums to zero, and nothing lies outside what the seals and postings reach."""
    _require_balanced(last.below if last else 0, 2**63 - 1)
    for sentence, query in HIDDEN.items():
        with connection.cursor() as cursor:
            cursor.execute(query)
            if found := cursor.fetchone():
                raise Altered(sentence.format(found[0]))


def _verify_head(expected: str) -> None:
    number, _colon, digest = expected.partition(":")
    if not number.isdigit() or not Seal.objects.filter(number=int(number), hash=digest).exists():
        raise Altered(f"Seal {expected} is not in the chain any more: its end was cut off or written anew.")
