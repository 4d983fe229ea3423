"""What buyers see of what they bought."""

import re

import pytest
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from accounts.models import User
from catalog.models import Listing
from customers.models import Customer
from kit.clock import now
from orders import progress, queries
from orders.models import Basket, Order, Purchase
from tests.factories import ListingFactory, UserFactory
from tests.unit.orders.conftest import Place, fill, open_shop, signed_in


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


def test_what_is_looked_for_among_the_orders_is_not_put_into_the_search_of_the_shop(browser: Client) -> None:
    orders, shop = (browser.get(path, {"q": "a teal bowl"}).content.decode() for path in ("/orders/", "/browse/"))

    assert [page.count('value="a teal bowl"') for page in (orders, shop)] == [1, 1]
    assert 'value="a teal bowl"' in shop.split("<main")[0]


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

    with django_assert_max_num_queries(11):
        browser.get("/orders/")


@pytest.fixture
def sent(placed: Purchase) -> Order:
    progress.mark_paid(placed, at=now(), actor="worker", reason="Paid.")
    order = placed.orders.get()
    progress.fulfil(order, at=now(), actor="bob@example.org", reason="Sent.", carrier="DHL", tracking_number="0034")
    return order


def received(order: Order) -> str:
    return f"/orders/{order.purchase.number}/received/{order.number}/"


def test_what_is_on_its_way_can_be_followed_and_received(browser: Client, sent: Order) -> None:
    shown = text(browser, f"/orders/{sent.purchase.number}/")

    assert "On its way" in shown
    assert "DHL 0034" in shown
    assert "Tell us when you have them. I received it" in shown
    assert "Shipped just now Delivered still to come" in shown


def test_before_saying_so_the_buyer_reads_what_it_means_for_the_money(browser: Client, sent: Order) -> None:
    shown = text(browser, received(sent))

    assert "Did you receive everything from Bob’s Bowls?" in shown
    assert "Until now we hold the €48.00 you paid." in shown
    assert "the money goes to Bob’s Bowls." in shown
    sent.refresh_from_db()
    assert sent.status == "fulfilled"


def test_i_received_it_delivers_the_order_once(browser: Client, sent: Order) -> None:
    first = browser.post(received(sent), follow=True)
    second = browser.post(received(sent), follow=True)

    sent.refresh_from_db()
    assert "Thank you. We have told Bob’s Bowls." in first.content.decode()
    assert "It is noted already" in second.content.decode()
    assert (sent.status, sent.delivered_by) == ("delivered", "buyer")
    assert sent.moves.filter(to_status="delivered").count() == 1
    assert "have arrived. There is nothing left for you to do here." in text(
        browser, f"/orders/{sent.purchase.number}/"
    )


def test_what_was_not_sent_cannot_be_received(browser: Client, placed: Purchase) -> None:
    progress.mark_paid(placed, at=now(), actor="worker", reason="Paid.")
    order = placed.orders.get()

    answer = browser.post(received(order), follow=True)

    order.refresh_from_db()
    assert "Bob’s Bowls has not sent this yet." in answer.content.decode()
    assert order.status == "paid"


@pytest.mark.parametrize("method", ["get", "post"])
def test_nobody_else_can_say_that_it_was_received(sent: Order, bob: User, method: str) -> None:
    for somebody in (UserFactory(email="charlie@example.org"), bob):
        assert getattr(signed_in(somebody), method)(received(sent)).status_code == 404

    sent.refresh_from_db()
    assert sent.status == "fulfilled"


def test_a_paid_part_that_was_cancelled_says_what_comes_back(
    browser: Client, basket: Basket, bowl: Listing, place: Place
) -> None:
    cora = open_shop("Cora Prints")
    fill(basket, (bowl, 1), (ListingFactory(seller=bowl.seller, price=1000), 1))
    fill(basket, (ListingFactory(seller=cora, price=3200), 1))
    purchase = place()
    progress.mark_paid(purchase, at=now(), actor="worker", reason="Paid.")
    progress.cancel_paid(purchase.orders.get(seller=cora), at=now(), actor="sweeper", reason="It was not sent in time.")

    shown = text(browser, f"/orders/{purchase.number}/")

    assert "The order from Cora Prints was cancelled. You get €32.00 back, to the card you paid with." in shown
    assert "You have paid. Bob’s Bowls sends your things next" in shown
    assert "Cora Prints: Cancelled just now Bob’s Bowls: Shipped still to come" in shown
    assert "Bob’s Bowls together €34.00" in shown


def test_shops_at_the_same_point_share_a_sentence_and_each_parcel_is_received_by_itself(
    browser: Client, basket: Basket, bowl: Listing, place: Place
) -> None:
    for name in ("Cora Prints", "Dora’s Doors", "Emil’s Eggs"):
        fill(basket, (ListingFactory(seller=open_shop(name)), 1))
    fill(basket, (bowl, 1))
    purchase = place()
    progress.mark_paid(purchase, at=now(), actor="worker", reason="Paid.")
    for order in purchase.orders.order_by("pk")[:2]:
        progress.fulfil(order, at=now(), actor="seller@example.org", reason="Sent.")

    shown = text(browser, f"/orders/{purchase.number}/")

    assert "Cora Prints has sent your things. Tell us when you have them. I received it from Cora Prints" in shown
    assert "Dora’s Doors has sent your things. Tell us when you have them. I received it from Dora’s Doors" in shown
    assert "You have paid. Emil’s Eggs and Bob’s Bowls send your things next" in shown


def test_a_purchase_whose_every_part_was_cancelled_is_shown_as_cancelled(browser: Client, placed: Purchase) -> None:
    progress.mark_paid(placed, at=now(), actor="worker", reason="Paid.")
    progress.cancel_paid(placed.orders.get(), at=now(), actor="sweeper", reason="It was not sent in time.")

    shown = text(browser, f"/orders/{placed.number}/")

    assert f"Order {placed.number} Placed just now Cancelled" in shown
    assert "You get €48.00 back" in shown
    assert "cancelled before it was paid" not in shown
