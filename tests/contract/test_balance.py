"""Charges, what Stripe keeps of them, and when the rest is available."""

import pytest
import stripe

from tests.contract.marks import needs, source
from tests.contract.target import DAY, Target, refused, why


def transaction(charge: stripe.Charge) -> stripe.BalanceTransaction:
    found = charge.balance_transaction
    assert isinstance(found, stripe.BalanceTransaction)
    return found


@source("docs")
def test_a_charge_is_one_balance_transaction_less_its_fee(target: Target) -> None:
    charge = target.charge(10_000)
    row = transaction(charge)

    assert (row.amount, row.net, row.currency) == (10_000, 10_000 - row.fee, target.currency)
    assert 0 < row.fee < 10_000
    assert sum(part.amount for part in row.fee_details) == row.fee
    assert {part.type for part in row.fee_details} <= {"stripe_fee", "tax"}
    assert (row.source, row.type, row.reporting_category) == (charge.id, "charge", "charge")
    assert [one.id for one in target.rows(charge.id)] == [row.id]


@source("docs")
def test_a_card_payment_is_pending_for_some_days(target: Target) -> None:
    row = transaction(target.charge())

    assert row.status == "pending"
    assert row.created + DAY < row.available_on < row.created + 31 * DAY


@source("docs")
def test_one_test_card_is_available_at_once(target: Target) -> None:
    row = transaction(target.ready())

    assert row.status == "available"
    assert row.available_on <= row.created


@source("docs")
@needs("clock")
def test_pending_money_becomes_available_without_a_new_transaction(target: Target) -> None:
    row = transaction(target.charge())
    target.v1.balance_settings.update({"payments": {"payouts": {"schedule": {"interval": "manual"}}}})
    before = target.balance()

    target.advance(seconds=row.available_on - target.started)

    after = target.v1.balance_transactions.retrieve(row.id)
    assert (after.status, after.net, after.available_on) == ("available", row.net, row.available_on)
    assert (before, target.balance()) == ((0, row.net), (row.net, 0))


@source("docs")
@needs("clock")
def test_available_money_is_told(target: Target) -> None:
    row = transaction(target.charge())

    target.advance(seconds=row.available_on - target.started)

    told = target.v1.events.list({"type": "balance.available"}).data
    assert told
    assert told[0].data.object["object"] == "balance"


@source("docs")
def test_the_balance_lists_what_is_available_and_pending_by_currency(target: Target) -> None:
    target.charge()

    found = target.v1.balance.retrieve()

    parts = [*found.available, *found.pending]
    assert target.currency in {part.currency for part in parts}
    assert all(part.amount == sum(part.source_types.to_dict().values()) for part in parts)
    assert found.livemode is False
    assert found.connect_reserved is not None


@source("docs")
def test_transactions_are_found_by_type_and_by_moment(target: Target) -> None:
    row = transaction(target.charge())
    params = {"type": "charge", "created": {"gte": row.created, "lte": row.created}, "limit": 100}

    same = target.v1.balance_transactions.list(params).data
    other = target.v1.balance_transactions.list({**params, "type": "transfer"}).data

    assert row.id in {one.id for one in same}
    assert {one.type for one in same} == {"charge"}
    assert row.id not in {one.id for one in other}


@source("docs")
def test_a_zero_decimal_currency_is_charged_in_whole_units(target: Target) -> None:
    charge = target.charge(5_000, currency="jpy")

    assert (charge.amount, charge.currency) == (5_000, "jpy")


@source("docs")
def test_a_charge_takes_metadata_and_keeps_its_amount(target: Target) -> None:
    charge = target.charge()

    changed = target.v1.charges.update(charge.id, {"metadata": {"order": "7"}, "description": "Hat"})
    error = refused(target.client.raw_request, "post", f"/v1/charges/{charge.id}", amount=1)

    assert (changed.metadata["order"], changed.description) == ("7", "Hat")
    assert why(error) == (400, "parameter_unknown", "amount")


@source("assumed")
def test_a_charges_transfer_group_is_given_once(target: Target) -> None:
    charge, group = target.charge(), target.unique("order")

    first = target.v1.charges.update(charge.id, {"transfer_group": group})
    error = refused(target.v1.charges.update, charge.id, {"transfer_group": target.unique("order")})

    assert first.transfer_group == group
    assert error.error.param == "transfer_group"


@source("docs")
def test_the_charge_says_how_it_was_paid(target: Target) -> None:
    charge = target.charge()
    card = charge.payment_method_details.card

    assert (charge.payment_method_details.type, card.brand, card.last4) == ("card", "visa", "4242")
    assert (charge.outcome.type, charge.outcome.network_status) == ("authorized", "approved_by_network")
    assert card.three_d_secure is None


@source("docs")
def test_a_buyer_reported_as_fraudulent_is_marked_on_the_charge(target: Target) -> None:
    charge = target.charge()

    marked = target.v1.charges.update(charge.id, {"fraud_details": {"user_report": "fraudulent"}})

    assert marked.fraud_details.user_report == "fraudulent"


# --- money of the platform's own --------------------------------------------------------------------------------


@source("docs")
def test_a_top_up_is_pending_and_can_be_canceled_until_it_arrives(target: Target) -> None:
    made = target.v1.topups.create({"amount": 2_000, "currency": target.currency, "description": "Float"})

    canceled = target.v1.topups.cancel(made.id)
    error = refused(target.v1.topups.cancel, made.id)

    assert (made.status, canceled.status) == ("pending", "canceled")
    assert error.http_status == 400


@source("docs")
@needs("clock")
def test_a_top_up_that_arrived_is_money_of_the_platform(target: Target) -> None:
    target.v1.balance_settings.update({"payments": {"payouts": {"schedule": {"interval": "manual"}}}})
    made = target.v1.topups.create({"amount": 2_000, "currency": target.currency})

    target.advance(days=7)

    found = target.v1.topups.retrieve(made.id)
    assert found.status == "succeeded"
    assert target.nets(made.id) == [2_000]
    assert target.balance() == (2_000, 0)
    assert [event.type for event in target.told(made.id, "topup.created", "topup.succeeded")][-1] == "topup.succeeded"


@source("docs")
@pytest.mark.parametrize("amount", [0, -1])
def test_a_top_up_of_nothing_is_refused(target: Target, amount: int) -> None:
    assert refused(target.v1.topups.create, {"amount": amount, "currency": target.currency}).error.param == "amount"
