"""What a seller does with listings besides writing them: later, counted, twice, many at once, two at one."""

from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.test import Client

from accounts.models import ConnectedAccount, Seller, User
from catalog import bulk, scheduling, stock, variants
from catalog.bulk import by_percent
from catalog.models import Category, Listing, StockChange
from catalog.stock import Goods
from catalog.variants import Offer
from kit.clock import now
from kit.models import Mail
from tests.factories import CategoryFactory, ListingFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def jug(bobs_shop: Seller, ceramics: Category) -> Listing:
    return ListingFactory(seller=bobs_shop, category=ceramics, title="Moon jug", slug="moon-jug")


@pytest.fixture
def draft(bobs_shop: Seller, ceramics: Category) -> Listing:
    return ListingFactory(seller=bobs_shop, category=ceramics, title="Vase", status="draft", published_at=None)


def test_a_draft_is_published_at_the_moment_its_seller_chose_in_their_time_zone(
    bobs_browser: Client, bob: User, draft: Listing
) -> None:
    User.objects.filter(pk=bob.pk).update(timezone="Asia/Tokyo")
    chosen = (now() + timedelta(days=2)).astimezone(ZoneInfo("Asia/Tokyo")).replace(second=0, microsecond=0)

    page = bobs_browser.post(
        f"/desk/listings/{draft.pk}/schedule/", {"publish_at": chosen.strftime("%Y-%m-%dT%H:%M")}, follow=True
    )
    draft.refresh_from_db()
    early = scheduling.publish_due()
    Listing.objects.filter(pk=draft.pk).update(publish_at=now())
    late = [scheduling.publish_due(), scheduling.publish_due()]

    assert draft.publish_at == chosen
    assert "It will be published by itself on" in page.content.decode()
    assert (early, late) == (0, [1, 0])
    draft.refresh_from_db()
    assert (draft.status, draft.publish_at) == ("published", None)
    assert draft.moves.get().actor == "schedule"


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [("2020-01-01T09:00", "That moment has passed."), ("2099-01-01T09:00", "within the next year"),
     ("tomorrow", "Write a date and a time"), ("", "Choose a day and a time.")],
)  # fmt: skip
def test_a_moment_that_cannot_be_is_explained(bobs_browser: Client, draft: Listing, typed: str, sentence: str) -> None:
    page = bobs_browser.post(f"/desk/listings/{draft.pk}/schedule/", {"publish_at": typed})

    assert page.status_code == 422
    assert sentence in page.context["form"].errors["publish_at"][0]


def test_a_plan_is_given_up(bobs_browser: Client, draft: Listing) -> None:
    scheduling.schedule(draft, now() + timedelta(days=1))

    bobs_browser.post(f"/desk/listings/{draft.pk}/schedule/", {"act": "forget"})

    draft.refresh_from_db()
    assert draft.publish_at is None


def test_a_plan_is_told_and_can_be_given_up_when_something_is_missing_meanwhile(
    bobs_browser: Client, draft: Listing
) -> None:
    scheduling.schedule(draft, now() + timedelta(days=1))
    Listing.objects.filter(pk=draft.pk).update(description="")

    said = bobs_browser.get(f"/desk/listings/{draft.pk}/").content.decode()

    assert "It will be published by itself on" in said
    assert "If something is missing then, it stays as it is, and we write to you." in said
    assert "Do not publish it then" in said


def test_what_was_published_by_hand_and_hidden_does_not_come_back_by_itself(
    bobs_browser: Client, draft: Listing
) -> None:
    scheduling.schedule(draft, now() + timedelta(days=1))

    bobs_browser.post(f"/desk/listings/{draft.pk}/publish/")
    bobs_browser.post(f"/desk/listings/{draft.pk}/hide/")

    draft.refresh_from_db()
    assert (draft.status, draft.publish_at) == ("hidden", None)


def test_what_a_colleague_published_a_moment_ago_gets_no_plan_that_would_bring_it_back(draft: Listing) -> None:
    Listing.objects.filter(pk=draft.pk).update(status="published", published_at=now())

    with pytest.raises(scheduling.CannotSchedule):
        scheduling.schedule(draft, now() + timedelta(days=1))

    assert Listing.objects.get(pk=draft.pk).publish_at is None


