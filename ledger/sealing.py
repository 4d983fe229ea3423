"""Closing the books behind what can no longer change: seals with hashes, and balances to start counting from.

Off the posting path: posting knows nothing of seals. What is due is everything below the horizon, the lowest
transaction that has not ended; nothing will ever be written below it, so a transaction that commits late is never
missed and never comes too late.
"""

from django.db import connection, transaction

from kit.clock import now
from kit.faults import faultpoint
from ledger import canon
from ledger.guards import require_same_cluster
from ledger.models import Seal

# Postings in one seal: few enough that one statement holds them, and that `statement` finds a checkpoint near.
BATCH = 2000
BEGINNING = "0" * 64
# A transaction of another database that ends while we look for the horizon hides what is due, for that moment.
LOOKS = 3
# Any number, the same for all sealers.
LOCK = 0x5EA15

# Up to the horizon, or up to the posting with which the batch would be too large. Many postings of one transaction
# share a position, and are sealed together however many they are.
RANGE = """
    WITH due AS (
        SELECT position FROM ledger_posting
        WHERE position >= %(from)s AND position < (SELECT ledger_horizon())
        ORDER BY position LIMIT %(batch)s + 1
    )
    SELECT ledger_horizon(), min(position), CASE WHEN count(*) > %(batch)s THEN max(position) END FROM due
"""

CHECKPOINTS = """
    INSERT INTO ledger_checkpoint (seal_id, account, ref, currency, balance, below)
    SELECT %(number)s, changed.account, changed.ref, changed.currency, changed.amount + coalesce(before.balance, 0),
        %(below)s
    FROM (
        SELECT account, ref, currency, sum(amount) AS amount
        FROM ledger_posting AS posting,
            LATERAL (SELECT * FROM ledger_entry WHERE posting_id = posting.id OFFSET 0) AS entry
        WHERE posting.position >= %(from)s AND posting.position < %(below)s
        GROUP BY account, ref, currency
        -- Neighbours in the index are looked up and written one after the other.
        ORDER BY account, ref, currency
    ) AS changed
    LEFT JOIN LATERAL (
        SELECT balance FROM ledger_checkpoint
        WHERE account = changed.account AND ref = changed.ref AND currency = changed.currency
        ORDER BY below DESC LIMIT 1
    ) AS before ON true
"""


def seal_due() -> int:
    """Seal what is due, a batch at a time, until nothing is; how many postings were sealed.

    Call it outside any transaction: each batch commits by itself. Raises NewCluster when the database was restored
    elsewhere and `manage.py ledger_rebase` was forgotten.
    """
    sealed = 0
    require_same_cluster()
    for _look in range(LOOKS):
        while (seal := seal_batch()) is not None:
            sealed += seal.postings
            faultpoint("ledger.sealed")
    return sealed


def seal_batch() -> Seal | None:
    """The next seal, or None when nothing is due or another sealer is at work."""
    with transaction.atomic(durable=True):
        if not _alone():
            return None
        last = Seal.objects.defer("leaves").order_by("-number").first()
        start = last.below if last else 0
        below = _end_of_batch(start)
        if below is None:
            return None
        seal = _write(last, start, below)
        faultpoint("ledger.sealing")
    return seal


def unsealed() -> int:
    """How many committed postings are in no seal yet: the last seconds', or what an open transaction holds up."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM ledger_posting"
            " WHERE position >= coalesce((SELECT below FROM ledger_seal ORDER BY number DESC LIMIT 1), 0)"
        )
        return int(cursor.fetchone()[0])


def _alone() -> bool:
    """The lock on sealing, if it is free. Two sealers at once (a second beat, a slow batch) would both continue the
    same seal: the unique columns let only one of them commit, and the other's work would end in an error.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [LOCK])
        return bool(cursor.fetchone()[0])


def _end_of_batch(start: int) -> int | None:
    with connection.cursor() as cursor:
        cursor.execute(RANGE, {"from": start, "batch": BATCH})
        horizon, first, full = cursor.fetchone()
    if first is None:
        return None
    # `first + 1`, when one transaction alone fills more than a batch.
    return int(horizon) if full is None else max(int(full), int(first) + 1)


def _write(last: Seal | None, start: int, below: int) -> Seal:
    number = last.number + 1 if last else 1
    previous = last.hash if last else BEGINNING
    rows = canon.summary(start, below)
    with connection.cursor() as cursor:
        cursor.execute(CHECKPOINTS, {"number": number, "from": start, "below": below})
    checkpoints = canon.checkpoints_hash(number)
    moment = now()
    return Seal.objects.create(
        number=number,
        previous=previous,
        below=below,
        postings=rows.postings,
        entries=rows.entries,
        rows_hash=rows.rows_hash,
        leaves=rows.leaves,
        checkpoints_hash=checkpoints,
        sealed_at=moment,
        hash=canon.seal_hash(
            number=number, previous=previous, below=below, rows=rows, checkpoints=checkpoints, sealed_at=moment
        ),
    )
