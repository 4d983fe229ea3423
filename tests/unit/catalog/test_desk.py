"""A seller writes, prices and changes listings."""

import re
from typing import Any

import pytest
from django.test import Client

from accounts.models import Seller
from catalog import stock
from catalog.models import Category, Listing
from tests.factories import ListingFactory, MembershipFactory, UserFactory

pytestmark = pytest.mark.django_db

HERE = "http://testserver"


@pytest.fixture
def typed(ceramics: Category) -> dict[str, Any]:
    """What Bob types into the form."""
    return {
        "title": "Moon jug", "category": ceramics.pk, "description": "Thrown by hand.", "price": "89.00",
        "currency": "eur", "available": "3", "delivery": "shipped",
    }  # fmt: skip


@pytest.fixture
def jug(bobs_shop: Seller, ceramics: Category) -> Listing:
    return ListingFactory(seller=bobs_shop, category=ceramics, title="Moon jug", available=5)


def test_a_new_listing_is_a_draft_of_this_shop(bobs_browser: Client, bobs_shop: Seller, typed: dict[str, Any]):
    page = bobs_browser.post("/desk/listings/new/", typed, follow=True)

    listing = Listing.objects.get()
    assert (listing.seller, listing.status, listing.slug) == (bobs_shop, "draft", "moon-jug")
    assert (listing.price, listing.currency, listing.available) == (8900, "eur", 3)
    assert "Saved as a draft" in page.content.decode()


@pytest.mark.parametrize(
    ("price", "currency", "minor"),
    [("19,99", "eur", 1999), ("1 200", "jpy", 1200), ("1,299.00", "usd", 129900), (" 5 ", "gbp", 500)],
)
def test_a_price_is_read_as_people_type_it(
    bobs_browser: Client, typed: dict[str, Any], price: str, currency: str, minor: int
):
    bobs_browser.post("/desk/listings/new/", {**typed, "price": price, "currency": currency})

    assert Listing.objects.get().price == minor


@pytest.mark.parametrize(
    ("price", "currency", "sentence"),
    [
        ("cheap", "eur", "Enter an amount like 19.99."),
        ("-5", "eur", "Enter an amount of zero or more."),
        ("0", "eur", "Enter a price of more than zero."),
        ("1.999", "eur", "EUR has 2 decimals; this has more."),
        ("10.50", "jpy", "Amounts in JPY are whole: enter one like 1200."),
        ("99999999999", "eur", "Stripe takes at most eight digits."),
        ("NaN", "eur", "Enter an amount of zero or more."),
        ("1e400", "eur", "Stripe takes at most eight digits."),
    ],
)
def test_a_price_that_cannot_be_is_explained_at_its_field(
    bobs_browser: Client, typed: dict[str, Any], price: str, currency: str, sentence: str
):
    page = bobs_browser.post("/desk/listings/new/", {**typed, "price": price, "currency": currency})

    assert page.status_code == 422
    assert sentence in page.context["form"].errors["price"][0]
    assert not Listing.objects.exists()


@pytest.mark.parametrize(
    ("field", "value"),
    [("currency", "xyz"), ("category", "0"), ("available", "-1"), ("available", "2000000"), ("delivery", "by owl"),
     ("title", " "), ("title", "x" * 141), ("description", "x" * 20001), ("title", "nul\x00")],
)  # fmt: skip
def test_facts_that_cannot_be_are_refused(bobs_browser: Client, typed: dict[str, Any], field: str, value: str):
    page = bobs_browser.post("/desk/listings/new/", {**typed, field: value})

    assert list(page.context["form"].errors) == [field]
    assert not Listing.objects.exists()


def test_owner_state_and_dates_are_never_taken_from_the_form(
    bobs_browser: Client, bobs_shop: Seller, typed: dict[str, Any]
):
    other = ListingFactory()

    bobs_browser.post(
        "/desk/listings/new/", {**typed, "seller": other.seller_id, "status": "published", "published_at": "2020-01-01"}
    )

    listing = Listing.objects.latest("pk")
    assert (listing.seller, listing.status, listing.published_at) == (bobs_shop, "draft", None)


def test_a_title_without_letters_of_the_alphabet_still_has_an_address(bobs_browser: Client, typed: dict[str, Any]):
    bobs_browser.post("/desk/listings/new/", {**typed, "title": "花瓶"})

    assert Listing.objects.get().slug == "listing"


def test_editing_changes_the_words_and_keeps_the_state(bobs_browser: Client, jug: Listing, typed: dict[str, Any]):
    bobs_browser.post(f"/desk/listings/{jug.pk}/", {**typed, "title": "Moon jug, large", "available": "5", "seen": "5"})

    jug.refresh_from_db()
    assert (jug.title, jug.slug, jug.status) == ("Moon jug, large", "moon-jug-large", "published")


def test_sales_made_while_the_form_lay_open_are_kept_and_told(
    bobs_browser: Client, jug: Listing, typed: dict[str, Any]
):
    stock.reserve(stock.Goods(jug.pk), 2)

    page = bobs_browser.post(f"/desk/listings/{jug.pk}/", {**typed, "available": "10", "seen": "5"}, follow=True)

    jug.refresh_from_db()
    assert jug.available == 8
    assert "it had gone from 5 to 3. Your change was added to that, so 8 are in stock now" in page.content.decode()


