"""Many at once at the last item (fault F29) and at the end of a reservation (fault F30), on real PostgreSQL.

Each race has a control: the same crowd against code without the protection must oversell, or the race proves nothing.
"""

from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from django.db import IntegrityError, connection, transaction
from django.db.models import F

from catalog import stock
from catalog.models import Listing, Reservation, ReservationMove
from catalog.stock import Goods
from kit.transitions import IllegalMove
from tests.factories import ListingFactory

BUYERS = 64
CHECK = next(c for c in Listing._meta.constraints if c.name == "listing_available_not_negative")

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def last_one() -> Listing:
    return ListingFactory(available=1)


def at_once(crowd: int, act: Callable[[], object]) -> Counter[str]:
    """Let `crowd` people `act` at the same moment, each on a connection of their own; how each of them fared."""
    start = Barrier(crowd)

    def one() -> str:
        connection.ensure_connection()
        try:
            start.wait(timeout=60)
            return str(act())
        except (stock.OutOfStock, IllegalMove, IntegrityError) as error:
            return type(error).__name__
        finally:
            connection.close()

    with ThreadPoolExecutor(crowd) as pool:
        return Counter(future.result() for future in [pool.submit(one) for _person in range(crowd)])


def reserve_one(listing: Listing) -> str:
    stock.reserve(Goods(listing.pk), 1)
    return "got it"


def reserve_in_a_basket(listing: Listing) -> str:
    with transaction.atomic():
        stock.reserve_all({Goods(listing.pk): 1})
    return "got it"


@pytest.mark.parametrize("reserve", [reserve_one, reserve_in_a_basket])
def test_of_64_buyers_exactly_one_gets_the_last_item(last_one: Listing, reserve: Callable[[Listing], str]):
    fared = at_once(BUYERS, lambda: reserve(last_one))

    last_one.refresh_from_db()
    assert fared == {"got it": 1, "OutOfStock": BUYERS - 1}
    assert last_one.available == 0
    assert Reservation.objects.filter(listing=last_one).count() == 1


def test_of_64_buyers_of_two_each_three_share_seven():
    listing = ListingFactory(available=7)

    fared = at_once(BUYERS, lambda: stock.reserve(Goods(listing.pk), 2).quantity)

    listing.refresh_from_db()
    assert fared == {"2": 3, "OutOfStock": BUYERS - 3}
    assert listing.available == 1


def test_baskets_with_the_same_things_in_another_order_never_wait_for_each_other():
    one, other = ListingFactory(available=40), ListingFactory(available=40)
    orders = iter([{Goods(one.pk): 1, Goods(other.pk): 1}, {Goods(other.pk): 1, Goods(one.pk): 1}] * 16)

    def reserve() -> str:
        with transaction.atomic():
            stock.reserve_all(next(orders))
        return "got them"

    assert at_once(32, reserve) == {"got them": 32}


def test_control_reading_first_and_writing_after_oversells(last_one: Listing):
    everybody_has_read = Barrier(BUYERS)

    def naive() -> str:
        seen = Listing.objects.get(pk=last_one.pk).available
        everybody_has_read.wait(timeout=60)
        if seen < 1:
            raise stock.OutOfStock(seen)
        Listing.objects.filter(pk=last_one.pk).update(available=seen - 1)
        Reservation.objects.create(listing=last_one, quantity=1)
        return "got it"

    fared = at_once(BUYERS, naive)

    assert fared == {"got it": BUYERS}
    assert Reservation.objects.filter(listing=last_one).count() == BUYERS


def take_without_asking(listing: Listing) -> str:
    with transaction.atomic():
        Listing.objects.filter(pk=listing.pk).update(available=F("available") - 1)
        Reservation.objects.create(listing=listing, quantity=1)
    return "got it"


def test_without_the_condition_the_database_still_refuses_to_go_below_zero(last_one: Listing):
    fared = at_once(BUYERS, lambda: take_without_asking(last_one))

    assert fared == {"got it": 1, "IntegrityError": BUYERS - 1}


@pytest.fixture
def without_the_check() -> Iterator[None]:
    with connection.schema_editor() as schema:
        schema.remove_constraint(Listing, CHECK)
    yield
    Listing.objects.filter(available__lt=0).update(available=0)
    with connection.schema_editor() as schema:
        schema.add_constraint(Listing, CHECK)


def test_control_without_condition_and_check_oversells(last_one: Listing, without_the_check: None):
    fared = at_once(BUYERS, lambda: take_without_asking(last_one))

    last_one.refresh_from_db()
    assert fared == {"got it": BUYERS}
    assert last_one.available == 1 - BUYERS


def test_cancel_refund_and_expiry_at_once_put_the_units_back_once(last_one: Listing):
    held = stock.reserve(Goods(last_one.pk), 1)

    def give_back() -> bool:
        return stock.release(Reservation.objects.get(pk=held.pk), actor="job", reason="expired")

    fared = at_once(24, give_back)

    last_one.refresh_from_db()
    assert fared == {"True": 1, "False": 23}
    assert last_one.available == 1
    assert ReservationMove.objects.filter(subject=held).count() == 1


def test_payment_and_expiry_at_once_end_one_way(last_one: Listing):
    held = stock.reserve(Goods(last_one.pk), 1)
    ends = iter([stock.sell, stock.release] * 8)

    def end() -> bool:
        return next(ends)(Reservation.objects.get(pk=held.pk), actor="job", reason="race")

    fared = at_once(16, end)

    held.refresh_from_db()
    last_one.refresh_from_db()
    assert fared == {"True": 1, "False": 7, "IllegalMove": 8}
    assert last_one.available == (1 if held.status == Reservation.Status.RELEASED else 0)
    assert ReservationMove.objects.filter(subject=held).count() == 1


def test_control_releasing_without_the_lock_restores_twice(last_one: Listing):
    held = stock.reserve(Goods(last_one.pk), 1)
    everybody_has_read = Barrier(8)

    def naive() -> str:
        row = Reservation.objects.get(pk=held.pk)
        everybody_has_read.wait(timeout=60)
        if row.status == Reservation.Status.HELD:
            Listing.objects.filter(pk=row.listing_id).update(available=F("available") + row.quantity)
        return "released"

    at_once(8, naive)

    last_one.refresh_from_db()
    assert last_one.available == 8
