"""What keeps a basket from being checked out."""

import pytest

from accounts.models import ConnectedAccount, Seller, User
from catalog.models import Listing
from customers.models import Customer
from orders import rules
from orders.models import Basket, BasketLine
from tests.factories import ListingFactory, MembershipFactory
from tests.unit.orders.conftest import Place, fill, open_shop


def codes(basket: Basket) -> list[str]:
    return [problem.code for problem in rules.problems(basket)]


def test_a_basket_of_one_shop_has_no_problems(basket: Basket, bowl: Listing) -> None:
    fill(basket, (bowl, 5))

    assert rules.problems(basket) == []


def test_an_empty_basket_cannot_be_checked_out(basket: Basket) -> None:
    assert codes(basket) == ["empty"]


def test_things_of_several_shops_and_currencies_are_no_problem(basket: Basket, bowl: Listing) -> None:
    cora = open_shop("Cora Prints")
    fill(basket, (bowl, 1), (ListingFactory(seller=cora), 1), (ListingFactory(seller=cora, currency="usd"), 1))

    assert codes(basket) == []


def test_the_smallest_charge_counts_for_each_currency_by_itself(basket: Basket, bowl: Listing) -> None:
    fill(basket, (bowl, 1), (ListingFactory(seller=bowl.seller, currency="usd", price=49), 1))

    (problem,) = rules.problems(basket)

    assert (problem.code, problem.line, problem.currency) == ("too_small", None, "usd")
    assert rules.problems(basket, "eur") == []


def test_what_is_left_out_does_not_count_towards_the_smallest_charge(basket: Basket, shop: Seller) -> None:
    cora = open_shop("Cora Prints")
    fill(basket, (ListingFactory(seller=shop, price=25), 1), (ListingFactory(seller=cora, price=9000), 1))
    ConnectedAccount.objects.filter(seller=cora).update(transfers="restricted")

    assert codes(basket) == ["paused", "too_small"]


@pytest.mark.parametrize(("code", "blocks"), [("own", False), ("paused", False), ("sold_out", True), ("empty", True)])
def test_only_what_is_about_the_things_keeps_a_checkout_from_happening(code: str, blocks: bool) -> None:
    assert rules.Problem(None, "A sentence.", code).blocks is blocks


def test_a_hidden_listing_is_named_as_no_longer_for_sale(basket: Basket, bowl: Listing) -> None:
    fill(basket, (bowl, 1))
    Listing.objects.filter(pk=bowl.pk).update(status="hidden")

    (problem,) = rules.problems(basket)

    assert (problem.code, problem.line) == ("not_for_sale", basket.lines.get())


def test_what_sold_out_in_the_basket_is_named(basket: Basket, bowl: Listing) -> None:
    fill(basket, (bowl, 1))
    Listing.objects.filter(pk=bowl.pk).update(available=0)

    assert codes(basket) == ["sold_out"]


def test_fewer_left_than_wanted_says_how_many(basket: Basket, bowl: Listing) -> None:
    fill(basket, (bowl, 4))
    Listing.objects.filter(pk=bowl.pk).update(available=2)

    (problem,) = rules.problems(basket)

    assert problem.code == "too_few"
    assert "Only 2 are left" in problem.message


def test_units_set_aside_for_this_baskets_own_open_purchase_are_not_sold_out(
    basket: Basket, bowl: Listing, place: Place
) -> None:
    fill(basket, (bowl, 5))
    place()

    assert rules.problems(basket) == []


def test_nobody_buys_from_their_own_shop(basket: Basket, bowl: Listing, alice: Customer, shop: Seller) -> None:
    MembershipFactory(seller=shop, user=alice.user, role="staff")
    fill(basket, (bowl, 1))

    assert codes(basket) == ["own"]


def test_a_shop_stripe_does_not_pay_now_is_named(basket: Basket, bowl: Listing) -> None:
    fill(basket, (bowl, 1))
    ConnectedAccount.objects.update(transfers="restricted")

    (problem,) = rules.problems(basket)

    assert problem.code == "paused"
    assert "Bob’s Bowls cannot take payments" in problem.message


@pytest.mark.parametrize(("price", "expected"), [(49, ["too_small"]), (50, [])])
def test_a_total_below_stripes_smallest_charge_is_refused(
    basket: Basket, shop: Seller, price: int, expected: list[str]
) -> None:
    fill(basket, (ListingFactory(seller=shop, price=price), 1))

    assert codes(basket) == expected


def test_small_things_together_reach_the_smallest_charge(basket: Basket, shop: Seller) -> None:
    fill(basket, (ListingFactory(seller=shop, price=25), 2))

    assert codes(basket) == []


@pytest.mark.parametrize(("price", "expected"), [(50_000_000, ["too_large"]), (49_999_999, [])])
def test_a_total_above_stripes_eight_digits_is_refused(
    basket: Basket, shop: Seller, price: int, expected: list[str]
) -> None:
    fill(basket, (ListingFactory(seller=shop, price=price), 2))

    assert codes(basket) == expected


def test_more_different_things_than_one_stripe_page_shows_are_refused(basket: Basket, shop: Seller) -> None:
    fill(basket, *[(ListingFactory(seller=shop), 1) for _thing in range(101)])

    (problem,) = rules.problems(basket)

    assert (problem.code, problem.line) == ("too_many", None)
    assert "100" in problem.message


def test_only_shipped_things_need_an_address(basket: Basket, bowl: Listing, bob: User) -> None:
    digital = BasketLine(listing=ListingFactory(seller=bowl.seller, delivery="digital"), quantity=1)
    shipped = BasketLine(listing=bowl, quantity=1)

    assert not rules.needs_address([digital])
    assert rules.needs_address([digital, shipped])
