"""Payments that are authorised first and captured later."""

from typing import Any

import pytest
import stripe

from emulator.core import Emulator
from tests.emulator.shop import DAY, Shop


def held(client: stripe.StripeClient, **more: Any) -> stripe.PaymentIntent:
    return client.v1.payment_intents.create(
        {
            "amount": 10_000,
            "currency": "eur",
            "payment_method": "pm_card_visa",
            "capture_method": "manual",
            "confirm": True,
            **more,
        }
    )


def types(client: stripe.StripeClient) -> list[str]:
    return [event.type for event in client.v1.events.list({"limit": 100}).data]


def test_an_authorised_payment_holds_no_money_until_it_is_captured(client: stripe.StripeClient, shop: Shop) -> None:
    seller = shop.seller()
    intent = held(client, transfer_data={"destination": seller}, application_fee_amount=1_000)
    before = (intent.status, intent.amount_capturable, shop.balance(), shop.balance(seller))

    captured = client.v1.payment_intents.capture(intent.id)

    assert before == ("requires_capture", 10_000, (0, 0), (0, 0))
    assert (captured.status, captured.amount_received, captured.amount_capturable) == ("succeeded", 10_000, 0)
    assert (shop.balance(), shop.balance(seller)) == ((0, 680), (0, 9_000))
    assert {"payment_intent.amount_capturable_updated", "charge.captured"} <= set(types(client))


def test_a_part_can_be_captured_and_refunded_to_the_cent(client: stripe.StripeClient, shop: Shop) -> None:
    seller = shop.seller()
    intent = held(client, transfer_data={"destination": seller}, application_fee_amount=1_000)
    client.v1.payment_intents.capture(intent.id, {"amount_to_capture": 6_000, "application_fee_amount": 600})
    after_capture = (shop.balance(), shop.balance(seller))

    client.v1.refunds.create({"payment_intent": intent.id, "reverse_transfer": True, "refund_application_fee": True})

    charge = client.v1.charges.list({"payment_intent": intent.id}).data[0]
    assert after_capture == ((0, 600 - 204), (0, 5_400))
    assert (charge.amount, charge.amount_captured, charge.amount_refunded, charge.refunded) == (
        10_000,
        6_000,
        6_000,
        True,
    )
    assert (shop.balance(), shop.balance(seller)) == ((0, -204), (0, 0))


@pytest.mark.parametrize("amount", [0, -1, 10_001])
def test_no_other_amount_can_be_captured(client: stripe.StripeClient, shop: Shop, amount: int) -> None:
    intent = held(client)

    with pytest.raises(stripe.InvalidRequestError) as refused:
        client.v1.payment_intents.capture(intent.id, {"amount_to_capture": amount})

    assert refused.value.param == "amount_to_capture"
    assert shop.balance() == (0, 0)


def test_a_canceled_authorisation_takes_nothing(client: stripe.StripeClient, shop: Shop) -> None:
    intent = held(client)
    canceled = client.v1.payment_intents.cancel(intent.id, {"cancellation_reason": "abandoned"})

    with pytest.raises(stripe.InvalidRequestError) as late:
        client.v1.payment_intents.capture(intent.id)

    assert (canceled.status, canceled.amount_capturable, shop.balance()) == ("canceled", 0, (0, 0))
    assert late.value.code == "payment_intent_unexpected_state"
    charge = client.v1.charges.list({"payment_intent": intent.id}).data[0]
    assert (charge.captured, charge.refunded) == (False, True)


def test_an_authorisation_is_gone_after_seven_days(em: Emulator, client: stripe.StripeClient, shop: Shop) -> None:
    intent, taken = held(client), held(client)
    client.v1.payment_intents.capture(taken.id)

    happened = em.advance(seconds=7 * DAY)

    assert [entry["id"] for entry in happened if entry["what"] == "payment_intent.canceled"] == [intent.id]
    gone = client.v1.payment_intents.retrieve(intent.id)
    assert (gone.status, gone.cancellation_reason) == ("canceled", "automatic")
    assert "charge.expired" in types(client)


def test_a_held_charge_can_be_neither_refunded_nor_transferred(client: stripe.StripeClient, shop: Shop) -> None:
    seller = shop.seller()
    intent = held(client)

    with pytest.raises(stripe.InvalidRequestError):
        client.v1.refunds.create({"payment_intent": intent.id})
    with pytest.raises(stripe.InvalidRequestError) as transfer:
        client.v1.transfers.create(
            {"amount": 100, "currency": "eur", "destination": seller, "source_transaction": intent.latest_charge}
        )

    assert transfer.value.param == "source_transaction"


def test_an_unpaid_intent_can_be_changed_and_a_paid_one_only_described(client: stripe.StripeClient, shop: Shop) -> None:
    intents = client.v1.payment_intents
    intent = intents.create({"amount": 1_000, "currency": "eur"})
    changed = intents.update(intent.id, {"amount": 2_000, "payment_method": "pm_card_visa", "metadata": {"a": "1"}})
    intents.confirm(intent.id)

    described = intents.update(intent.id, {"description": "Hat", "metadata": {"a": ""}})
    with pytest.raises(stripe.InvalidRequestError) as late:
        intents.update(intent.id, {"amount": 3_000})

    assert (changed.amount, changed.status) == (2_000, "requires_confirmation")
    assert (described.description, described.metadata.to_dict()) == ("Hat", {})
    assert (late.value.code, late.value.param) == ("payment_intent_unexpected_state", "amount")
    assert shop.balance() == (0, 2_000 - 88)
