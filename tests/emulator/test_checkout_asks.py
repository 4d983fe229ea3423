"""Checkout beyond a card: delivery, phone, consent, free orders, new customers, and payments on somebody's behalf."""

from typing import Any

import pytest
import stripe

from emulator import hosted
from emulator.core import Emulator
from emulator.errors import HostedError
from tests.emulator.shop import Inbox, Shop

POST = {"display_name": "Post", "type": "fixed_amount", "fixed_amount": {"amount": 490, "currency": "eur"}}
FAST = {**POST, "display_name": "Express", "fixed_amount": {"amount": 990, "currency": "eur"}}
ASKED: Any = {
    "shipping_address_collection": {"allowed_countries": ["DE", "AT"]},
    "shipping_options": [{"shipping_rate_data": POST}, {"shipping_rate_data": FAST}],
    "phone_number_collection": {"enabled": True},
    "consent_collection": {"terms_of_service": "required"},
}
ADDRESS = {"ship_name": "Bob", "ship_line1": "Ring 1", "ship_city": "Wien", "ship_postal_code": "1010"}


def test_delivery_is_paid_for_and_collected(em: Emulator, shop: Shop) -> None:
    session = shop.session(**ASKED)
    assert session.amount_total == 10_490
    fast = hosted.checkout_view(em, session.id)["asked"]["rates"][1]["id"]
    answers = {**ADDRESS, "ship_country": "AT", "ship_rate": fast, "phone": "+431234", "terms": "1"}

    shop.pay(session.id, asked=answers)

    done = shop.client.v1.checkout.sessions.retrieve(session.id, {"expand": ["payment_intent"]})
    intent: Any = done.payment_intent
    assert (done.amount_total, done.total_details.amount_shipping, intent.amount_received) == (10_990, 990, 10_990)
    assert done.shipping_cost.shipping_rate == fast
    assert done.collected_information.shipping_details.address.city == "Wien"
    assert (intent.shipping.address.country, intent.shipping.phone) == ("AT", "+431234")
    assert (done.customer_details.phone, done.consent.terms_of_service) == ("+431234", "accepted")


@pytest.mark.parametrize("missing", ["ship_line1", "phone", "terms", "ship_country"])
def test_what_a_session_asks_for_has_to_be_answered(shop: Shop, missing: str) -> None:
    session = shop.session(**ASKED)
    answers = {**ADDRESS, "ship_country": "AT", "phone": "+431234", "terms": "1", missing: ""}

    outcome = shop.pay(session.id, asked=answers)

    assert (outcome.kind, outcome.field) == ("invalid", missing)
    assert shop.client.v1.checkout.sessions.retrieve(session.id).payment_intent is None


def test_a_shipping_rate_can_be_kept_and_offered_again(shop: Shop) -> None:
    rate = shop.client.v1.shipping_rates.create(POST)

    session = shop.session(shipping_options=[{"shipping_rate": rate.id}])
    shop.client.v1.shipping_rates.update(rate.id, {"active": False})

    assert session.shipping_options[0].shipping_amount == 490
    with pytest.raises(stripe.InvalidRequestError, match="inactive"):
        shop.session(shipping_options=[{"shipping_rate": rate.id}])
    with pytest.raises(stripe.InvalidRequestError, match="up to 5"):
        shop.session(shipping_options=[{"shipping_rate_data": POST}] * 6)


def test_an_order_that_costs_nothing_needs_no_payment(em: Emulator, shop: Shop) -> None:
    inbox = Inbox(em)
    coupon = shop.client.v1.coupons.create({"percent_off": 100, "duration": "once"})

    session = shop.session(discounts=[{"coupon": coupon.id}])
    outcome = hosted.checkout_order(em, session.id, email="bob@example.org")

    done = shop.client.v1.checkout.sessions.retrieve(session.id)
    assert (session.payment_status, outcome.kind, done.status) == ("no_payment_required", "paid", "complete")
    assert (done.payment_intent, done.payment_status, done.amount_total) == (None, "no_payment_required", 0)
    assert shop.client.v1.coupons.retrieve(coupon.id).times_redeemed == 1
    em.deliver_due(inbox.send)
    assert "checkout.session.completed" in inbox.types
    with pytest.raises(HostedError):
        hosted.checkout_order(em, shop.session().id, email="bob@example.org")


def test_a_buyer_becomes_a_customer_when_asked_for(em: Emulator, shop: Shop) -> None:
    session = shop.session(customer_creation="always")

    shop.pay(session.id)

    done = shop.client.v1.checkout.sessions.retrieve(session.id, {"expand": ["customer", "payment_intent"]})
    customer: Any = done.customer
    intent: Any = done.payment_intent
    assert (customer.email, intent.customer) == ("bob@example.org", customer.id)
    assert shop.client.v1.charges.retrieve(intent.latest_charge).customer == customer.id
    with pytest.raises(stripe.InvalidRequestError, match="customer_creation"):
        shop.session(customer_creation="always", customer=customer.id)


def test_a_saved_card_can_be_removed_where_the_session_lets_it(em: Emulator, shop: Shop) -> None:
    customer = shop.client.v1.customers.create({"email": "bob@example.org"}).id
    card = shop.client.v1.payment_methods.attach("pm_card_visa", {"customer": customer}).id
    shop.client.v1.payment_methods.update(card, {"allow_redisplay": "always"})
    fixed = shop.session(customer=customer)
    free = shop.session(customer=customer, saved_payment_method_options={"payment_method_remove": "enabled"})

    with pytest.raises(HostedError):
        hosted.checkout_remove_card(em, fixed.id, card=card)
    hosted.checkout_remove_card(em, free.id, card=card)

    assert shop.client.v1.payment_methods.retrieve(card).customer is None


def test_a_payment_on_behalf_of_needs_card_payments(shop: Shop) -> None:
    seller, other = shop.seller(), shop.seller()
    with pytest.raises(stripe.InvalidRequestError, match="card_payments"):
        shop.charge(on_behalf_of=seller, transfer_data={"destination": seller})
    for account in (seller, other):
        shop.client.v1.accounts.capabilities.update(account, "card_payments", {"requested": True})

    charge = shop.charge(on_behalf_of=seller, transfer_data={"destination": seller})
    session = shop.session(payment_intent_data={"on_behalf_of": seller, "transfer_data": {"destination": seller}})
    shop.pay(session.id)
    with pytest.raises(stripe.InvalidRequestError, match="same account") as refused:
        shop.charge(on_behalf_of=other, transfer_data={"destination": seller})

    done: Any = shop.client.v1.checkout.sessions.retrieve(session.id, {"expand": ["payment_intent"]}).payment_intent
    assert (charge.on_behalf_of, done.on_behalf_of, refused.value.param) == (seller, seller, "on_behalf_of")


def test_a_payment_makes_its_own_payment_method(shop: Shop) -> None:
    data: Any = {
        "type": "sepa_debit",
        "sepa_debit": {"iban": "DE89370400440532013000"},
        "billing_details": {"name": "Bob", "email": "bob@example.org"},
    }

    intent = shop.client.v1.payment_intents.create({"amount": 900, "currency": "eur", "payment_method_data": data})
    with pytest.raises(stripe.InvalidRequestError, match="only specify one"):
        shop.client.v1.payment_intents.update(
            intent.id, {"payment_method": "pm_card_visa", "payment_method_data": data}
        )

    assert intent.status == "requires_confirmation"
    assert shop.client.v1.payment_methods.retrieve(str(intent.payment_method)).type == "sepa_debit"
