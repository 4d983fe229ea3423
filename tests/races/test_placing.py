"""Placing against rivals, on real PostgreSQL. Races have twins with the lock off, which show that the race is real."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager

import pytest
from django.db import IntegrityError, OperationalError, connection

from accounts.models import Seller
from catalog import stock
from catalog.models import Listing, Reservation
from catalog.stock import Goods
from customers.models import Customer
from kit import faults
from kit.clock import now
from kit.transitions import IllegalMove
from orders import baskets, placing, progress
from orders.models import Basket, BasketLine, Purchase, Status
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


@contextmanager
def meeting_before_writing(parties: int) -> Iterator[None]:
    """Hold everybody who has checked the basket until all have, or until it is clear that the others cannot come."""
    barrier = threading.Barrier(parties)

    def wait() -> None:
        try:
            barrier.wait(PATIENCE)
        except threading.BrokenBarrierError:
            return

    with faults.armed("orders.place.checked", wait):
        yield


@contextmanager
def without_the_constraint() -> Iterator[None]:
    """The database allows two open purchases of one basket for a while."""
    constraint = next(c for c in Purchase._meta.constraints if c.name == "one_open_purchase_per_basket")
    with connection.schema_editor() as editor:
        editor.remove_constraint(Purchase, constraint)
    try:
        yield
    finally:
        Purchase.objects.update(basket=None)
        with connection.schema_editor() as editor:
            editor.add_constraint(Purchase, constraint)


@pytest.fixture
def shop() -> Seller:
    seller = SellerFactory()
    MembershipFactory(seller=seller)
    ConnectedAccountFactory(seller=seller)
    return seller


def buyer_of(*things: tuple[Listing, int]) -> Callable[[], Purchase]:
    """Somebody with these things in the basket, ready to place them."""
    customer = CustomerFactory()
    basket = Basket.objects.create(customer=customer)
    for listing, quantity in things:
        baskets.add(basket, listing, quantity)
    address = AddressFactory(customer=customer)
    return lambda: placing.place(
        customer=customer, basket=basket, currency="eur", address=address, placed_from=None, at=now()
    )


def numbers(results: list[Purchase | Exception]) -> list[str]:
    return sorted(result.number if isinstance(result, Purchase) else type(result).__name__ for result in results)


def test_f26_two_tabs_placing_one_basket_make_one_purchase(shop: Seller) -> None:
    listing = ListingFactory(seller=shop, available=5)
    place = buyer_of((listing, 2))

    with meeting_before_writing(2):
        results = at_once(place, place)

    purchase = Purchase.objects.get()
    listing.refresh_from_db()
    assert numbers(results) == [purchase.number, purchase.number]
    assert listing.available == 3
    assert Reservation.objects.count() == 1


def test_without_the_lock_only_the_constraint_stops_the_second_purchase(
    shop: Seller, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = buyer_of((ListingFactory(seller=shop), 2))
    monkeypatch.setattr(placing, "_locked", lambda basket: basket)

    with meeting_before_writing(2):
        results = at_once(place, place)

    assert Purchase.objects.count() == 1
    assert [type(result) for result in results].count(IntegrityError) == 1


def test_without_the_lock_and_the_constraint_two_tabs_make_two_purchases(
    shop: Seller, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = buyer_of((ListingFactory(seller=shop), 2))
    monkeypatch.setattr(placing, "_locked", lambda basket: basket)

    with without_the_constraint():
        with meeting_before_writing(2):
            at_once(place, place)

        assert Purchase.objects.count() == 2


def test_f29_the_last_unit_goes_to_one_of_sixteen_buyers(shop: Seller) -> None:
    listing = ListingFactory(seller=shop, available=1)
    buyers = [buyer_of((listing, 1)) for _buyer in range(16)]

    with meeting_before_writing(16):
        results = at_once(*buyers)

    purchase = Purchase.objects.get()
    listing.refresh_from_db()
    assert numbers(results) == sorted([purchase.number, *["CannotPlace"] * 15])
    assert listing.available == 0


def test_reading_stock_without_its_lock_sells_the_last_unit_many_times(
    shop: Seller, monkeypatch: pytest.MonkeyPatch
) -> None:
    listing = ListingFactory(seller=shop, available=1)
    buyers = [buyer_of((listing, 1)) for _buyer in range(16)]
    have_read = threading.Barrier(16)

    def read_then_write(wanted: Mapping[Goods, int]) -> dict[Goods, Reservation]:
        (goods, quantity), *_others = wanted.items()
        available = Listing.objects.get(pk=goods.listing).available
        have_read.wait(5)
        if available < quantity:
            raise stock.OutOfStock(available, goods)
        Listing.objects.filter(pk=goods.listing).update(available=available - quantity)
        return {goods: Reservation.objects.create(listing_id=goods.listing, quantity=quantity)}

    monkeypatch.setattr(stock, "reserve_all", read_then_write)
    at_once(*buyers)

    assert Purchase.objects.count() == 16


def test_baskets_filled_in_opposite_orders_do_not_wait_for_each_other_for_ever(shop: Seller) -> None:
    bowl, cup = ListingFactory(seller=shop, available=90), ListingFactory(seller=shop, available=90)

    for _round in range(5):
        one, other = buyer_of((bowl, 1), (cup, 1)), buyer_of((cup, 1), (bowl, 1))
        with meeting_before_writing(2):
            results = at_once(one, other)
        assert all(isinstance(result, Purchase) for result in results)

    bowl.refresh_from_db()
    assert bowl.available == 80


def test_taking_stock_in_the_order_of_the_basket_ends_in_a_deadlock(
    shop: Seller, monkeypatch: pytest.MonkeyPatch
) -> None:
    bowl, cup = ListingFactory(seller=shop), ListingFactory(seller=shop)
    have_first = threading.Barrier(2)

    def one_by_one(wanted: Mapping[Goods, int]) -> dict[Goods, Reservation]:
        reserved = {}
        for goods, quantity in wanted.items():
            reserved[goods] = stock.reserve(goods, quantity)
            if len(reserved) == 1:
                have_first.wait(5)
        return reserved

    monkeypatch.setattr(stock, "reserve_all", one_by_one)
    results = at_once(buyer_of((bowl, 1), (cup, 1)), buyer_of((cup, 1), (bowl, 1)))

    assert [type(result) for result in results].count(OperationalError) == 1


@pytest.mark.parametrize("_round", range(5))
def test_payment_and_expiry_at_once_end_in_one_of_the_two(shop: Seller, _round: int) -> None:
    listing = ListingFactory(seller=shop, available=1)
    purchase = buyer_of((listing, 1))()

    def pay() -> bool:
        found = Purchase.objects.get(pk=purchase.pk)
        return progress.mark_paid(found, at=now(), actor="worker", reason="Paid.")

    def expire() -> bool:
        found = Purchase.objects.get(pk=purchase.pk)
        return progress.cancel(found, at=now(), actor="sweeper", reason="Not paid in time.")

    results = at_once(pay, expire, pay, expire)

    purchase.refresh_from_db()
    listing.refresh_from_db()
    assert results.count(True) == 1
    assert results.count(False) == 1
    assert [type(result) for result in results].count(IllegalMove) == 2
    assert (purchase.status, listing.available) in {(Status.PAID, 0), (Status.CANCELLED, 1)}


def test_bringing_one_basket_along_in_four_tabs_moves_it_once(shop: Seller) -> None:
    listing = ListingFactory(seller=shop, available=50)
    buyer: Customer = CustomerFactory()

    for quantity in range(1, 6):
        visitors = Basket.objects.create()
        baskets.add(visitors, listing, quantity)

        def bring_along(token: str = str(visitors.token)) -> None:
            baskets.merge(token, Customer.objects.get(pk=buyer.pk))

        assert at_once(*[bring_along] * 4) == [None] * 4

    assert [line.quantity for line in BasketLine.objects.all()] == [15]
