"""Setting a whole basket aside at once."""

import pytest
from pytest_django import DjangoAssertNumQueries

from catalog import stock
from catalog.models import Listing, Reservation
from tests.factories import ListingFactory

pytestmark = pytest.mark.django_db


def left(*listings: Listing) -> list[int]:
    return [Listing.objects.get(pk=listing.pk).available for listing in listings]


def test_each_listing_gets_its_reservation() -> None:
    bowl, cup = ListingFactory(available=5), ListingFactory(available=3)

    reserved = stock.reserve_all({stock.Goods(cup.pk): 3, stock.Goods(bowl.pk): 2})

    assert {goods.listing: held.quantity for goods, held in reserved.items()} == {bowl.pk: 2, cup.pk: 3}
    assert all(reservation.pk for reservation in reserved.values())
    assert left(bowl, cup) == [3, 0]


def test_too_few_of_one_sets_nothing_aside_and_names_it() -> None:
    bowl, cup = ListingFactory(available=5), ListingFactory(available=1)

    with pytest.raises(stock.OutOfStock) as refused:
        stock.reserve_all({stock.Goods(bowl.pk): 1, stock.Goods(cup.pk): 2})

    assert (refused.value.goods, refused.value.available) == ((cup.pk, None), 1)
    assert left(bowl, cup) == [5, 1]
    assert not Reservation.objects.exists()


@pytest.mark.parametrize("status", ["draft", "hidden"])
def test_what_is_not_for_sale_counts_as_none_left(status: str) -> None:
    listing = ListingFactory(status=status)

    with pytest.raises(stock.OutOfStock) as refused:
        stock.reserve_all({stock.Goods(listing.pk): 1})

    assert refused.value.available == 0


@pytest.mark.parametrize("quantity", [0, -1])
def test_a_quantity_below_one_is_a_mistake_of_ours(quantity: int) -> None:
    with pytest.raises(ValueError, match="at least one"):
        stock.reserve_all({stock.Goods(ListingFactory().pk): quantity})


def test_ten_listings_cost_what_one_costs(django_assert_num_queries: DjangoAssertNumQueries) -> None:
    wanted = {stock.Goods(ListingFactory().pk): 1 for _listing in range(10)}

    with django_assert_num_queries(3):
        stock.reserve_all(wanted)
