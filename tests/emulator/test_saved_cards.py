"""Cards kept for later: payment methods, setup intents, and paying while nobody is there."""

from typing import Any

import pytest
import stripe

from emulator import hosted
from emulator.core import Emulator
from tests.emulator.shop import Inbox, Shop

ALWAYS, ONCE, NEVER_CHARGED = (
    "pm_card_authenticationRequired",
    "pm_card_authenticationRequiredOnSetup",
    "pm_card_chargeCustomerFail",
)


def buyer(client: stripe.StripeClient) -> str:
    return client.v1.customers.create({"email": "bob@example.org"}).id


def saved(client: stripe.StripeClient, customer: str, token: str = "pm_card_visa") -> str:
    return client.v1.payment_methods.attach(token, {"customer": customer}).id


def off_session(client: stripe.StripeClient, customer: str, card: str, **more: Any) -> stripe.PaymentIntent:
    return client.v1.payment_intents.create(
        {
            "amount": 2_000,
            "currency": "eur",
            "customer": customer,
            "payment_method": card,
            "confirm": True,
            "off_session": True,
            **more,
        }
    )


def set_up(em: Emulator, client: stripe.StripeClient, customer: str, token: str) -> str:
    intent = client.v1.setup_intents.create({"customer": customer, "payment_method": token, "confirm": True})
    if intent.status == "requires_action":
        hosted.intent_authenticate(em, intent.id, succeed=True)
    kept = client.v1.setup_intents.retrieve(intent.id)
    assert kept.status == "succeeded"
    assert isinstance(kept.payment_method, str)
    return kept.payment_method


def test_an_attached_card_is_listed_pays_and_is_gone_for_good_once_detached(client: stripe.StripeClient) -> None:
    customer = buyer(client)
    card = saved(client, customer)
    client.v1.customers.update(customer, {"invoice_settings": {"default_payment_method": card}})

    first = off_session(client, customer, card)
    again = off_session(client, customer, card)
    listed = client.v1.payment_methods.list({"customer": customer, "type": "card"}).data
    detached = client.v1.payment_methods.detach(card)

    assert (first.status, again.status, [one.id for one in listed]) == ("succeeded", "succeeded", [card])
    assert detached.customer is None
    assert client.v1.customers.retrieve(customer).invoice_settings.default_payment_method is None
    assert client.v1.customers.payment_methods.list(customer).data == []
    with pytest.raises(stripe.InvalidRequestError, match="may not be used again"):
        client.v1.payment_methods.attach(card, {"customer": customer})


def test_a_saved_card_pays_only_for_its_own_customer(client: stripe.StripeClient) -> None:
    customer, stranger = buyer(client), buyer(client)
    card = saved(client, customer)

    for given in ({}, {"customer": stranger}):
        with pytest.raises(stripe.InvalidRequestError, match="belongs to the Customer"):
            client.v1.payment_intents.create({"amount": 500, "currency": "eur", "payment_method": card, **given})
    with pytest.raises(stripe.InvalidRequestError, match="already been attached"):
        client.v1.payment_methods.attach(card, {"customer": stranger})
    with pytest.raises(stripe.InvalidRequestError) as missing:
        client.v1.customers.payment_methods.retrieve(stranger, card)
    assert missing.value.http_status == 404


def test_a_card_outside_a_customer_works_once(client: stripe.StripeClient) -> None:
    card = client.v1.payment_methods.create({"type": "card", "card": {"token": "tok_mastercard"}})
    params = {"amount": 500, "currency": "eur", "payment_method": card.id, "confirm": True}
    client.v1.payment_intents.create(params)

    with pytest.raises(stripe.InvalidRequestError, match="may not be used again"):
        client.v1.payment_intents.create(params)
    assert card.card.brand == "mastercard"


@pytest.mark.parametrize(("token", "works"), [(ONCE, True), (ALWAYS, False)])
def test_only_the_card_that_asks_once_pays_off_session_after_setup(
    em: Emulator, client: stripe.StripeClient, token: str, works: bool
) -> None:
    customer = buyer(client)
    card = set_up(em, client, customer, token)

    if works:
        assert off_session(client, customer, card).status == "succeeded"
        return
    with pytest.raises(stripe.CardError) as refused:
        off_session(client, customer, card)
    error = refused.value.error
    assert (error.code, error.decline_code) == ("authentication_required", "authentication_required")
    assert error.payment_intent.status == "requires_payment_method"
    assert error.payment_intent.last_payment_error.payment_method.id == card


