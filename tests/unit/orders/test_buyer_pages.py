"""What buyers see of what they bought."""

import re

import pytest
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from catalog.models import Listing
from customers.models import Customer
from kit.clock import now
from orders import progress, queries
from orders.models import Basket, Purchase
from tests.factories import UserFactory
from tests.unit.orders.conftest import Place, fill, signed_in


@pytest.fixture
def browser(alice: Customer) -> Client:
    return signed_in(alice.user)


@pytest.fixture
def placed(basket: Basket, bowl: Listing, place: Place) -> Purchase:
    fill(basket, (bowl, 2))
    return place()


def text(client: Client, path: str) -> str:
    answer = client.get(path)
    assert answer.status_code == 200
    return " ".join(re.sub(r"<[^>]+>", " ", answer.content.decode().split("<main")[1]).split())


def buy(place: Place, basket: Basket, bowl: Listing, times: int) -> None:
    """So many paid purchases of one bowl each."""
    Listing.objects.filter(pk=bowl.pk).update(available=times)
    bowl.refresh_from_db()
    for _time in range(times):
        fill(basket, (bowl, 1))
        progress.mark_paid(place(), at=now(), actor="worker", reason="Paid.")


def test_nothing_bought_yet_says_what_would_be_here(browser: Client) -> None:
    assert "You have not bought anything yet" in text(browser, "/orders/")


def test_the_list_shows_each_purchase_with_total_and_status(browser: Client, placed: Purchase) -> None:
    shown = text(browser, "/orders/")

    assert f"Bob’s Bowls · just now {placed.number}" in shown
    assert "€48.00 Awaiting payment" in shown


def test_the_list_goes_on_behind_its_last_row(browser: Client, basket: Basket, bowl: Listing, place: Place) -> None:
    buy(place, basket, bowl, queries.PAGE + 2)
    first = browser.get("/orders/")

    second = browser.get(f"/orders/?after={first.context['more']}")

    numbers = [row["purchase"].number for page in (first, second) for row in page.context["rows"]]
    assert len(numbers) == len(set(numbers)) == queries.PAGE + 2
    assert numbers == list(Purchase.objects.order_by("-pk").values_list("number", flat=True))
    assert not second.context["more"]


@pytest.mark.parametrize("cursor", ["x", "-1", "9" * 40, "1~2", "\x00"])
def test_a_made_up_position_in_the_list_is_harmless(browser: Client, placed: Purchase, cursor: str) -> None:
    assert browser.get("/orders/", {"after": cursor}).status_code == 200


def test_an_unpaid_purchase_offers_to_pay_and_asks_for_news(browser: Client, placed: Purchase) -> None:
    answer = browser.get(f"/orders/{placed.number}/")

    html = answer.content.decode()
    assert f'action="/checkout/{placed.number}/pay/"' in html
    assert "Pay €48.00" in html
    assert f'hx-get="/orders/{placed.number}/status/?polls=1"' in html
    assert f'href="/orders/{placed.number}/">Check again' in html


def test_the_page_with_the_pay_button_may_lead_to_stripe(browser: Client, placed: Purchase) -> None:
    policy = browser.get(f"/orders/{placed.number}/").headers["Content-Security-Policy"]

    assert re.search(r"form-action 'self' https://checkout\.stripe\.com", policy)


def test_while_waiting_the_page_asks_quickly_then_patiently_then_stops(browser: Client, placed: Purchase) -> None:
    def answer(polls: str) -> str:
        return browser.get(f"/orders/{placed.number}/status/", {"polls": polls}).content.decode()

    assert 'hx-trigger="load delay:2s"' in answer("1")
    assert 'hx-trigger="load delay:10s"' in answer("50")
    assert "hx-get" not in answer("75")
    assert "hx-get" not in answer("nonsense")
    assert "Check again" in answer("75")


def test_asking_for_news_is_cheap(
    browser: Client, placed: Purchase, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    with django_assert_max_num_queries(3):
        browser.get(f"/orders/{placed.number}/status/?polls=1")


@pytest.mark.parametrize("final", [progress.mark_paid, progress.cancel])
def test_once_it_is_final_the_page_is_shown_anew_and_asks_no_more(
    browser: Client, placed: Purchase, final: object
) -> None:
    final(placed, at=now(), actor="worker", reason="It is so.")  # type: ignore[operator]

    assert browser.get(f"/orders/{placed.number}/status/").headers["HX-Refresh"] == "true"
    assert "hx-get" not in browser.get(f"/orders/{placed.number}/").content.decode()


def test_a_paid_purchase_says_whose_turn_it_is_and_what_happened(browser: Client, placed: Purchase) -> None:
    progress.mark_paid(placed, at=now(), actor="worker", reason="Paid.")

    shown = text(browser, f"/orders/{placed.number}/")

    assert "You have paid. Bob’s Bowls sends your things next" in shown
    assert "2 × €24.00 · Shipped to you" in shown
    assert "Total, paid €48.00" in shown
    assert "Torstraße 1 10119 Berlin Germany" in shown
    assert "You placed the order just now Your payment arrived just now Shipped still to come" in shown


def test_a_sent_purchase_says_so(browser: Client, placed: Purchase) -> None:
    progress.mark_paid(placed, at=now(), actor="worker", reason="Paid.")
    progress.fulfil(placed.orders.get(), at=now(), actor="bob@example.org", reason="Sent.")

    shown = text(browser, f"/orders/{placed.number}/")

    assert "Bob’s Bowls has sent your things." in shown
    assert "bob@example.org" not in shown


def test_a_cancelled_purchase_says_that_nothing_is_owed(browser: Client, placed: Purchase) -> None:
    progress.cancel(placed, at=now(), actor="sweeper", reason="It was not paid in time.")

    shown = text(browser, f"/orders/{placed.number}/")

    assert "This order was cancelled before it was paid" in shown
    assert "Pay €48.00" not in shown


@pytest.mark.parametrize("path", ["", "status/"])
def test_other_peoples_purchases_are_not_found(placed: Purchase, path: str) -> None:
    charlie = signed_in(UserFactory(email="charlie@example.org"))

    assert charlie.get(f"/orders/{placed.number}/{path}").status_code == 404
    assert placed.number not in charlie.get("/orders/").content.decode()


def test_the_shops_owner_does_not_see_the_buyers_page(placed: Purchase, bob: object) -> None:
    assert signed_in(bob).get(f"/orders/{placed.number}/").status_code == 404  # type: ignore[arg-type]


@pytest.mark.parametrize("path", ["/orders/", "/orders/ABC/", "/orders/ABC/status/"])
def test_visitors_are_asked_to_sign_in(client: Client, db: None, path: str) -> None:
    answer = client.get(path)

    assert answer.status_code == 302
    assert answer.headers["Location"] == f"/accounts/login/?next={path}"


def test_the_list_takes_the_same_queries_however_many_there_are(
    browser: Client,
    basket: Basket,
    bowl: Listing,
    place: Place,
    django_assert_max_num_queries: DjangoAssertNumQueries,
) -> None:
    buy(place, basket, bowl, 8)

    with django_assert_max_num_queries(8):
        browser.get("/orders/")
