"""What the payment page asks besides a card, and orders that cost nothing, in a browser without JavaScript."""

from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.emulator_web.support import Running, Shop, open_session

pytestmark = pytest.mark.browser

ASKED: Any = {
    "shipping_address_collection": {"allowed_countries": ["DE", "AT"]},
    "shipping_options": [
        {
            "shipping_rate_data": {
                "display_name": name,
                "type": "fixed_amount",
                "fixed_amount": {"amount": amount, "currency": "eur"},
            }
        }
        for name, amount in (("Post", 490), ("Express", 990))
    ],
    "phone_number_collection": {"enabled": True},
    "consent_collection": {"terms_of_service": "required"},
}


def test_delivery_is_asked_for_on_the_page_and_what_is_missing_is_said(
    emulator: Running, shop: Shop, page: Page
) -> None:
    session = open_session(emulator.client, shop, **ASKED)
    page.goto(session.url or "")
    page.get_by_role("button", name="4242 4242 4242 4242").first.click()
    page.get_by_label("Name of the recipient").fill("Kim Buyer")
    page.get_by_label("Street and number").fill("Ring 1")
    page.get_by_label("Postal code").fill("1010")
    page.get_by_label("City").fill("Wien")
    page.get_by_label("Country").select_option("AT")
    page.get_by_label("Express").check()
    page.get_by_label("Phone").fill("+431234")
    page.get_by_role("button", name="Pay 77.80 EUR").click()
    expect(page.get_by_role("alert")).to_contain_text("Accept the terms")
    expect(page.get_by_label("City")).to_have_value("Wien")

    page.get_by_label("I accept the terms").check()
    page.locator(".pay-button").click()

    page.wait_for_url(f"{shop.url}/paid?session={session.id}")
    done = emulator.client.v1.checkout.sessions.retrieve(session.id)
    details: Any = done.collected_information
    assert (done.amount_total, details.shipping_details.address.country) == (8_280, "AT")


def test_an_order_that_costs_nothing_asks_for_no_card(emulator: Running, shop: Shop, page: Page) -> None:
    coupon = emulator.client.v1.coupons.create({"percent_off": 100, "duration": "once"})
    session = open_session(emulator.client, shop, discounts=[{"coupon": coupon.id}])
    page.goto(session.url or "")

    expect(page.locator("input[name=number]")).to_have_count(0)
    page.get_by_label("E-mail").fill("kim@example.com")
    page.get_by_role("button", name="Place the order").click()

    page.wait_for_url(f"{shop.url}/paid?session={session.id}")
    assert emulator.client.v1.checkout.sessions.retrieve(session.id).payment_status == "no_payment_required"


def test_a_saved_card_is_removed_on_the_page(emulator: Running, shop: Shop, page: Page) -> None:
    client = emulator.client.v1
    customer = client.customers.create({"email": "kim@example.com"}).id
    card = client.payment_methods.attach("pm_card_visa", {"customer": customer}).id
    client.payment_methods.update(card, {"allow_redisplay": "always"})
    session = open_session(
        emulator.client, shop, customer=customer, saved_payment_method_options={"payment_method_remove": "enabled"}
    )
    page.goto(session.url or "")

    page.get_by_role("button", name="Remove Visa ending in 4242").click()

    expect(page.get_by_role("button", name="Pay with Visa")).to_have_count(0)
    assert client.payment_methods.retrieve(card).customer is None
