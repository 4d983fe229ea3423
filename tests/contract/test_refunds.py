"""Refunds: what goes back to buyers, and what becomes of it."""

import pytest
import stripe

from tests.contract.marks import needs, source
from tests.contract.target import Target, refused, why


@source("docs")
def test_a_refund_returns_everything_unless_told_otherwise(target: Target) -> None:
    charge = target.ready()

    refund = target.v1.refunds.create({"charge": charge.id})

    after = target.v1.charges.retrieve(charge.id)
    assert (refund.amount, refund.payment_intent) == (10_000, charge.payment_intent)
    assert (after.amount_refunded, after.refunded) == (10_000, True)


@source("docs")
def test_a_partial_refund_leaves_the_rest_refundable(target: Target) -> None:
    charge = target.ready()

    target.v1.refunds.create({"charge": charge.id, "amount": 4_000})
    between = target.v1.charges.retrieve(charge.id)
    error = refused(target.v1.refunds.create, {"charge": charge.id, "amount": 6_001})
    rest = target.v1.refunds.create({"charge": charge.id})

    assert (between.amount_refunded, between.refunded) == (4_000, False)
    assert error.http_status == 400
    assert rest.amount == 6_000


@source("docs")
def test_a_charge_is_refunded_once(target: Target) -> None:
    charge = target.ready()
    target.v1.refunds.create({"charge": charge.id})

    assert refused(target.v1.refunds.create, {"charge": charge.id}).code == "charge_already_refunded"


@source("docs")
def test_a_refund_is_found_by_its_payment_as_well_as_by_its_charge(target: Target) -> None:
    charge = target.ready()

    refund = target.v1.refunds.create({"payment_intent": charge.payment_intent, "amount": 100})

    assert [one.id for one in target.v1.refunds.list({"charge": charge.id}).data] == [refund.id]
    assert [one.id for one in target.v1.refunds.list({"payment_intent": charge.payment_intent}).data] == [refund.id]
    expanded = target.v1.charges.retrieve(charge.id, {"expand": ["refunds"]})
    assert [one.id for one in expanded.refunds.data] == [refund.id]


@source("docs")
def test_a_refund_needs_something_to_refund(target: Target) -> None:
    nothing = refused(target.v1.refunds.create, {})
    unknown = refused(target.v1.refunds.create, {"charge": "ch_doesnotexist"})

    assert nothing.http_status == 400
    assert why(unknown)[1:] == ("resource_missing", "charge")


@source("docs")
@pytest.mark.parametrize("amount", [0, -1])
def test_a_refund_of_nothing_is_refused(target: Target, amount: int) -> None:
    charge = target.ready()

    assert refused(target.v1.refunds.create, {"charge": charge.id, "amount": amount}).error.param == "amount"


@source("docs")
def test_a_declined_charge_has_nothing_to_refund(target: Target) -> None:
    failed = refused(target.pay, card="pm_card_chargeDeclined").error.charge

    assert refused(target.v1.refunds.create, {"charge": failed}).http_status == 400


@source("docs")
def test_the_processing_fee_does_not_come_back(target: Target) -> None:
    charge, _ = target.ready(), target.ready(1_000)
    before = sum(target.nets(charge.id))

    refund = target.v1.refunds.create({"charge": charge.id})

    (row,) = target.rows(refund.id)
    assert (row.type, row.amount, row.fee, row.net) == ("refund", -10_000, 0, -10_000)
    assert before + row.net < 0


@source("docs")
def test_two_equal_refunds_are_two_refunds(target: Target) -> None:
    charge = target.ready()

    first, second = (target.v1.refunds.create({"charge": charge.id, "amount": 1_000}).id for _ in range(2))

    assert first != second
    assert target.v1.charges.retrieve(charge.id).amount_refunded == 2_000


