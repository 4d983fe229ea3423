"""From a basket to a purchase."""

import pytest
from django.conf import LazySettings
from pytest_django import DjangoAssertNumQueries

from accounts.models import ConnectedAccount, Seller
from catalog.models import Listing, Reservation
from customers.models import Customer
from kit.clock import now
from orders import baskets, placing, progress
from orders.models import Basket, OrderLine, Purchase, Status
from tests.factories import AddressFactory, CustomerFactory, ListingFactory
from tests.unit.orders.conftest import Place, fill, open_shop


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


def test_several_shops_in_one_basket_are_one_purchase_with_an_order_each(
    basket: Basket, bowl: Listing, place: Place
) -> None:
    cora, dora = open_shop("Cora Prints"), open_shop("Dora’s Doors")
    fill(basket, (bowl, 1), (ListingFactory(seller=cora, price=1000), 2), (ListingFactory(seller=dora, price=333), 1))
    fill(basket, (ListingFactory(seller=cora, price=500), 1))

    purchase = place()

    found = [
        (order.seller.name, order.total, order.fee, order.lines.count()) for order in purchase.orders.order_by("pk")
    ]
    assert found == [("Bob’s Bowls", 2400, 240, 1), ("Cora Prints", 2500, 250, 2), ("Dora’s Doors", 333, 33, 1)]
    assert purchase.total == 2400 + 2500 + 333


@pytest.mark.parametrize(
    ("deliveries", "shops", "flow"),
    [
        (["digital"], 1, "destination"),
        (["pickup", "digital"], 1, "destination"),
        (["shipped"], 1, "held"),
        (["pickup", "shipped"], 1, "held"),
        (["pickup", "digital"], 2, "held"),
    ],
)
def test_money_goes_on_at_once_only_for_one_shop_that_hands_everything_over(
    basket: Basket, shop: Seller, place: Place, deliveries: list[str], shops: int, flow: str
) -> None:
    sellers = [shop, open_shop("Cora Prints")][:shops]
    things = [ListingFactory(seller=sellers[n % shops], delivery=delivery) for n, delivery in enumerate(deliveries)]
    fill(basket, *[(thing, 1) for thing in things])

    purchase = place()

    assert set(purchase.orders.values_list("funds_flow", flat=True)) == {flow}


def test_g6_five_shops_are_placed_with_as_many_queries_as_one(
    basket: Basket, alice: Customer, place: Place, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    fill(basket, *[(ListingFactory(seller=open_shop(f"Shop {n}")), 1) for n in range(5)])
    address = alice.addresses.get()

    with django_assert_max_num_queries(15):
        purchase = place(address=address)

    assert purchase.orders.count() == 5


def test_one_currency_is_placed_and_the_rest_stays(basket: Basket, bowl: Listing, place: Place) -> None:
    poster = ListingFactory(seller=bowl.seller, currency="usd", price=3200)
    fill(basket, (bowl, 1), (poster, 1))

    in_euros, in_dollars = place(), place(currency="usd")

    assert (in_euros.total, in_euros.currency) == (2400, "eur")
    assert (in_dollars.total, in_dollars.currency) == (3200, "usd")
    progress.mark_paid(in_euros, at=now(), actor="worker", reason="Paid.")
    assert [line.listing for line in basket.lines.all()] == [poster]


def test_f26_each_currency_has_its_own_open_purchase(basket: Basket, bowl: Listing, place: Place) -> None:
    poster = ListingFactory(seller=bowl.seller, currency="usd")
    fill(basket, (bowl, 1), (poster, 1))
    opened = place()
    in_dollars = place(currency="usd")
    fill(basket, (bowl, 1))

    with pytest.raises(placing.OpenPurchase) as refused:
        place()

    assert refused.value.purchase == opened
    assert place(currency="usd") == in_dollars


def test_nothing_in_a_currency_is_nothing_to_place(basket: Basket, bowl: Listing, place: Place) -> None:
    fill(basket, (bowl, 1))

    with pytest.raises(placing.CannotPlace) as refused:
        place(currency="usd")

    assert [problem.code for problem in refused.value.problems] == ["empty"]


def test_what_a_paused_shop_sells_is_left_in_the_basket(basket: Basket, bowl: Listing, place: Place) -> None:
    cora = open_shop("Cora Prints")
    poster = ListingFactory(seller=cora)
    fill(basket, (bowl, 1), (poster, 1))
    ConnectedAccount.objects.filter(seller=cora).update(transfers="restricted")

    purchase = place()

    assert [order.seller for order in purchase.orders.all()] == [bowl.seller]
    assert basket.lines.filter(listing=poster).exists()


def test_a_shop_paused_since_the_page_was_shown_is_not_left_out_silently(
    basket: Basket, bowl: Listing, place: Place
) -> None:
    cora = open_shop("Cora Prints")
    fill(basket, (bowl, 1), (ListingFactory(seller=cora), 1))
    seen = placing.fingerprint(baskets.contents(basket))
    ConnectedAccount.objects.filter(seller=cora).update(transfers="restricted")

    with pytest.raises(placing.CannotPlace) as refused:
        place(seen=seen)

    assert [problem.code for problem in refused.value.problems] == ["changed"]


def test_a_basket_with_nothing_but_a_paused_shops_things_says_why(basket: Basket, bowl: Listing, place: Place) -> None:
    fill(basket, (bowl, 1))
    ConnectedAccount.objects.update(transfers="restricted")

    with pytest.raises(placing.CannotPlace) as refused:
        place()

    assert [problem.code for problem in refused.value.problems] == ["paused"]
