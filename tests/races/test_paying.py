"""Everybody who may end a payment at once: the return page, the event, the sweeper, a second window (F23, F26, F27)."""

from __future__ import annotations

import pytest

from inbox.handle import handle_waiting
from kit.models import Mail
from ledger.models import Entry
from orders.models import Purchase
from payments import checkout, settlement
from payments.errors import PaymentError
from payments.models import Payment
from payments.tasks import follow
from tests.together import at_once
from tests.world import World

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]


def test_f23_return_page_event_and_sweeper_settle_one_payment_once(world: World) -> None:
    client, _alice = world.buyer()
    purchase = world.check_out(client, world.listing())
    session = str(purchase.payments.get().session_id)
    world.pay(session)
    world.deliver()

    results = at_once(
        lambda: settlement.settle(session, actor="return page"),
        lambda: settlement.settle(session, actor="another return page"),
        handle_waiting,
        lambda: settlement.settle(session, actor="payments sweeper"),
        follow,
    )
    world.settle()

    assert [result for result in results if isinstance(result, Exception)] == []
    assert purchase.payments.get().moves.filter(to_status="paid").count() == 1
    assert Entry.objects.filter(posting__kind="charge").count() == 3
    assert Mail.objects.filter(key__startswith="order-paid").count() == 2


def test_f26_four_windows_that_press_pay_at_once_open_one_page(world: World) -> None:
    client, _alice = world.buyer()
    world.emulator.faults.add("error_before", match="POST /v1/customers", status=503)
    client.post("/basket/add/", {"listing": world.listing().pk, "quantity": 1})
    world.press_pay(client)
    purchase = Purchase.objects.get()

    at_once(*[lambda: checkout.start(Purchase.objects.get(), actor="a window") for _window in range(4)])
    payment = checkout.start(purchase, actor="a window")

    assert payment.status == "open"
    assert Payment.objects.count() == 1
    assert len(world.emulator.store.find("checkout.session", account=None)) == 1
    assert len(world.emulator.store.find("customer", account=None)) == 1


def test_f27_paying_and_giving_up_at_once_end_in_one_of_the_two(world: World) -> None:
    client, _alice = world.buyer()
    purchase = world.check_out(client, world.listing())
    session = str(purchase.payments.get().session_id)

    results = at_once(
        lambda: world.pay(session),
        lambda: checkout.abandon(purchase, actor="a window"),
        lambda: settlement.settle(session, actor="return page"),
    )
    world.settle()

    ended = (purchase.payments.get().status, Purchase.objects.get().status)
    assert ended in [("paid", "paid"), ("expired", "cancelled")], results
    assert all(not isinstance(result, Exception) or isinstance(result, PaymentError) for result in results[1:])