def test_an_untouched_stock_field_never_undoes_a_sale(bobs_browser: Client, jug: Listing, typed: dict[str, Any]):
    stock.reserve(stock.Goods(jug.pk), 2)

    bobs_browser.post(f"/desk/listings/{jug.pk}/", {**typed, "title": "New words", "available": "5", "seen": "5"})

    jug.refresh_from_db()
    assert (jug.available, jug.title) == (3, "New words")


def test_taking_away_more_than_is_left_saves_nothing_and_says_how_many_there_are(
    bobs_browser: Client, jug: Listing, typed: dict[str, Any]
):
    stock.reserve(stock.Goods(jug.pk), 4)

    page = bobs_browser.post(f"/desk/listings/{jug.pk}/", {**typed, "title": "New", "available": "1", "seen": "5"})

    jug.refresh_from_db()
    assert (jug.available, jug.title) == (1, "Moon jug")
    assert "1 are left now. Nothing was saved." in page.content.decode()
    assert 'name="seen" value="1"' in page.content.decode()
    assert "<h1>Moon jug</h1>" in page.content.decode()


@pytest.mark.parametrize("address", ["", "publish/", "hide/", "photos/"])
def test_another_sellers_listing_is_not_found(bobs_browser: Client, typed: dict[str, Any], address: str):
    other = ListingFactory()

    assert bobs_browser.post(f"/desk/listings/{other.pk}/{address}", typed).status_code == 404


def test_visitors_sign_in_first_and_people_without_a_shop_open_one(client: Client):
    visitor = client.get("/desk/listings/")
    client.force_login(UserFactory())
    buyer = client.get("/desk/listings/")

    assert visitor.headers["Location"] == "/accounts/login/?next=/desk/listings/"
    assert buyer.headers["Location"] == "/sell/"


def test_own_listings_show_their_states_and_can_be_looked_at_by_state(
    bobs_browser: Client, bobs_shop: Seller, jug: Listing
):
    ListingFactory(seller=bobs_shop, title="Teapot", status="draft")
    ListingFactory(title="Somebody else's")

    everything = bobs_browser.get("/desk/listings/")
    drafts = bobs_browser.get("/desk/listings/?status=draft")

    assert [listing.title for listing in everything.context["listings"]] == ["Teapot", "Moon jug"]
    assert [listing.title for listing in drafts.context["listings"]] == ["Teapot"]


def test_a_long_list_goes_on_behind_a_link(bobs_browser: Client, bobs_shop: Seller, ceramics: Category):
    ListingFactory.create_batch(51, seller=bobs_shop, category=ceramics)

    first = bobs_browser.get("/desk/listings/")
    second = bobs_browser.get("/desk/listings/", {"after": first.context["more"]})

    assert (len(first.context["listings"]), len(second.context["listings"])) == (50, 1)


def test_an_empty_desk_says_how_to_begin(bobs_browser: Client):
    assert "You have not listed anything yet" in bobs_browser.get("/desk/listings/").content.decode()


@pytest.mark.parametrize("page", ["/desk/listings/new/", "", "variants/"])
def test_a_listing_typed_when_the_session_ended_is_there_after_signing_in(
    bobs_browser: Client, bobs_shop: Seller, page: str
) -> None:
    apron = ListingFactory(seller=bobs_shop)
    page = page if page.startswith("/") else f"/desk/listings/{apron.pk}/{page}"
    mark = re.search(r'name="typed_by" value="(\w+)"', bobs_browser.get(page).content.decode())
    assert mark is not None
    owner = bobs_shop.memberships.get().user
    bobs_browser.logout()
    words = {"title": "Half-typed jug", "description": "A story of many words.", "name0": "Half-typed size"}
    sent = bobs_browser.post(page, {**words, "typed_by": mark[1], "act": "save"}, headers={"Referer": HERE + page})

    bobs_browser.force_login(owner)
    again = bobs_browser.get(page).content.decode()

    assert sent["Location"] == f"/accounts/login/?next={page}"
    assert "Half-typed" in again
    assert "not saved yet" in again
    assert not Listing.objects.filter(title__startswith="Half").exists()
    assert "Half-typed" not in bobs_browser.get(page).content.decode()


def test_what_a_seller_typed_is_not_shown_to_who_signs_in_there_next(bobs_browser: Client, bobs_shop: Seller) -> None:
    page = "/desk/listings/new/"
    mark = re.search(r'name="typed_by" value="(\w+)"', bobs_browser.get(page).content.decode())
    assert mark is not None
    bobs_browser.logout()
    bobs_browser.post(page, {"title": "Half-typed jug", "typed_by": mark[1]}, headers={"Referer": HERE + page})

    bobs_browser.force_login(MembershipFactory().user)

    assert "Half-typed" not in bobs_browser.get(page).content.decode()


def test_nobody_is_led_to_another_site_or_page_by_where_a_form_says_it_comes_from(client: Client, db: None) -> None:
    for referer in ("https://evil.example/desk/", "//evil.example/", "", "javascript:alert(1)"):
        answer = client.post("/desk/listings/new/", {"typed_by": "x", "title": "A"}, headers={"Referer": referer})

        assert answer["Location"] == "/accounts/login/?next=/sell/"
