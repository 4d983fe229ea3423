"""A buyer with two windows never meets an error page."""

import json
from dataclasses import replace
from typing import Any

import pytest
from django.test import Client

from emulator.types import Response
from kit.faults import armed
from orders.models import BasketLine, Purchase
from payments import checkout
from payments.models import Payment
from tests.world import World

pytestmark = pytest.mark.django_db


def wants_two(world: World) -> Client:
    client, _alice = world.buyer()
    listing = world.listing()
    client.post("/basket/add/", {"listing": listing.pk, "quantity": 1})
    return client


def stripe_books_later(world: World) -> None:
    """Stripe's charge is there before its balance transaction is."""
    handle = world.emulator.handle

    def without_lines(method: str, url: str, headers: dict[str, str], body: bytes = b"") -> Response:
        answer = handle(method, url, headers, body)
        if not (method == "GET" and url.startswith("/v1/checkout/sessions/")):
            return answer
        session = json.loads(answer.body)
        session["payment_intent"]["latest_charge"]["balance_transaction"] = None
        return replace(answer, body=json.dumps(session).encode())

    world.emulator.handle = without_lines  # type: ignore[method-assign,assignment]


def test_who_paid_in_one_window_and_changes_the_basket_in_the_other_is_asked_to_wait(world: World) -> None:
    client = wants_two(world)
    world.press_pay(client)
    world.pay(str(Payment.objects.get().session_id))
    stripe_books_later(world)
    BasketLine.objects.update(quantity=2)

    answer = client.get(world.press_pay(client).headers["Location"])

    assert "waiting for Stripe to confirm" in answer.content.decode()
    assert Purchase.objects.get().status == "awaiting_payment"


def test_who_pays_in_one_window_what_the_other_is_about_to_replace_is_asked_to_look_again(world: World) -> None:
    client = wants_two(world)
    world.emulator.faults.add("error_before", match="POST /v1/customers", status=503)
    world.press_pay(client)
    purchase = Purchase.objects.get()
    BasketLine.objects.update(quantity=2)

    with armed("checkout.abandoning", lambda: checkout.start(purchase, actor="the other window") and None):
        answer = client.get(world.press_pay(client).headers["Location"])

    assert "in another window" in answer.content.decode()
    assert Purchase.objects.get().status == "awaiting_payment"
    assert Payment.objects.get().status == "open"


def test_coming_back_with_an_address_nobody_could_have_is_a_page_not_found(world: World) -> None:
    client, _alice = world.buyer()

    assert client.get("/checkout/return/?session_id=cs%00").status_code == 404


def test_a_purchase_remembers_the_buyers_address_not_the_proxys(world: World, settings: Any) -> None:
    settings.ALLAUTH_TRUSTED_PROXY_COUNT = 1
    client = wants_two(world)
    client.defaults["HTTP_X_FORWARDED_FOR"] = "198.51.100.66, 203.0.113.7"

    world.press_pay(client)

    assert Purchase.objects.get().placed_from == "203.0.113.7"
