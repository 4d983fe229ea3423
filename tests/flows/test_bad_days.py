"""The purchase on bad days: processes killed, answers lost, events early, the broker gone."""

from datetime import timedelta

import pytest
import redis
from django.conf import settings as django_settings
from django.test import Client

from gateway import operations
from inbox.models import StripeEvent
from kit.clock import fixed_at, now
from kit.faults import armed
from ledger.models import Entry
from orders.models import Order, Purchase
from payments.models import Payment
from payments.tasks import follow
from tests.factories import ListingFactory
from tests.world import World

pytestmark = pytest.mark.django_db


class Killed(BaseException):
    """The process died here."""


def die() -> None:
    raise Killed


def charges(world: World) -> int:
    return len([event for event in world.events() if event["type"] == "charge.succeeded"])


def basket_ready(world: World, **changes: object) -> Client:
    client, _alice = world.buyer()
    listing = world.listing(**changes)
    client.post("/basket/add/", {"listing": listing.pk, "quantity": 1})
    return client


def test_f13_stripe_times_out_after_acting_and_there_is_one_page_and_one_charge(world: World) -> None:
    client = basket_ready(world)
    world.emulator.faults.add("lost_response", match="POST /v1/checkout/sessions")

    first = world.press_pay(client)
    assert "/orders/" in first.headers["Location"]
    payment = Payment.objects.get()
    assert payment.status == "created"
    second = client.post(f"/checkout/{payment.purchase.number}/pay/")

    assert second.status_code == 303
    assert world.requests("POST /v1/checkout/sessions") == 2
    payment.refresh_from_db()
    world.pay(str(payment.session_id))
    world.settle()
    assert (Order.objects.get().status, charges(world)) == ("paid", 1)


def test_f13_stripe_down_keeps_the_order_and_says_so(world: World) -> None:
    client = basket_ready(world)
    world.emulator.faults.add("error_before", match="POST /v1/checkout/sessions", status=503)

    answer = client.get(world.press_pay(client).headers["Location"])

    assert "Nothing was charged" in answer.content.decode()
    assert Purchase.objects.get().status == "awaiting_payment"


@pytest.mark.parametrize("point", ["checkout.prepared", "operation.claimed", "operation.answered", "checkout.answered"])
def test_f22_killed_while_the_page_is_opened_the_sweeper_opens_it(world: World, point: str) -> None:
    client = basket_ready(world)
    world.ensure_customer("alice@example.org")
    with armed(point, die), pytest.raises(Killed):
        world.press_pay(client)

    with fixed_at(now() + operations.LEASE + timedelta(seconds=1)):
        operations.finish_due()
        follow()

    payment = Payment.objects.get()
    assert payment.status == "open"
    world.pay(str(payment.session_id))
    world.settle()
    assert (Order.objects.get().status, charges(world)) == ("paid", 1)


@pytest.mark.parametrize("point", ["settlement.booked", "inbox.applied"])
def test_f22_the_worker_killed_before_the_commit_settles_at_the_next_try(world: World, point: str) -> None:
    client = basket_ready(world)
    world.press_pay(client)
    world.pay(str(Payment.objects.get().session_id))
    world.deliver()

    with armed(point, die), pytest.raises(Killed):
        world.work()
    assert Order.objects.get().status == "awaiting_payment"
    assert not Entry.objects.exists()

    world.release_leases()
    world.settle()
    assert Order.objects.get().status == "paid"
    assert Entry.objects.filter(posting__kind="charge").count() == 3


def test_f03_the_event_comes_before_we_know_the_page(world: World) -> None:
    client = basket_ready(world)
    world.ensure_customer("alice@example.org")
    with armed("checkout.answered", die), pytest.raises(Killed):
        world.press_pay(client)
    payment = Payment.objects.get()
    assert payment.session_id is None
    opened = operations.latest(f"checkout:{payment.pk}")
    assert opened is not None

    world.pay(opened.object_id)
    world.settle()

    payment.refresh_from_db()
    assert (payment.status, payment.session_id) == ("paid", opened.object_id)
    assert Order.objects.get().status == "paid"


def test_f03_an_event_about_something_unknown_waits_instead_of_being_lost(world: World) -> None:
    session = world.foreign_session()
    world.pay(session)

    world.settle()

    row = StripeEvent.objects.get(type="checkout.session.completed")
    assert row.status == "received"
    assert "No payment here" in row.last_error


def test_f04_redis_flushed_after_the_answer_loses_nothing(world: World) -> None:
    client = basket_ready(world)
    world.press_pay(client)
    world.pay(str(Payment.objects.get().session_id))
    world.deliver()

    redis.Redis.from_url(django_settings.REDIS_URL).flushdb()
    world.work()

    assert Order.objects.get().status == "paid"


def test_a_page_that_was_paid_without_our_hearing_of_it_is_found(world: World) -> None:
    client = basket_ready(world)
    world.press_pay(client)
    world.emulator.faults.add("webhook_drop", match=".*", times=100)
    world.pay(str(Payment.objects.get().session_id))
    world.settle()
    assert Order.objects.get().status == "awaiting_payment"

    with fixed_at(now() + timedelta(hours=1)):
        follow()

    assert Order.objects.get().status == "paid"


def test_a_purchase_whose_payment_never_came_to_be_gives_its_stock_back(world: World) -> None:
    client = basket_ready(world, available=1)
    world.emulator.faults.add("error_before", match="POST /v1/customers", status=503, times=50)
    world.press_pay(client)
    assert Purchase.objects.get().status == "awaiting_payment"

    with fixed_at(now() + timedelta(hours=1)):
        follow()

    purchase = Purchase.objects.get()
    assert purchase.status == "cancelled"
    assert purchase.orders.get().lines.get().listing.available == 1


def test_f18_a_page_stripe_never_opens_does_not_keep_the_stock_for_ever(world: World) -> None:
    client = basket_ready(world, available=1)
    world.emulator.faults.add("error_before", match="POST /v1/checkout/sessions", status=500, times=1000)
    world.press_pay(client)

    with world.later(minutes=40):
        follow()

    purchase = Purchase.objects.get()
    assert (Payment.objects.get().status, purchase.status) == ("failed", "cancelled")
    assert purchase.orders.get().lines.get().listing.available == 1


def test_f18_a_page_whose_address_never_reached_us_is_found_once_it_has_closed(world: World) -> None:
    client = basket_ready(world)
    world.emulator.faults.add("lost_response", match="POST /v1/checkout/sessions")
    world.press_pay(client)
    world.emulator.faults.add("error_before", match="POST /v1/checkout/sessions", status=500, times=1000)
    world.emulator.faults.add("webhook_drop", match=".*", times=100)

    with world.later(minutes=40):
        follow()

    payment = Payment.objects.get()
    assert (payment.status, payment.purchase.status) == ("expired", "cancelled")
    assert payment.session_id


def test_a_seller_who_may_no_longer_be_paid_sells_nothing(world: World) -> None:
    client, _alice = world.buyer()
    listing = ListingFactory()
    client.post("/basket/add/", {"listing": listing.pk, "quantity": 1})

    answer = world.press_pay(client)

    assert answer.headers["Location"] == "/basket/"
    assert not Payment.objects.exists()
