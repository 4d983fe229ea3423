"""Money that came too late, or not as agreed: in the books at once, and back with the buyer once (F25, F27)."""

from __future__ import annotations

import pytest

from kit.clock import now
from kit.faults import armed
from orders import progress
from orders.models import Order, Purchase
from payments import decisions, stories, sweeps
from payments.models import MoneyAction, Payment, Refund, Share
from tests import invariants
from tests.factories import ListingFactory
from tests.world import World

pytestmark = pytest.mark.django_db

Kind = MoneyAction.Kind


class Killed(BaseException):
    """The process died here."""


def die() -> None:
    raise Killed


def paid_too_late(world: World, *, delivery: str = "shipped") -> Share:
    """Alice pays on a page whose purchase was cancelled meanwhile."""
    client, _alice = world.buyer()
    purchase = world.check_out(client, world.listing(price=1000, delivery=delivery))
    progress.cancel(purchase, at=now(), actor="test", reason="It was not paid in time.")
    world.pay(str(Payment.objects.get().session_id))
    world.settle()
    return Share.objects.get()


def paid_differently(world: World, *, delivery: str = "shipped") -> Share:
    """Alice pays, and what Stripe took is not what we wrote down."""
    client, _alice = world.buyer()
    world.check_out(client, world.listing(price=1000, delivery=delivery))
    Payment.objects.update(amount=1100)
    world.pay(str(Payment.objects.get().session_id))
    world.settle()
    assert Payment.objects.get().status == "review"
    return Share.objects.get()


@pytest.mark.parametrize("delivery", ["shipped", "pickup"])
def test_f27_late_money_goes_back_once_and_by_itself(world: World, delivery: str) -> None:
    share = paid_too_late(world, delivery=delivery)
    invariants.check_at_rest(world.emulator)

    for _run in range(3):
        sweeps.refund_cancelled()
        world.finish()

    share.refresh_from_db()
    assert (Refund.objects.get().status, share.refunded, share.order.status) == ("succeeded", 1000, "cancelled")
    assert Purchase.objects.get().status == "cancelled"
    assert world.stripe_total(str(share.account.stripe_id)) == {}
    assert MoneyAction.objects.get().actor == sweeps.ACTOR
    invariants.check_at_rest(world.emulator)


def test_f27_killed_while_late_money_goes_back_it_goes_back_once(world: World) -> None:
    paid_too_late(world)
    with armed("refund.answered", die), pytest.raises(Killed):
        sweeps.refund_cancelled()

    sweeps.refund_cancelled()
    world.finish()

    assert len(world.emulator.store.find("refund")) == 1
    invariants.check_at_rest(world.emulator)


def test_f27_late_money_is_never_released(world: World) -> None:
    share = paid_too_late(world)

    with pytest.raises(decisions.Refused) as refused:
        decisions.by_itself(share, Kind.RELEASE, {}, actor="test", reason="No.")

    assert refused.value.code == "order_cancelled"
    assert stories.release_line(share) == "goes back to the buyer"


@pytest.mark.parametrize("delivery", ["shipped", "pickup"])
def test_f25_what_was_not_agreed_is_booked_and_held_until_a_person_gives_it_back(world: World, delivery: str) -> None:
    share = paid_differently(world, delivery=delivery)
    invariants.check_at_rest(world.emulator)
    with pytest.raises(decisions.Refused):
        decisions.by_itself(share, Kind.RELEASE, {}, actor="test", reason="No.")

    request = {"amount": share.gross, "reason": "platform_fault", "policy": "shared"}
    decisions.by_itself(share, Kind.REFUND, request, actor="dana", reason="Not what was agreed.")
    assert sweeps.end_reviews() == 1

    share.refresh_from_db()
    assert (share.refunded, Purchase.objects.get().status) == (1000, "cancelled")
    assert share.order.lines.get().listing.available == 5
    assert sweeps.end_reviews() == 0
    invariants.check_at_rest(world.emulator)


def test_f25_what_staff_give_back_in_the_dashboard_is_taken_in(world: World) -> None:
    share = paid_differently(world)

    world.in_the_dashboard("POST /v1/refunds", {"charge": share.payment.charge_id})
    world.settle()
    refund = Refund.objects.get()
    decisions.by_itself(share, Kind.DECIDE, {"refund": refund.pk, "policy": "shared"}, actor="dana", reason="Back.")

    assert sweeps.end_reviews() == 1
    invariants.check_at_rest(world.emulator)


def test_f25_a_smaller_capture_than_agreed_goes_back_to_the_cent(world: World) -> None:
    client, _alice = world.buyer()
    for price in (1000, 2333):
        listing = ListingFactory(seller=world.seller(f"Shop {price}", email=f"{price}@example.org"), price=price)
        client.post("/basket/add/", {"listing": listing.pk, "quantity": 1})
    world.press_pay(client)
    Purchase.objects.update(total=3444)
    Payment.objects.update(amount=3444)
    first, second = Order.objects.order_by("pk")
    Order.objects.filter(pk=second.pk).update(total=2444)

    world.pay(str(Payment.objects.get().session_id))
    world.settle()

    shares = list(Share.objects.order_by("pk"))
    assert (Payment.objects.get().status, sum(share.gross for share in shares)) == ("review", 3333)
    for share in shares:
        request = {"amount": share.gross, "reason": "platform_fault", "policy": "shared"}
        decisions.by_itself(share, Kind.REFUND, request, actor="dana", reason="Not what was agreed.")
    assert sweeps.end_reviews() == 1
    assert (first.share.gross, second.share.gross) == (shares[0].gross, shares[1].gross)
    invariants.check_at_rest(world.emulator)
