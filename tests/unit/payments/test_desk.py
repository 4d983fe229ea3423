"""What the desk says there is to do, the most pressing first."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from django.test import Client

from accounts.models import ConnectedAccount, Seller
from kit.clock import now
from kit.money import Money
from ledger import journal
from orders.models import Order
from payments import plans
from payments.models import DisputeShare, Payout, Share
from payments.queries import SellerMoney
from payments.views import money
from payments.views.seller import to_do
from tests.disputework import disputed, sold
from tests.factories import ConnectedAccountFactory, ListingFactory, MembershipFactory, accept_guidelines

pytestmark = pytest.mark.django_db


@pytest.fixture
def account() -> ConnectedAccount:
    found: ConnectedAccount = ConnectedAccountFactory()
    owner = MembershipFactory(seller=found.seller).user
    accept_guidelines(found.seller, owner)
    return found


def said(seller: Seller) -> list[str]:
    return [f"{item.sentence} | {item.url}" for item in to_do(seller)]


def paid_out(account: ConnectedAccount, name: str, status: str, days: int) -> Payout:
    at = now() - timedelta(days=days)
    return Payout.objects.create(
        connected_account=account, stripe_id=name, status=status, currency="eur", amount=900,
        arrives_on=at.date(), created_at=at, failure_code="no_account" if status == "failed" else "",
    )  # fmt: skip


def test_sold_out_and_fileless_listings_are_to_do(account: ConnectedAccount) -> None:
    ListingFactory(seller=account.seller, available=0)
    download = ListingFactory(seller=account.seller, delivery="digital", title="Apron pattern")

    found = said(account.seller)

    assert found == [
        (
            "Apron pattern is sold as a download and has no file yet: you would hand each order over yourself. "
            f"| /desk/listings/{download.pk}/files/"
        ),
        "1 listing is sold out. | /desk/listings/?status=published",
    ]


def test_a_payout_that_came_back_is_to_do_until_one_goes_through(account: ConnectedAccount) -> None:
    ListingFactory(seller=account.seller)
    paid_out(account, "po_back", "failed", 3)

    before = said(account.seller)
    paid_out(account, "po_next", "paid", 1)

    assert before == [
        (
            "Your bank sent a payout of €9.00 back. The bank has no account with this number: it is probably mistyped. "
            "| /desk/payouts/po_back/"
        )
    ]
    assert said(account.seller) == []


def test_what_stripe_asks_is_to_do_also_while_one_can_sell(account: ConnectedAccount) -> None:
    ListingFactory(seller=account.seller)
    asked = {"code": "identity.individual.documents", "owner": "seller", "status": "currently_due", "deadline": None}
    account.requirements = [asked]
    account.save()

    (item,) = said(account.seller)

    assert "/sell/onboarding/" in item


def test_older_payouts_are_on_the_next_page(account: ConnectedAccount) -> None:
    for number in range(27):
        paid_out(account, f"po_{number}", "paid", number)
    browser = Client()
    browser.force_login(account.seller.memberships.get().user)

    first = browser.get("/desk/payouts/")
    following = re.search(r'href="(\?after=[^"]+)" rel="next"', first.content.decode())
    assert following is not None
    second = browser.get(f"/desk/payouts/{following[1]}").content.decode()

    assert len(first.context["payouts"]) == 25
    assert "po_26" in second
    assert "po_24" not in second
    assert browser.get("/desk/payouts/month.csv?month=13-2026").status_code == 302


def test_nothing_is_sent_for_money_a_bank_took(account: ConnectedAccount) -> None:
    ListingFactory(seller=account.seller)
    (share,) = sold(now(), 2500, sellers=[account.seller])
    Order.objects.filter(pk=share.order_id).update(status="paid")
    browser = Client()
    browser.force_login(account.seller.memberships.get().user)
    page, number = f"/desk/orders/{share.order.number}/", share.order.number
    disputed(share.payment, "needs_response", now())
    Share.objects.filter(pk=share.pk).update(disputed=2500)

    asked = (browser.get(page).content.decode(), browser.get("/desk/orders/").content.decode(), said(account.seller))
    DisputeShare.objects.filter(share=share).update(outcome="lost", from_platform=2500)
    lost = (browser.get(page).content.decode(), browser.get("/desk/orders/").content.decode(), said(account.seller))

    assert "Mark as " in asked[0]
    assert number in asked[1]
    assert "1 paid order waits" in asked[2][0]
    assert "all of the money back: do not send it" in lost[0]
    assert "Mark as " not in lost[0]
    assert "To be " not in lost[0]
    assert number not in lost[1]
    assert lost[2] == []


def test_what_is_available_is_said_when_it_is_less_than_nothing() -> None:
    nothing = Money(0, "eur")
    found = SellerMoney(
        currency="eur", held=nothing, at_stripe=Money(1000, "eur"), arriving=Money(3000, "eur"), on_its_way=nothing,
        paid_out=nothing, debt=nothing,
    )  # fmt: skip

    below = money._below_zero(found)

    assert below is not None
    assert below["money"] == Money(-2000, "eur")
    assert sum(amount.amount for _kind, _word, amount in money._bar(found)) + below["money"].amount == 1000


def test_the_sum_above_a_statement_is_that_of_its_account(account: ConnectedAccount) -> None:
    former = ConnectedAccountFactory(seller=account.seller, version=account.version + 1, closed_at=now())
    for one, amount in ((account, 700), (former, 300)):
        payout = f"po_{one.pk}"
        sent = plans.payout_sent(payout=payout, account=one.stripe_id, amount=amount, currency="eur", occurred_at=now())
        journal.post([sent])
    browser = Client()
    browser.force_login(account.seller.memberships.get().user)

    pages = [browser.get(f"/desk/money/eur/available/?account={one.version}").context for one in (account, former)]

    assert [page["total"] for page in pages] == [Money(-700, "eur"), Money(-300, "eur")]
    assert [page["entries"][0].after for page in pages] == [Money(-700, "eur"), Money(-300, "eur")]
