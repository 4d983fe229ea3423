"""What releases, refunds and reversals mean for the books: pure posting plans. No reads, no writes.

Amounts are minor units. Debits are positive: cash grows with +, what we owe grows with -.
"""

from dataclasses import dataclass
from datetime import datetime

from gateway.objects import BalanceTransaction
from ledger.journal import EntryPlan, PostingPlan
from ledger.models import Account
from payments.models import Refund, Release, Reversal, Share


@dataclass(frozen=True, slots=True)
class Books:
    """Whose books: one share's order, seller and account."""

    order: str
    seller: str
    account: str
    currency: str

    @classmethod
    def of(cls, share: Share) -> "Books":
        """The names a share's entries go under."""
        return cls(share.order.number, str(share.account.seller_id), str(share.account.stripe_id), share.currency)

    def entry(self, account: Account, amount: int) -> EntryPlan:
        """An entry on the account of this kind that is theirs."""
        refs = {
            Account.ORDER_HELD: self.order,
            Account.BUYER_REFUND_DUE: self.order,
            Account.SUSPENSE: self.order,
            Account.SELLER_CASH: self.account,
            Account.SELLER_PAYABLE: self.seller,
            Account.SELLER_DEBT: self.seller,
        }
        return EntryPlan(account, refs.get(account, ""), amount, self.currency)

    def posting(
        self, key: str, kind: str, description: str, at: datetime, amounts: dict[Account, int], line: str = ""
    ) -> PostingPlan:
        """A posting of these amounts; accounts with nothing are left out."""
        return PostingPlan(
            key=key,
            kind=kind,
            description=description,
            occurred_at=at,
            entries=tuple(self.entry(account, amount) for account, amount in amounts.items() if amount),
            balance_transaction=line,
            order_number=self.order,
        )


def netted(release: Release, *, at: datetime) -> PostingPlan:
    """Kept back from a release against the seller's debt: no money moves."""
    return Books.of(release.share).posting(
        f"netted:{release.pk}",
        "release",
        f"Set off against the seller's debt, order {release.share.order.number}",
        at,
        {Account.ORDER_HELD: release.netted, Account.SELLER_DEBT: -release.netted},
    )


def released(release: Release, line: BalanceTransaction, *, at: datetime) -> PostingPlan:
    """A transfer left our balance for the seller's: it is owed to the seller instead of held."""
    return Books.of(release.share).posting(
        f"release:{line.id}",
        "release",
        f"Order {release.share.order.number} released to the seller",
        at,
        {
            Account.PLATFORM_CASH: -release.amount,
            Account.SELLER_CASH: release.amount,
            Account.ORDER_HELD: release.amount,
            Account.SELLER_PAYABLE: -release.amount,
        },
        line.id,
    )


def fee_earned(share: Share, *, at: datetime) -> list[PostingPlan]:
    """The platform's fee, less what refunds gave up of it, is earned once nothing is held for the seller any more."""
    kept = share.fee - share.fee_returned
    if not kept:
        return []
    amounts = {Account.ORDER_HELD: kept, Account.FEE_REVENUE: -kept}
    description = f"Platform fee on order {share.order.number}"
    return [Books.of(share).posting(fee_key(share), "fee", description, at, amounts)]


def fee_key(share: Share) -> str:
    """What names the earning of a share's fee in the books."""
    return f"fee-earned:{share.pk}"


def refund_accepted(refund: Refund, *, at: datetime) -> PostingPlan:
    """Stripe took the refund on: it is owed to the buyer, by whoever bears it."""
    share = refund.share
    return Books.of(share).posting(
        f"refund-accepted:{refund.pk}", "refund", f"Refund on order {share.order.number}", at, _borne(refund)
    )


def refund_paid(refund: Refund, line: BalanceTransaction, *, at: datetime) -> PostingPlan:
    """The refund left our balance at Stripe. `line` is this refund's part of Stripe's, if it is for several orders."""
    return Books.of(refund.share).posting(
        f"refund:{_name(refund, line)}",
        "refund",
        f"Refund on order {refund.share.order.number} sent to the buyer",
        at,
        {
            Account.PLATFORM_CASH: line.net,
            Account.PROCESSING_FEES: line.fee,
            Account.BUYER_REFUND_DUE: refund.amount,
        },
        line.id,
    )


