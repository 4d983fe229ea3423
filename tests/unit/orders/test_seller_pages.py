"""What sellers see of what they sold."""

import re
from datetime import UTC, datetime

import pytest
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from accounts.models import Seller, User
from catalog.models import Listing
from kit.clock import now
from orders import progress
from orders.models import Basket, Order, Purchase, Status
from tests.factories import ListingFactory, UserFactory
from tests.unit.orders.conftest import Place, fill, open_shop, signed_in


@pytest.fixture
def browser(bob: User, shop: Seller) -> Client:
    return signed_in(bob)


@pytest.fixture
def placed(basket: Basket, bowl: Listing, place: Place) -> Purchase:
    fill(basket, (bowl, 2))
    return place()


@pytest.fixture
def paid(placed: Purchase) -> Order:
    progress.mark_paid(placed, at=now(), actor="alice@example.org", reason="Stripe confirmed the payment.")
    return placed.orders.get()


def text(client: Client, path: str) -> str:
    answer = client.get(path)
    assert answer.status_code == 200
    return " ".join(re.sub(r"<[^>]+>", " ", answer.content.decode().split("<main")[1]).split())


def test_nothing_to_do_is_said(browser: Client) -> None:
    assert "Nothing to do" in text(browser, "/desk/orders/")
    assert "No orders yet" in text(browser, "/desk/orders/?show=all")


def test_a_paid_order_is_to_be_done_with_exact_amounts(browser: Client, paid: Order) -> None:
    shown = text(browser, "/desk/orders/")

    assert f"{paid.number} 2 × Grey bowl just now To be shipped due" in shown
    assert "€48.00 €43.20" in shown


def test_an_unpaid_order_is_not_to_be_done_yet(browser: Client, placed: Purchase) -> None:
    number = placed.orders.get().number

    assert number not in text(browser, "/desk/orders/")
    assert number in text(browser, "/desk/orders/?show=all")


def test_the_order_shows_what_to_send_to_whom_and_the_share(browser: Client, paid: Order) -> None:
    shown = text(browser, f"/desk/orders/{paid.number}/")

    assert "Alice Example Torstraße 1 10119 Berlin Germany" in shown
    assert "Paid by the buyer €48.00 Our fee Grey bowl: 10%, for everything −€4.80 Your share €43.20" in shown
    assert "Mark as shipped" in shown
    assert f"the buyer knows it as {paid.purchase.number}" in shown


def test_before_payment_the_seller_does_not_learn_who_buys(browser: Client, placed: Purchase) -> None:
    shown = text(browser, f"/desk/orders/{placed.orders.get().number}/")

    assert "The buyer is paying. Send nothing yet" in shown
    assert "Alice" not in shown
    assert "Mark as shipped" not in shown


def test_the_buyers_mail_address_is_not_in_a_shipped_orders_history(browser: Client, paid: Order) -> None:
    assert "alice@example.org" not in text(browser, f"/desk/orders/{paid.number}/")


def test_for_what_is_handed_over_the_seller_can_write_to_the_buyer(
    browser: Client, basket: Basket, shop: Seller, place: Place
) -> None:
    fill(basket, (ListingFactory(seller=shop, delivery="pickup"), 1))
    purchase = place()
    progress.mark_paid(purchase, at=now(), actor="worker", reason="Paid.")

    shown = text(browser, f"/desk/orders/{purchase.orders.get().number}/")

    assert "Alice Archer alice@example.org" in shown
    assert "Mark as handed over" in shown


def test_marking_as_shipped_moves_the_order_and_says_so(browser: Client, paid: Order) -> None:
    answer = browser.post(f"/desk/orders/{paid.number}/fulfil/", follow=True)

    paid.refresh_from_db()
    move = paid.moves.latest("pk")
    assert "Marked as shipped. The buyer gets a mail." in answer.content.decode()
    assert (paid.status, move.actor) == (Status.FULFILLED, "bob@example.org")
    assert "You have sent it." in text(browser, f"/desk/orders/{paid.number}/")


def test_marking_twice_is_marked_once(browser: Client, paid: Order) -> None:
    browser.post(f"/desk/orders/{paid.number}/fulfil/")
    answer = browser.post(f"/desk/orders/{paid.number}/fulfil/", follow=True)

    assert answer.status_code == 200
    assert paid.moves.filter(to_status=Status.FULFILLED).count() == 1


def test_an_unpaid_order_is_not_marked_as_shipped(browser: Client, placed: Purchase) -> None:
    order = placed.orders.get()

    answer = browser.post(f"/desk/orders/{order.number}/fulfil/", follow=True)

    order.refresh_from_db()
    assert "This order is not paid" in answer.content.decode()
    assert order.status == Status.AWAITING_PAYMENT


def test_other_sellers_orders_are_not_found(paid: Order) -> None:
    cora = UserFactory(email="cora@example.org")
    open_shop("Cora Prints", owner=cora)
    browser = signed_in(cora)

    assert browser.get(f"/desk/orders/{paid.number}/").status_code == 404
    assert browser.post(f"/desk/orders/{paid.number}/fulfil/").status_code == 404
    assert paid.number not in text(browser, "/desk/orders/?show=all")


