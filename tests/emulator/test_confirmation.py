"""Payments the server confirms itself, and money that is there at once."""

import stripe

from emulator import hosted
from emulator.core import Emulator
from tests.emulator.shop import Inbox, Shop


def ask(client: stripe.StripeClient, method: str = "pm_card_authenticationRequired") -> stripe.PaymentIntent:
    return client.v1.payment_intents.create(
        {
            "amount": 2_000,
            "currency": "eur",
            "confirm": True,
            "confirmation_method": "manual",
            "payment_method": method,
            "return_url": "https://shop.example/back",
        }
    )


def test_after_the_banks_question_a_manual_payment_waits_for_the_server(
    em: Emulator, client: stripe.StripeClient, shop: Shop
) -> None:
    intent = ask(client)
    assert intent.status == "requires_action"

    back = hosted.intent_authenticate(em, intent.id, succeed=True)

    assert (back.redirect_url or "").startswith("https://shop.example/back?payment_intent=")
    assert client.v1.payment_intents.retrieve(intent.id).status == "requires_confirmation"
    assert shop.balance() == (0, 0)
    assert client.v1.payment_intents.confirm(intent.id).status == "succeeded"


def test_another_card_is_asked_about_again(em: Emulator, client: stripe.StripeClient) -> None:
    intent = ask(client)
    hosted.intent_authenticate(em, intent.id, succeed=True)
    client.v1.payment_intents.update(intent.id, {"payment_method": "pm_card_authenticationRequired"})

    again = client.v1.payment_intents.confirm(intent.id, {"return_url": "https://shop.example/back"})

    assert again.status == "requires_action"


def test_money_available_at_once_says_so_and_waits_for_the_days_payout(em: Emulator, shop: Shop) -> None:
    inbox = Inbox(em)
    shop.charge(10_000, at_once=True)

    em.advance(seconds=1)

    em.deliver_due(inbox.send)
    assert inbox.types[-1] == "balance.available"
    assert shop.balance() == (9_680, 0)
