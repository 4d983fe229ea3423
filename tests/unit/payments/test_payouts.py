"""Payouts as Stripe makes them: forward only, booked once (fault F48, invariant I11)."""

from dataclasses import replace
from datetime import UTC, date, datetime
from itertools import permutations

import pytest
from django.db import transaction
from django.test import Client

from accounts.models import ConnectedAccount
from gateway.objects import Payout as Found
from ledger.journal import balance
from ledger.models import Account
from payments import payouts
from payments.errors import NotYet
from payments.models import Payout
from tests.factories import ConnectedAccountFactory, MembershipFactory

pytestmark = pytest.mark.django_db

FOUND = Found(
    id="po_1",
    status="pending",
    amount=9000,
    currency="eur",
    arrives_on=date(2026, 6, 16),
    created_at=datetime(2026, 6, 14, tzinfo=UTC),
    failure_code="",
    failure_message="",
    line_id="txn_1",
)


@pytest.fixture
def account() -> ConnectedAccount:
    found: ConnectedAccount = ConnectedAccountFactory()
    return found


def see(account: ConnectedAccount, status: str, **more: str) -> Payout:
    with transaction.atomic():
        return payouts.apply(
            payouts.Found(replace(FOUND, status=status, **more), []), str(account.stripe_id), actor="test"
        )


def books(account: ConnectedAccount) -> tuple[int, int, int]:
    """The seller's cash, what is in transit, and what is owed, in cents."""
    return (
        balance(Account.SELLER_CASH, str(account.stripe_id), "eur"),
        balance(Account.PAYOUTS_IN_TRANSIT, "po_1", "eur"),
        balance(Account.SELLER_PAYABLE, str(account.seller_id), "eur"),
    )


def test_on_its_way_then_arrived(account: ConnectedAccount) -> None:
    see(account, "in_transit")
    assert books(account) == (-9000, 9000, 0)

    see(account, "paid")
    assert books(account) == (-9000, 0, 9000)


@pytest.mark.parametrize("order", list(permutations(["pending", "in_transit", "paid"])))
def test_i11_in_whatever_order_the_news_comes_the_end_is_the_same(
    account: ConnectedAccount, order: tuple[str, ...]
) -> None:
    for status in (*order, *order, "paid"):
        see(account, status)

    assert Payout.objects.get().status == "paid"
    assert books(account) == (-9000, 0, 9000)


def test_f48_a_payout_the_bank_returns_reopens_the_books(account: ConnectedAccount) -> None:
    see(account, "in_transit")
    see(account, "paid")

    payout = see(account, "failed", failure_code="account_closed", failure_message="The account is closed.")

    assert (payout.status, payout.failure_code) == ("failed", "account_closed")
    assert books(account) == (0, 0, 0)
    see(account, "paid")
    assert books(account) == (0, 0, 0)


def test_a_payout_of_an_account_that_is_not_ours_waits() -> None:
    with pytest.raises(NotYet), transaction.atomic():
        payouts.apply(payouts.Found(FOUND, []), "acct_unknown", actor="test")

    assert not Payout.objects.exists()


def test_a_seller_sees_only_their_own_payouts(account: ConnectedAccount) -> None:
    see(account, "paid")
    bob = MembershipFactory(seller=account.seller).user
    charlie = MembershipFactory().user

    assert "€90.00" in page(bob)
    assert "€90.00" not in page(charlie)


def page(user: object) -> str:
    browser = Client()
    browser.force_login(user)  # type: ignore[arg-type]
    return browser.get("/desk/payouts/").content.decode()
