"""What a visitor sees of the shop."""

import re
from importlib import import_module

import pytest
from django.test import Client

from accounts.models import Seller
from catalog.models import Category, Listing, Photo
from catalog.models.category import FIRST
from tests.factories import ListingFactory, SellerFactory, UserFactory

pytestmark = pytest.mark.django_db


def listing_with_photo(**facts: object) -> Listing:
    listing = ListingFactory(**facts)
    Photo.objects.create(listing=listing, image="photos/a.webp", small="photos/a-small.webp", width=800, height=1000)
    return listing


def titles(page: object) -> list[str]:
    return [listing.title for listing in page.context["page"].listings]


def test_home_shows_the_newest_thing_with_a_photo_large_and_says_why(client: Client):
    listing_with_photo(title="Moon jug", seller__name="Tanner & Sons")
    ListingFactory(title="Without a photo")

    page = client.get("/")

    assert page.context["home"].feature.title == "Moon jug"
    assert "Just in, from Tanner &amp; Sons" in page.content.decode()
    assert [listing.title for listing in page.context["home"].arrivals] == ["Without a photo"]


def test_home_features_a_thing_before_a_file(client: Client):
    listing_with_photo(title="Moon jug")
    listing_with_photo(title="Guide (PDF)", delivery=Listing.Delivery.DIGITAL)

    assert client.get("/").context["home"].feature.title == "Moon jug"


def test_a_shop_that_brings_in_many_at_once_does_not_fill_the_new_arrivals(client: Client):
    listing_with_photo(title="Moon jug")
    bob, anna = SellerFactory(), SellerFactory()
    for title in ("Bowl", "Plate"):
        ListingFactory(title=title, seller=bob)
    for title in ("Lamp", "Lantern", "Candle"):
        ListingFactory(title=title, seller=anna)

    arrivals = [listing.title for listing in client.get("/").context["home"].arrivals]

    assert arrivals == ["Candle", "Plate", "Lantern", "Bowl"]


def test_the_face_and_the_story_of_a_shop_stand_beside_what_it_sells(client: Client):
    seller = SellerFactory(portrait="portraits/anna.webp", about="Anna throws, her brother glazes.")
    listing = ListingFactory(seller=seller)

    pages = [client.get(path).content.decode() for path in (listing.get_absolute_url(), f"/shops/{seller.slug}/")]

    for page in pages:
        assert 'src="/media/portraits/anna.webp"' in page
        assert "Anna throws, her brother glazes." in page


def test_the_first_categories_have_german_names_and_others_the_ones_they_were_given(client: Client, ceramics: Category):
    Category.objects.create(slug="tools", name="Handtools")
    listing = ListingFactory(category=ceramics)

    browse, own, english = (
        client.get(path, headers={"Accept-Language": language}).content.decode()
        for path, language in (
            (f"/browse/{ceramics.slug}/", "de"),
            (listing.get_absolute_url(), "de"),
            ("/browse/", "en"),
        )
    )

    assert "<title>Keramik und Glas" in browse
    assert "Handtools" in browse
    assert "Ceramics and glass" not in browse + own
    assert "Ceramics and glass" in english


def test_every_category_a_marketplace_starts_with_is_named_to_be_translated():
    module = import_module("catalog.migrations.0003_categories")

    assert [name for _slug, name in module.CATEGORIES] == [str(name) for name in FIRST]


def test_home_never_features_what_is_sold_out(client: Client):
    listing_with_photo(available=0)

    assert client.get("/").context["home"].feature is None


def test_home_has_a_row_for_each_category_with_enough_in_it(client: Client, ceramics: Category):
    ListingFactory.create_batch(5, category=ceramics)
    ListingFactory.create_batch(2)

    rows = client.get("/").context["home"].rows

    assert [row.category for row in rows] == [ceramics]
    assert len(rows[0].listings) == 4


def test_an_empty_home_says_what_would_appear_and_how_to_begin(client: Client):
    page = client.get("/").content.decode()

    assert "Nothing is for sale yet" in page
    assert 'href="/sell/"' in page


def test_browse_finds_words_in_titles_and_descriptions_whatever_their_ending(client: Client):
    ListingFactory(title="Stoneware vases")
    ListingFactory(title="Apron", description="Goes with the vase.")
    ListingFactory(title="Linen shirt")

    assert set(titles(client.get("/browse/", {"q": "vase"}))) == {"Stoneware vases", "Apron"}


def test_browse_understands_quotes_and_minus(client: Client):
    ListingFactory(title="Blue linen shirt")
    ListingFactory(title="Linen apron, blue")

    assert titles(client.get("/browse/", {"q": '"blue linen"'})) == ["Blue linen shirt"]
    assert titles(client.get("/browse/", {"q": "linen -shirt"})) == ["Linen apron, blue"]


@pytest.mark.parametrize("words", ["\x00", "'\"", "%_\\", "<script>alert(1)</script>", "&|!():*", "x" * 201, "🧵"])
def test_strange_words_find_nothing_and_break_nothing(client: Client, words: str):
    page = client.get("/browse/", {"q": words})

    assert page.status_code == 200
    assert b"<script>alert" not in page.content


