"""A seller says what a listing comes in: options, then a line for each combination."""

import json
from typing import Any

import pytest
from django.test import Client

from accounts.models import Seller
from catalog import stock, variants
from catalog.models import Listing, StockChange, Variant
from catalog.stock import Goods
from catalog.variants import Offer
from tests.factories import ListingFactory, VariantFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def shirt(bobs_shop: Seller) -> Listing:
    return ListingFactory(seller=bobs_shop, title="Shirt", available=5)


def typed(*rows: tuple[list[str], str, str], act: str = "save", **options: str) -> dict[str, Any]:
    """The grid as a browser sends it: values, price and stock of each line, all offered."""
    data: dict[str, Any] = {"act": act, **options}
    for place, (values, price, available) in enumerate(rows):
        row = {"values": json.dumps(values), "offered": "on", "price": price, "available": available, "seen": "0"}
        data |= {f"row{place}-{name}": value for name, value in row.items()}
    return data


def names(listing: Listing) -> list[tuple[str, int, int]]:
    return [(each.name, each.price, each.available) for each in variants.offered_of(listing)]


def test_options_make_a_grid_and_nothing_is_saved_yet(bobs_browser: Client, shirt: Listing) -> None:
    page = bobs_browser.post(
        f"/desk/listings/{shirt.pk}/variants/",
        typed(act="grid", name0="Size", values0="S, M , m", name1="Colour", values1="Blue,Red"),
    )

    forms = page.context["grid"].forms
    assert [form.name for form in forms] == ["S / Blue", "S / Red", "M / Blue", "M / Red"]
    assert 'name="row0-price" value="24.00"' in page.content.decode()
    assert not Variant.objects.exists()


def test_a_saved_grid_is_what_buyers_choose_from(bobs_browser: Client, shirt: Listing) -> None:
    data = typed((["S"], "20", "2"), (["M"], "22,50", "3"), name0="Size", values0="S, M")

    page = bobs_browser.post(f"/desk/listings/{shirt.pk}/variants/", data | {"row1-sku": " M-1 "}, follow=True)

    shirt.refresh_from_db()
    assert names(shirt) == [("S", 2000, 2), ("M", 2250, 3)]
    assert (shirt.options, shirt.price, shirt.highest_price, shirt.available) == (["Size"], 2000, 2250, 5)
    assert shirt.variants.get(values=["M"]).sku == "M-1"
    assert "2 variants are saved." in page.content.decode()
    history = StockChange.objects.order_by("pk").values_list("variant__values", "delta", "actor")
    assert list(history) == [
        (None, -5, "bob@example.org"),
        (["S"], 2, "bob@example.org"),
        (["M"], 3, "bob@example.org"),
    ]


@pytest.mark.parametrize(
    ("options", "field", "sentence"),
    [
        ({"name0": "Size"}, "values0", "Write at least one value"),
        ({"values0": "S"}, "name0", "Say what these are"),
        ({"name0": "Size", "values0": "S", "name1": "size", "values1": "M"}, "name1", "You have this option already"),
        ({"name0": "Size", "values0": "S", "name1": "N", "values1": ",".join(map(str, range(101)))}, "values1",
         "That makes 101 variants, and a listing has at most 100."),
        ({"name0": "x" * 41, "values0": "S"}, "name0", "at most 40 characters"),
        ({"name0": "Size", "values0": "x" * 61}, "values0", "Shorten"),
    ],
)  # fmt: skip
def test_options_that_cannot_be_are_explained_at_their_field(
    bobs_browser: Client, shirt: Listing, options: dict[str, str], field: str, sentence: str
) -> None:
    page = bobs_browser.post(f"/desk/listings/{shirt.pk}/variants/", typed(**options))

    assert page.status_code == 422
    assert sentence in page.context["form"].errors[field][0]


@pytest.mark.parametrize(
    ("price", "available", "field"),
    [("", "1", "price"), ("cheap", "1", "price"), ("0", "1", "price"), ("1.999", "1", "price"),
     ("5", "-1", "available"), ("5", "2000000", "available")],
)  # fmt: skip
def test_a_line_that_cannot_be_saved_says_why_and_keeps_what_was_typed(
    bobs_browser: Client, shirt: Listing, price: str, available: str, field: str
) -> None:
    data = typed((["S"], "7.77", "2"), (["M"], price, available), name0="Size", values0="S, M")

    page = bobs_browser.post(f"/desk/listings/{shirt.pk}/variants/", data)

    assert page.status_code == 422
    assert list(page.context["grid"].forms[1].errors) == [field]
    assert 'value="7.77"' in page.content.decode()
    assert not Variant.objects.exists()


def test_a_new_combination_has_to_be_looked_at_before_it_is_saved(bobs_browser: Client, shirt: Listing) -> None:
    page = bobs_browser.post(
        f"/desk/listings/{shirt.pk}/variants/", typed((["S"], "20", "2"), name0="Size", values0="S, M")
    )

    assert not Variant.objects.exists()
    assert "The variants are listed below now." in page.content.decode()
    assert 'value="20"' in page.content.decode()


