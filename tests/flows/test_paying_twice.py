"""Nobody pays one purchase twice, and nothing is cancelled under a page that can still take money."""

import pytest
from django.test import Client

from accounts.models import User
from orders.models import Purchase
from payments import settlement
from payments.models import Payment
from tests.world import World

pytestmark = pytest.mark.django_db


def alice() -> Client:
    client = Client()
    client.force_login(User.objects.get(email="alice@example.org"))
    return client


def paid_not_as_agreed(world: World) -> Payment:
    """The buyer paid, but what Stripe took is not what was agreed: a person has to look."""
    client, _alice = world.buyer()
    world.check_out(client, world.listing())
    payment = Payment.objects.get()
    world.pay(str(payment.session_id))
    Payment.objects.update(amount=2500)
    world.settle()
    payment.refresh_from_db()
    assert payment.status == "review"
    return payment


def test_a_purchase_whose_payment_a_person_checks_is_not_paid_again(world: World) -> None:
    payment = paid_not_as_agreed(world)

    answer = alice().post(f"/checkout/{payment.purchase.number}/pay/", follow=True)

    assert "do not pay again" in answer.content.decode()
    assert Payment.objects.count() == 1


def test_a_purchase_whose_payment_a_person_checks_is_not_placed_anew(world: World) -> None:
    payment = paid_not_as_agreed(world)
    line = payment.purchase.basket.lines.get()  # type: ignore[union-attr]
    line.quantity = 2
    line.save()
    client = alice()

    answer = client.get(world.press_pay(client).headers["Location"])

    assert "do not pay again" in answer.content.decode()
    assert Purchase.objects.get().status == "awaiting_payment"
    assert Payment.objects.count() == 1


def test_a_purchase_that_is_being_paid_is_not_cancelled_by_a_sweep_that_looked_before(world: World) -> None:
    client, _alice = world.buyer()
    purchase = world.check_out(client, world.listing())

    settlement.cancel_unpaid(purchase, actor="payments sweeper")

    purchase.refresh_from_db()
    assert purchase.status == "awaiting_payment"
    world.pay(str(Payment.objects.get().session_id))
    world.settle()
    assert Payment.objects.get().status == "paid"
