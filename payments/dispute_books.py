"""What disputes mean for the books: pure posting plans. No reads, no writes. Debits are positive; minor units.

Money the bank took stands on `dispute_clearing` of its dispute until it comes back or somebody bears it (fault F45).
"""

from datetime import datetime

from gateway.objects import BalanceTransaction
from ledger.journal import EntryPlan, PostingPlan
from ledger.models import Account
from payments.books import Books
from payments.models import Dispute, DisputeShare

Entries = list[tuple[Account, str, int, str]]


def moved(dispute: Dispute, line: BalanceTransaction, *, at: datetime) -> PostingPlan:
    """Stripe took the disputed money from our balance with its fee, or gave it back. One line, one fact."""
    currency = line.currency
    entries: Entries = [
        (Account.PLATFORM_CASH, "", line.net, currency),
        (Account.PROCESSING_FEES, "", line.fee, currency),
        (_waits(dispute), dispute.stripe_id, -line.amount, currency),
    ]
    words = "taken by the buyer's bank" if line.amount < 0 else "given back by the buyer's bank"
    return _posting(f"dispute:{line.id}", f"Dispute {dispute.stripe_id}: {words}", at, entries, line=line.id)


def explained(dispute: Dispute, *, at: datetime) -> PostingPlan:
    """The payment a dispute in suspense belongs to became known (fault F47)."""
    waited = dispute.outstanding
    entries: Entries = [
        (Account.DISPUTE_CLEARING, dispute.stripe_id, waited, dispute.line_currency),
        (Account.SUSPENSE, dispute.stripe_id, -waited, dispute.line_currency),
    ]
    return _posting(f"dispute-explained:{dispute.stripe_id}", f"Dispute {dispute.stripe_id} has a payment", at, entries)


def borne(part: DisputeShare, *, at: datetime) -> PostingPlan:
    """A lost dispute's part of one order goes against whoever bears it."""
    share, dispute = part.share, part.dispute
    whose, currency = Books.of(share), share.currency
    fee = Account.FEE_REVENUE if share.fee_earned else Account.ORDER_HELD
    amounts = {
        Account.ORDER_HELD: part.absorbed,
        Account.SELLER_DEBT: part.owed,
        Account.PLATFORM_LOSS: part.from_platform,
        Account.PROCESSING_FEES: -part.processing,
    }
    amounts[fee] = amounts.get(fee, 0) + part.from_fee
    found = [whose.entry(account, amount) for account, amount in amounts.items() if amount]
    # In another currency than the balance it was taken from, the two meet on the currency difference (fault F46).
    same = currency == dispute.line_currency
    against = (Account.DISPUTE_CLEARING, dispute.stripe_id) if same else (Account.FX_DIFFERENCE, "")
    return PostingPlan(
        key=f"dispute-borne:{dispute.stripe_id}:{share.order.number}",
        kind="dispute",
        description=f"Dispute {dispute.stripe_id} lost, order {share.order.number}",
        occurred_at=at,
        entries=(*found, EntryPlan(*against, -part.amount, currency)),
        order_number=share.order.number,
    )


def beyond(dispute: Dispute, carried: int) -> int:
    """Of a lost dispute, what was asked beyond what its orders carry (`carried`), as far as it was taken: the buyer had
    it already. Minor units; nothing when the balance has another currency.
    """
    if dispute.currency != dispute.line_currency:
        return 0
    return max(0, min(dispute.outstanding - carried, dispute.amount - carried))


def rest(dispute: Dispute, *, carried: int, at: datetime) -> list[PostingPlan]:
    """What a lost dispute took beyond what its orders carry: what the buyer had already is the marketplace's loss, the
    rest a difference of currency or of the bank's reckoning (fault F46).
    """
    currency = dispute.line_currency
    left = dispute.outstanding - (carried if currency == dispute.currency else 0)
    if not left:
        return []
    entries: Entries = [
        (Account.PLATFORM_LOSS, "", dispute.beyond, currency),
        (Account.FX_DIFFERENCE, "", left - dispute.beyond, currency),
        (Account.DISPUTE_CLEARING, dispute.stripe_id, -left, currency),
    ]
    words = f"Dispute {dispute.stripe_id}: beyond what its orders carry"
    return [_posting(f"dispute-rest:{dispute.stripe_id}", words, at, entries)]


def _waits(dispute: Dispute) -> Account:
    return Account.SUSPENSE if dispute.payment_id is None else Account.DISPUTE_CLEARING


def _posting(key: str, description: str, at: datetime, entries: Entries, line: str = "") -> PostingPlan:
    return PostingPlan(
        key=key,
        kind="dispute",
        description=description,
        occurred_at=at,
        entries=tuple(EntryPlan(*entry[:2], entry[2], entry[3]) for entry in entries if entry[2]),
        balance_transaction=line,
    )
