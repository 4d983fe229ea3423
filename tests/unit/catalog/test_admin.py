"""What Dana sees of the catalogue."""

import pytest
from django.test import Client

from accounts.models import Seller
from catalog import stock
from catalog.models import Listing
from tests.factories import ListingFactory, UserFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def danas_browser() -> Client:
    browser = Client()
    browser.force_login(UserFactory(is_staff=True, is_superuser=True))
    return browser


def mend(browser: Client, listing: Listing, **words: str) -> None:
    """Save the listing's page in the admin."""
    counts = {f"{name}-{kind}_FORMS": 0 for name in ("photos", "moves", "variants") for kind in ("TOTAL", "INITIAL")}
    answer = browser.post(
        f"/admin/catalog/listing/{listing.pk}/change/", {"category": listing.category_id, **words, **counts}
    )
    assert answer.status_code == 302


def test_a_listings_state_stock_and_price_cannot_be_changed_in_the_admin(danas_browser: Client):
    listing: Listing = ListingFactory(available=5, price=2400)

    danas_browser.post(
        f"/admin/catalog/listing/{listing.pk}/change/",
        {"title": "Mended", "category": listing.category_id, "description": "d", "status": "hidden", "available": 99,
         "price": 1, "photos-TOTAL_FORMS": 0, "photos-INITIAL_FORMS": 0, "moves-TOTAL_FORMS": 0,
         "moves-INITIAL_FORMS": 0, "variants-TOTAL_FORMS": 0, "variants-INITIAL_FORMS": 0},
    )  # fmt: skip

    listing.refresh_from_db()
    assert listing.title == "Mended"
    assert (listing.status, listing.available, listing.price) == ("published", 5, 2400)


def test_a_seller_whose_form_is_open_is_told_what_staff_mended(
    danas_browser: Client, bobs_browser: Client, bobs_shop: Seller
):
    listing: Listing = ListingFactory(seller=bobs_shop, title="Jug", description="Old words.", available=5)
    opened = bobs_browser.get(f"/desk/listings/{listing.pk}/").context["form"]

    mend(danas_browser, listing, title="Jug, mended", description="Old words.")
    typed = {"title": "Jug", "description": "Bob’s words.", "category": listing.category_id, "price": "24.00"}
    page = bobs_browser.post(
        f"/desk/listings/{listing.pk}/",
        {**typed, "currency": "eur", "available": 5, "seen": 5, "delivery": "shipped",
         "version": opened["version"].value()},
    )  # fmt: skip

    listing.refresh_from_db()
    assert (listing.title, listing.description, listing.version) == ("Jug, mended", "Old words.", 1)
    assert "The marketplace changed this listing while you were editing" in page.text
    assert "Jug, mended" in page.text
    assert "Bob’s words." in page.text


def test_staff_who_change_nothing_make_no_version(danas_browser: Client):
    listing: Listing = ListingFactory()

    mend(danas_browser, listing, title=listing.title, description=listing.description)

    listing.refresh_from_db()
    assert (listing.version, listing.edits.count()) == (0, 0)


@pytest.mark.parametrize("act", ["change", "delete"])
def test_reservations_are_only_looked_at(danas_browser: Client, act: str):
    held = stock.reserve(stock.Goods(ListingFactory().pk), 1)

    seen = danas_browser.get(f"/admin/catalog/reservation/{held.pk}/change/")
    changed = danas_browser.post(f"/admin/catalog/reservation/{held.pk}/{act}/", {"quantity": 9})

    assert seen.status_code == 200
    assert changed.status_code == 403


def test_lists_ask_a_constant_number_of_times(danas_browser: Client, django_assert_max_num_queries: object):
    ListingFactory.create_batch(12)
    for listing in Listing.objects.all():
        stock.reserve(stock.Goods(listing.pk), 1)

    for page in ("category", "listing", "reservation", "importrun", "importedimage"):
        with django_assert_max_num_queries(8):
            assert danas_browser.get(f"/admin/catalog/{page}/").status_code == 200


def test_a_category_renamed_shows_at_once(danas_browser: Client, client: Client):
    category = ListingFactory().category
    client.get("/browse/")

    danas_browser.post(
        f"/admin/catalog/category/{category.pk}/change/", {"name": "Pots", "slug": category.slug, "position": 0}
    )

    assert "Pots" in client.get("/browse/").content.decode()


@pytest.mark.parametrize(("status", "is_led"), [("published", True), ("draft", False), ("hidden", False)])
def test_staff_are_led_into_the_shop_only_where_there_is_a_page(danas_browser: Client, status: str, is_led: bool):
    listing: Listing = ListingFactory(status=status)

    page = danas_browser.get(f"/admin/catalog/listing/{listing.pk}/change/")

    assert (f'href="{listing.get_absolute_url()}"' in page.text) == is_led
