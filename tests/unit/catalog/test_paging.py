"""Pages by position: nothing twice, nothing left out, at the same cost on every page."""

from datetime import UTC, datetime

import pytest
from django.db import connection
from django.test import Client
from django.utils import timezone

from catalog import browsing
from catalog.models import Listing
from tests.factories import CategoryFactory, ListingFactory, SellerFactory

pytestmark = pytest.mark.django_db

MOMENT = datetime(2026, 3, 1, 12, tzinfo=UTC)


@pytest.fixture
def sixty() -> list[Listing]:
    """Sixty listings, many published at the same moment and at the same price."""
    seller, category = SellerFactory(), CategoryFactory(slug="shelf")
    return [
        ListingFactory(
            seller=seller, category=category, title=f"Thing {n}", price=100 * (n % 7 + 1), published_at=MOMENT,
            currency="jpy" if n % 3 else "eur",
        )
        for n in range(60)
    ]  # fmt: skip


def walk(client: Client, address: str) -> list[int]:
    """Follow "Show more" to the end, as somebody without JavaScript does."""
    found: list[int] = []
    while address:
        page = client.get(address)
        found += [listing.pk for listing in page.context["page"].listings]
        address = page.context["more_url"]
    return found


@pytest.mark.parametrize(
    "address",
    [
        "/browse/",
        "/browse/?sort=price",
        "/browse/?sort=price-desc",
        "/browse/shelf/",
        "/browse/?q=thing",
        "/browse/?q=thing&sort=newest",
    ],
)
def test_following_show_more_meets_everything_once(client: Client, sixty: list[Listing], address: str):
    found = walk(client, address)

    assert len(found) == 60
    assert set(found) == {listing.pk for listing in sixty}


def test_a_listing_published_while_reading_shifts_nothing(client: Client, sixty: list[Listing]):
    first = client.get("/browse/")
    ListingFactory(published_at=timezone.now())

    second = client.get(first.context["more_url"])

    seen = {listing.pk for listing in first.context["page"].listings}
    assert seen.isdisjoint(listing.pk for listing in second.context["page"].listings)


def test_the_way_on_is_a_link_that_keeps_what_was_asked(client: Client, sixty: list[Listing]):
    page = client.get("/browse/?q=thing&sort=price")

    assert page.context["more_url"].startswith("/browse/?q=thing&sort=price&after=")
    assert 'rel="next"' in page.content.decode()


def test_the_first_page_counts_and_later_ones_do_not(client: Client, sixty: list[Listing]):
    first = client.get("/browse/")
    second = client.get(first.context["more_url"])

    assert first.context["page"].count == 60
    assert second.context["page"].count is None
    assert "60 listings" in first.content.decode()


def test_counting_stops_at_a_thousand(monkeypatch: pytest.MonkeyPatch, client: Client, sixty: list[Listing]):
    monkeypatch.setattr(browsing, "COUNT_UP_TO", 50)

    assert client.get("/browse/").context["page"].is_counted_out


@pytest.mark.parametrize(
    "cursor",
    [
        "x",
        "~",
        "a~b~c",
        "2026-03-01T12:00:00+00:00~",
        "2026-03-01T12:00:00~5",
        "0001-01-01T00:00:00+23:59~5",
        "~5",
        "2026-03-01T12:00:00+00:00~99999999999999999999",
        "\x00~1",
    ],
)
def test_a_made_up_place_is_the_first_page(client: Client, sixty: list[Listing], cursor: str):
    page = client.get("/browse/", {"after": cursor})

    assert page.status_code == 200
    assert len(page.context["page"].listings) == 24


def test_a_moment_in_a_zone_a_fraction_of_a_second_wide_breaks_nothing(client: Client, sixty: list[Listing]):
    assert client.get("/browse/", {"after": "2026-03-01T12:00:00+00:00:00.000001~5"}).status_code == 200


@pytest.mark.parametrize("cursor", ["eur~x~1", "eur~1~99999999999999999999999", "eur~-5~1"])
def test_a_made_up_price_breaks_nothing(client: Client, sixty: list[Listing], cursor: str):
    assert client.get("/browse/", {"sort": "price", "after": cursor}).status_code == 200


def test_a_deep_page_walks_the_index(sixty: list[Listing]):
    order = browsing.NEWEST
    rows = order.after(order.cursor(sixty[30]), browsing.cards())[:25]

    # With so few rows PostgreSQL would rather read the table; the question is whether the condition fits the index.
    plan = _plan_with_indexes_only(rows)

    assert "listing_newest" in plan
    assert "Index Cond: (ROW(" in plan
    assert "Sort Key: catalog_listing" not in plan


def test_a_category_walks_its_own_index(sixty: list[Listing]):
    shelf = browsing.in_category(browsing.cards(), "shelf")

    plan = _plan_with_indexes_only(browsing.NEWEST.after(browsing.NEWEST.cursor(sixty[30]), shelf)[:25])

    assert "listing_newest_in_category" in plan
    assert "Sort Key: catalog_listing" not in plan


def test_a_way_to_get_things_that_nothing_has_is_looked_up(sixty: list[Listing]):
    digital = browsing.cards().filter(delivery=Listing.Delivery.DIGITAL, available__gt=0)

    plan = _plan_with_indexes_only(browsing.NEWEST.after("", digital)[:25])

    assert "listing_newest_by_delivery" in plan
    assert "Sort Key: catalog_listing" not in plan


def _plan_with_indexes_only(rows: object) -> str:
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
        cursor.execute("SET LOCAL enable_bitmapscan = off")
        return rows.explain()
