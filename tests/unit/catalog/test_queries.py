"""The number of queries of each page is small and does not grow with what it shows (goal G6)."""

from collections.abc import Callable
from contextlib import AbstractContextManager

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import Seller
from catalog import words
from catalog.browsing import shelves
from catalog.candidates import last_id
from catalog.models import Category, Listing, Photo
from catalog.searching import FEW
from tests.factories import ListingFactory

pytestmark = pytest.mark.django_db

Counter = Callable[[int], AbstractContextManager[object]]


def stock_the_shop(ceramics: Category, how_many: int) -> Listing:
    listings = [ListingFactory(category=ceramics) for _n in range(how_many)]
    for listing in listings:
        for place in range(3):
            Photo.objects.create(listing=listing, image=f"{place}.webp", width=4, height=5, position=place)
    return listings[-1]


@pytest.fixture
def with_basket(client: Client) -> Client:
    """A visitor who has put something into the basket, so that every page's header counts it."""
    listing = ListingFactory()
    client.post(reverse("orders:basket_add"), {"listing": listing.pk, "quantity": 1})
    return client


@pytest.mark.parametrize("rows", [1, 30])
def test_browse_asks_three_times_the_basket_included(
    with_basket: Client, ceramics: Category, rows: int, django_assert_num_queries: Counter
):
    stock_the_shop(ceramics, rows)
    shelves.all()
    shelves.countries()

    with django_assert_num_queries(3):  # the session, the basket, the listings with photos, sellers and count
        page = with_basket.get("/browse/")

    assert page.context["basket_count"]() == 1


@pytest.mark.parametrize("rows", [1, 30])
def test_a_category_and_a_search_ask_no_more(
    client: Client, ceramics: Category, rows: int, django_assert_num_queries: Counter
):
    stock_the_shop(ceramics, rows)
    shelves.all()
    shelves.countries()
    words.question("linen")

    with django_assert_num_queries(1 if rows > FEW else 2):  # where little is found, words that were perhaps meant
        client.get("/browse/ceramics-glass/?q=linen&sort=price")


@pytest.mark.parametrize("rows", [5, 30])
def test_what_fits_best_asks_three_times(
    client: Client, ceramics: Category, rows: int, django_assert_num_queries: Counter
):
    stock_the_shop(ceramics, rows)
    shelves.all()
    shelves.countries()
    last_id.all()
    words.question.cache_clear()

    with django_assert_num_queries(3):  # the words, the best places, the listings that stand there
        page = client.get("/browse/?q=linen")

    assert len(page.context["page"].listings) == min(rows, 24)


@pytest.mark.parametrize("rows", [5, 30])
def test_home_asks_at_most_six_times(
    with_basket: Client, ceramics: Category, rows: int, django_assert_num_queries: Counter
):
    stock_the_shop(ceramics, rows)

    with django_assert_num_queries(6):  # session, basket, categories, arrivals, the rows' listings, their cards
        with_basket.get("/")


@pytest.mark.parametrize("rows", [2, 30])
def test_a_listing_asks_at_most_five_times(
    with_basket: Client, ceramics: Category, rows: int, django_assert_num_queries: Counter
):
    listing = stock_the_shop(ceramics, rows)

    with django_assert_num_queries(4):  # session, basket, the listing with photos and seller, more from the shop
        with_basket.get(listing.get_absolute_url())


def test_a_listing_asks_at_most_five_times_when_signed_in_too(
    bobs_browser: Client, ceramics: Category, django_assert_num_queries: Counter
):
    listing = stock_the_shop(ceramics, 3)

    with django_assert_num_queries(5):
        bobs_browser.get(listing.get_absolute_url())


@pytest.mark.parametrize("rows", [1, 30])
def test_a_sellers_own_listings_are_a_constant_number_of_queries(
    bobs_browser: Client, bobs_shop: Seller, ceramics: Category, rows: int, django_assert_num_queries: Counter
):
    stock_the_shop(ceramics, rows)
    Listing.objects.update(seller=bobs_shop)

    with django_assert_num_queries(6):  # session, user, membership, listings, basket; categories twice a minute
        bobs_browser.get("/desk/listings/")
