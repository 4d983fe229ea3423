"""What is hashed, exactly: rows as JSON arrays, hashed one by one, and the hashes hashed together.

A posting is `["posting", id, position, key, kind, description, balance transaction, order number, occurred, created]`,
an entry `["entry", id, position, posting id, account, ref, currency, amount]`, a balance `[account, ref, currency,
balance]`; times are microseconds since 1970. They are written as PostgreSQL's json_build_array writes them, which is
also how Python's `json.dumps(row, ensure_ascii=False)` does. A seal holds SHA-256 of

- `rows_hash`: the SHA-256 digests of its rows, by position, posting and entry, a posting before its entries;
- `checkpoints_hash`: the lines of its balances, by account, ref and currency, each ended by a newline;
- `hash`: the JSON array of its number, the hash before, `below`, the two counts, the two hashes above, SHA-256 of its
  leaves, and when it was made.

A leaf is a letter (p or e), the row's id in eight bytes, and the first eight bytes of its digest.
"""

import hashlib
import json
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from django.db import connection

LEAF = 17
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

# Every row with a position in a range, in order, with its digest. Entries are found by their posting: a row can only
# hide from that if its posting is gone, and then the posting is missed. OFFSET 0 keeps PostgreSQL from reading the
# whole journal to join a batch with it.
SUMMARY = r"""
    WITH posting AS MATERIALIZED (
        SELECT * FROM ledger_posting WHERE position >= %(from)s AND position < %(below)s
    ), line AS (
        SELECT position, id AS posting, 0 AS entry, 'p' AS kind, id, json_build_array(
            'posting', id, position, key, kind, description, balance_transaction, order_number,
            (extract(epoch FROM occurred_at) * 1000000)::bigint, (extract(epoch FROM created_at) * 1000000)::bigint
        ) AS text FROM posting
        UNION ALL
        SELECT posting.position, posting.id, entry.id, 'e', entry.id, json_build_array(
            'entry', entry.id, entry.position, posting_id, account, ref, currency, amount
        ) FROM posting, LATERAL (SELECT * FROM ledger_entry WHERE posting_id = posting.id OFFSET 0) AS entry
    ), row AS MATERIALIZED (
        SELECT position, posting, entry, kind, id, sha256(convert_to(text::text, 'UTF8')) AS digest FROM line
    )
    SELECT count(*) FILTER (WHERE kind = 'p'), count(*) FILTER (WHERE kind = 'e'),
        encode(sha256(coalesce(string_agg(digest, ''::bytea ORDER BY position, posting, entry), ''::bytea)), 'hex'),
        coalesce(string_agg(
            convert_to(kind, 'UTF8') || int8send(id) || substr(digest, 1, 8), ''::bytea
            ORDER BY position, posting, entry
        ), ''::bytea)
    FROM row
"""

CHECKPOINTS = r"""
    SELECT encode(sha256(convert_to(coalesce(string_agg(
        json_build_array(account, ref, currency, balance)::text, E'\n'
        ORDER BY account COLLATE "C", ref COLLATE "C", currency COLLATE "C"
    ) || E'\n', ''), 'UTF8')), 'hex')
    FROM ledger_checkpoint WHERE seal_id = %(number)s
"""


@dataclass(frozen=True, slots=True)
class Summary:
    """The rows of a seal: how many, their hash, and a leaf for each."""

    postings: int
    entries: int
    rows_hash: str
    leaves: bytes


def summary(start: int, below: int) -> Summary:
    """Of every posting with a position from `start` up to but not including `below`, and its entries."""
    with connection.cursor() as cursor:
        cursor.execute(SUMMARY, {"from": start, "below": below})
        postings, entries, rows_hash, leaves = cursor.fetchone()
    return Summary(int(postings), int(entries), str(rows_hash), bytes(leaves))


def checkpoints_hash(number: int) -> str:
    """The hash of the balances that the seal called `number` wrote down."""
    with connection.cursor() as cursor:
        cursor.execute(CHECKPOINTS, {"number": number})
        return str(cursor.fetchone()[0])


def seal_hash(*, number: int, previous: str, below: int, rows: Summary, checkpoints: str, sealed_at: datetime) -> str:
    """The hash of a whole seal, which the next one carries on."""
    fields = [
        number,
        previous,
        below,
        rows.postings,
        rows.entries,
        rows.rows_hash,
        checkpoints,
        hashlib.sha256(rows.leaves).hexdigest(),
        (sealed_at - EPOCH) // timedelta(microseconds=1),
    ]
    return hashlib.sha256(json.dumps(fields).encode()).hexdigest()


def leaves_of(packed: bytes) -> dict[tuple[str, int], bytes]:
    """By kind ("p" or "e") and id, in order."""
    return {
        (packed[at : at + 1].decode(), int.from_bytes(packed[at + 1 : at + 9], signed=True)): packed[at + 9 : at + LEAF]
        for at in range(0, len(packed), LEAF)
    }
