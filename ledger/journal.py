"""Writing to the books and reading balances.

What others use: `PostingPlan` and `EntryPlan` to say what is to be booked, `post` to book it, `find` and
`PostingPlan.reversed` to take it back, `balance`, `standings`, `balances` and `statement` to read. Amounts are whole
minor units of their currency, debits positive (docs/money-flow.md says what each account means).
"""

import json
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import connection, transaction

from kit.clock import now
from ledger.models import Account, Posting


class Unbalanced(ValueError):
    """The entries of a posting do not sum to zero in every currency."""


@dataclass(frozen=True, slots=True)
class EntryPlan:
    """`amount` minor units of `currency` into (+) or out of (-) the account `account:ref`."""

    account: Account
    ref: str
    amount: int
    currency: str


@dataclass(frozen=True, slots=True)
class PostingPlan:
    """A posting before it is written. Raises Unbalanced when made, not when it is too late.

    `key` names the fact that is booked ("charge:txn_…"); one fact is booked once. `balance_transaction` is the line
    of a Stripe balance it mirrors, if any (invariant I08). `occurred_at` is when it happened, at Stripe or here.
    """

    key: str
    kind: str
    description: str
    occurred_at: datetime
    entries: tuple[EntryPlan, ...]
    balance_transaction: str = ""
    order_number: str = ""

    def __post_init__(self) -> None:
        if not self.entries:
            raise Unbalanced(f"{self.key} has no entries")
        left: dict[str, int] = {}
        for entry in self.entries:
            left[entry.currency] = left.get(entry.currency, 0) + entry.amount
        for currency, amount in left.items():
            if amount:
                raise Unbalanced(f"{self.key} leaves {amount} {currency}")

    def reversed(
        self, *, key: str, kind: str, description: str, occurred_at: datetime, balance_transaction: str = ""
    ) -> "PostingPlan":
        """The posting that takes this one back: the same accounts and currencies, every amount with the other sign.

        It is a new fact and needs a key of its own; books are corrected by adding to them (invariant I02).
        """
        return PostingPlan(
            key=key,
            kind=kind,
            description=description,
            occurred_at=occurred_at,
            entries=tuple(EntryPlan(each.account, each.ref, -each.amount, each.currency) for each in self.entries),
            balance_transaction=balance_transaction,
            order_number=self.order_number,
        )


@dataclass(frozen=True, slots=True)
class Line:
    """One entry of an account's statement. `amount` and `balance` (what stood there after it) are minor units."""

    entry: int
    position: int
    amount: int
    balance: int
    posting: int
    kind: str
    description: str
    order_number: str
    occurred_at: datetime


def post(plans: Sequence[PostingPlan]) -> int:
    """Write the postings that are not in the books yet; how many were new.

    Must run in the transaction of the fact it books. A key that is there already is left alone: the same fact seen
    twice, by two workers at once, is booked once. No row is touched that another posting touches; only who books the
    very same fact waits for the other. Refused by the database when the transaction commits: a posting whose entries
    do not sum to zero (invariant I01).
    """
    if not plans:
        return 0
    given = json.dumps(
        [
            (
                plan.key,
                plan.kind,
                plan.description,
                plan.balance_transaction,
                plan.order_number,
                plan.occurred_at.isoformat(),
                [(each.account, each.ref, each.currency, each.amount) for each in plan.entries],
            )
            for plan in plans
        ]
    )
    with transaction.atomic(savepoint=False), connection.cursor() as cursor:
        cursor.execute("SELECT ledger_post(%s, %s)", [given, now()])
        return int(cursor.fetchone()[0])


def find(key: str) -> PostingPlan | None:
    """What was booked under `key`, as a plan (to reverse it, say), or None when nothing was."""
    posting = Posting.objects.filter(key=key).prefetch_related("entries").first()
    if posting is None:
        return None
    return PostingPlan(
        key=posting.key,
        kind=posting.kind,
        description=posting.description,
        occurred_at=posting.occurred_at,
        entries=tuple(
            EntryPlan(Account(each.account), each.ref, each.amount, each.currency) for each in posting.entries.all()
        ),
        balance_transaction=posting.balance_transaction,
        order_number=posting.order_number,
    )


# The last checkpoint and what came since: however long the account's history, only its end is read.
BALANCE = """
    SELECT coalesce(checkpoint.balance, 0) + coalesce(since.amount, 0)
    FROM (SELECT %s::text AS account, %s::text AS ref, %s::text AS currency) AS asked
    LEFT JOIN LATERAL (
        SELECT balance, below FROM ledger_checkpoint
        WHERE account = asked.account AND ref = asked.ref AND currency = asked.currency
        ORDER BY below DESC LIMIT 1
    ) AS checkpoint ON true
    LEFT JOIN LATERAL (
        SELECT sum(amount) AS amount FROM ledger_entry
        WHERE account = asked.account AND ref = asked.ref AND currency = asked.currency
            AND position >= coalesce(checkpoint.below, 0)
    ) AS since ON true
"""


def balance(account: Account, ref: str, currency: str) -> int:
    """What stands on an account, in minor units of `currency`: debits positive, 0 when nothing was ever booked.

    The last checkpoint plus the entries since: takes as long at ten million entries as at ten. Sees what the caller's
    transaction has booked itself, and what others have committed.
    """
    with connection.cursor() as cursor:
        cursor.execute(BALANCE, [account, ref, currency])
        return int(cursor.fetchone()[0])


