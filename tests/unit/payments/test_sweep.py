"""The sweeper: one payment that cannot be followed never holds up the others."""

from datetime import timedelta

import pytest

from kit.clock import fixed_at, now
from ledger.journal import balance
from ledger.models import Account
from orders.models import Purchase
from payments import tasks
from payments.models import Payment, Payout
from payments.tasks import follow
from tests.world import World

pytestmark = pytest.mark.django_db


def two_paid_pages(world: World) -> list[Payment]:
    """Two buyers paid, and no event told us."""
    seller = world.seller()
    for email in ("alice@example.org", "charlie@example.org"):
        client, _customer = world.buyer(email)
        purchase = world.check_out(client, world.listing(seller=seller))
        world.pay(str(purchase.payments.get().session_id))
    return list(Payment.objects.order_by("pk"))


def test_a_payment_that_breaks_the_sweep_does_not_stop_it(world: World) -> None:
    poison, good = two_paid_pages(world)
    poison.purchase.orders.update(status="cancelled")

    with fixed_at(now() + timedelta(hours=1)):
        follow()

    good.refresh_from_db()
    assert good.status == "paid"


def test_a_payment_that_breaks_every_sweep_does_not_starve_those_behind_it(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tasks, "BATCH", 1)
    poison, good = two_paid_pages(world)
    poison.purchase.orders.update(status="cancelled")

    with fixed_at(now() + timedelta(hours=1)):
        for _sweep in range(60):
            follow()

    good.refresh_from_db()
    assert good.status == "paid"


def test_a_purchase_that_cannot_be_cancelled_does_not_keep_the_next_one_open(world: World) -> None:
    world.emulator.faults.add("error_before", match="POST /v1/customers", status=503, times=50)
    seller = world.seller()
    for email in ("alice@example.org", "charlie@example.org"):
        client, _customer = world.buyer(email)
        client.post("/basket/add/", {"listing": world.listing(seller=seller).pk, "quantity": 1})
        world.press_pay(client)
    poison, good = Purchase.objects.order_by("pk")
    poison.orders.update(status="paid")

    with fixed_at(now() + timedelta(hours=1)):
        follow()

    good.refresh_from_db()
    assert good.status == "cancelled"


def test_f08_a_payout_whose_arrival_nobody_told_us_is_found(world: World) -> None:
    client, _alice = world.buyer()
    purchase = world.check_out(client, world.listing(price=10_000, delivery="digital"))
    world.pay(str(purchase.payments.get().session_id))
    world.settle()
    with world.later(days=2):
        world.settle()
    payout = Payout.objects.get()
    assert payout.status in ("pending", "in_transit")

    world.emulator.faults.add("webhook_drop", match=".*", times=100)
    with world.later(days=7):
        world.settle()
        follow()

    payout.refresh_from_db()
    assert payout.status == "paid"
    assert balance(Account.PAYOUTS_IN_TRANSIT, payout.stripe_id, "eur") == 0
