"""Who gains and who loses: pure plans of what a fact at Stripe means for the books. No reads, no writes.

Amounts are minor units. Debits are positive: cash grows with +, what we owe grows with -.
"""

from collections.abc import Mapping
from datetime import datetime

from gateway.objects import BalanceTransaction
from ledger.journal import EntryPlan, PostingPlan
from ledger.models import Account


def destination_payment(
    *,
    order_number: str,
    seller_ref: str,
    account: str,
    charge: BalanceTransaction,
    transfer: BalanceTransaction,
    fee: BalanceTransaction | None,
    occurred_at: datetime,
) -> list[PostingPlan]:
    """A destination charge: the buyer's money passes through the platform to the seller, the platform's fee comes back.

    Three facts at Stripe, three postings: the charge (with Stripe's processing fee), the transfer of all of it, and the
    application fee (docs.stripe.com/connect/destination-charges; docs/money-flow.md shows the example).
    """

    def posting(kind: str, description: str, line: BalanceTransaction, entries: list[EntryPlan]) -> PostingPlan:
        return PostingPlan(
            key=f"{kind}:{line.id}",
            kind=kind,
            description=description,
            occurred_at=occurred_at,
            entries=tuple(entry for entry in entries if entry.amount),
            balance_transaction=line.id,
            order_number=order_number,
        )

    plans = [
        posting("charge", f"Buyer paid order {order_number}", charge, _charged(order_number, charge)),
        posting(
            "transfer",
            f"Order {order_number} passed on to the seller",
            transfer,
            _passed_on(order_number, seller_ref, account, -transfer.amount, transfer.currency),
        ),
    ]
    if fee is not None:
        plans.append(
            posting(
                "fee",
                f"Platform fee on order {order_number}",
                fee,
                _fee_taken(seller_ref, account, fee.amount, fee.currency),
            )
        )
    return plans


def held_payment(
    *, number: str, orders: Mapping[str, int], charge: BalanceTransaction, occurred_at: datetime
) -> list[PostingPlan]:
    """A charge whose money stays with the platform until delivery: one fact at Stripe, one posting.

    `orders` are the totals by order number, minor units of the charge's currency; they sum to it. What Stripe keeps is
    the platform's to bear (docs.stripe.com/connect/separate-charges-and-transfers). `number` is the purchase's.
    Raises ValueError if the totals are not the charge.
    """
    if sum(orders.values()) != charge.amount:
        raise ValueError(f"the orders of {number} sum to {sum(orders.values())}, the charge is {charge.amount}")
    entries = [
        EntryPlan(Account.PLATFORM_CASH, "", charge.net, charge.currency),
        EntryPlan(Account.PROCESSING_FEES, "", charge.fee, charge.currency),
        *(EntryPlan(Account.ORDER_HELD, order, -total, charge.currency) for order, total in orders.items()),
    ]
    posting = PostingPlan(
        key=f"charge:{charge.id}",
        kind="charge",
        description=f"Buyer paid purchase {number}",
        occurred_at=occurred_at,
        entries=tuple(entry for entry in entries if entry.amount),
        balance_transaction=charge.id,
        # Of several orders at once: each is found by its own entry.
        order_number=next(iter(orders)) if len(orders) == 1 else "",
    )
    return [posting]


def _charged(order_number: str, charge: BalanceTransaction) -> list[EntryPlan]:
    """The buyer's money is with the platform, less what Stripe keeps; all of it is held for the order."""
    return [
        EntryPlan(Account.PLATFORM_CASH, "", charge.net, charge.currency),
        EntryPlan(Account.PROCESSING_FEES, "", charge.fee, charge.currency),
        EntryPlan(Account.ORDER_HELD, order_number, -charge.amount, charge.currency),
    ]


def _passed_on(order_number: str, seller_ref: str, account: str, sent: int, currency: str) -> list[EntryPlan]:
    """All of it moves to the seller's Stripe balance, and is owed to the seller instead of held."""
    return [
        EntryPlan(Account.PLATFORM_CASH, "", -sent, currency),
        EntryPlan(Account.SELLER_CASH, account, sent, currency),
        EntryPlan(Account.ORDER_HELD, order_number, sent, currency),
        EntryPlan(Account.SELLER_PAYABLE, seller_ref, -sent, currency),
    ]


def _fee_taken(seller_ref: str, account: str, fee: int, currency: str) -> list[EntryPlan]:
    """The platform's fee comes back from the seller's balance and is earned."""
    return [
        EntryPlan(Account.SELLER_CASH, account, -fee, currency),
        EntryPlan(Account.PLATFORM_CASH, "", fee, currency),
        EntryPlan(Account.SELLER_PAYABLE, seller_ref, fee, currency),
        EntryPlan(Account.FEE_REVENUE, "", -fee, currency),
    ]


def payout_sent(*, payout: str, account: str, amount: int, currency: str, occurred_at: datetime) -> PostingPlan:
    """A payout left the seller's Stripe balance for the bank."""
    return PostingPlan(
        key=f"payout-sent:{payout}",
        kind="payout",
        description="Payout on its way to the seller's bank",
        occurred_at=occurred_at,
        entries=(
            EntryPlan(Account.SELLER_CASH, account, -amount, currency),
            EntryPlan(Account.PAYOUTS_IN_TRANSIT, payout, amount, currency),
        ),
    )


def payout_arrived(*, payout: str, seller_ref: str, amount: int, currency: str, occurred_at: datetime) -> PostingPlan:
    """The bank has it: we owe the seller that much less."""
    return PostingPlan(
        key=f"payout-arrived:{payout}",
        kind="payout",
        description="Payout arrived at the seller's bank",
        occurred_at=occurred_at,
        entries=(
            EntryPlan(Account.PAYOUTS_IN_TRANSIT, payout, -amount, currency),
            EntryPlan(Account.SELLER_PAYABLE, seller_ref, amount, currency),
        ),
    )


def payout_returned(
    *, payout: str, account: str, seller_ref: str, amount: int, currency: str, had_arrived: bool, occurred_at: datetime
) -> PostingPlan:
    """A payout failed or was cancelled: the money is back in the seller's Stripe balance, and owed again if it had
    arrived.
    """
    came_from = (
        EntryPlan(Account.SELLER_PAYABLE, seller_ref, -amount, currency)
        if had_arrived
        else EntryPlan(Account.PAYOUTS_IN_TRANSIT, payout, -amount, currency)
    )
    return PostingPlan(
        key=f"payout-returned:{payout}",
        kind="payout",
        description="Payout came back",
        occurred_at=occurred_at,
        entries=(EntryPlan(Account.SELLER_CASH, account, amount, currency), came_from),
    )
