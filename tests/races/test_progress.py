"""What is said about an order at once: sent, received, cancelled. Twins with the lock off show that races are real."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from catalog import stock
from catalog.models import Listing, Reservation
from kit.clock import now
from kit.models import Mail
from kit.transitions import IllegalMove, LostRace
from orders import baskets, placing, progress
from orders.models import Basket, Order, Purchase, Status
from tests.factories import (
    AddressFactory,
    ConnectedAccountFactory,
    CustomerFactory,
    ListingFactory,
    MembershipFactory,
    SellerFactory,
)
from tests.together import at_once

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]

# How long a rival may take to come to the same point; one that is kept out by a lock never comes.
PATIENCE = 1.0


@pytest.fixture
def bought() -> Order:
    """A paid order of two of five."""
    seller = SellerFactory()
    MembershipFactory(seller=seller)
    ConnectedAccountFactory(seller=seller)
    customer = CustomerFactory()
    basket = Basket.objects.create(customer=customer)
    baskets.add(basket, ListingFactory(seller=seller, available=5), 2)
    purchase = placing.place(
        customer=customer,
        basket=basket,
        currency="eur",
        address=AddressFactory(customer=customer),
        placed_from=None,
        at=now(),
    )
    progress.mark_paid(purchase, at=now(), actor="worker", reason="Paid.")
    order: Order = purchase.orders.get()
    return order


def cancel(order: Order) -> bool:
    found = Order.objects.get(pk=order.pk)
    return progress.cancel_paid(found, at=now(), actor="sweeper", reason="It was not sent in time.")


def send(order: Order) -> bool:
    return progress.fulfil(Order.objects.get(pk=order.pk), at=now(), actor="bob@example.org", reason="Sent.")


def receive(order: Order, said_by: str) -> bool:
    found = Order.objects.get(pk=order.pk)
    return progress.deliver(found, at=now(), actor=said_by, reason="It is here.", said_by=said_by)


@contextmanager
def meeting_after_reading(monkeypatch: pytest.MonkeyPatch, parties: int) -> Iterator[None]:
    """Locks off: everybody reads the order, and nobody goes on before all have."""
    barrier = threading.Barrier(parties)

    def read(order: Order) -> None:
        order.refresh_from_db()
        barrier.wait(5)

    with monkeypatch.context() as patched:
        patched.setattr(progress, "_lock_order", read)
        yield


def test_f30_eight_cancellings_at_once_give_the_stock_back_once(bought: Order) -> None:
    results = at_once(*[lambda: cancel(bought)] * 8)

    assert results.count(True) == 1
    assert results.count(False) == 7
    assert Listing.objects.get().available == 5
    assert Mail.objects.filter(key__startswith="order-cancelled").count() == 2


def test_without_the_lock_the_second_cancelling_ends_in_an_error(
    bought: Order, monkeypatch: pytest.MonkeyPatch
) -> None:
    with meeting_after_reading(monkeypatch, 2):
        results = at_once(*[lambda: cancel(bought)] * 2)

    # The move itself names the status it was read with, so the stock stays right; the loser only gets no answer.
    assert [type(result) for result in results].count(LostRace) == 1
    assert Listing.objects.get().available == 5


def test_f30_taking_back_without_its_lock_puts_the_units_back_twice(
    bought: Order, monkeypatch: pytest.MonkeyPatch
) -> None:
    reservation = Reservation.objects.get()
    have_read = threading.Barrier(2)

    def read_then_write() -> bool:
        found = Reservation.objects.get(pk=reservation.pk)
        have_read.wait(5)
        if found.status != Reservation.Status.SOLD:
            return False
        listing = Listing.objects.get(pk=found.listing_id)
        stock.adjust(stock.Goods(listing.pk), found.quantity)
        return True

    results = at_once(read_then_write, read_then_write)

    assert results == [True, True]
    assert Listing.objects.get().available == 7


@pytest.mark.parametrize("_round", range(5))
def test_sending_and_cancelling_at_once_end_in_one_of_the_two(bought: Order, _round: int) -> None:
    results = at_once(lambda: send(bought), lambda: cancel(bought), lambda: send(bought), lambda: cancel(bought))

    bought.refresh_from_db()
    ended = bought.status, Listing.objects.get().available
    assert ended in {(Status.FULFILLED, 3), (Status.CANCELLED, 5)}
    assert results.count(True) == 1
    assert results.count(False) == 1
    assert [type(result) for result in results].count(IllegalMove) == 2


def test_without_the_lock_sending_and_cancelling_meet(bought: Order, monkeypatch: pytest.MonkeyPatch) -> None:
    with meeting_after_reading(monkeypatch, 2):
        results = at_once(lambda: send(bought), lambda: cancel(bought))

    assert [type(result) for result in results].count(LostRace) == 1


def test_received_by_the_buyer_the_seller_and_the_carrier_at_once_is_told_once(bought: Order) -> None:
    send(bought)

    results = at_once(*[lambda who=who: receive(bought, who) for who in ("buyer", "seller", "carrier", "buyer")])

    bought.refresh_from_db()
    assert results.count(True) == 1
    assert results.count(False) == 3
    assert bought.delivered_by in {"buyer", "seller", "carrier"}
    assert bought.moves.filter(to_status=Status.DELIVERED).count() == 1
    assert Mail.objects.filter(key__startswith="order-delivered").count() == 1


def test_f26_two_currencies_of_one_basket_are_placed_at_once_by_two_windows(bought: Order) -> None:
    customer = bought.purchase.customer
    basket = Basket.objects.get(customer=customer)
    seller = bought.seller
    for currency in ("eur", "usd"):
        baskets.add(basket, ListingFactory(seller=seller, currency=currency), 1)
    address = customer.addresses.get()

    def place(currency: str) -> bool:
        placing.place(customer=customer, basket=basket, currency=currency, address=address, placed_from=None, at=now())
        return True

    results = at_once(*[lambda currency=currency: place(currency) for currency in ("eur", "usd", "eur", "usd")])

    waiting = Purchase.objects.filter(status=Status.AWAITING_PAYMENT)
    assert results == [True] * 4
    assert sorted(waiting.values_list("currency", flat=True)) == ["eur", "usd"]