def test_a_variant_number_that_nobody_has_breaks_nothing(bobs_browser: Client, jug: Listing) -> None:
    assert bobs_browser.get(f"/desk/listings/{jug.pk}/stock/", {"variant": "9" * 5000}).status_code == 200


def test_what_cannot_be_published_when_it_is_due_stays_out_and_its_owner_is_told_once(
    bob: User, draft: Listing
) -> None:
    scheduling.schedule(draft, now() + timedelta(days=1))
    Listing.objects.filter(pk=draft.pk).update(publish_at=now())
    ConnectedAccount.objects.update(transfers="restricted")

    done = [scheduling.publish_due(), scheduling.publish_due()]

    draft.refresh_from_db()
    mail = Mail.objects.get()
    assert (done, draft.status, mail.to) == ([0, 0], "draft", bob.email)
    assert "“Vase” could not be published" in mail.subject


def test_counting_by_hand_is_in_the_history_beside_what_was_sold_and_came_back(
    bobs_browser: Client, jug: Listing
) -> None:
    sold, expired = stock.reserve(Goods(jug.pk), 2), stock.reserve(Goods(jug.pk), 1)
    stock.sell(sold, actor="alice@example.org", reason="paid")
    stock.release(expired, actor="job", reason="Not paid in time.")

    page = bobs_browser.post(f"/desk/listings/{jug.pk}/stock/", {"by": "4", "note": "Fired a new batch"}, follow=True)

    changes = [(each.delta, each.left) for each in page.context["page"].object_list]
    assert changes == [(4, 7), (1, 3), (-1, 2), (-2, 3)]
    assert "Fired a new batch" in page.content.decode()
    assert "alice@example.org" not in page.content.decode()


@pytest.mark.parametrize(
    ("by", "note", "field"), [("0", "x", "by"), ("-9", "Broken", "by"), ("1", "", "note"), ("", "x", "by")]
)
def test_a_count_that_cannot_be_is_explained(
    bobs_browser: Client, jug: Listing, by: str, note: str, field: str
) -> None:
    page = bobs_browser.post(f"/desk/listings/{jug.pk}/stock/", {"by": by, "note": note})

    assert (page.status_code, list(page.context["form"].errors)) == (422, [field])
    assert not StockChange.objects.exists()


def test_a_variant_is_counted_and_its_history_looked_at_alone(bobs_browser: Client, jug: Listing) -> None:
    variants.store(jug, ["Size"], [Offer(("S",), 2000, 2), Offer(("L",), 2500, 3)], version=None, actor="bob")
    small = jug.variants.get(values=["S"])

    bobs_browser.post(f"/desk/listings/{jug.pk}/stock/", {"variant": small.pk, "by": "-1", "note": "Chipped"})
    page = bobs_browser.get(f"/desk/listings/{jug.pk}/stock/?variant={small.pk}")

    changes = [(each.delta, each.left) for each in page.context["page"].object_list]
    jug.refresh_from_db()
    assert (changes, jug.available) == ([(-1, 1), (2, 2)], 4)


def test_a_long_history_has_pages(bobs_browser: Client, jug: Listing) -> None:
    for _count in range(51):
        stock.adjust(Goods(jug.pk), 1)

    second = bobs_browser.get(f"/desk/listings/{jug.pk}/stock/?page=2").context["page"].object_list

    assert [(each.delta, each.left) for each in second] == [(1, 6)]


def test_a_duplicate_is_a_draft_with_nothing_in_stock(bobs_browser: Client, jug: Listing) -> None:
    variants.store(jug, ["Size"], [Offer(("S",), 2000, 2), Offer(("L",), 2500, 3)], version=None, actor="bob")

    bobs_browser.post(f"/desk/listings/{jug.pk}/duplicate/")

    copy = Listing.objects.latest("pk")
    assert (copy.title, copy.status, copy.available, copy.import_key) == ("Moon jug (copy)", "draft", 0, None)
    assert [(each.name, each.price, each.available) for each in copy.variants.all()] == [("S", 2000, 0), ("L", 2500, 0)]
    assert (copy.price, copy.highest_price, copy.options) == (2000, 2500, ["Size"])


@pytest.mark.parametrize(
    ("price", "hundredths", "currency", "new"),
    [(1000, 1000, "eur", 1100), (999, 1000, "eur", 1099), (5, 1000, "eur", 6), (1999, -1500, "eur", 1699),
     (1000, 1000, "jpy", 1100), (12300, 250, "isk", 12600), (1, -9500, "eur", 0)],
)  # fmt: skip
def test_prices_change_by_percent_rounded_half_up(price: int, hundredths: int, currency: str, new: int) -> None:
    assert by_percent(price, hundredths, currency) == new


