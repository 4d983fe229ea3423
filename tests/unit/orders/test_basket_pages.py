"""The basket as people meet it."""

import re

import pytest
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from accounts.models import ConnectedAccount, Seller, User
from catalog.models import Listing
from customers.models import Customer
from orders.models import Basket, BasketLine
from tests.factories import PASSWORD, ListingFactory, UserFactory
from tests.unit.orders.conftest import Place, fill, open_shop, signed_in

pytestmark = pytest.mark.django_db


def page(client: Client) -> str:
    answer = client.get("/basket/")
    assert answer.status_code == 200
    return " ".join(re.sub(r"<[^>]+>", " ", answer.content.decode().split("<main")[1]).split())


def add(client: Client, listing: Listing, quantity: object = 1) -> str:
    answer = client.post("/basket/add/", {"listing": listing.pk, "quantity": quantity}, follow=True)
    assert answer.redirect_chain == [("/basket/", 302)]
    return " ".join(str(message) for message in answer.context["messages"])


def test_an_empty_basket_says_what_would_be_there(client: Client) -> None:
    assert "Your basket is empty" in page(client)


def test_a_visitor_sees_what_was_added_grouped_by_shop_with_the_total(client: Client, bowl: Listing) -> None:
    said = add(client, bowl, 2)

    shown = page(client)

    assert said == "“Grey bowl” is in your basket."
    assert "Bob’s Bowls" in shown
    assert "€24.00 each" in shown
    assert "Total €48.00" in shown
    assert "Check out" in shown


def test_the_check_out_button_leads_to_checkout(client: Client, bowl: Listing) -> None:
    add(client, bowl)

    assert 'href="/checkout/"' in client.get("/basket/").content.decode()


def test_signing_in_keeps_what_the_visitor_added(client: Client, bowl: Listing, alice: Customer) -> None:
    alice.user.set_password(PASSWORD)
    alice.user.save()
    add(client, bowl, 2)

    client.post("/accounts/login/", {"login": alice.user.email, "password": PASSWORD})

    assert "Total €48.00" in page(client)
    assert BasketLine.objects.get().basket.customer == alice


def test_the_price_shown_is_the_price_now(client: Client, bowl: Listing) -> None:
    add(client, bowl)

    Listing.objects.filter(pk=bowl.pk).update(price=3000)

    assert "Total €30.00" in page(client)


def test_few_left_is_said(client: Client, shop: Seller) -> None:
    add(client, ListingFactory(seller=shop, available=2))
    add(client, ListingFactory(seller=shop, available=50))

    shown = page(client)

    assert "2 left" in shown
    assert "50 left" not in shown


def test_asking_for_more_than_there_are_takes_what_is_left_and_says_so(client: Client, bowl: Listing) -> None:
    said = add(client, bowl, 9)

    assert said == "Only 5 of “Grey bowl” are left, and they are in your basket."
    assert BasketLine.objects.get().quantity == 5


def test_a_quantity_can_be_changed_and_zero_removes(client: Client, bowl: Listing) -> None:
    add(client, bowl)
    line = BasketLine.objects.get()

    client.post(f"/basket/{line.pk}/", {"quantity": "3"})
    assert BasketLine.objects.get().quantity == 3

    answer = client.post(f"/basket/{line.pk}/", {"quantity": "0"}, follow=True)
    assert "no longer in your basket" in answer.content.decode()
    assert not BasketLine.objects.exists()


@pytest.mark.parametrize("nonsense", ["", "two", "-1", "100", "1e3", "9" * 30])
def test_a_nonsense_quantity_changes_nothing_and_says_why(client: Client, bowl: Listing, nonsense: str) -> None:
    add(client, bowl)
    line = BasketLine.objects.get()

    answer = client.post(f"/basket/{line.pk}/", {"quantity": nonsense}, follow=True)

    assert [message.level_tag for message in answer.context["messages"]] == ["error"]
    assert BasketLine.objects.get().quantity == 1


@pytest.mark.parametrize("listing", ["", "0", "x", "99999999", "9" * 30])
def test_adding_what_does_not_exist_says_so(client: Client, listing: str) -> None:
    answer = client.post("/basket/add/", {"listing": listing}, follow=True)

    assert [message.level_tag for message in answer.context["messages"]] == ["error"]
    assert not Basket.objects.exists()


