"""Narrowing the shop: each filter, together and taken off again, with and without scripts."""

from datetime import timedelta

import pytest
from django.test import Client

from accounts.models import Seller
from catalog.browsing import shelves
from catalog.models import Category
from kit.clock import now
from tests.factories import ListingFactory, SellerFactory

pytestmark = pytest.mark.django_db

HTMX = {"HX-Request": "true"}


def titles(page: object) -> set[str]:
    return {listing.title for listing in page.context["page"].listings}


def chips(page: object) -> dict[str, str]:
    return {each["label"]: each["url"] for each in page.context["active"]}


def test_a_price_is_of_one_currency_and_both_ends_count(client: Client):
    for title, price, currency in (("a", 999, "eur"), ("b", 1000, "eur"), ("c", 2000, "eur"), ("d", 1500, "usd")):
        ListingFactory(title=title, price=price, currency=currency)

    page = client.get("/browse/?price_from=10&price_to=20.00&currency=eur")

    assert titles(page) == {"b", "c"}
    assert chips(page) == {"€10.00 to €20.00": "/browse/"}


def test_a_price_without_a_currency_is_in_the_first_one_of_the_marketplace(client: Client):
    ListingFactory(title="a", price=1000, currency="eur")
    ListingFactory(title="b", price=1000, currency="usd")

    assert titles(client.get("/browse/?price_to=50")) == {"a"}


def test_a_currency_alone_narrows_nothing(client: Client):
    ListingFactory(title="a", currency="usd")

    page = client.get("/browse/?currency=eur&price_from=&price_to=")

    assert titles(page) == {"a"}
    assert page.context["asked"].is_plain


@pytest.mark.parametrize(
    ("asked", "sentence"),
    [
        ("price_from=cheap", "Enter an amount like 19.99."),
        ("price_from=-1", "Enter an amount of zero or more."),
        ("price_from=1e999999", "Stripe takes at most eight digits."),
        ("price_from=1.999", "this has more"),
        ("price_from=20&price_to=10", "This is less than the lowest price."),
    ],
)
def test_a_price_that_cannot_be_is_said_at_its_field(client: Client, asked: str, sentence: str):
    ListingFactory(price=2500)

    page = client.get(f"/browse/?{asked}")

    assert page.status_code == 200
    assert sentence in page.content.decode()
    assert 'aria-invalid="true"' in page.content.decode()
    assert '<details class="filters" open>' in page.content.decode()
    assert len(page.context["page"].listings) == 1


def test_delivery_country_and_shop_narrow_together(client: Client):
    berlin = SellerFactory(name="Tanner & Sons", slug="tanner", country="DE")
    paris = SellerFactory(slug="atelier", country="FR")
    ListingFactory(title="a", seller=berlin, delivery="shipped")
    ListingFactory(title="b", seller=berlin, delivery="pickup")
    ListingFactory(title="c", seller=paris, delivery="shipped")

    assert titles(client.get("/browse/?delivery=shipped")) == {"a", "c"}
    assert titles(client.get("/browse/?country=de")) == {"a", "b"}
    assert titles(client.get("/browse/?shop=tanner&delivery=pickup")) == {"b"}


def test_each_active_filter_is_named_with_the_page_without_it(client: Client, ceramics: Category):
    SellerFactory(name="Tanner & Sons", slug="tanner")

    page = client.get("/browse/ceramics-glass/?q=vase&delivery=shipped&country=FR&shop=tanner&sold_out=1&sort=price")

    assert chips(page) == {
        "Ceramics and glass": "/browse/?q=vase&sort=price&delivery=shipped&country=FR&shop=tanner&sold_out=1",
        "“vase”": "/browse/ceramics-glass/?sort=price&delivery=shipped&country=FR&shop=tanner&sold_out=1",
        "Shipped to the buyer": "/browse/ceramics-glass/?q=vase&sort=price&country=FR&shop=tanner&sold_out=1",
        "Sellers in France": "/browse/ceramics-glass/?q=vase&sort=price&delivery=shipped&shop=tanner&sold_out=1",
        "Tanner & Sons": "/browse/ceramics-glass/?q=vase&sort=price&delivery=shipped&country=FR&sold_out=1",
        "Sold-out things too": "/browse/ceramics-glass/?q=vase&sort=price&delivery=shipped&country=FR&shop=tanner",
    }


@pytest.mark.parametrize("asked", ["delivery=teleport", "country=XX", "country=%00", "shop=a/../b", "currency=zzz"])
def test_what_no_form_of_ours_sends_is_left_out(client: Client, asked: str):
    ListingFactory(title="a")

    page = client.get(f"/browse/?{asked}")

    assert page.status_code == 200
    assert titles(page) == {"a"}


