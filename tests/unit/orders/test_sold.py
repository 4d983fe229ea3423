"""How a seller finds, packs and sends what was sold."""

from __future__ import annotations

import re

import pytest
from django.test import Client

from accounts.models import Seller, User
from catalog.models import Listing
from kit.clock import now
from orders import parcels, progress
from orders.models import Basket, Order
from tests.factories import ListingFactory, UserFactory
from tests.unit.orders.conftest import Place, fill, open_shop, signed_in


@pytest.fixture
def browser(bob: User, shop: Seller) -> Client:
    return signed_in(bob)


@pytest.fixture
def paid(basket: Basket, bowl: Listing, place: Place) -> Order:
    fill(basket, (bowl, 2))
    purchase = place()
    progress.mark_paid(purchase, at=now(), actor="alice@example.org", reason="Stripe confirmed the payment.")
    return purchase.orders.get()


def numbers(client: Client, query: str) -> set[str]:
    page = client.get(f"/desk/orders/{query}").content.decode()
    return set(re.findall(r'class="order-number" href="/desk/orders/(\w+)/"', page))


def test_orders_are_found_by_number_title_parcel_and_name(browser: Client, paid: Order) -> None:
    progress.fulfil(paid, at=now(), actor="bob", reason="Sent.", carrier="DHL", tracking_number="00340434")

    for words in (paid.number.lower(), paid.purchase.number, "grey bo", "00340434", "alice ex"):
        assert numbers(browser, f"?show=all&q={words}") == {paid.number}, words
    for query in ("?show=all&q=nothing", "?show=all&delivery=digital", "?q=grey", "?show=cancelled"):
        assert numbers(browser, query) == set(), query
    assert numbers(browser, "?show=sent&delivery=shipped&q=grey") == {paid.number}
    assert "Nothing found" in browser.get("/desk/orders/?q=%00nothing").content.decode()


def test_a_name_finds_nothing_before_it_is_paid(browser: Client, basket: Basket, bowl: Listing, place: Place) -> None:
    fill(basket, (bowl, 1))
    number = place().orders.get().number

    assert numbers(browser, "?show=all&q=alice") == set()
    assert numbers(browser, "?show=all&q=bowl") == {number}


def test_what_waits_longest_comes_first(
    browser: Client, paid: Order, basket: Basket, bowl: Listing, place: Place
) -> None:
    fill(basket, (bowl, 1))
    later = place()
    progress.mark_paid(later, at=now(), actor="worker", reason="Paid.")

    page = browser.get("/desk/orders/").content.decode()

    assert page.index(paid.number) < page.index(later.orders.get().number)


def test_a_known_carrier_gets_its_name_and_a_link_to_follow_the_parcel(browser: Client, paid: Order) -> None:
    browser.post(f"/desk/orders/{paid.number}/fulfil/", {"carrier": "royal  mail", "tracking_number": " AB 123 GB "})

    paid.refresh_from_db()
    shown = browser.get(f"/desk/orders/{paid.number}/").content.decode()
    assert (paid.carrier, paid.tracking_number) == ("Royal Mail", "AB 123 GB")
    assert "https://www.royalmail.com/track-your-item#/tracking-results/AB%20123%20GB" in shown
    assert parcels.tracking_address("My cousin", "1") == ""


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ({"tracking_number": "00340434"}, "Say whose number this is"),
        ({"carrier": "DHL", "tracking_number": "<script>"}, "letters and digits only"),
    ],
)
def test_half_of_a_parcel_is_asked_about_at_its_field(
    browser: Client, paid: Order, given: dict[str, str], sentence: str
) -> None:
    answer = browser.post(f"/desk/orders/{paid.number}/fulfil/", given)

    paid.refresh_from_db()
    assert (answer.status_code, paid.status) == (422, "paid")
    assert sentence in answer.content.decode()


def test_the_packing_slip_has_everything_but_prices(browser: Client, paid: Order) -> None:
    slip = browser.get(f"/desk/orders/{paid.number}/slip/").content.decode()
    cora = UserFactory(email="cora@example.org")
    open_shop("Cora Prints", owner=cora)

    assert "Torstraße 1" in slip
    assert "Grey bowl" in slip
    assert "€" not in slip.split("<main")[1].split("</main>")[0]
    assert signed_in(cora).get(f"/desk/orders/{paid.number}/slip/").status_code == 404


def test_no_slip_before_it_is_paid(browser: Client, basket: Basket, shop: Seller, place: Place) -> None:
    fill(basket, (ListingFactory(seller=shop), 1))

    assert browser.get(f"/desk/orders/{place().orders.get().number}/slip/").status_code == 404