STANDINGS = """
    SELECT coalesce(checkpoint.balance, 0) + coalesce(since.amount, 0)
    FROM unnest(%(accounts)s::text[], %(refs)s::text[]) WITH ORDINALITY AS asked (account, ref, place)
    LEFT JOIN LATERAL (
        SELECT balance, below FROM ledger_checkpoint
        WHERE account = asked.account AND ref = asked.ref AND currency = %(currency)s
        ORDER BY below DESC LIMIT 1
    ) AS checkpoint ON true
    LEFT JOIN LATERAL (
        SELECT sum(amount) AS amount FROM ledger_entry
        WHERE account = asked.account AND ref = asked.ref AND currency = %(currency)s
            AND position >= coalesce(checkpoint.below, 0)
    ) AS since ON true
    ORDER BY asked.place
"""


def standings(asked: Sequence[tuple[Account, str]], currency: str) -> list[int]:
    """`balance` of several accounts in one query, in the order asked for; minor units of `currency`."""
    given = {"accounts": [account.value for account, _ref in asked], "refs": [ref for _account, ref in asked]}
    with connection.cursor() as cursor:
        cursor.execute(STANDINGS, {**given, "currency": currency})
        return [int(amount) for (amount,) in cursor.fetchall()]


# The currencies of each account are found by jumping through the index from one to the next.
BALANCES = """
    WITH RECURSIVE asked AS (SELECT DISTINCT ref FROM unnest(%(refs)s::text[]) AS given (ref)),
    found AS (
        SELECT ref, (SELECT min(currency) FROM ledger_entry WHERE account = %(account)s AND ref = asked.ref) AS currency
        FROM asked
        UNION ALL
        SELECT ref, (
            SELECT min(currency) FROM ledger_entry
            WHERE account = %(account)s AND ref = found.ref AND currency > found.currency
        )
        FROM found WHERE currency IS NOT NULL
    )
    SELECT found.ref, found.currency, coalesce(checkpoint.balance, 0) + coalesce(since.amount, 0)
    FROM found
    LEFT JOIN LATERAL (
        SELECT balance, below FROM ledger_checkpoint
        WHERE account = %(account)s AND ref = found.ref AND currency = found.currency
        ORDER BY below DESC LIMIT 1
    ) AS checkpoint ON true
    LEFT JOIN LATERAL (
        SELECT sum(amount) AS amount FROM ledger_entry
        WHERE account = %(account)s AND ref = found.ref AND currency = found.currency
            AND position >= coalesce(checkpoint.below, 0)
    ) AS since ON true
    WHERE found.currency IS NOT NULL
"""


def balances(account: Account, refs: Collection[str]) -> dict[tuple[str, str], int]:
    """What stands on several accounts of one kind, by (ref, currency), in one query; minor units, debits positive.

    Every currency that was ever booked on a ref is there, also when it has come back to zero; others are missing.
    """
    with connection.cursor() as cursor:
        cursor.execute(BALANCES, {"account": account, "refs": list(refs)})
        return {(ref, currency): int(amount) for ref, currency, amount in cursor.fetchall()}


STATEMENT = """
    SELECT entry.id, entry.position, entry.amount, posting.id, posting.kind, posting.description,
        posting.order_number, posting.occurred_at
    FROM ledger_entry AS entry JOIN ledger_posting AS posting ON posting.id = entry.posting_id
    WHERE entry.account = %(account)s AND entry.ref = %(ref)s AND entry.currency = %(currency)s
        AND (%(before)s::bigint IS NULL OR (entry.position, entry.id) < (%(before)s, %(before_entry)s))
    ORDER BY entry.position DESC, entry.id DESC LIMIT %(limit)s
"""

BALANCE_AT = """
    SELECT coalesce(checkpoint.balance, 0) + coalesce(since.amount, 0)
    FROM (SELECT %(account)s::text AS account, %(ref)s::text AS ref, %(currency)s::text AS currency) AS asked
    LEFT JOIN LATERAL (
        SELECT balance, below FROM ledger_checkpoint
        WHERE account = asked.account AND ref = asked.ref AND currency = asked.currency AND below <= %(position)s
        ORDER BY below DESC LIMIT 1
    ) AS checkpoint ON true
    LEFT JOIN LATERAL (
        SELECT sum(amount) AS amount FROM ledger_entry
        WHERE account = asked.account AND ref = asked.ref AND currency = asked.currency
            AND position >= coalesce(checkpoint.below, 0) AND (position, id) <= (%(position)s, %(entry)s)
    ) AS since ON true
"""


def statement(account: Account, ref: str, currency: str, *, before: Line | None = None, limit: int = 25) -> list[Line]:
    """A page of an account's entries in the order of the books, the newest first, each with the balance after it.

    Go on with `before=page[-1]`. A page takes as long in the middle of a hundred thousand entries as at the beginning.
    """
    asked = {"account": account, "ref": ref, "currency": currency}
    with connection.cursor() as cursor:
        cursor.execute(
            STATEMENT,
            {
                **asked,
                "before": before.position if before else None,
                "before_entry": before.entry if before else None,
                "limit": limit,
            },
        )
        rows = cursor.fetchall()
        if not rows:
            return []
        cursor.execute(BALANCE_AT, {**asked, "position": rows[0][1], "entry": rows[0][0]})
        standing = int(cursor.fetchone()[0])
    lines = []
    for entry, position, amount, *posting in rows:
        lines.append(Line(entry, position, amount, standing, *posting))
        standing -= amount
    return lines