def test_nothing_found_says_what_to_try(client: Client):
    ListingFactory()

    page = client.get("/browse/", {"q": "zeppelin"}).content.decode()
    filtered = client.get("/browse/", {"q": "zeppelin", "sold_out": "1"}).content.decode()

    assert "Try fewer or other words" in page
    assert "filters__form" not in page, "there is nothing to filter"
    assert "Filters in use" not in page, "the words stand in the search and in the sentence"
    assert "filters__form" in filtered
    assert "Filters in use" in filtered


def test_a_category_shows_only_its_own(client: Client, ceramics: Category):
    ListingFactory(title="Bowl", category=ceramics)
    ListingFactory(title="Shirt")

    page = client.get("/browse/ceramics-glass/")

    assert titles(page) == ["Bowl"]
    assert page.context["category"] == ceramics


def test_a_category_that_does_not_exist_is_not_found(client: Client):
    assert client.get("/browse/zeppelins/").status_code == 404


def test_a_category_added_a_moment_ago_is_found(client: Client):
    client.get("/browse/")
    Category.objects.create(name="Zeppelins", slug="zeppelins")

    assert client.get("/browse/zeppelins/").status_code == 200


def test_prices_sort_within_each_currency(client: Client):
    for price, currency in ((900, "eur"), (1500, "jpy"), (100, "jpy"), (200, "eur")):
        ListingFactory(title=f"{price} {currency}", price=price, currency=currency)

    lowest = client.get("/browse/", {"sort": "price"})
    highest = client.get("/browse/", {"sort": "price-desc"})

    assert titles(lowest) == ["200 eur", "900 eur", "100 jpy", "1500 jpy"]
    assert titles(highest) == ["1500 jpy", "100 jpy", "900 eur", "200 eur"]
    assert "each currency is sorted by itself" in lowest.content.decode()


def test_an_order_nobody_knows_is_the_newest_first(client: Client):
    ListingFactory(title="Older")
    ListingFactory(title="Newer")

    assert titles(client.get("/browse/", {"sort": "random()"})) == ["Newer", "Older"]


@pytest.mark.parametrize("status", ["draft", "hidden"])
def test_what_is_not_published_is_nowhere(client: Client, status: str):
    listing = ListingFactory(status=status)

    assert titles(client.get("/browse/")) == []
    assert client.get(listing.get_absolute_url()).status_code == 404
    assert client.get(f"/listings/{listing.pk}-guessed/").status_code == 404


def test_its_own_seller_sees_a_draft_as_buyers_will(bobs_browser: Client, bobs_shop: Seller):
    draft = ListingFactory(seller=bobs_shop, status="draft")

    page = bobs_browser.get(draft.get_absolute_url()).content.decode()

    assert "This is how buyers will see it" in page
    assert "Add to basket" not in page


def test_a_seller_is_offered_to_edit_an_own_listing_not_to_buy_it(bobs_browser: Client, bobs_shop: Seller):
    listing = ListingFactory(seller=bobs_shop)

    page = bobs_browser.get(listing.get_absolute_url()).content.decode()

    assert f'href="/desk/listings/{listing.pk}/"' in page
    assert "Add to basket" not in page


def test_another_sellers_draft_is_not_found(bobs_browser: Client):
    assert bobs_browser.get(ListingFactory(status="draft").get_absolute_url()).status_code == 404


def test_a_listing_tells_price_delivery_and_seller_beside_the_button(client: Client):
    listing = ListingFactory(title="Moon jug", price=8900, seller__name="Tanner & Sons")

    page = client.get(listing.get_absolute_url()).content.decode()

    assert "<title>Moon jug · " in page
    assert "€89.00" in page
    assert "Sent from Germany" in page
    assert "Tanner &amp; Sons" in page
    assert f'name="listing" value="{listing.pk}"' in page
    assert 'action="/basket/add/"' in page


@pytest.mark.parametrize(
    ("delivery", "words"), [("digital", "the shop hands it over within"), ("pickup", "Picked up in Germany")]
)
def test_delivery_is_said_in_words(client: Client, delivery: str, words: str):
    listing = ListingFactory(delivery=delivery)

    assert words in client.get(listing.get_absolute_url()).content.decode()


def test_a_sold_out_listing_says_so_and_has_no_button(client: Client):
    listing = ListingFactory(available=0)

    page = client.get(listing.get_absolute_url()).content.decode()

    assert "Sold out" in page
    assert "Add to basket" not in page


def test_a_sold_out_listing_names_things_like_it_that_are_in_stock(client: Client, ceramics: Category):
    listing = ListingFactory(title="Stoneware vase", available=0, category=ceramics)
    ListingFactory(title="Glass bowl", category=ceramics)
    ListingFactory(title="Stoneware vase, tall", category=ceramics)
    ListingFactory(title="Stoneware vase, sold", category=ceramics, available=0)
    ListingFactory(title="Stoneware vase of another shelf")

    page = client.get(listing.get_absolute_url())

    assert [other.title for other in page.context["similar"]] == ["Stoneware vase, tall", "Glass bowl"]
    assert "Like it, and in stock" in page.content.decode()


