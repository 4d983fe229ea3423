"""Transfers, reversals, refunds and payouts to the minor unit."""

import pytest
import stripe

from emulator import hosted
from emulator.core import Emulator
from emulator.errors import HostedError
from emulator.money import display, processing_fee, share_so_far
from tests.emulator.shop import DAY, Shop


def test_fees_and_shares_are_exact() -> None:
    assert processing_fee(10_000, basis_points=290, fixed=30) == 320
    assert processing_fee(4_999, basis_points=290, fixed=30) == 175
    assert share_so_far(1_000, 3_333, 10_000) == 333
    assert share_so_far(1_000, 10_000, 10_000) == 1_000
    assert (display(-1_234, "eur"), display(50, "jpy"), display(1_230, "kwd")) == ("-12.34", "50", "1.230")


def test_a_transfer_needs_available_money_unless_it_names_its_charge(
    em: Emulator, client: stripe.StripeClient, shop: Shop
) -> None:
    seller = shop.seller()
    charge = shop.charge(10_000)

    with pytest.raises(stripe.InvalidRequestError) as short:
        client.v1.transfers.create({"amount": 9_000, "currency": "eur", "destination": seller})
    transfer = client.v1.transfers.create(
        {"amount": 9_000, "currency": "eur", "destination": seller, "source_transaction": charge.id}
    )

    assert short.value.code == "balance_insufficient"
    assert shop.balance(seller) == (0, 9_000)
    assert shop.balance() == (0, 680)
    intent = charge.payment_intent
    assert transfer.transfer_group == f"group_{intent}"
    assert client.v1.charges.retrieve(charge.id).transfer_group == f"group_{intent}"


def test_the_transfers_of_one_charge_stay_within_its_amount_and_currency(
    em: Emulator, client: stripe.StripeClient, shop: Shop
) -> None:
    seller = shop.seller()
    charge = shop.charge(10_000)
    params = {"amount": 6_000, "currency": "eur", "destination": seller, "source_transaction": charge.id}
    client.v1.transfers.create(params)

    with pytest.raises(stripe.InvalidRequestError, match="There is 4000 left"):
        client.v1.transfers.create(params)
    with pytest.raises(stripe.InvalidRequestError, match="must be the same as the transfer currency"):
        client.v1.transfers.create({**params, "amount": 1, "currency": "usd"})
    with pytest.raises(stripe.InvalidRequestError) as intent:
        client.v1.transfers.create({**params, "amount": 1, "source_transaction": charge.payment_intent})
    with pytest.raises(stripe.InvalidRequestError, match="transfer_group"):
        client.v1.transfers.create({**params, "amount": 1, "transfer_group": "other"})

    assert intent.value.param == "source_transaction"


def test_a_transfer_to_a_seller_without_the_capability_is_refused(client: stripe.StripeClient, shop: Shop) -> None:
    shop.charge(10_000, at_once=True)

    with pytest.raises(stripe.InvalidRequestError) as refused:
        client.v1.transfers.create({"amount": 1, "currency": "eur", "destination": shop.account()})
    with pytest.raises(stripe.InvalidRequestError, match="No such destination"):
        client.v1.transfers.create({"amount": 1, "currency": "eur", "destination": "acct_none"})

    assert refused.value.code == "insufficient_capabilities_for_transfer"


def test_reversals_take_back_at_most_what_is_left(em: Emulator, client: stripe.StripeClient, shop: Shop) -> None:
    seller = shop.seller()
    shop.charge(10_000, at_once=True)
    transfer = client.v1.transfers.create({"amount": 5_000, "currency": "eur", "destination": seller})

    first = client.v1.transfers.reversals.create(transfer.id, {"amount": 2_000})
    with pytest.raises(stripe.InvalidRequestError):
        client.v1.transfers.reversals.create(transfer.id, {"amount": 3_001})
    client.v1.transfers.reversals.create(transfer.id)
    with pytest.raises(stripe.InvalidRequestError, match="already fully reversed"):
        client.v1.transfers.reversals.create(transfer.id)

    found = client.v1.transfers.retrieve(transfer.id)
    assert (found.amount_reversed, found.reversed) == (5_000, True)
    assert [one.amount for one in found.reversals.data] == [3_000, 2_000]
    assert [one.id for one in client.v1.transfers.reversals.list(transfer.id)][-1] == first.id
    assert shop.balance(seller) == (0, 0)


def test_a_separate_transfer_comes_back_only_from_money_the_seller_has(
    em: Emulator, client: stripe.StripeClient, shop: Shop
) -> None:
    seller = shop.seller()
    shop.charge(10_000, at_once=True)
    transfer = client.v1.transfers.create({"amount": 5_000, "currency": "eur", "destination": seller})
    em.advance(seconds=2 * DAY)

    with pytest.raises(stripe.InvalidRequestError) as refused:
        client.v1.transfers.reversals.create(transfer.id)

    assert refused.value.code == "balance_insufficient"
    assert shop.balance(seller) == (0, 0)


def test_partial_refunds_with_everything_taken_back_close_to_zero(
    em: Emulator, client: stripe.StripeClient, shop: Shop
) -> None:
    seller = shop.seller()
    charge = shop.charge(9_999, application_fee_amount=1_001, transfer_data={"destination": seller})

    for amount in (3_333, 3_333, 3_333):
        refund = client.v1.refunds.create(
            {"charge": charge.id, "amount": amount, "reverse_transfer": True, "refund_application_fee": True}
        )
        assert refund.status == "succeeded"

    assert shop.balance(seller) == (0, 0)
    fee = processing_fee(9_999, basis_points=290, fixed=30)
    assert shop.balance() == (0, -fee)
    found = client.v1.charges.retrieve(charge.id, {"expand": ["transfer", "application_fee", "refunds"]})
    assert (found.refunded, found.transfer.reversed, found.application_fee.refunded) == (True, True, True)
    assert len(found.refunds.data) == 3


