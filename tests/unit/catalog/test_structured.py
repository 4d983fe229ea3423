"""What search engines and link previews read: data that parses, one address a thing, and a sitemap of any size."""

import json
import re
from xml.etree import ElementTree as ET

import pytest
from django.test import Client
from django.utils.timezone import localtime

from catalog import sitemaps
from catalog.models import Category, Photo
from tests.factories import ListingFactory, SellerFactory

pytestmark = pytest.mark.django_db

SITE = "https://shop.example"
SCRIPT = re.compile(r'<script type="application/ld\+json">(.*?)</script>', re.DOTALL)
NAMES = {"s": "http://www.sitemaps.org/schemas/sitemap/0.9"}


@pytest.fixture(autouse=True)
def site(settings) -> None:
    settings.SITE_URL = SITE


def things(page: object) -> dict[str, dict]:
    """The page's structured data, by type."""
    [script] = SCRIPT.findall(page.content.decode())
    data = json.loads(script)
    assert data["@context"] == "https://schema.org"
    return {thing["@type"]: thing for thing in data["@graph"]}


def meta(page: object, name: str) -> list[str]:
    return re.findall(rf'<meta (?:name|property)="{name}" content="([^"]*)">', page.content.decode())


def canonical(page: object) -> str:
    return re.findall(r'<link rel="canonical" href="([^"]*)">', page.content.decode())[0]


def locations(client: Client, address: str) -> list[str]:
    answer = client.get(address)
    assert answer.headers["Content-Type"] == "application/xml"
    return [each.text for each in ET.fromstring(answer.content).iterfind(".//s:loc", NAMES)]


def test_a_listing_is_a_product_with_its_offer_and_its_place(client: Client, ceramics: Category):
    listing = ListingFactory(title="Moon jug", price=8900, category=ceramics, seller__name="Tanner & Sons")
    Photo.objects.create(listing=listing, image="photos/a.webp", width=800, height=1000)
    address = SITE + listing.get_absolute_url()

    page = client.get(listing.get_absolute_url())

    found = things(page)
    assert found["Product"]["name"] == "Moon jug"
    assert found["Product"]["image"] == [f"{SITE}/media/photos/a.webp"]
    assert found["Product"]["offers"] == {
        "@type": "Offer",
        "url": address,
        "price": "89.00",
        "priceCurrency": "EUR",
        "availability": "https://schema.org/InStock",
        "seller": {"@type": "Organization", "name": "Tanner & Sons"},
    }
    trail = found["BreadcrumbList"]["itemListElement"]
    assert [step["name"] for step in trail] == ["Everything", "Ceramics and glass", "Moon jug"]
    assert trail[1]["item"] == f"{SITE}/browse/ceramics-glass/"
    assert canonical(page) == address
    assert meta(page, "og:type") == ["product"]
    assert meta(page, "og:image") == [f"{SITE}/media/photos/a.webp"]


def test_a_listing_with_variants_tells_the_lowest_and_the_highest_price(client: Client):
    listing = ListingFactory(price=1200, highest_price=1500, currency="jpy")

    offer = things(client.get(listing.get_absolute_url()))["Product"]["offers"]

    assert offer["@type"] == "AggregateOffer"
    assert (offer["lowPrice"], offer["highPrice"]) == ("1200", "1500")
    assert "price" not in offer


def test_what_is_sold_out_says_so(client: Client):
    listing = ListingFactory(available=0)

    assert things(client.get(listing.get_absolute_url()))["Product"]["offers"]["availability"].endswith("/SoldOut")


@pytest.mark.parametrize(
    "nasty", ["</script><script>alert(1)</script>", "<!--<script>", "a & b \u2028 'c' \"d\" \\ {{ x }}"]
)
def test_nothing_a_seller_writes_ends_the_data_or_changes_it(client: Client, nasty: str):
    listing = ListingFactory(title=nasty, description=nasty, seller__name=nasty, slug="x")

    page = client.get(listing.get_absolute_url())

    assert "<script>alert" not in page.content.decode()
    assert things(page)["Product"]["name"] == nasty
    assert things(page)["Product"]["offers"]["seller"]["name"] == nasty