def test_a_card_says_from_where_the_price_is_the_lowest_of_several(client: Client):
    ListingFactory(price=1200, highest_price=1500)

    assert '<span>from <span class="money">€12.00</span></span>' in client.get("/browse/").content.decode()


def test_an_old_address_leads_to_the_listings_own(client: Client):
    listing = ListingFactory(slug="moon-jug")

    answer = client.get(f"/listings/{listing.pk}-old-name/")

    assert answer.status_code == 301
    assert answer.headers["Location"] == f"/listings/{listing.pk}-moon-jug/"
    assert answer.headers["Cache-Control"] == "max-age=60"


def test_a_description_is_text_whatever_the_seller_wrote(client: Client):
    listing = ListingFactory(description="<script>alert(1)</script>\n\nSecond paragraph")

    page = client.get(listing.get_absolute_url()).content.decode()

    assert "<script>alert" not in page
    assert "<p>Second paragraph</p>" in page


def test_a_shop_shows_its_own_listings_and_story(client: Client):
    shop = SellerFactory(name="Tanner & Sons", slug="tanner", about="Fired in a former dairy.")
    ListingFactory(title="Bowl", seller=shop)
    ListingFactory(title="Somebody else's")

    page = client.get("/shops/tanner/")

    assert titles(page) == ["Bowl"]
    assert "Fired in a former dairy." in page.content.decode()


def test_a_shop_says_where_it_sends_from_and_within_how_many_days(client: Client, settings):
    settings.SHIP_WITHIN_DAYS = 5
    SellerFactory(slug="tanner", country="FR")

    page = " ".join(client.get("/shops/tanner/").content.decode().split())

    assert "Sends from France" in page
    assert "Within 5 days of your payment" in page
    assert "Nothing is for sale here at the moment" in page


def test_a_shop_is_read_by_price_or_with_what_is_sold_out_to_its_end(client: Client):
    shop = SellerFactory(slug="tanner")
    for n in range(30):
        ListingFactory(seller=shop, price=100 + n, available=n % 3)

    first = client.get("/shops/tanner/?sort=price&sold_out=1")
    second = client.get(first.context["more_url"])

    prices = [listing.price for page in (first, second) for listing in page.context["page"].listings]
    assert prices == [100 + n for n in range(30)]
    assert len(client.get("/shops/tanner/").context["page"].listings) == 20


def test_a_shop_that_does_not_exist_is_not_found(client: Client):
    assert client.get("/shops/nobody/").status_code == 404


@pytest.mark.parametrize("address", ["/", "/browse/", "/desk/listings/"])
def test_pages_cannot_be_posted_to(client: Client, address: str):
    assert client.post(address).status_code == 405


def test_a_card_that_is_kept_is_drawn_anew_once_anything_on_it_changes(client: Client):
    listing = listing_with_photo(title="Moon jug", price=900, seller__name="Tanner & Sons")
    client.get("/browse/")
    Listing.objects.filter(pk=listing.pk).update(title="Sun jug", price=800)
    Seller.objects.filter(pk=listing.seller_id).update(name="Kiln & daughters")
    Photo.objects.filter(listing=listing).update(small="photos/b-small.webp")

    page = client.get("/browse/").content.decode()

    assert all(said in page for said in ("Sun jug", "€8.00", "Kiln &amp; daughters", "b-small.webp"))
    assert "Moon jug" not in page


def test_a_card_that_is_kept_is_drawn_in_the_language_of_whoever_looks(client: Client):
    listing_with_photo(title="Moon jug", price=123456)
    client.get("/browse/")

    page = client.get("/browse/", headers={"accept-language": "de"}).content.decode()

    assert "1.234,56" in page


def test_what_is_kept_of_a_page_shows_nobody_somebody_else(client: Client):
    ListingFactory()
    people = [UserFactory(email=f"{name}@example.org") for name in ("ann", "bea")]
    pages = []

    for person in people:
        client.force_login(person)
        pages.append(client.get("/browse/").content.decode())
    client.logout()
    pages.append(client.get("/browse/").content.decode())

    assert ["ann@example.org" in page for page in pages] == [True, False, False]
    assert ["bea@example.org" in page for page in pages] == [False, True, False]
    assert ["Sign in" in page for page in pages] == [False, False, True]
    assert len({re.search(r'csrfmiddlewaretoken" value="(\w+)"', page)[1] for page in pages}) == 3


def test_no_two_answers_share_a_nonce(client: Client):
    pages = [client.get("/browse/") for _each in range(2)]

    nonces = [re.search(r'<script src="[^"]*htmx[^"]*" [^>]*nonce="([^"]+)"', page.content.decode()) for page in pages]

    assert nonces[0][1] != nonces[1][1]
    assert all(nonce[1] in page.headers["Content-Security-Policy"] for nonce, page in zip(nonces, pages, strict=True))