def test_attaching_without_setup_leaves_authentication_for_later(client: stripe.StripeClient) -> None:
    customer = buyer(client)
    card = saved(client, customer, ONCE)

    with pytest.raises(stripe.CardError) as refused:
        off_session(client, customer, card)

    assert refused.value.code == "authentication_required"


def test_a_payment_with_setup_future_usage_saves_the_card_for_off_session(
    em: Emulator, client: stripe.StripeClient
) -> None:
    customer = buyer(client)
    intent = client.v1.payment_intents.create(
        {
            "amount": 900,
            "currency": "eur",
            "customer": customer,
            "payment_method": ONCE,
            "setup_future_usage": "off_session",
            "confirm": True,
        }
    )
    hosted.intent_authenticate(em, intent.id, succeed=True)

    card = client.v1.customers.payment_methods.list(customer).data[0]

    assert off_session(client, customer, card.id).status == "succeeded"


def test_the_card_that_can_only_be_saved_declines_when_charged(client: stripe.StripeClient) -> None:
    customer = buyer(client)
    card = saved(client, customer, NEVER_CHARGED)

    with pytest.raises(stripe.CardError) as declined:
        off_session(client, customer, card)
    with pytest.raises(stripe.CardError) as refused:
        client.v1.payment_methods.attach("pm_card_chargeDeclined", {"customer": customer})

    assert declined.value.code == refused.value.code == "card_declined"


def test_a_setup_can_be_declined_refused_canceled_and_listed(em: Emulator, client: stripe.StripeClient) -> None:
    customer = buyer(client)
    intents = client.v1.setup_intents
    with pytest.raises(stripe.CardError) as declined:
        intents.create({"customer": customer, "payment_method": "pm_card_chargeDeclined", "confirm": True})
    asked = intents.create(
        {"customer": customer, "payment_method": ALWAYS, "confirm": True, "return_url": "https://shop.example/cards"}
    )
    refused = hosted.intent_authenticate(em, asked.id, succeed=False)
    intents.update(asked.id, {"payment_method": "pm_card_visa", "metadata": {"a": "b"}})
    done = intents.confirm(asked.id)
    open_one = intents.create({"customer": customer})
    canceled = intents.cancel(open_one.id, {"cancellation_reason": "abandoned"})

    assert declined.value.error.setup_intent.last_setup_error.code == "card_declined"
    assert refused.redirect_url is not None
    assert refused.redirect_url.startswith(f"https://shop.example/cards?setup_intent={asked.id}&")
    assert (done.status, done.usage, canceled.status) == ("succeeded", "off_session", "canceled")
    assert len(intents.list({"customer": customer}).data) == 3
    with pytest.raises(stripe.InvalidRequestError) as late:
        intents.cancel(done.id)
    assert late.value.code == "setup_intent_unexpected_state"


def test_saving_and_removing_cards_raises_their_events(em: Emulator, client: stripe.StripeClient) -> None:
    inbox = Inbox(em)
    customer = buyer(client)
    card = saved(client, customer)
    client.v1.payment_methods.update(card, {"card": {"exp_year": 2039}, "allow_redisplay": "always"})
    client.v1.payment_methods.detach(card)

    em.deliver_due(inbox.send)

    assert [kind for kind in inbox.types if kind.startswith("payment_method.")] == [
        "payment_method.attached",
        "payment_method.updated",
        "payment_method.detached",
    ]


@pytest.mark.parametrize(
    ("card", "code"),
    [
        ({"number": "4111111111111111"}, "incorrect_number"),
        ({"number": "4242424242424242", "exp_month": 13, "exp_year": 2040}, "invalid_expiry_month"),
        ({"number": "4242424242424242", "exp_month": 1, "exp_year": 2020}, "invalid_expiry_year"),
    ],
)
def test_a_card_that_cannot_be_real_is_refused(client: stripe.StripeClient, card: dict[str, Any], code: str) -> None:
    with pytest.raises(stripe.CardError) as refused:
        client.v1.payment_methods.create({"type": "card", "card": card})

    assert refused.value.code == code


def test_a_deleted_customers_cards_are_gone(client: stripe.StripeClient, shop: Shop) -> None:
    customer = buyer(client)
    card = saved(client, customer)
    client.v1.customers.delete(customer)

    with pytest.raises(stripe.InvalidRequestError, match="may not be used again"):
        client.v1.payment_intents.create({"amount": 500, "currency": "eur", "payment_method": card})
