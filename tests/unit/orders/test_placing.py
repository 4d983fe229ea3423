"""From a basket to a purchase."""

import pytest
from django.conf import LazySettings
from pytest_django import DjangoAssertNumQueries

from accounts.models import Seller
from catalog.models import Listing, Reservation
from customers.models import Customer
from kit.clock import now
from orders import baskets, placing, progress
from orders.models import Basket, OrderLine, Purchase, Status
from tests.factories import AddressFactory, CustomerFactory, ListingFactory
from tests.unit.orders.conftest import Place, fill


def test_placing_freezes_prices_fee_and_address_and_sets_stock_aside(
    basket: Basket, bowl: Listing, alice: Customer, place: Place
) -> None:
    fill(basket, (bowl, 2))

    purchase = place()

    order = purchase.orders.get()
    line = order.lines.get()
    assert (purchase.status, purchase.total, purchase.currency) == (Status.AWAITING_PAYMENT, 4800, "eur")
    assert (order.total, order.fee, order.seller) == (4800, 480, bowl.seller)
    assert (line.title, line.unit_price, line.quantity, line.amount, line.fee) == ("Grey bowl", 2400, 2, 4800, 480)
    assert purchase.address_lines == ["Alice Example", "Torstraße 1", "10119 Berlin", "Germany"]
    bowl.refresh_from_db()
    assert bowl.available == 3
    assert line.reservation.status == Reservation.Status.HELD


def test_f25_a_price_changed_after_placing_changes_nothing(basket: Basket, bowl: Listing, place: Place) -> None:
    fill(basket, (bowl, 1))
    purchase = place()

    Listing.objects.filter(pk=bowl.pk).update(price=1, title="Cheap bowl")

    purchase.refresh_from_db()
    line = OrderLine.objects.get()
    assert (purchase.total, line.unit_price, line.title) == (2400, 2400, "Grey bowl")


def test_a_later_edit_of_the_address_does_not_reach_the_purchase(
    basket: Basket, bowl: Listing, alice: Customer, place: Place
) -> None:
    fill(basket, (bowl, 1))
    purchase = place()

    alice.addresses.update(line1="Elsewhere 9")

    purchase.refresh_from_db()
    assert purchase.address["line1"] == "Torstraße 1"


def test_f34_placing_the_same_contents_again_is_the_same_purchase(basket: Basket, bowl: Listing, place: Place) -> None:
    fill(basket, (bowl, 5))

    first, second = place(), place()

    assert first.pk == second.pk
    assert Reservation.objects.count() == 1
    bowl.refresh_from_db()
    assert bowl.available == 0


@pytest.mark.parametrize("change", ["quantity", "price", "address"])
def test_f26_other_contents_while_a_purchase_is_open_are_refused(
    basket: Basket, bowl: Listing, alice: Customer, place: Place, change: str
) -> None:
    fill(basket, (bowl, 1))
    opened = place()
    asked = {}
    if change == "quantity":
        fill(basket, (bowl, 1))
    elif change == "price":
        Listing.objects.filter(pk=bowl.pk).update(price=3000)
    else:
        asked["address"] = AddressFactory(customer=alice, line1="Elsewhere 9", is_default=False)

    with pytest.raises(placing.OpenPurchase) as refused:
        place(**asked)

    assert refused.value.purchase == opened
    assert Purchase.objects.count() == 1


def test_after_cancelling_the_open_purchase_the_new_contents_can_be_placed(
    basket: Basket, bowl: Listing, place: Place
) -> None:
    fill(basket, (bowl, 1))
    progress.cancel(place(), at=now(), actor="alice@example.org", reason="Changed the basket.")
    fill(basket, (bowl, 4))

    purchase = place()

    assert purchase.total == 5 * 2400


def test_what_sold_out_meanwhile_is_refused_and_nothing_is_written(basket: Basket, bowl: Listing, place: Place) -> None:
    cup = ListingFactory(seller=bowl.seller, title="Cup")
    fill(basket, (bowl, 1), (cup, 1))
    Listing.objects.filter(pk=cup.pk).update(available=0)

    with pytest.raises(placing.CannotPlace) as refused:
        place()

    assert [problem.code for problem in refused.value.problems] == ["sold_out"]
    assert not Purchase.objects.exists()
    bowl.refresh_from_db()
    assert bowl.available == 5


def test_what_changed_since_it_was_shown_is_refused(basket: Basket, bowl: Listing, place: Place) -> None:
    fill(basket, (bowl, 1))
    seen = placing.fingerprint(baskets.contents(basket))
    Listing.objects.filter(pk=bowl.pk).update(price=2500)

    with pytest.raises(placing.CannotPlace) as refused:
        place(seen=seen)

    assert [problem.code for problem in refused.value.problems] == ["changed"]


def test_what_was_shown_and_has_not_changed_is_placed(basket: Basket, bowl: Listing, place: Place) -> None:
    fill(basket, (bowl, 1))

    assert place(seen=placing.fingerprint(baskets.contents(basket))).total == 2400


def test_shipped_things_need_an_address(basket: Basket, bowl: Listing, place: Place) -> None:
    fill(basket, (bowl, 1))

    with pytest.raises(placing.CannotPlace) as refused:
        place(address=None)

    assert [problem.code for problem in refused.value.problems] == ["no_address"]


def test_digital_things_keep_no_address_even_when_one_is_given(basket: Basket, shop: Seller, place: Place) -> None:
    fill(basket, (ListingFactory(seller=shop, delivery="digital"), 1))

    assert place().address is None


def test_someone_elses_address_or_basket_is_a_mistake_of_ours(basket: Basket, bowl: Listing, place: Place) -> None:
    fill(basket, (bowl, 1))

    with pytest.raises(ValueError, match="own"):
        place(address=AddressFactory())
    with pytest.raises(ValueError, match="own"):
        place(customer=CustomerFactory())


@pytest.mark.parametrize(
    ("prices", "points", "fees"),
    [([333, 333, 334], 1000, [33, 33, 34]), ([1, 1, 98], 1000, [0, 0, 10]), ([5000], 0, [0]), ([105], 1000, [11])],
)
def test_line_fees_add_up_to_the_orders_fee(
    basket: Basket,
    shop: Seller,
    place: Place,
    settings: LazySettings,
    prices: list[int],
    points: int,
    fees: list[int],
) -> None:
    settings.PLATFORM_FEE_BASIS_POINTS = points
    fill(basket, *[(ListingFactory(seller=shop, price=price), 1) for price in prices])

    order = place().orders.get()

    assert [line.fee for line in order.lines.all()] == fees
    assert order.fee == sum(fees)


@pytest.mark.parametrize("lines", [1, 5])
def test_g6_placing_takes_at_most_fifteen_queries(
    basket: Basket,
    shop: Seller,
    alice: Customer,
    place: Place,
    django_assert_max_num_queries: DjangoAssertNumQueries,
    lines: int,
) -> None:
    fill(basket, *[(ListingFactory(seller=shop), 1) for _line in range(lines)])
    address = alice.addresses.get()

    with django_assert_max_num_queries(15):
        place(address=address)
