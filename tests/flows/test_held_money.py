"""Held money from payment to the seller, and back to the buyer, against the emulator."""

import pytest

from kit.clock import now
from ledger import journal
from ledger.models import Account
from orders import progress
from orders.models import Purchase
from payments import decisions, sweeps
from payments.decisions import Decider
from payments.models import MoneyAction, Refund, Release, Reversal, Share
from tests.factories import ListingFactory, UserFactory
from tests.world import World

pytestmark = pytest.mark.django_db(transaction=True)

Kind = MoneyAction.Kind


def _bought(world: World) -> list[Share]:
    """Alice bought something from three sellers in one payment."""
    shops = [world.seller(name, email=f"{name}@example.org") for name in ("anna", "bea", "cleo")]
    prices = (1000, 2500, 3333)
    listings = [ListingFactory(seller=shop, price=price) for shop, price in zip(shops, prices, strict=True)]
    client, _customer = world.buyer()
    for listing in listings:
        client.post("/basket/add/", {"listing": listing.pk, "quantity": 1})
    answer = world.press_pay(client)
    assert answer.status_code == 303, answer.content.decode()[:2000]
    purchase = Purchase.objects.latest("pk")
    world.pay(str(purchase.payments.get().session_id))
    world.settle()
    return list(Share.objects.filter(payment__purchase=purchase).order_by("pk"))


def _deliver(share: Share) -> None:
    progress.fulfil(share.order, at=now(), actor="seller", reason="Sent.")
    progress.deliver(share.order, at=now(), actor="buyer", reason="I received it.", said_by="buyer")


def _balance(account: Account, ref: str = "") -> int:
    return journal.balance(account, ref, "eur")


def test_a_delivered_order_is_released_to_its_seller(world: World) -> None:
    share, other, _third = _bought(world)
    _deliver(share)

    sweeps.set_dates()
    sweeps.release_due()

    share.refresh_from_db()
    release = Release.objects.get()
    assert (share.status, release.status, release.amount) == ("released", "sent", 900)
    assert world.stripe_total(str(share.account.stripe_id)) == {"eur": 900}
    assert _balance(Account.ORDER_HELD, share.order.number) == 0
    assert _balance(Account.ORDER_HELD, other.order.number) == -2500
    assert _balance(Account.FEE_REVENUE) == -100
    assert _balance(Account.PLATFORM_CASH) == world.stripe_total()["eur"]


def test_a_refund_before_release_comes_out_of_what_is_held(world: World) -> None:
    share = _bought(world)[1]
    request = {"amount": 1000, "reason": Refund.Reason.CHANGED_MIND, "policy": "shared"}
    plan = decisions.preview(share, Kind.REFUND, request)

    decisions.confirm(
        share, Kind.REFUND, request, plan_hash=plan.hash, by=Decider("dana", UserFactory()), reason="Asked for."
    )

    share.refresh_from_db()
    refund = Refund.objects.get()
    assert (refund.status, refund.from_seller, refund.from_fee) == ("succeeded", 900, 100)
    assert share.left == 2500 - 250 - 900
    assert _balance(Account.ORDER_HELD, share.order.number) == -1500
    assert _balance(Account.PLATFORM_CASH) == world.stripe_total()["eur"]


def test_a_refund_after_release_fetches_the_sellers_part_back(world: World) -> None:
    share = _bought(world)[1]
    _deliver(share)
    sweeps.set_dates()
    sweeps.release_due()
    with world.later(days=3):
        world.settle()
        share.refresh_from_db()
        request = {"amount": 2500, "reason": Refund.Reason.CHANGED_MIND, "policy": "shared"}

        decisions.by_itself(share, Kind.REFUND, request, actor="test", reason="Asked for.")

    refund, seller = Refund.objects.get(), str(share.account.seller_id)
    reversed_ = sum(row.amount for row in Reversal.objects.filter(status="done"))
    assert (refund.owed, reversed_ + _balance(Account.SELLER_DEBT, seller)) == (2250, 2250)
    assert _balance(Account.SELLER_CASH, str(share.account.stripe_id)) == sum(
        world.stripe_total(str(share.account.stripe_id)).values()
    )
