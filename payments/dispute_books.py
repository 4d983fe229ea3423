"""What disputes mean for the books: pure posting plans. No reads, no writes. Debits are positive; minor units.

Money the bank took stands on `dispute_clearing` of its dispute until it comes back or somebody bears it (fault F45).
"""

from datetime import datetime

from gateway.objects import BalanceTransaction
from ledger.journal import EntryPlan, PostingPlan
from ledger.models import Account
from payments.books import Books
from payments.models import Dispute, DisputeShare, Refund

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
    amounts = {Account.ORDER_HELD: part.absorbed, Account.SELLER_DEBT: part.owed}
    return _of_part(part, f"dispute-borne:{_name(part)}", "lost", amounts, +1, at=at)


def undone(part: DisputeShare, *, restored: int, at: datetime) -> PostingPlan:
    """A loss that was booked does not stand: everybody has their part back. Of what the seller owed, `restored` was
    paid off meanwhile and is held for them; the rest of their debt is cancelled.
    """
    amounts = {Account.ORDER_HELD: part.absorbed + restored, Account.SELLER_DEBT: part.owed - restored}
    return _of_part(part, f"dispute-undone:{_name(part)}", "given back after its loss", amounts, -1, at=at)


def _name(part: DisputeShare) -> str:
    """A part that is lost again after it was given back is another fact."""
    return f"{part.dispute.stripe_id}:{part.share.order.number}{_again(part.dispute)}"


def _again(dispute: Dispute) -> str:
    return f":{dispute.bookings}" if dispute.bookings > 1 else ""


def _of_part(
    part: DisputeShare, key: str, words: str, sellers: dict[Account, int], sign: int, *, at: datetime
) -> PostingPlan:
    share, dispute = part.share, part.dispute
    whose, currency = Books.of(share), share.currency
    fee = Account.FEE_REVENUE if share.fee_earned else Account.ORDER_HELD
    amounts = {**sellers, Account.PLATFORM_LOSS: part.from_platform, Account.PROCESSING_FEES: -part.processing}
    amounts[fee] = amounts.get(fee, 0) + part.from_fee
    found = [whose.entry(account, sign * amount) for account, amount in amounts.items() if amount]
    # In another currency than the balance it was taken from, the two meet on the currency difference (fault F46).
    same = currency == dispute.line_currency
    against = (Account.DISPUTE_CLEARING, dispute.stripe_id) if same else (Account.FX_DIFFERENCE, "")
    return PostingPlan(
        key=key,
        kind="dispute",
        description=f"Dispute {dispute.stripe_id} {words}, order {share.order.number}",
        occurred_at=at,
        entries=(*found, EntryPlan(*against, -sign * part.amount, currency)),
        order_number=share.order.number,
    )


def beyond(dispute: Dispute, carried: int) -> int:
    """Of a lost dispute, what was asked beyond what its orders carry (`carried`), as far as it was taken: the buyer had
    it already. Minor units; nothing when the balance has another currency.
    """
    if dispute.currency != dispute.line_currency:
        return 0
    return max(0, min(dispute.outstanding - carried, dispute.amount - carried))


def rest(dispute: Dispute, left: int, *, at: datetime) -> PostingPlan:
    """What stays on a dispute's account once its orders have carried theirs (`left`, minor units of the lines'): what
    the buyer had already is the marketplace's loss, the rest a difference of currency or of the bank's reckoning
    (fault F46).
    """
    words = f"Dispute {dispute.stripe_id}: beyond what its orders carry"
    key = f"dispute-rest:{dispute.stripe_id}{_again(dispute)}"
    return _posting(key, words, at, _rest(dispute, left, dispute.beyond))


def rest_undone(dispute: Dispute, left: int, *, at: datetime) -> PostingPlan:
    """The same does not stand."""
    words = f"Dispute {dispute.stripe_id}: beyond what its orders carry, given back"
    key = f"dispute-rest-undone:{dispute.stripe_id}{_again(dispute)}"
    return _posting(key, words, at, _rest(dispute, -left, -dispute.beyond))


def _rest(dispute: Dispute, left: int, beyond: int) -> Entries:
    currency = dispute.line_currency
    return [
        (Account.PLATFORM_LOSS, "", beyond, currency),
        (Account.FX_DIFFERENCE, "", left - beyond, currency),
        (Account.DISPUTE_CLEARING, dispute.stripe_id, -left, currency),
    ]


def paid_what_was_owed(refund: Refund, *, at: datetime) -> PostingPlan:
    """What the bank took beyond the orders' parts was owed to the buyer already: a refund had come back (fault F43)."""
    words = f"Refund on order {refund.share.order.number} paid by the buyer's bank"
    amounts = {Account.BUYER_REFUND_DUE: refund.amount, Account.PLATFORM_LOSS: -refund.amount}
    return Books.of(refund.share).posting(paid_key(refund), "dispute", words, at, amounts)


def paid_key(refund: Refund) -> str:
    """What names that in the books."""
    return f"dispute-paid:{refund.pk}"


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