def test_what_is_sold_out_is_shown_only_when_asked_for_and_not_for_ever(client: Client):
    ListingFactory(title="here")
    ListingFactory(title="gone", available=0)
    ListingFactory(title="long gone", available=0, published_at=now() - timedelta(days=100))

    assert titles(client.get("/browse/")) == {"here"}
    assert titles(client.get("/browse/?sold_out=1")) == {"here", "gone"}


def test_filters_that_fit_nothing_say_so_and_can_be_cleared(client: Client, ceramics: Category):
    page = client.get("/browse/ceramics-glass/?delivery=digital").content.decode()

    assert "Nothing fits all of these filters" in page
    assert 'href="/browse/ceramics-glass/">Clear the filters</a>' in page


def test_the_form_is_an_ordinary_one_that_keeps_the_words_and_the_order(client: Client):
    page = client.get("/browse/?q=vase&sort=price&country=DE").content.decode()

    assert '<form class="filters__form" action="/browse/" method="get"' in page
    assert '<input type="hidden" name="q" value="vase">' in page
    assert '<input type="hidden" name="sort" value="price">' in page


def test_a_category_chosen_by_name_has_an_address_of_its_own(client: Client, ceramics: Category):
    answer = client.get("/browse/?category=ceramics-glass&country=DE&price_from=")

    assert answer.headers["Location"] == "/browse/ceramics-glass/?country=DE"


def test_in_place_the_address_has_only_what_was_asked(client: Client):
    answer = client.get("/browse/?price_from=&price_to=&currency=eur&country=DE&shop=", headers=HTMX)

    assert answer.headers["HX-Push-Url"] == "/browse/?country=DE"
    assert 'id="results"' in answer.content.decode()


def test_show_more_leaves_the_address_alone(client: Client):
    assert "HX-Push-Url" not in client.get("/browse/?after=x", headers=HTMX).headers


def test_following_show_more_through_filters_meets_everything_once(client: Client):
    seller = SellerFactory(country="FR")
    for n in range(60):
        ListingFactory(seller=seller, title=f"Vase {n}", price=100 + n % 3, description="vase " * (n % 4))
    address, found = "/browse/?q=vase&country=FR&price_to=50", []

    while address:
        page = client.get(address)
        found += [listing.pk for listing in page.context["page"].listings]
        address = page.context["more_url"]

    assert len(found) == len(set(found)) == 60


def test_filters_that_are_kept_show_what_there_is_to_choose_now(client: Client):
    listing = ListingFactory(seller__name="Tanner & Sons", seller__country="DE")
    client.get("/browse/")
    Seller.objects.filter(pk=listing.seller_id).update(name="Kiln & daughters")
    ListingFactory(seller__name="Atelier Nord")

    page = client.get("/browse/").content.decode()

    assert "Kiln &amp; daughters</option>" in page
    assert "Atelier Nord</option>" in page
    assert "Tanner" not in page


def test_filters_that_are_kept_are_in_the_language_of_whoever_looks(client: Client):
    ListingFactory(seller__country="DE")
    client.get("/browse/?country=DE")

    german = client.get("/browse/?country=DE", headers={"accept-language": "de"}).content.decode()
    english = client.get("/browse/?country=DE").content.decode()

    assert '<option value="DE" selected>Deutschland</option>' in german
    assert '<option value="DE" selected>Germany</option>' in english


@pytest.mark.parametrize("typed", ["10", "10.0", "10.00", ""])
def test_filters_that_are_kept_show_a_price_as_it_was_typed(client: Client, typed: str):
    client.get("/browse/?price_from=10.000&currency=usd")
    client.get("/browse/?price_from=10&currency=eur")

    page = client.get(f"/browse/?price_from={typed}&currency=usd").content.decode()

    assert f'name="price_from" value="{typed}"' in page
    assert '<option value="usd" selected>' in page
    assert '<option value="eur">' in page


def test_filters_that_are_kept_belong_to_their_own_shelf(client: Client, ceramics: Category):
    client.get("/browse/")

    page = client.get("/browse/ceramics-glass/").content.decode()

    assert '<form class="filters__form" action="/browse/ceramics-glass/"' in page
    assert '<a href="/browse/ceramics-glass/" aria-current="page">' in page
    assert '<a href="/browse/ceramics-glass/">' in client.get("/browse/").content.decode()


def test_a_shelf_with_another_name_is_shown_by_it(client: Client, ceramics: Category):
    client.get("/browse/")
    Category.objects.filter(pk=ceramics.pk).update(name="Pots & pans")
    shelves.forget()

    page = client.get("/browse/").content.decode()

    assert "Pots &amp; pans</a>" in page
    assert "Ceramics and glass" not in page
