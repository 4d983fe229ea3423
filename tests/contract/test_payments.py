"""Payment intents: what becomes of them, and what they refuse."""

import pytest
import stripe

from tests.contract.marks import needs, source
from tests.contract.target import Target, refused, why

BACK = "https://shop.example/back"
# in the currency the platform settles in: Stripe converts the others
LEAST = {"aud": 50, "cad": 50, "chf": 50, "eur": 50, "gbp": 30, "jpy": 50, "usd": 50}


@source("docs")
def test_a_confirmed_payment_with_a_good_card_succeeds(target: Target) -> None:
    intent = target.pay(1_234)

    assert (intent.status, intent.amount_received, intent.next_action) == ("succeeded", 1_234, None)
    charge = intent.latest_charge
    assert isinstance(charge, stripe.Charge)
    assert (charge.paid, charge.captured, charge.amount_captured) == (True, True, 1_234)
    assert (charge.payment_intent, charge.status) == (intent.id, "succeeded")


@source("docs")
def test_a_payment_waits_for_a_card_and_then_for_its_confirmation(target: Target) -> None:
    bare = target.v1.payment_intents.create({"amount": 1_000, "currency": target.currency})
    given = target.v1.payment_intents.update(bare.id, {"payment_method": "pm_card_visa"})
    paid = target.v1.payment_intents.confirm(bare.id, {"return_url": BACK})

    assert (bare.status, bare.latest_charge) == ("requires_payment_method", None)
    assert (given.status, given.latest_charge) == ("requires_confirmation", None)
    assert paid.status == "succeeded"


@source("docs")
@pytest.mark.parametrize(
    ("card", "decline"),
    [
        ("pm_card_chargeDeclined", "generic_decline"),
        ("pm_card_chargeDeclinedInsufficientFunds", "insufficient_funds"),
    ],
)
def test_a_declined_card_is_a_402_that_names_the_reason(target: Target, card: str, decline: str) -> None:
    error = refused(target.pay, card=card)

    assert isinstance(error, stripe.CardError)
    assert (error.http_status, error.code, error.error.decline_code) == (402, "card_declined", decline)
    assert error.error.payment_intent["status"] == "requires_payment_method"


@source("docs")
def test_after_a_decline_the_same_payment_can_be_paid_with_another_card(target: Target) -> None:
    intent = target.v1.payment_intents.create({"amount": 1_000, "currency": target.currency})
    refused(
        target.v1.payment_intents.confirm, intent.id, {"payment_method": "pm_card_chargeDeclined", "return_url": BACK}
    )
    failed = target.v1.payment_intents.retrieve(intent.id)

    paid = target.v1.payment_intents.confirm(intent.id, {"payment_method": "pm_card_visa", "return_url": BACK})

    assert (failed.status, failed.last_payment_error.code) == ("requires_payment_method", "card_declined")
    assert (paid.status, paid.last_payment_error) == ("succeeded", None)
    charges = target.v1.charges.list({"payment_intent": intent.id}).data
    assert [charge.status for charge in charges] == ["succeeded", "failed"]


@source("docs")
def test_a_declined_charge_has_no_balance_transaction(target: Target) -> None:
    error = refused(target.pay, card="pm_card_chargeDeclined")

    charge = target.v1.charges.retrieve(error.error.charge)

    assert (charge.paid, charge.balance_transaction, charge.failure_code) == (False, None, "card_declined")
    assert charge.outcome.type == "issuer_declined"


@source("docs")
def test_a_card_that_asks_for_3d_secure_leaves_the_payment_waiting(target: Target) -> None:
    intent = target.pay(card="pm_card_threeDSecure2Required")

    assert (intent.status, intent.latest_charge) == ("requires_action", None)
    assert intent.next_action.type == "redirect_to_url"
    assert intent.next_action.redirect_to_url.return_url == BACK


@source("library")
def test_a_payment_that_may_not_ask_fails_instead(target: Target) -> None:
    error = refused(target.pay, card="pm_card_threeDSecure2Required", error_on_requires_action=True)

    assert isinstance(error, stripe.CardError)
    assert error.error.payment_intent["status"] == "requires_payment_method"


@source("docs")
def test_off_session_nobody_can_authenticate(target: Target) -> None:
    customer = target.v1.customers.create({}).id

    error = refused(target.pay, card="pm_card_authenticationRequired", off_session=True, customer=customer)

    assert (error.http_status, error.code) == (402, "authentication_required")
    assert error.error.payment_intent["status"] == "requires_payment_method"


