"""Writing to the books and reading balances."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.db.models import Sum

from kit.clock import now
from ledger.models import Account, Entry, Posting


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
    """A posting before it is written. Raises Unbalanced when made, not when it is too late."""

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
        for currency in {entry.currency for entry in self.entries}:
            left = sum(entry.amount for entry in self.entries if entry.currency == currency)
            if left:
                raise Unbalanced(f"{self.key} leaves {left} {currency}")


def post(plans: Sequence[PostingPlan]) -> int:
    """Write the postings that are not in the books yet; how many were new.

    Must run in the transaction of the fact it books. A key that is there already is left alone, whoever wrote it: the
    same fact seen twice, by two workers at once, is booked once (unique key, ON CONFLICT DO NOTHING).
    """
    moment = now()
    written = 0
    with transaction.atomic():
        for plan in plans:
            rows = Posting.objects.bulk_create([_row(plan, moment)], ignore_conflicts=True)
            saved = Posting.objects.filter(key=plan.key).first()
            if saved is None or Entry.objects.filter(posting=saved).exists():
                continue
            Entry.objects.bulk_create([_entry(saved, entry) for entry in plan.entries])
            written += len(rows)
    return written


def balance(account: Account, ref: str, currency: str) -> int:
    """What stands on an account, in minor units of `currency`: debits positive."""
    found = Entry.objects.filter(account=account, ref=ref, currency=currency).aggregate(total=Sum("amount"))
    return int(found["total"] or 0)


def _row(plan: PostingPlan, moment: datetime) -> Posting:
    return Posting(
        key=plan.key,
        kind=plan.kind,
        description=plan.description,
        balance_transaction=plan.balance_transaction,
        order_number=plan.order_number,
        occurred_at=plan.occurred_at,
        created_at=moment,
    )


def _entry(posting: Posting, plan: EntryPlan) -> Entry:
    return Entry(posting=posting, account=plan.account, ref=plan.ref, currency=plan.currency, amount=plan.amount)