def test_the_buyer_does_not_see_the_sellers_page(paid: Order) -> None:
    alice = signed_in(User.objects.get(email="alice@example.org"))

    assert alice.get(f"/desk/orders/{paid.number}/").headers["Location"] == "/sell/"
    assert alice.post(f"/desk/orders/{paid.number}/fulfil/").headers["Location"] == "/sell/"


def test_looking_never_marks_anything(browser: Client, paid: Order) -> None:
    assert browser.get(f"/desk/orders/{paid.number}/fulfil/").status_code == 405


def test_the_list_takes_the_same_queries_however_many_there_are(
    browser: Client, paid: Order, basket: Basket, bowl: Listing, place: Place,
    django_assert_max_num_queries: DjangoAssertNumQueries,
) -> None:  # fmt: skip
    for _time in range(3):
        fill(basket, (bowl, 1))
        progress.mark_paid(place(), at=now(), actor="worker", reason="Paid.")

    with django_assert_max_num_queries(8):
        browser.get("/desk/orders/")


def test_how_to_follow_the_parcel_is_said_with_marking_it_as_shipped(browser: Client, paid: Order) -> None:
    browser.post(f"/desk/orders/{paid.number}/fulfil/", {"carrier": " DHL ", "tracking_number": "0034"})

    shown = text(browser, f"/desk/orders/{paid.number}/")

    assert "DHL 0034" in shown
    assert "Mark as delivered" in shown


@pytest.mark.parametrize("nonsense", [{"carrier": "x" * 81}, {"tracking_number": "9" * 101}, {"carrier": "a\x00b"}])
def test_nonsense_about_the_parcel_marks_nothing_and_says_why(
    browser: Client, paid: Order, nonsense: dict[str, str]
) -> None:
    answer = browser.post(f"/desk/orders/{paid.number}/fulfil/", nonsense)

    paid.refresh_from_db()
    assert answer.context["form"].errors
    assert (answer.status_code, paid.status) == (422, Status.PAID)


def test_marking_as_delivered_is_done_once_and_says_so(browser: Client, paid: Order) -> None:
    browser.post(f"/desk/orders/{paid.number}/fulfil/")

    first = browser.post(f"/desk/orders/{paid.number}/deliver/", follow=True)
    second = browser.post(f"/desk/orders/{paid.number}/deliver/", follow=True)

    paid.refresh_from_db()
    assert "Marked as delivered. The buyer gets a mail." in first.content.decode()
    assert "Marked as delivered. The buyer gets a mail." not in second.content.decode()
    assert (paid.status, paid.delivered_by) == (Status.DELIVERED, "seller")
    assert "It has arrived." in text(browser, f"/desk/orders/{paid.number}/")


def test_what_was_not_sent_is_not_marked_as_delivered(browser: Client, paid: Order) -> None:
    answer = browser.post(f"/desk/orders/{paid.number}/deliver/", follow=True)

    paid.refresh_from_db()
    assert "This order was not sent" in answer.content.decode()
    assert paid.status == Status.PAID


def test_a_cancelled_order_says_not_to_send_it(browser: Client, paid: Order) -> None:
    progress.cancel_paid(paid, at=now(), actor="sweeper", reason="It was not sent in time.")

    shown = text(browser, f"/desk/orders/{paid.number}/")
    answer = browser.post(f"/desk/orders/{paid.number}/fulfil/", follow=True)

    assert "do not send it" in shown
    assert "Mark as shipped" not in shown
    assert "This order was cancelled, so there is nothing to send." in answer.content.decode()


def test_the_seller_is_told_until_when_to_send_it(browser: Client, paid: Order) -> None:
    Order.objects.update(ship_by=datetime(2030, 6, 14, 12, tzinfo=UTC))

    assert "the buyer gets a mail. Until 14 June 2030" in text(browser, f"/desk/orders/{paid.number}/")


def test_the_buyers_word_names_no_buyer_on_the_sellers_page(browser: Client, paid: Order) -> None:
    browser.post(f"/desk/orders/{paid.number}/fulfil/")
    progress.deliver(
        Order.objects.get(pk=paid.pk), at=now(), actor="alice@example.org", reason="Received.", said_by="buyer"
    )

    shown = text(browser, f"/desk/orders/{paid.number}/")

    assert "The buyer has received it." in shown
    assert "alice@example.org" not in shown


def test_a_pickup_shop_does_not_see_where_the_other_shops_parcel_goes(
    browser: Client, basket: Basket, shop: Seller, place: Place
) -> None:
    pickup = ListingFactory(seller=shop, delivery="pickup")
    fill(basket, (pickup, 1), (ListingFactory(seller=open_shop("Cora Prints")), 1))
    purchase = place()
    progress.mark_paid(purchase, at=now(), actor="worker", reason="Paid.")

    shown = text(browser, f"/desk/orders/{purchase.orders.get(seller=shop).number}/")

    assert "Berlin" not in shown
    assert "Alice Archer alice@example.org" in shown