def test_sales_while_the_grid_lay_open_are_kept_and_too_few_are_told_at_the_line(
    bobs_browser: Client, shirt: Listing
) -> None:
    medium = VariantFactory(listing=shirt, values=["M"], available=5)
    Listing.objects.filter(pk=shirt.pk).update(options=["Size"])
    variants.sum_up([shirt.pk])
    stock.reserve(Goods(shirt.pk, medium.pk), 4)
    data = typed((["M"], "24", "8"), name0="Size", values0="M") | {"row0-seen": "5"}

    bobs_browser.post(f"/desk/listings/{shirt.pk}/variants/", data)
    page = bobs_browser.post(f"/desk/listings/{shirt.pk}/variants/", data | {"row0-seen": "9", "row0-available": "1"})

    assert names(shirt) == [("M", 2400, 4)]
    assert "4 are left now, as others were sold meanwhile." in page.content.decode()
    assert 'name="row0-seen" value="4"' in page.content.decode()


def test_what_is_no_longer_offered_is_withdrawn_and_comes_back_as_the_same_row(shirt: Listing) -> None:
    offers = [Offer(("S",), 2000, 2), Offer(("M",), 2500, 3)]
    variants.store(shirt, ["Size"], offers, version=None, actor="bob")
    small = shirt.variants.get(values=["S"])

    variants.store(shirt, ["Size"], [Offer(("M",), 2500, 0)], version=None, actor="bob")
    shirt.refresh_from_db()
    without = (names(shirt), shirt.price, shirt.available)
    variants.store(shirt, ["Size"], [Offer(("S",), 1900, 1), Offer(("M",), 2500, 0)], version=None, actor="bob")

    shirt.refresh_from_db()
    assert without == ([("M", 2500, 3)], 2500, 3)
    assert (names(shirt), shirt.price, shirt.available) == ([("S", 1900, 1), ("M", 2500, 3)], 1900, 4)
    assert shirt.variants.get(values=["S"]) == small


def test_without_options_it_is_sold_as_one_thing_again_with_all_that_was_in_stock(
    bobs_browser: Client, shirt: Listing
) -> None:
    variants.store(shirt, ["Size"], [Offer(("S",), 2000, 2), Offer(("M",), 2500, 3)], version=None, actor="bob")

    page = bobs_browser.post(f"/desk/listings/{shirt.pk}/variants/", {"act": "save"}, follow=True)

    shirt.refresh_from_db()
    assert (shirt.options, shirt.price, shirt.highest_price, shirt.available) == ([], 2000, None, 5)
    assert "It is sold without variants now." in page.content.decode()


def test_two_people_at_the_variants_the_second_is_told_and_loses_nothing(bobs_browser: Client, shirt: Listing) -> None:
    data = typed((["S"], "20", "2"), name0="Size", values0="S") | {"version": str(shirt.version)}
    variants.store(shirt, ["Size"], [Offer(("S",), 3000, 9)], version=0, actor="ana@example.org")

    told = bobs_browser.post(f"/desk/listings/{shirt.pk}/variants/", data)
    again = data | {"version": "1", "row0-seen": "9"}
    bobs_browser.post(f"/desk/listings/{shirt.pk}/variants/", again)

    page = told.content.decode()
    assert told.status_code == 422
    assert "ana@example.org changed this listing while you were editing." in page
    assert 'name="version" value="1"' in page
    assert 'value="20"' in page
    assert names(shirt) == [("S", 2000, 2)]


def test_another_sellers_variants_are_not_found(bobs_browser: Client) -> None:
    other = ListingFactory()

    assert bobs_browser.get(f"/desk/listings/{other.pk}/variants/").status_code == 404
    assert bobs_browser.get(f"/desk/listings/{other.pk}/stock/").status_code == 404


def test_lines_that_are_wrong_are_named_at_the_top_and_said_at_their_fields(
    bobs_browser: Client, shirt: Listing
) -> None:
    data = typed((["S"], "12x", "2"), (["M"], "22", "-3"), name0="Size", values0="S, M")

    page = bobs_browser.post(f"/desk/listings/{shirt.pk}/variants/", data)

    said = page.content.decode()
    assert (page.status_code, said.count("Enter how many you have: 0 or more.")) == (422, 2)
    assert "There are problems with 2 variants" in said
    assert '<a href="#id_row0-price">Price: Enter an amount like 19.99.</a>' in said
    assert 'id="id_row0-price_error"' in said


def test_options_that_cannot_be_lose_no_line_that_was_typed(bobs_browser: Client, shirt: Listing) -> None:
    data = typed((["S"], "31", "2"), (["M"], "33", "3"), name0="Size", values0="S, M", name1="Colour", values1="")

    page = bobs_browser.post(f"/desk/listings/{shirt.pk}/variants/", data)

    said = page.content.decode()
    assert page.status_code == 422
    assert 'name="row0-price" value="31"' in said
    assert 'name="row1-available" value="3"' in said
    assert not Variant.objects.exists()