def test_a_draft_cannot_be_added(client: Client, shop: Seller) -> None:
    said = add(client, ListingFactory(seller=shop, status="draft"))

    assert said == "This is no longer for sale, so it was not added to your basket."


def test_a_price_sent_along_is_ignored(client: Client, bowl: Listing) -> None:
    client.post("/basket/add/", {"listing": bowl.pk, "quantity": 1, "price": 1, "unit_price": 1})

    assert "Total €24.00" in page(client)


def test_somebody_elses_line_is_not_found(client: Client, basket: Basket, bowl: Listing) -> None:
    fill(basket, (bowl, 1))
    add(client, bowl)
    theirs = basket.lines.get()

    assert client.post(f"/basket/{theirs.pk}/", {"quantity": "0"}).status_code == 404
    assert signed_in(UserFactory()).post(f"/basket/{theirs.pk}/", {"quantity": "0"}).status_code == 404
    assert basket.lines.get().quantity == 1


def test_looking_never_changes_a_basket(client: Client, bowl: Listing) -> None:
    add(client, bowl)

    assert client.get("/basket/add/").status_code == 405
    assert client.get(f"/basket/{BasketLine.objects.get().pk}/").status_code == 405


def test_what_cannot_be_had_is_explained_and_not_counted(client: Client, bowl: Listing, shop: Seller) -> None:
    cup = ListingFactory(seller=shop, title="Cup", price=1000)
    add(client, bowl)
    add(client, cup)
    Listing.objects.filter(pk=cup.pk).update(status="hidden")

    shown = page(client)

    assert "No longer for sale. Remove it to go on." in shown
    assert "Total €24.00" in shown
    assert "Check out" not in shown


def test_the_things_of_two_shops_are_one_checkout(client: Client, bowl: Listing) -> None:
    add(client, bowl)
    add(client, ListingFactory(seller=open_shop("Cora Prints"), price=3200))

    shown = page(client)

    assert "Bob’s Bowls" in shown
    assert "Cora Prints" in shown
    assert "Total €56.00" in shown
    assert "Check out" in shown


def test_two_currencies_are_two_totals_to_pay_one_after_the_other(client: Client, bowl: Listing) -> None:
    add(client, bowl)
    add(client, ListingFactory(seller=open_shop("Cora Prints"), currency="usd", price=3200))

    shown = page(client)

    assert "Cora Prints in USD" in shown
    assert "Total in EUR €24.00" in shown
    assert "Total in USD $32.00" in shown
    assert "Each currency is a payment of its own." in shown
    assert "Check out" in shown


def test_what_keeps_one_currency_from_being_paid_keeps_no_other(client: Client, bowl: Listing) -> None:
    poster = ListingFactory(seller=open_shop("Cora Prints"), currency="usd", price=3200)
    add(client, bowl)
    add(client, poster)
    Listing.objects.filter(pk=poster.pk).update(available=0)

    shown = page(client)

    assert "What cannot be paid yet" in shown
    assert "Sold out while it was in your basket." in shown
    assert "Check out" in shown
    assert "Each currency is a payment of its own." not in shown


def test_a_shop_that_cannot_be_paid_keeps_nobody_elses_things_from_being_bought(client: Client, bowl: Listing) -> None:
    cora = open_shop("Cora Prints")
    add(client, bowl)
    add(client, ListingFactory(seller=cora, price=3200))
    ConnectedAccount.objects.filter(seller=cora).update(transfers="restricted")

    shown = page(client)

    assert "Cora Prints cannot take payments at the moment." in shown
    assert "Total €24.00" in shown
    assert "Check out" in shown


def test_what_the_buyers_own_open_purchase_holds_is_not_sold_out(
    alice: Customer, basket: Basket, bowl: Listing, place: Place
) -> None:
    fill(basket, (bowl, 5))
    place()

    assert "Sold out" not in page(signed_in(alice.user))


@pytest.mark.parametrize("lines", [1, 6])
def test_g6_the_basket_takes_at_most_eight_queries(
    alice: Customer,
    basket: Basket,
    shop: Seller,
    bob: User,
    django_assert_max_num_queries: DjangoAssertNumQueries,
    lines: int,
) -> None:
    fill(basket, *[(ListingFactory(seller=shop), 1) for _line in range(lines)])
    client = signed_in(alice.user)

    with django_assert_max_num_queries(8):
        client.get("/basket/")