def preview_and_confirm(browser: Client, data: dict[str, Any]) -> tuple[Any, Any]:
    shown = browser.post("/desk/listings/bulk/", data)
    return shown, browser.post("/desk/listings/bulk/", data | {"seen": shown.context["seen"]}, follow=True)


def test_prices_of_several_change_after_a_look_at_what_they_become(bobs_browser: Client, jug: Listing) -> None:
    shirt = ListingFactory(seller=jug.seller, title="Shirt")
    variants.store(shirt, ["Size"], [Offer(("S",), 2000, 2), Offer(("L",), 2500, 3)], version=None, actor="bob")
    others = ListingFactory()
    data = {"act": "price", "percent": "10", "chosen": [jug.pk, shirt.pk, others.pk]}

    shown, done = preview_and_confirm(bobs_browser, data)

    steps = [(each.before, each.after) for each in shown.context["steps"]]
    assert steps == [("€24.00", "€26.40"), ("€20.00 – €25.00", "€22.00 – €27.50")]
    assert "2 listings are changed." in done.content.decode()
    prices = Listing.objects.order_by("pk").values_list("price", "highest_price", "version")
    assert list(prices) == [(2640, None, 1), (2200, 2750, 2), (2400, None, 0)]


@pytest.mark.parametrize(
    ("data", "told"),
    [
        ({"act": "hide"}, [("Published", "Hidden")]),
        ({"act": "publish"}, [("Draft", "Published")]),
        ({"act": "stock", "units": "3"}, [("5", "8"), ("5", "8")]),
    ],
)
def test_state_and_stock_of_several_change(
    bobs_browser: Client, jug: Listing, draft: Listing, data: dict[str, str], told: list[tuple[str, str]]
) -> None:
    shown, _done = preview_and_confirm(bobs_browser, data | {"chosen": [jug.pk, draft.pk]})

    again = bobs_browser.post("/desk/listings/bulk/", data | {"chosen": [jug.pk, draft.pk]})
    assert [(each.before, each.after) for each in shown.context["steps"]] == told
    assert len(shown.context["left_out"]) == 2 - len(told)
    if data["act"] != "stock":
        assert again.context["steps"] == []


def test_several_move_to_another_category(bobs_browser: Client, jug: Listing, draft: Listing) -> None:
    shelf = CategoryFactory()

    preview_and_confirm(bobs_browser, {"act": "category", "category": shelf.pk, "chosen": [jug.pk, draft.pk]})

    assert set(Listing.objects.values_list("category", flat=True)) == {shelf.pk}


def test_what_moved_since_the_preview_is_shown_again_and_nothing_is_done(bobs_browser: Client, jug: Listing) -> None:
    data = {"act": "stock", "units": "-5", "chosen": [jug.pk]}
    shown = bobs_browser.post("/desk/listings/bulk/", data)
    stock.reserve(Goods(jug.pk), 1)

    page = bobs_browser.post("/desk/listings/bulk/", data | {"seen": shown.context["seen"]})

    jug.refresh_from_db()
    assert jug.available == 4
    assert "Something changed since you looked" in page.content.decode()
    assert "Only 4 are in stock." in page.content.decode()


@pytest.mark.parametrize(
    ("data", "field"),
    [({"act": "price", "percent": "lots"}, "percent"), ({"act": "price", "percent": "-100"}, "percent"),
     ({"act": "price", "percent": "0.001"}, "percent"), ({"act": "price", "percent": "NaN"}, "percent"),
     ({"act": "category"}, "category"), ({"act": "stock"}, "units"), ({"act": "burn"}, "act")],
)  # fmt: skip
def test_a_wish_that_makes_no_sense_is_explained_and_the_choice_kept(
    bobs_browser: Client, jug: Listing, data: dict[str, str], field: str
) -> None:
    page = bobs_browser.post("/desk/listings/bulk/", data | {"chosen": [jug.pk]})

    assert (page.status_code, list(page.context["form"].errors)) == (422, [field])
    assert f'name="chosen" value="{jug.pk}"' in page.content.decode()


