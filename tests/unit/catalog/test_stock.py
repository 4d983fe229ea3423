"""Stock is promised, sold and put back."""

import pytest

from catalog import stock
from catalog.models import Listing, Reservation
from kit.transitions import IllegalMove
from tests.factories import ListingFactory

pytestmark = pytest.mark.django_db


def left(listing: Listing) -> int:
    return Listing.objects.values_list("available", flat=True).get(pk=listing.pk)


def test_reserving_sets_units_aside():
    listing = ListingFactory(available=5)

    held = stock.reserve(stock.Goods(listing.pk), 2)

    assert (held.quantity, held.status) == (2, Reservation.Status.HELD)
    assert left(listing) == 3


def test_reserving_more_than_there_are_says_how_many_there_are():
    listing = ListingFactory(available=2)

    with pytest.raises(stock.OutOfStock, match=r"^Only 2 are left\.$") as refusal:
        stock.reserve(stock.Goods(listing.pk), 3)

    assert refusal.value.available == 2
    assert left(listing) == 2
    assert not Reservation.objects.exists()


@pytest.mark.parametrize("status", ["draft", "hidden"])
def test_what_is_not_published_cannot_be_reserved(status: str):
    listing = ListingFactory(status=status)

    with pytest.raises(stock.OutOfStock) as refusal:
        stock.reserve(stock.Goods(listing.pk), 1)

    assert refusal.value.available == 0


@pytest.mark.parametrize("quantity", [0, -1])
def test_nothing_cannot_be_reserved(quantity: int):
    listing = ListingFactory()

    with pytest.raises(ValueError, match="at least one"):
        stock.reserve(stock.Goods(listing.pk), quantity)
    with pytest.raises(ValueError, match="at least one"):
        stock.reserve_all({stock.Goods(listing.pk): quantity})


def test_a_basket_is_reserved_whole_or_not_at_all():
    plenty, none = ListingFactory(available=5), ListingFactory(available=0)

    with pytest.raises(stock.OutOfStock) as refusal:
        stock.reserve_all({stock.Goods(plenty.pk): 1, stock.Goods(none.pk): 1})

    assert (refusal.value.goods, refusal.value.available) == ((none.pk, None), 0)
    assert left(plenty) == 5


def test_a_basket_reserves_each_thing_in_its_own_quantity():
    one, other = ListingFactory(available=5), ListingFactory(available=5)

    held = stock.reserve_all({stock.Goods(one.pk): 1, stock.Goods(other.pk): 4})

    assert (left(one), left(other)) == (4, 1)
    assert {goods.listing: each.quantity for goods, each in held.items()} == {one.pk: 1, other.pk: 4}


def test_released_units_are_back_once_however_often_it_is_asked():
    listing = ListingFactory(available=5)
    held = stock.reserve(stock.Goods(listing.pk), 2)
    old_copy = Reservation.objects.get(pk=held.pk)

    first = stock.release(held, actor="job", reason="expired")
    second = stock.release(old_copy, actor="job", reason="cancelled")

    assert (first, second) == (True, False)
    assert left(listing) == 5
    assert [move.reason for move in held.moves.all()] == ["expired"]


def test_sold_units_never_come_back():
    listing = ListingFactory(available=5)
    held = stock.reserve(stock.Goods(listing.pk), 2)

    stock.sell(held, actor="alice@example.org", reason="paid")

    with pytest.raises(IllegalMove):
        stock.release(held, actor="job", reason="expired")
    assert left(listing) == 3


def test_released_units_are_not_sold_from_an_old_copy():
    held = stock.reserve(stock.Goods(ListingFactory().pk), 1)
    old_copy = Reservation.objects.get(pk=held.pk)
    stock.release(held, actor="job", reason="expired")

    with pytest.raises(IllegalMove):
        stock.sell(old_copy, actor="job", reason="paid")


def test_stock_is_adjusted_by_a_difference_and_never_below_nothing():
    listing = ListingFactory(available=5)

    assert stock.adjust(stock.Goods(listing.pk), 3) == 8
    with pytest.raises(stock.OutOfStock) as refusal:
        stock.adjust(stock.Goods(listing.pk), -9)

    assert refusal.value.available == 8
