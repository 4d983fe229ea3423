"""Checkout that keeps cards: mode=setup, setup_future_usage, cards shown again, and payments held for later."""

from typing import Any

import pytest
import stripe

from emulator import hosted
from emulator.core import Emulator
from emulator.errors import HostedError
from tests.emulator.shop import Shop


def buyer(client: stripe.StripeClient) -> str:
    return client.v1.customers.create({"email": "bob@example.org"}).id


def setup(client: stripe.StripeClient, **more: Any) -> stripe.checkout.Session:
    params = {"mode": "setup", "currency": "eur", "success_url": "https://shop.example/cards"}
    return client.v1.checkout.sessions.create({**params, **more})


def test_a_setup_session_keeps_the_card_for_the_customer(em: Emulator, client: stripe.StripeClient, shop: Shop) -> None:
    customer = buyer(client)
    session = setup(client, customer=customer, setup_intent_data={"metadata": {"why": "next time"}})

    declined = shop.pay(session.id, "4000000000000002")
    asked = shop.pay(session.id, "4000002500003155")
    refused = hosted.checkout_authenticate(em, session.id, succeed=False)
    shop.pay(session.id, "4000002500003155")
    done = hosted.checkout_authenticate(em, session.id, succeed=True)

    assert [one.kind for one in (declined, asked, refused, done)] == [
        "declined",
        "requires_action",
        "declined",
        "paid",
    ]
    kept = client.v1.checkout.sessions.retrieve(session.id, {"expand": ["setup_intent"]})
    assert (kept.status, kept.payment_status, kept.amount_total) == ("complete", "no_payment_required", None)
    assert kept.setup_intent.metadata["why"] == "next time"
    card = client.v1.customers.payment_methods.list(customer).data[0]
    assert (card.id, card.allow_redisplay) == (kept.setup_intent.payment_method, "limited")
    paid = client.v1.payment_intents.create(
        {
            "amount": 900,
            "currency": "eur",
            "customer": customer,
            "payment_method": card.id,
            "confirm": True,
            "off_session": True,
        }
    )
    assert paid.status == "succeeded"


def test_an_expired_setup_session_keeps_nothing(em: Emulator, client: stripe.StripeClient, shop: Shop) -> None:
    session = setup(client, customer=buyer(client))

    em.advance(to=session.expires_at)

    assert shop.pay(session.id).kind == "expired"
    assert client.v1.setup_intents.retrieve(str(session.setup_intent)).status == "canceled"
    with pytest.raises(stripe.InvalidRequestError, match="belongs to a Checkout Session"):
        client.v1.setup_intents.cancel(str(setup(client).setup_intent))


@pytest.mark.parametrize(
    ("given", "param"),
    [
        ({"line_items": [{"price": "price_x", "quantity": 1}]}, "line_items"),
        ({"payment_intent_data": {"description": "x"}}, "payment_intent_data"),
        ({"saved_payment_method_options": {"payment_method_save": "enabled"}}, "saved_payment_method_options"),
    ],
)
def test_a_setup_session_takes_nothing_that_pays(client: stripe.StripeClient, given: Any, param: str) -> None:
    with pytest.raises(stripe.InvalidRequestError) as refused:
        setup(client, **given)

    assert refused.value.param == param


def test_only_cards_that_may_be_shown_again_are_shown_and_pay(
    em: Emulator, client: stripe.StripeClient, shop: Shop
) -> None:
    customer = buyer(client)
    shown, hidden = (client.v1.payment_methods.attach("pm_card_visa", {"customer": customer}).id for _ in "ab")
    client.v1.payment_methods.update(shown, {"allow_redisplay": "always"})
    session = shop.session(customer=customer)

    cards = hosted.checkout_view(em, session.id)["saved_cards"]
    with pytest.raises(HostedError):
        hosted.checkout_pay_saved(em, session.id, card=hidden)
    paid = hosted.checkout_pay_saved(em, session.id, card=shown)

    assert [card["id"] for card in cards] == [shown]
    assert paid.kind == "paid"
    assert client.v1.charges.list({"customer": customer}).data[0].payment_method == shown


@pytest.mark.parametrize(
    ("more", "save", "kept"),
    [
        ({}, False, []),
        ({"saved_payment_method_options": {"payment_method_save": "enabled"}}, False, []),
        ({"saved_payment_method_options": {"payment_method_save": "enabled"}}, True, ["always"]),
        ({"payment_intent_data": {"setup_future_usage": "off_session"}}, False, ["limited"]),
    ],
)
def test_a_card_is_kept_when_the_buyer_or_the_platform_asked_for_it(
    client: stripe.StripeClient, shop: Shop, more: dict[str, Any], save: bool, kept: list[str]
) -> None:
    customer = buyer(client)
    session = shop.session(customer=customer, **more)

    assert shop.pay(session.id, save=save).kind == "paid"

    cards = client.v1.customers.payment_methods.list(customer).data
    assert [card.allow_redisplay for card in cards] == kept


def test_a_session_can_hold_its_payment_for_a_later_capture(client: stripe.StripeClient, shop: Shop) -> None:
    session = shop.session(payment_intent_data={"capture_method": "manual"})

    assert shop.pay(session.id).kind == "paid"

    held = client.v1.checkout.sessions.retrieve(session.id)
    assert (held.status, held.payment_status, shop.balance()) == ("complete", "unpaid", (0, 0))
    client.v1.payment_intents.capture(str(held.payment_intent))
    assert shop.balance() == (0, 9_680)