@pytest.mark.parametrize("chosen", [[], ["x"], ["1" * 30]])
def test_without_a_choice_the_list_says_how_to_choose_and_keeps_what_was_typed(
    bobs_browser: Client, jug: Listing, draft: Listing, chosen: list[str]
) -> None:
    data = {"act": "price", "percent": "-12.5", "chosen": chosen}

    page = bobs_browser.post("/desk/listings/bulk/?status=draft", data)

    body = page.content.decode()
    assert page.status_code == 422
    assert "Choose the listings first" in body
    assert 'value="-12.5"' in body
    assert [listing.pk for listing in page.context["listings"]] == [draft.pk]
    assert 'action="/desk/listings/bulk/?status=draft"' in body


def test_another_sellers_listings_are_never_changed(bobs_browser: Client, bobs_shop: Seller) -> None:
    other = ListingFactory()

    shown, _done = preview_and_confirm(bobs_browser, {"act": "hide", "chosen": [other.pk]})

    other.refresh_from_db()
    assert (shown.context["steps"], other.status) == ([], "published")
    assert bulk.plan(bobs_shop, [other.pk], bulk.Wish("hide")) == []


@pytest.fixture
def facts(jug: Listing, ceramics: Category) -> dict[str, Any]:
    return {
        "title": jug.title, "category": ceramics.pk, "description": jug.description, "price": "24.00",
        "currency": "eur", "available": "5", "seen": "5", "delivery": "shipped", "version": "0",
    }  # fmt: skip


def test_two_people_at_one_listing_the_second_is_told_and_loses_nothing(
    bobs_browser: Client, jug: Listing, facts: dict[str, Any]
) -> None:
    bobs_browser.post(f"/desk/listings/{jug.pk}/", facts | {"title": "Sun jug", "price": "30"})

    told = bobs_browser.post(f"/desk/listings/{jug.pk}/", facts | {"title": "Star jug", "description": "Blue glaze."})

    page = told.content.decode()
    jug.refresh_from_db()
    assert (told.status_code, jug.title, jug.price) == (422, "Sun jug", 3000)
    assert "changed this listing while you were editing (Title: Sun jug; Price: €30.00)" in page
    assert "changed this to “Sun jug” meanwhile" in told.context["form"].errors["title"][0]
    # What was typed stays, what was not touched is the other's, and the next save counts from what is shown now.
    for kept in ('value="Star jug"', "Blue glaze.", 'value="30.00"', 'name="version" value="1"'):
        assert kept in page

    merged = facts | {"title": "Star jug", "description": "Blue glaze.", "price": "30.00", "version": "1"}
    bobs_browser.post(f"/desk/listings/{jug.pk}/", merged)
    jug.refresh_from_db()
    assert (jug.title, jug.description, jug.price, jug.version) == ("Star jug", "Blue glaze.", 3000, 2)


def test_saving_without_a_change_makes_no_version(bobs_browser: Client, jug: Listing, facts: dict[str, Any]) -> None:
    bobs_browser.post(f"/desk/listings/{jug.pk}/", facts)

    jug.refresh_from_db()
    assert (jug.version, jug.edits.count()) == (0, 0)


def test_tags_in_a_description_are_read_and_never_shown(
    bobs_browser: Client, client: Client, jug: Listing, facts: dict[str, Any]
) -> None:
    words = "<p>Blue &amp; <b>bold</b></p><ul><li>One</li></ul><script>alert(1)</script><img src=x onerror=alert(1)>"

    bobs_browser.post(f"/desk/listings/{jug.pk}/", facts | {"description": words})

    jug.refresh_from_db()
    assert jug.description == "Blue & bold\n\n– One"
    page = client.get(jug.get_absolute_url()).content.decode()
    assert "alert(1)" not in page
    assert "Blue &amp; bold" in page


def test_a_listing_with_variants_is_edited_without_price_and_stock(bobs_browser: Client, jug: Listing) -> None:
    variants.store(jug, ["Size"], [Offer(("S",), 2000, 2)], version=None, actor="bob")
    data = {"title": "Jug", "category": jug.category_id, "description": "Round.", "delivery": "shipped", "version": "1"}

    bobs_browser.post(f"/desk/listings/{jug.pk}/", data)

    jug.refresh_from_db()
    assert (jug.title, jug.price, jug.available) == ("Jug", 2000, 2)
    assert isinstance(jug.updated_at, datetime)