def test_a_refund_without_reversal_is_paid_by_the_platform_alone(
    em: Emulator, client: stripe.StripeClient, shop: Shop
) -> None:
    seller = shop.seller()
    charge = shop.charge(10_000, application_fee_amount=1_000, transfer_data={"destination": seller})

    client.v1.refunds.create({"payment_intent": charge.payment_intent})

    assert shop.balance(seller) == (0, 9_000)
    assert shop.balance() == (0, 680 - 10_000)


def test_a_refund_beyond_the_balance_waits_for_money(em: Emulator, client: stripe.StripeClient, shop: Shop) -> None:
    charge = shop.charge(10_000)
    em.advance(seconds=3 * DAY)

    refund = client.v1.refunds.create({"charge": charge.id})
    shop.charge(20_000)
    em.advance(seconds=3 * DAY)

    assert (refund.status, refund.pending_reason, refund.balance_transaction) == ("pending", "insufficient_funds", None)
    paid = client.v1.refunds.retrieve(refund.id)
    assert (paid.status, "pending_reason" in paid) == ("succeeded", False)
    assert "refund.updated" in [event.type for event in client.v1.events.list({"limit": 50})]


def test_refunds_that_make_no_sense_are_refused(client: stripe.StripeClient, shop: Shop) -> None:
    charge = shop.charge(10_000)

    with pytest.raises(stripe.InvalidRequestError, match="greater than unrefunded amount"):
        client.v1.refunds.create({"charge": charge.id, "amount": 10_001})
    with pytest.raises(stripe.InvalidRequestError, match="no associated transfer"):
        client.v1.refunds.create({"charge": charge.id, "reverse_transfer": True})
    with pytest.raises(stripe.InvalidRequestError, match="no application fee"):
        client.v1.refunds.create({"charge": charge.id, "refund_application_fee": True})
    with pytest.raises(stripe.InvalidRequestError, match="payment_intent or charge"):
        client.v1.refunds.create({})
    client.v1.refunds.create({"charge": charge.id})
    with pytest.raises(stripe.InvalidRequestError) as again:
        client.v1.refunds.create({"charge": charge.id, "amount": 1})

    assert again.value.code == "charge_already_refunded"


def test_charges_settle_in_their_own_currency(em: Emulator, shop: Shop, client: stripe.StripeClient) -> None:
    shop.charge(10_000, currency="usd", at_once=True)
    shop.charge(5_000, currency="jpy", at_once=True)

    found = {part.currency: part.amount for part in client.v1.balance.retrieve().available}

    assert found == {"jpy": 5_000 - 175, "usd": 10_000 - 320}


def test_a_payment_intent_can_be_made_confirmed_and_canceled(client: stripe.StripeClient) -> None:
    intent = client.v1.payment_intents.create({"amount": 1_000, "currency": "eur"})
    with pytest.raises(stripe.InvalidRequestError, match="missing a payment method"):
        client.v1.payment_intents.confirm(intent.id)
    asked = client.v1.payment_intents.confirm(
        intent.id, {"payment_method": "pm_card_threeDSecure2Required", "return_url": "https://shop.example"}
    )
    canceled = client.v1.payment_intents.cancel(intent.id, {"cancellation_reason": "abandoned"})
    with pytest.raises(stripe.InvalidRequestError) as late:
        client.v1.payment_intents.confirm(intent.id, {"payment_method": "pm_card_visa"})

    assert asked.next_action.redirect_to_url.url.endswith(intent.id)
    assert (canceled.status, canceled.cancellation_reason) == ("canceled", "abandoned")
    assert late.value.code == "payment_intent_unexpected_state"


def test_an_intent_confirmed_over_the_api_is_authenticated_on_the_banks_page(
    em: Emulator, client: stripe.StripeClient, shop: Shop
) -> None:
    params = {
        "amount": 1_000,
        "currency": "eur",
        "payment_method": "pm_card_threeDSecure2Required",
        "confirm": True,
        "return_url": "https://shop.example/back",
    }
    good, bad = client.v1.payment_intents.create(params), client.v1.payment_intents.create(params)

    paid = hosted.intent_authenticate(em, good.id, succeed=True)
    refused = hosted.intent_authenticate(em, bad.id, succeed=False)

    assert (paid.kind, refused.kind) == ("paid", "declined")
    secret = f"payment_intent_client_secret={good.client_secret}"
    assert paid.redirect_url == f"https://shop.example/back?payment_intent={good.id}&{secret}"
    assert client.v1.payment_intents.retrieve(good.id).status == "succeeded"
    assert client.v1.payment_intents.retrieve(bad.id).last_payment_error.code == "payment_intent_authentication_failure"
    with pytest.raises(HostedError):
        hosted.intent_view(em, good.id)


def test_nobody_there_to_authenticate_is_a_decline(client: stripe.StripeClient) -> None:
    with pytest.raises(stripe.CardError) as declined:
        client.v1.payment_intents.create(
            {
                "amount": 1_000,
                "currency": "eur",
                "payment_method": "pm_card_threeDSecure2Required",
                "confirm": True,
                "off_session": True,
            }
        )

    assert declined.value.code == "authentication_required"


def test_a_sessions_payment_intent_cannot_be_touched_directly(client: stripe.StripeClient, shop: Shop) -> None:
    session = shop.session()
    shop.pay(session.id, "4000000000000002")
    intent = client.v1.checkout.sessions.retrieve(session.id).payment_intent

    with pytest.raises(stripe.InvalidRequestError, match="belongs to a Checkout Session"):
        client.v1.payment_intents.cancel(intent)