@source("docs")
def test_a_reason_is_one_of_stripes(target: Target) -> None:
    charge = target.ready()

    refund = target.v1.refunds.create({"charge": charge.id, "amount": 1, "reason": "duplicate"})
    error = refused(
        target.client.raw_request, "post", "/v1/refunds", charge=charge.id, amount=1, reason="did_not_like_it"
    )

    assert refund.reason == "duplicate"
    assert error.error.param == "reason"


@source("docs")
def test_a_card_refund_cannot_be_canceled_only_relabelled(target: Target) -> None:
    charge = target.ready()
    refund = target.v1.refunds.create({"charge": charge.id})

    changed = target.v1.refunds.update(refund.id, {"metadata": {"case": "7"}})

    assert changed.metadata["case"] == "7"
    assert refused(target.v1.refunds.cancel, refund.id).http_status == 400


@source("docs")
def test_a_refund_never_touches_a_separate_transfer(target: Target) -> None:
    seller, charge = target.seller(), target.charge()
    sent = target.transfer(seller, 8_000, charge.id)

    target.v1.refunds.create({"charge": charge.id})

    assert target.v1.transfers.retrieve(sent.id).amount_reversed == 0


@source("docs")
def test_a_refund_may_wait_at_first_and_then_succeed(target: Target) -> None:
    charge = target.charge(card="pm_card_pendingRefund")

    refund = target.v1.refunds.create({"charge": charge.id})
    after = target.wait(
        lambda: next((r for r in [target.v1.refunds.retrieve(refund.id)] if r.status != "pending"), None)
    )

    assert refund.status == "pending"
    assert after.status == "succeeded"
    assert target.told(refund.id, "refund.updated")


@source("docs")
def test_a_refund_that_succeeded_may_fail_later_and_its_money_comes_back(target: Target) -> None:
    charge = target.charge(card="pm_card_refundFail")

    refund = target.v1.refunds.create({"charge": charge.id})
    after = target.wait(
        lambda: next((r for r in [target.v1.refunds.retrieve(refund.id)] if r.status == "failed"), None)
    )

    assert refund.status == "succeeded"
    assert after.failure_reason
    assert after.failure_balance_transaction
    assert sum(target.nets(refund.id)) == 0
    assert [row.type for row in target.rows(refund.id)] == ["refund", "refund_failure"]
    assert target.told(refund.id, "refund.failed")


@source("assumed")
def test_a_failed_refund_can_be_made_anew(target: Target) -> None:
    charge = target.charge(card="pm_card_refundFail")
    refund = target.v1.refunds.create({"charge": charge.id})
    target.told(refund.id, "refund.failed")

    again = target.v1.refunds.create({"charge": charge.id})

    assert again.amount == 10_000


@source("docs")
@needs("clock")
def test_a_refund_beyond_the_available_balance_waits_for_money(target: Target) -> None:
    charge = target.charge()
    target.advance(days=5)

    refund = target.v1.refunds.create({"charge": charge.id})
    target.charge(20_000)
    target.advance(days=5)

    assert (refund.status, refund.pending_reason, refund.balance_transaction) == ("pending", "insufficient_funds", None)
    assert target.v1.refunds.retrieve(refund.id).status == "succeeded"


@source("docs")
def test_a_refund_is_told_by_itself_and_on_its_charge(target: Target) -> None:
    charge = target.ready()

    refund = target.v1.refunds.create({"charge": charge.id, "amount": 100})

    assert target.told(refund.id, "refund.created")[0].data.object["amount"] == 100
    assert target.told(charge.id, "charge.refunded")[0].data.object["amount_refunded"] == 100


@source("docs")
def test_a_refund_belongs_to_the_platform_that_made_it(target: Target) -> None:
    charge = target.ready()
    refund = target.v1.refunds.create({"charge": charge.id})

    error = refused(target.v1.refunds.retrieve, refund.id, options={"stripe_account": target.seller()})

    assert isinstance(error, stripe.InvalidRequestError)
    assert why(error)[:2] == (404, "resource_missing")