def test_home_category_and_shop_say_what_they_are(client: Client, ceramics: Category):
    SellerFactory(name="Tanner & Sons", slug="tanner", about="Fired in a former dairy.")

    assert things(client.get("/"))["WebSite"]["potentialAction"]["@type"] == "SearchAction"
    assert set(things(client.get("/browse/ceramics-glass/"))) == {"BreadcrumbList"}
    shop = things(client.get("/shops/tanner/"))["Store"]
    assert (shop["name"], shop["url"]) == ("Tanner & Sons", f"{SITE}/shops/tanner/")
    assert shop["address"]["addressCountry"] == "DE"


@pytest.mark.parametrize("asked", ["q=vase", "sort=price", "country=DE", "sold_out=1", "after=x", "q=vase&country=DE"])
def test_searches_filters_and_later_pages_are_not_for_search_engines(client: Client, ceramics: Category, asked: str):
    page = client.get(f"/browse/ceramics-glass/?{asked}")

    assert meta(page, "robots") == ["noindex, follow"]
    assert canonical(page) == f"{SITE}/browse/ceramics-glass/"


@pytest.mark.parametrize("address", ["/", "/browse/", "/browse/ceramics-glass/", "/shops/tanner/", "/browse/?q=&utm=x"])
def test_plain_pages_are_for_search_engines_with_a_title_and_a_description(client: Client, ceramics: Category, address):
    SellerFactory(slug="tanner")

    page = client.get(address)

    assert meta(page, "robots") == []
    assert canonical(page) == SITE + address.partition("?")[0]
    assert len(meta(page, "description")[0]) > 20
    assert meta(page, "og:url") == [canonical(page)]


@pytest.mark.usefixtures("ceramics")
def test_the_sitemap_names_what_everybody_may_see(client: Client):
    listing = ListingFactory(seller__slug="tanner")
    ListingFactory(status="hidden", seller__slug="nobody")

    assert locations(client, "/sitemap.xml") == [
        f"{SITE}/sitemap-shelves.xml", f"{SITE}/sitemap-shops.xml", f"{SITE}/sitemap-listings.xml"
    ]  # fmt: skip
    assert f"{SITE}/browse/ceramics-glass/" in locations(client, "/sitemap-shelves.xml")
    assert locations(client, "/sitemap-shops.xml") == [f"{SITE}/shops/tanner/"]
    assert locations(client, "/sitemap-listings.xml") == [SITE + listing.get_absolute_url()]


def test_the_sitemap_tells_when_a_listing_changed(client: Client):
    listing = ListingFactory()

    answer = client.get("/sitemap-listings.xml").content.decode()

    assert f"<lastmod>{localtime(listing.updated_at):%Y-%m-%d}</lastmod>" in answer


def test_a_large_sitemap_comes_in_parts_that_each_cost_two_queries(
    client: Client, monkeypatch: pytest.MonkeyPatch, django_assert_num_queries
):
    monkeypatch.setattr(sitemaps, "ADDRESSES", 4)
    listings = [ListingFactory() for _n in range(10)]

    parts = [part for part in locations(client, "/sitemap.xml") if "listings" in part]
    with django_assert_num_queries(2):  # the last id, and the part's rows
        client.get(parts[-1])
    found = [address for part in parts for address in locations(client, part)]

    assert len(parts) >= 3
    assert sorted(found) == sorted(SITE + listing.get_absolute_url() for listing in listings)


@pytest.mark.parametrize("address", ["/sitemap-x.xml", "/sitemap-listings.xml?p=99", "/sitemap-listings.xml?p=x"])
def test_a_part_there_is_not_is_not_found(client: Client, address: str):
    assert client.get(address).status_code == 404