def refund_returned(refund: Refund, line: BalanceTransaction, *, at: datetime) -> PostingPlan:
    """The buyer's bank sent it back: the money is with us, and still the buyer's (fault F43)."""
    return Books.of(refund.share).posting(
        f"refund-returned:{_name(refund, line)}",
        "refund",
        f"Refund on order {refund.share.order.number} came back",
        at,
        {
            Account.PLATFORM_CASH: line.net,
            Account.PROCESSING_FEES: line.fee,
            Account.BUYER_REFUND_DUE: -refund.amount,
        },
        line.id,
    )


def refund_outside(refund: Refund, *, at: datetime) -> PostingPlan:
    """A refund nobody here decided on: whose it is stays in suspense until somebody says so."""
    return Books.of(refund.share).posting(
        f"refund-outside:{refund.pk}",
        "refund",
        f"Refund on order {refund.share.order.number} made outside",
        at,
        {Account.BUYER_REFUND_DUE: -refund.amount, Account.SUSPENSE: refund.amount},
    )


def refund_decided(refund: Refund, *, at: datetime) -> PostingPlan:
    """Somebody said whose a refund made outside is."""
    amounts = _borne(refund)
    amounts[Account.SUSPENSE] = amounts.pop(Account.BUYER_REFUND_DUE)
    return Books.of(refund.share).posting(
        f"refund-decided:{refund.pk}", "refund", f"Refund on order {refund.share.order.number} decided", at, amounts
    )


def reversed_for_refund(reversal: Reversal, line: BalanceTransaction, *, at: datetime) -> PostingPlan:
    """Fetched back for a refund: it pays the seller's debt from that refund."""
    return _reversed(reversal, line, {Account.SELLER_DEBT: -reversal.amount}, at)


def reversed_into_hold(reversal: Reversal, line: BalanceTransaction, *, sellers: int, at: datetime) -> PostingPlan:
    """Fetched back to be held again: `sellers` minor units are the seller's part, the rest is not explained yet."""
    into = {Account.ORDER_HELD: -sellers, Account.SUSPENSE: sellers - reversal.amount}
    return _reversed(reversal, line, into, at)


def fee_given_back(share: Share, line: BalanceTransaction, *, at: datetime) -> PostingPlan:
    """Our fee on a destination charge went back to the seller in the Dashboard. It fills what came back with the
    seller's part when the whole transfer was reversed; alone, it waits in suspense for an explanation.
    """
    amount = -line.net
    return Books.of(share).posting(
        f"fee-returned:{line.id}",
        "fee",
        f"Fee on order {share.order.number} returned to the seller outside",
        at,
        {
            Account.PLATFORM_CASH: -amount,
            Account.SELLER_CASH: amount,
            Account.SELLER_PAYABLE: -amount,
            Account.SUSPENSE: amount,
        },
        line.id,
    )


def _name(refund: Refund, line: BalanceTransaction) -> str:
    """One line at Stripe, one fact; for a refund made outside one for each order that carries a part of it."""
    return f"{line.id}:{refund.pk}" if refund.outside else line.id


def _reversed(reversal: Reversal, line: BalanceTransaction, into: dict[Account, int], at: datetime) -> PostingPlan:
    share, amount = reversal.release.share, reversal.amount
    return Books.of(share).posting(
        f"reversal:{line.id}",
        "reversal",
        f"Fetched back from the seller, order {share.order.number}",
        at,
        {
            Account.PLATFORM_CASH: amount,
            Account.SELLER_CASH: -amount,
            Account.SELLER_PAYABLE: amount,
            **into,
        },
        line.id,
    )


def _borne(refund: Refund) -> dict[Account, int]:
    fee = Account.FEE_REVENUE if refund.share.fee_earned else Account.ORDER_HELD
    amounts = {
        Account.BUYER_REFUND_DUE: -refund.amount,
        Account.PLATFORM_LOSS: refund.from_platform,
        Account.PROCESSING_FEES: -refund.processing,
        Account.SELLER_DEBT: refund.owed,
        Account.ORDER_HELD: refund.absorbed,
    }
    amounts[fee] = amounts.get(fee, 0) + refund.from_fee
    return amounts
