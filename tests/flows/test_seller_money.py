"""What sellers see of their money, and how they call an order off."""

import pytest
from django.test import Client

from accounts.models import Seller
from kit.clock import now
from orders import progress
from payments import decisions, sweeps
from payments.models import MoneyAction, Refund, Share
from tests.factories import ListingFactory
from tests.world import World

pytestmark = pytest.mark.django_db(transaction=True)


def _sold(world: World) -> tuple[Client, Share]:
    """Bob, signed in, and what Alice paid him 24.00 for."""
    seller: Seller = world.seller()
    listing = ListingFactory(seller=seller, price=2400)
    buyer, _customer = world.buyer()
    purchase = world.check_out(buyer, listing)
    world.pay(str(purchase.payments.get().session_id))
    world.settle()
    bob = Client()
    bob.force_login(seller.memberships.get().user)
    return bob, Share.objects.get(payment__purchase=purchase)


def test_a_seller_sees_what_is_held_and_from_when_it_is_theirs(world: World) -> None:
    bob, share = _sold(world)

    waiting = bob.get("/desk/orders/").content.decode()
    progress.fulfil(share.order, at=now(), actor="bob", reason="Sent.")
    sweeps.set_dates()
    dated = bob.get("/desk/orders/?show=all").content.decode()

    assert "yours after delivery" in waiting
    assert "yours on" in dated
    assert "Held until delivery" in bob.get("/desk/").content.decode()


def test_a_seller_cancels_what_they_cannot_deliver(world: World) -> None:
    bob, share = _sold(world)
    page = bob.get(f"/desk/orders/{share.order.number}/cancel/")

    answer = bob.post(page.request["PATH_INFO"], {"plan": page.context["plan"].hash, "reason": "It broke."})

    assert answer.status_code == 302
    share.refresh_from_db()
    refund = Refund.objects.get()
    assert (share.status, share.order.status) == ("returned", "cancelled")
    assert (refund.amount, refund.status, refund.reason) == (2400, "succeeded", "seller_cancelled")
    assert MoneyAction.objects.get().reason == "It broke."


def test_what_was_sent_is_not_cancelled(world: World) -> None:
    bob, share = _sold(world)
    page = bob.get(f"/desk/orders/{share.order.number}/cancel/")
    progress.fulfil(share.order, at=now(), actor="bob", reason="Sent.")

    answer = bob.post(page.request["PATH_INFO"], {"plan": page.context["plan"].hash}, follow=True)

    assert "Only orders that were paid and not sent can be cancelled" in answer.content.decode()
    assert not Refund.objects.exists()


def test_another_seller_cannot_reach_it(world: World) -> None:
    _bob, share = _sold(world)
    other = Client()
    other.force_login(world.seller("Other", email="other@example.org").memberships.get().user)

    assert other.get(f"/desk/orders/{share.order.number}/cancel/").status_code == 404


def test_a_debt_is_said_on_the_desk_and_kept_back_from_the_next_release(world: World) -> None:
    bob, share = _sold(world)
    progress.fulfil(share.order, at=now(), actor="bob", reason="Sent.")
    progress.deliver(share.order, at=now(), actor="alice", reason="Received.", said_by="buyer")
    sweeps.set_dates()
    sweeps.release_due()
    with world.later(days=6):
        world.settle()
        share.refresh_from_db()
        request = {"amount": 2400, "reason": "changed_mind", "policy": "shared"}
        decisions.by_itself(share, MoneyAction.Kind.REFUND, request, actor="test", reason="Returned.")

    assert "You owe the marketplace €21.60" in bob.get("/desk/").content.decode()
