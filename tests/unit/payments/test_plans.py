"""What facts at Stripe mean for the books: pure, exact, balanced."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.objects import BalanceTransaction
from ledger.journal import PostingPlan
from ledger.models import Account
from payments import plans

AT = datetime(2026, 6, 14, tzinfo=UTC)


def line(name: str, amount: int, fee: int = 0) -> BalanceTransaction:
    return BalanceTransaction(f"txn_{name}", amount, fee, amount - fee, "eur")


def destination(amount: int, processing: int, fee: int) -> list[PostingPlan]:
    return plans.destination_payment(
        order_number="ABC",
        seller_ref="7",
        account="acct_7",
        charge=line("charge", amount, processing),
        transfer=line("transfer", -amount),
        fee=line("fee", fee) if fee else None,
        occurred_at=AT,
    )


def balances(postings: list[PostingPlan]) -> dict[tuple[str, str], int]:
    totals: dict[tuple[str, str], int] = {}
    for posting in postings:
        for entry in posting.entries:
            key = (entry.account.value, entry.ref)
            totals[key] = totals.get(key, 0) + entry.amount
    return {key: amount for key, amount in totals.items() if amount}


def test_a_hundred_euro_sale_ends_where_the_docs_say() -> None:
    assert balances(destination(10_000, 320, 1_000)) == {
        ("platform_cash", ""): 680,
        ("processing_fees", ""): 320,
        ("seller_cash", "acct_7"): 9_000,
        ("seller_payable", "7"): -9_000,
        ("fee_revenue", ""): -1_000,
    }


def test_each_posting_names_the_balance_line_it_mirrors() -> None:
    assert [plan.balance_transaction for plan in destination(10_000, 320, 1_000)] == [
        "txn_charge",
        "txn_transfer",
        "txn_fee",
    ]


def test_a_sale_without_a_fee_books_none() -> None:
    assert [plan.kind for plan in destination(500, 45, 0)] == ["charge", "transfer"]


@given(amount=st.integers(50, 10**8), processing=st.integers(0, 10**6), share=st.integers(0, 10_000))
def test_i01_whatever_the_amounts_the_books_balance_and_nothing_stays_held(
    amount: int, processing: int, share: int
) -> None:
    fee = amount * share // 10_000

    totals = balances(destination(amount, processing, fee))

    assert sum(totals.values()) == 0
    assert ("order_held", "ABC") not in totals
    assert totals.get(("seller_cash", "acct_7"), 0) == amount - fee == -totals.get(("seller_payable", "7"), 0)


@given(
    totals=st.lists(st.integers(50, 10**7), min_size=1, max_size=8),
    share=st.integers(0, 500),
    currency=st.sampled_from(["eur", "jpy", "kwd"]),
)
def test_i01_held_money_stands_under_each_order_to_the_last_unit(totals: list[int], share: int, currency: str) -> None:
    amount, processing = sum(totals), sum(totals) * share // 10_000
    orders = {f"O{place}": total for place, total in enumerate(totals)}
    charge = BalanceTransaction("txn_charge", amount, processing, amount - processing, currency)

    (posting,) = plans.held_payment(number="P", orders=orders, charge=charge, occurred_at=AT)

    found = balances([posting])
    assert sum(found.values()) == 0
    assert {order: -found["order_held", order] for order in orders} == orders
    assert found["platform_cash", ""] == amount - processing


def test_f25_orders_that_do_not_sum_to_the_charge_are_not_booked() -> None:
    with pytest.raises(ValueError, match="sum to 90"):
        plans.held_payment(number="P", orders={"A": 40, "B": 50}, charge=line("charge", 100), occurred_at=AT)


def payout(kind: str, *, had_arrived: bool = False) -> PostingPlan:
    facts = {"payout": "po_1", "amount": 9_000, "currency": "eur", "occurred_at": AT}
    if kind == "sent":
        return plans.payout_sent(account="acct_7", **facts)
    if kind == "arrived":
        return plans.payout_arrived(seller_ref="7", **facts)
    return plans.payout_returned(account="acct_7", seller_ref="7", had_arrived=had_arrived, **facts)


def test_a_payout_that_arrives_settles_what_is_owed() -> None:
    assert balances([payout("sent"), payout("arrived")]) == {
        (Account.SELLER_CASH.value, "acct_7"): -9_000,
        (Account.SELLER_PAYABLE.value, "7"): 9_000,
    }


def test_f48_a_payout_that_comes_back_leaves_everything_as_it_was() -> None:
    assert balances([payout("sent"), payout("returned")]) == {}
    assert balances([payout("sent"), payout("arrived"), payout("returned", had_arrived=True)]) == {}