@source("docs")
def test_a_paid_payment_can_neither_be_confirmed_nor_canceled(target: Target) -> None:
    intent = target.pay()

    again = refused(target.v1.payment_intents.confirm, intent.id, {"payment_method": "pm_card_visa"})
    cancel = refused(target.v1.payment_intents.cancel, intent.id)

    assert again.code == cancel.code == "payment_intent_unexpected_state"
    assert again.error.payment_intent["id"] == intent.id


@source("docs")
def test_a_canceled_payment_stays_canceled(target: Target) -> None:
    intent = target.v1.payment_intents.create({"amount": 1_000, "currency": target.currency})

    canceled = target.v1.payment_intents.cancel(intent.id, {"cancellation_reason": "abandoned"})
    error = refused(target.v1.payment_intents.confirm, intent.id, {"payment_method": "pm_card_visa"})

    assert (canceled.status, canceled.cancellation_reason) == ("canceled", "abandoned")
    assert canceled.canceled_at is not None
    assert error.code == "payment_intent_unexpected_state"


@source("docs")
def test_the_amount_changes_before_the_payment_and_never_after(target: Target) -> None:
    intent = target.v1.payment_intents.create({"amount": 1_000, "currency": target.currency})
    target.v1.payment_intents.update(intent.id, {"amount": 1_100})
    paid = target.v1.payment_intents.confirm(intent.id, {"payment_method": "pm_card_visa", "return_url": BACK})

    error = refused(target.v1.payment_intents.update, intent.id, {"amount": 1_200})

    assert paid.amount_received == 1_100
    assert error.code == "payment_intent_unexpected_state"


@source("docs")
def test_description_and_metadata_change_at_any_time(target: Target) -> None:
    intent = target.pay()

    changed = target.v1.payment_intents.update(intent.id, {"description": "Hat", "metadata": {"order": "7"}})

    assert (changed.description, changed.metadata["order"]) == ("Hat", "7")


@source("docs")
def test_the_payments_metadata_is_copied_to_its_charge_once(target: Target) -> None:
    intent = target.pay(metadata={"order": "7"}, description="Hat")
    charge = intent.latest_charge

    target.v1.payment_intents.update(intent.id, {"metadata": {"order": "8"}})

    assert isinstance(charge, stripe.Charge)
    assert (charge.metadata["order"], charge.description) == ("7", "Hat")
    assert target.v1.charges.retrieve(charge.id).metadata["order"] == "7"


@source("docs")
def test_the_payments_transfer_group_is_its_charges(target: Target) -> None:
    group = target.unique("order")

    charge = target.charge(transfer_group=group)

    assert charge.transfer_group == group
    assert [one.id for one in target.v1.charges.list({"transfer_group": group}).data] == [charge.id]


@source("docs")
@pytest.mark.parametrize(
    ("amount", "code"),
    [(1, "amount_too_small"), (0, "parameter_invalid_integer"), (-5, "parameter_invalid_integer")],
)
def test_an_amount_no_card_would_be_charged_is_refused(target: Target, amount: int, code: str) -> None:
    error = refused(target.v1.payment_intents.create, {"amount": amount, "currency": target.currency})

    assert why(error) == (400, code, "amount")


@source("library")
def test_an_amount_of_nine_digits_is_refused(target: Target) -> None:
    error = refused(target.v1.payment_intents.create, {"amount": 100_000_000, "currency": target.currency})

    assert why(error) == (400, "amount_too_large", "amount")


@source("docs")
def test_a_currency_has_its_smallest_charge(target: Target) -> None:
    least = LEAST.get(target.currency)
    if least is None:
        pytest.skip(f"the smallest charge in {target.currency} is not in this suite's table")

    made = target.v1.payment_intents.create({"amount": least, "currency": target.currency})
    error = refused(target.v1.payment_intents.create, {"amount": least - 1, "currency": target.currency})

    assert made.amount == least
    assert error.code == "amount_too_small"


@source("docs")
def test_amounts_of_three_decimal_currencies_end_in_zero(target: Target) -> None:
    made = target.v1.payment_intents.create({"amount": 5_000, "currency": "kwd"})
    error = refused(target.v1.payment_intents.create, {"amount": 5_001, "currency": "kwd"})

    assert made.amount == 5_000
    assert error.error.param == "amount"


@source("docs")
def test_an_unknown_currency_is_refused_and_a_known_one_shown_in_lower_case(target: Target) -> None:
    made = target.v1.payment_intents.create({"amount": 1_000, "currency": target.currency.upper()})
    error = refused(target.v1.payment_intents.create, {"amount": 1_000, "currency": "zzz"})

    assert made.currency == target.currency
    assert error.error.param == "currency"


@source("docs")
def test_off_session_goes_with_a_confirmation_only(target: Target) -> None:
    params = {"amount": 1_000, "currency": target.currency, "off_session": True}

    assert refused(target.v1.payment_intents.create, params).error.param == "off_session"


