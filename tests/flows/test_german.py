"""A purchase and every page in German."""

from collections.abc import Iterator

import pytest
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver
from django.utils import translation

from accounts.models import User
from kit.models import Mail
from orders.models import Order
from tests.factories import UserFactory
from tests.world import World

pytestmark = pytest.mark.django_db

# What is no page: for machines, or answered elsewhere.
NOT_PAGES = ("jsi18n/", "stripe/", "carriers/", "healthz", "readyz", "robots.txt", "sitemap", "export/", "add/")


@pytest.fixture(autouse=True)
def english_again() -> Iterator[None]:
    """What a German page switched on in this thread ends with the test."""
    with translation.override("en"):
        yield


def speaks(client: Client, code: str) -> None:
    """The person uses the switch in the footer."""
    assert client.post("/language/", {"language": code, "next": "/"}).status_code == 302


def page(client: Client, path: str) -> str:
    """What a page says; it is a German one."""
    answer = client.get(path, follow=True)
    assert answer.status_code == 200, path
    words = answer.content.decode().replace("\xa0", " ")
    assert '<html lang="de"' in words
    return words


def test_a_german_buyer_buys_from_an_english_seller(world: World) -> None:
    listing = world.listing(price=123456, title="Stoneware vase")
    client, alice = world.buyer()
    speaks(client, "de")

    client.post("/basket/add/", {"listing": listing.pk, "quantity": 2})
    basket = page(client, "/basket/")
    checkout = page(client, "/checkout/")
    purchase_page = world.press_pay(client)
    purchase = alice.purchases.get()
    world.pay(str(purchase.payments.get().session_id))
    world.settle()
    order = page(client, f"/orders/{purchase.number}/")
    receipt = page(client, f"/receipts/{purchase.number}/")

    assert purchase_page.status_code == 303
    assert "Ihr Warenkorb" in basket
    assert "2.469,12 €" in basket
    assert "Weiter zur Zahlung von 2.469,12 €" in checkout
    assert "Sie haben bezahlt" in order
    assert "Einbehalten" in order
    assert "2.469,12 €" in receipt
    mails = {mail.to: mail for mail in Mail.objects.filter(key__startswith="order-paid")}
    assert mails["alice@example.org"].subject == f"Ihre Bestellung {purchase.number} ist bezahlt"
    assert "2.469,12" in mails["alice@example.org"].text
    assert mails["bob@example.org"].subject.startswith("New order")
    assert "€2,469.12" in mails["bob@example.org"].text


def test_the_switch_is_the_persons_own_from_then_on(world: World) -> None:
    client, alice = world.buyer()

    speaks(client, "de")

    assert User.objects.get(pk=alice.user_id).language == "de"
    elsewhere = Client()
    elsewhere.force_login(alice.user)
    page(elsewhere, "/orders/")


def test_what_machines_and_others_read_is_not_in_german(world: World) -> None:
    client, _alice = world.buyer()
    purchase = world.check_out(client, world.listing(price=123456))
    world.pay(str(purchase.payments.get().session_id))
    world.settle()
    bob = Client()
    bob.force_login(User.objects.get(email="bob@example.org"))
    speaks(bob, "de")
    order = Order.objects.get()

    edit = page(bob, f"/desk/listings/{order.lines.get().listing_id}/")
    bob.post(f"/desk/orders/{order.number}/fulfil/")

    assert 'value="1234.56"' in edit
    assert order.moves.latest("pk").reason == "The seller says it was shipped."
    assert Mail.objects.get(key__startswith="order-fulfilled-buyer").subject.endswith("is on its way")


@pytest.mark.parametrize("who", ["nobody", "seller", "staff"])
def test_no_page_breaks_in_german(world: World, who: str) -> None:
    listing = world.listing()
    client = Client()
    if who == "seller":
        client.force_login(User.objects.get(email=listing.seller.memberships.get().user.email))
    elif who == "staff":
        client.force_login(UserFactory(is_staff=True, is_superuser=True))
    speaks(client, "de")

    answers = {path: client.get(f"/{path}") for path in paths() if path.startswith("admin/") == (who == "staff")}

    assert {path: answer.status_code for path, answer in answers.items() if answer.status_code >= 500} == {}
    shown = [answer for answer in answers.values() if b"<html" in answer.content[:200]]
    assert len(shown) >= 10
    assert [answer.request["PATH_INFO"] for answer in shown if b'<html lang="de' not in answer.content] == []


def paths(resolver: URLResolver | None = None, before: str = "") -> Iterator[str]:
    """Every address without a variable in it."""
    for each in (resolver or get_resolver()).url_patterns:
        path = f"{before}{each.pattern}".replace("^", "").replace("$", "").replace(r"\Z", "")
        if "<" in path or "(" in path or any(part in path for part in NOT_PAGES):
            continue
        if isinstance(each, URLPattern):
            yield path
        else:
            yield from paths(each, path)
