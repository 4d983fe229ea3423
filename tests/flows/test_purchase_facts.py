"""What the checkout page tells and keeps of whoever comes to it."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from emulator import business
from evidence import retention
from kit.clock import fixed_at, now
from orders.models import Purchase, PurchaseFacts, Terms
from tests.world import World

pytestmark = pytest.mark.django_db(transaction=True)

BROWSER = {"user-agent": "Mozilla/5.0 (X11; Linux)", "accept-language": "de-DE,de;q=0.8"}


@pytest.fixture
def words(world: World) -> None:
    for kind in Terms.Kind:
        # There from the migration, unless a test before emptied every table.
        facts = {"title": str(kind.label), "body": "Words.", "published_at": now()}
        Terms.objects.get_or_create(kind=kind, version=1, defaults=facts)


def in_basket(world: World, *, headers: dict[str, str] | None = None) -> Client:
    client, _customer = world.buyer()
    client.defaults |= {f"HTTP_{name.upper().replace('-', '_')}": value for name, value in (headers or {}).items()}
    client.post("/basket/add/", {"listing": world.listing(price=2400).pk, "quantity": 1})
    return client


def test_the_checkout_page_names_what_is_accepted_and_kept_and_both_are_kept(world: World, words: None) -> None:
    client = in_basket(world, headers=BROWSER)

    page = client.get("/checkout/").content.decode()
    answer = world.press_pay(client)

    assert 'href="/terms/"' in page
    assert 'href="/refund-policy/"' in page
    assert "bewahren wir 540 Tage lang auf, von wo aus Sie bestellt haben" in page
    assert answer.status_code == 303
    kept = PurchaseFacts.objects.get()
    assert (kept.user_agent, kept.language, kept.ip) == (*BROWSER.values(), "127.0.0.1")
    assert kept.terms == Terms.objects.get(kind="terms")
    assert kept.device_id == client.cookies["device"].value


def test_the_devices_number_is_random_kept_from_scripts_and_the_same_at_the_next_purchase(world: World) -> None:
    client = in_basket(world)
    client.get("/checkout/")
    cookie = client.cookies["device"]
    first = cookie.value

    world.press_pay(client)

    assert re.fullmatch(r"[\w-]{22}", first)
    assert (cookie["httponly"], cookie["samesite"], cookie["max-age"]) == (True, "Lax", 400 * 24 * 60 * 60)
    assert PurchaseFacts.objects.get().device_id == client.cookies["device"].value == first


def test_in_production_the_devices_number_travels_encrypted_only(world: World, settings: Any) -> None:
    settings.DEVICE_COOKIE_SECURE, settings.DEVICE_COOKIE_NAME = True, "__Host-device"
    client = in_basket(world)

    client.get("/checkout/")

    cookie = client.cookies["__Host-device"]
    assert (cookie["secure"], cookie["path"], cookie["domain"]) == (True, "/", "")


@pytest.mark.parametrize("days", [400, 0])
def test_without_the_cookie_and_with_odd_headers_one_buys_all_the_same(world: World, settings: Any, days: int) -> None:
    settings.DEVICE_COOKIE_DAYS = days
    settings.ALLAUTH_TRUSTED_PROXY_COUNT = 1
    odd = {"user-agent": "a\x7fb " * 400, "accept-language": "\u00ff" * 900, "x-forwarded-for": "198.51.100.1, unknown"}
    client = in_basket(world, headers=odd)
    client.cookies["device"] = "'; DROP TABLE"

    page = client.get("/checkout/")
    client.cookies["device"] = "not one of ours"
    answers = {field.html_name: field.value() for field in page.context["form"].hidden_fields()}
    chosen = str(page.context["form"].saved[0].pk)
    answer = client.post("/checkout/", {**answers, "currency": "eur", "address": chosen})

    kept = PurchaseFacts.objects.get()
    assert answer.status_code == 303
    assert (kept.ip, kept.device_id, len(kept.user_agent), len(kept.language)) == (None, "", 500, 200)


def test_who_ordered_under_words_that_were_just_replaced_is_shown_the_new_ones_first(world: World, words: None) -> None:
    client = in_basket(world)
    page = client.get("/checkout/")
    answers = {field.html_name: field.value() for field in page.context["form"].hidden_fields()}
    chosen = str(page.context["form"].saved[0].pk)
    Terms.objects.create(kind="terms", version=2, title="Terms", body="New.", published_at=now())

    answer = client.post("/checkout/", {**answers, "currency": "eur", "address": chosen}, follow=True)

    assert "Our terms changed a moment ago" in answer.content.decode()
    assert not Purchase.objects.exists()
    assert world.press_pay(client).status_code == 303
    assert PurchaseFacts.objects.get().terms == Terms.objects.get(kind="terms", version=2)


def test_old_facts_are_forgotten_unless_a_bank_still_asks(world: World) -> None:
    (asked,) = world.bought((1000,))
    quiet = world.bought_again(asked, 1500)
    business.open_dispute(world.emulator, str(asked.payment.charge_id), "fraudulent")
    world.settle()

    with fixed_at(now() + timedelta(days=541)):
        count = retention.forget_due()
        again = retention.forget_due()

    kept = {facts.purchase_id: facts for facts in PurchaseFacts.objects.all()}
    assert (count, again) == (1, 0)
    assert kept[asked.order.purchase_id].email == "alice@example.org"
    assert kept[quiet.order.purchase_id].email == ""