@source("assumed")
def test_the_version_of_this_library_knows_no_payment_method_types(target: Target) -> None:
    error = refused(
        target.client.raw_request,
        "post",
        "/v1/payment_intents",
        amount=1_000,
        currency=target.currency,
        payment_method_types=["card"],
    )

    assert why(error) == (400, "parameter_unknown", "payment_method_types")


@source("docs")
def test_a_customers_payments_are_listed_newest_first(target: Target) -> None:
    customer = target.v1.customers.create({}).id
    made = [target.pay(customer=customer).id for _ in range(3)]

    listed = target.v1.payment_intents.list({"customer": customer}).data

    assert [one.id for one in listed] == made[::-1]


@source("docs")
def test_a_client_secret_begins_with_its_payment(target: Target) -> None:
    intent = target.v1.payment_intents.create({"amount": 1_000, "currency": target.currency})

    assert str(intent.client_secret).startswith(f"{intent.id}_secret_")


@source("docs")
def test_every_step_of_a_payment_is_told(target: Target) -> None:
    intent = target.pay()
    charge = intent.latest_charge
    assert isinstance(charge, stripe.Charge)

    steps = target.told(intent.id, "payment_intent.created", "payment_intent.succeeded")

    assert [event.type for event in steps] == ["payment_intent.created", "payment_intent.succeeded"]
    assert steps[1].data.object["status"] == "succeeded"
    assert len(target.told(charge.id, "charge.succeeded")) == 1


# --- held for a later capture ---------------------------------------------------------------------------------


@source("docs")
def test_a_held_payment_has_moved_no_money(target: Target) -> None:
    intent = target.pay(5_000, capture_method="manual")
    charge = intent.latest_charge

    assert (intent.status, intent.amount_capturable, intent.amount_received) == ("requires_capture", 5_000, 0)
    assert isinstance(charge, stripe.Charge)
    assert (charge.captured, charge.balance_transaction) == (False, None)
    assert charge.payment_method_details.card.capture_before > charge.created + 4 * 86_400


@source("docs")
def test_a_capture_takes_all_or_a_part_and_only_once(target: Target) -> None:
    whole, part = (target.pay(5_000, capture_method="manual").id for _ in range(2))

    taken = target.v1.payment_intents.capture(whole)
    less = target.v1.payment_intents.capture(part, {"amount_to_capture": 2_000, "expand": ["latest_charge"]})
    again = refused(target.v1.payment_intents.capture, part)

    assert (taken.status, taken.amount_received) == ("succeeded", 5_000)
    assert (less.status, less.amount_received, less.amount_capturable) == ("succeeded", 2_000, 0)
    assert less.latest_charge.amount_captured == 2_000
    assert again.code == "payment_intent_unexpected_state"
    assert [row.amount for row in target.rows(less.latest_charge.id)] == [2_000]


@source("docs")
def test_a_capture_of_more_than_was_held_is_refused(target: Target) -> None:
    intent = target.pay(5_000, capture_method="manual")

    error = refused(target.v1.payment_intents.capture, intent.id, {"amount_to_capture": 5_001})

    assert why(error) == (400, "amount_too_large", "amount_to_capture")


@source("docs")
def test_a_held_payment_is_let_go_by_canceling_it(target: Target) -> None:
    intent = target.pay(5_000, capture_method="manual")

    canceled = target.v1.payment_intents.cancel(intent.id)

    assert (canceled.status, canceled.amount_capturable) == ("canceled", 0)
    assert target.v1.charges.list({"payment_intent": intent.id}).data[0].captured is False
    assert refused(target.v1.payment_intents.capture, intent.id).code == "payment_intent_unexpected_state"


@source("docs")
@needs("clock")
def test_a_held_payment_is_canceled_after_seven_days(target: Target) -> None:
    intent = target.pay(5_000, capture_method="manual")

    target.advance(days=7)

    found = target.v1.payment_intents.retrieve(intent.id)
    assert (found.status, found.cancellation_reason) == ("canceled", "automatic")


@source("docs")
def test_the_sellers_part_of_a_held_payment_moves_at_its_capture(target: Target) -> None:
    seller = target.seller()
    intent = target.pay(
        5_000, capture_method="manual", transfer_data={"destination": seller}, application_fee_amount=500
    )
    before = target.v1.charges.list({"payment_intent": intent.id}).data[0]

    target.v1.payment_intents.capture(intent.id)

    after = target.v1.charges.retrieve(before.id, {"expand": ["transfer"]})
    assert getattr(before, "transfer", None) is None
    assert (after.transfer.amount, after.transfer.destination) == (5_000, seller)
