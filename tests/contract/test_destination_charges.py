"""Destination charges and application fees: the seller is paid as the buyer pays."""

import pytest
import stripe

from tests.contract.marks import needs, source
from tests.contract.target import Target, on, refused


def split(target: Target, seller: str, amount: int = 10_000, fee: int = 1_000, **more: object) -> stripe.Charge:
    return target.charge(amount, transfer_data={"destination": seller}, application_fee_amount=fee, **more)


def sent(target: Target, charge: stripe.Charge) -> stripe.Transfer:
    return target.v1.transfers.retrieve(str(charge.transfer))


@source("docs")
def test_everything_moves_and_the_fee_comes_back(target: Target) -> None:
    seller = target.seller()

    charge = split(target, seller)

    transfer = sent(target, charge)
    assert (transfer.amount, transfer.source_transaction) == (10_000, charge.id)
    assert target.nets(transfer.id) == [-10_000]
    assert target.nets(str(charge.application_fee)) == [1_000]
    assert target.nets(str(transfer.destination_payment), seller) == [9_000]


@source("docs")
def test_the_seller_sees_the_whole_amount_less_the_fee(target: Target) -> None:
    seller = target.seller()

    transfer = sent(target, split(target, seller))

    row = target.rows(str(transfer.destination_payment), seller)[0]
    assert (row.amount, row.fee, row.net) == (10_000, 1_000, 9_000)
    assert [part.type for part in row.fee_details] == ["application_fee"]
    payment = target.v1.charges.retrieve(str(transfer.destination_payment), options=on(seller))
    assert payment.application_fee_amount == 1_000


@source("docs")
def test_the_processing_fee_is_the_platforms(target: Target) -> None:
    charge = split(target, target.seller())

    row = target.rows(charge.id)[0]

    assert row.amount == 10_000
    assert "stripe_fee" in {part.type for part in row.fee_details}


@source("docs")
def test_with_an_amount_of_the_transfer_only_that_moves_and_there_is_no_fee(target: Target) -> None:
    seller = target.seller()

    charge = target.charge(10_000, transfer_data={"destination": seller, "amount": 8_500})

    transfer = sent(target, charge)
    assert (transfer.amount, charge.application_fee) == (8_500, None)
    assert target.nets(str(transfer.destination_payment), seller) == [8_500]


@source("docs")
def test_a_fee_and_an_amount_of_the_transfer_exclude_each_other(target: Target) -> None:
    seller = target.seller()

    error = refused(target.pay, transfer_data={"destination": seller, "amount": 8_000}, application_fee_amount=1_000)

    assert error.http_status == 400


@source("docs")
def test_a_fee_is_at_most_the_amount_and_never_negative(target: Target) -> None:
    seller = target.seller()

    for fee in (10_001, -1):
        error = refused(target.pay, transfer_data={"destination": seller}, application_fee_amount=fee)
        assert error.error.param == "application_fee_amount"

    assert split(target, seller, fee=10_000).application_fee_amount == 10_000


@source("docs")
def test_a_fee_needs_a_seller(target: Target) -> None:
    assert refused(target.pay, application_fee_amount=100).error.param == "application_fee_amount"


@source("docs")
def test_a_seller_who_may_not_receive_transfers_is_refused_before_the_buyer_pays(target: Target) -> None:
    params = {"transfer_data": {"destination": target.account()}}

    error = refused(target.v1.payment_intents.create, {"amount": 1_000, "currency": target.currency, **params})

    assert error.code == "insufficient_capabilities_for_transfer"


@source("docs")
def test_the_transfer_of_a_destination_charge_has_its_payments_group(target: Target) -> None:
    seller, group = target.seller(), target.unique("order")
    bare, named = split(target, seller), split(target, seller, transfer_group=group)

    assert sent(target, bare).transfer_group == f"group_{bare.payment_intent}"
    assert sent(target, named).transfer_group == group


@source("docs")
def test_an_application_fee_knows_its_seller_its_payment_and_the_first_charge(target: Target) -> None:
    seller = target.seller()
    charge = split(target, seller)
    payment = str(sent(target, charge).destination_payment)

    listed = target.v1.application_fees.list({"charge": payment}).data

    assert [(fee.id, fee.amount, fee.amount_refunded) for fee in listed] == [(charge.application_fee, 1_000, 0)]
    assert (listed[0].account, listed[0].charge, listed[0].originating_transaction) == (seller, payment, charge.id)
    assert target.told(listed[0].id, "application_fee.created")


# --- back again -----------------------------------------------------------------------------------------------


@source("docs")
def test_a_refund_alone_leaves_the_seller_the_sale(target: Target) -> None:
    charge = split(target, target.seller())

    refund = target.v1.refunds.create({"charge": charge.id})

    assert refund.transfer_reversal is None
    assert sent(target, charge).amount_reversed == 0
    assert target.v1.application_fees.retrieve(str(charge.application_fee)).amount_refunded == 0


@source("docs")
def test_a_refund_can_take_the_sellers_part_in_proportion(target: Target) -> None:
    charge = split(target, target.seller())

    refund = target.v1.refunds.create({"charge": charge.id, "amount": 2_500, "reverse_transfer": True})

    assert sent(target, charge).amount_reversed == 2_500
    found = target.v1.refunds.retrieve(refund.id, {"expand": ["transfer_reversal"]})
    assert (found.transfer_reversal.amount, found.transfer_reversal.source_refund) == (2_500, refund.id)
    assert target.v1.application_fees.retrieve(str(charge.application_fee)).amount_refunded == 0


@source("docs")
def test_a_refund_can_give_the_fee_back_in_proportion(target: Target) -> None:
    charge = split(target, target.seller())

    target.v1.refunds.create(
        {"charge": charge.id, "amount": 2_500, "reverse_transfer": True, "refund_application_fee": True}
    )

    assert target.v1.application_fees.retrieve(str(charge.application_fee)).amount_refunded == 250


@source("docs")
def test_a_full_refund_of_everything_leaves_the_seller_with_nothing(target: Target) -> None:
    seller = target.seller()
    before = sum(target.balance(seller))
    charge = split(target, seller, 9_999, 1_001)

    target.v1.refunds.create({"charge": charge.id, "reverse_transfer": True, "refund_application_fee": True})

    fee = target.v1.application_fees.retrieve(str(charge.application_fee))
    assert (fee.amount_refunded, fee.refunded) == (1_001, True)
    assert sent(target, charge).reversed is True
    assert sum(target.balance(seller)) == before


@source("assumed")
def test_partial_refunds_add_up_to_the_whole(target: Target) -> None:
    charge = split(target, target.seller(), 9_999, 1_001)

    for _ in range(3):
        target.v1.refunds.create(
            {"charge": charge.id, "amount": 3_333, "reverse_transfer": True, "refund_application_fee": True}
        )

    assert sent(target, charge).amount_reversed == 9_999
    assert target.v1.application_fees.retrieve(str(charge.application_fee)).amount_refunded == 1_001


@source("docs")
def test_a_fee_that_never_was_and_a_transfer_that_never_was_do_not_come_back(target: Target) -> None:
    plain = target.charge()
    whole = target.charge(transfer_data={"destination": target.seller()})

    assert refused(target.v1.refunds.create, {"charge": plain.id, "reverse_transfer": True}).http_status == 400
    assert refused(target.v1.refunds.create, {"charge": whole.id, "refund_application_fee": True}).http_status == 400
    assert target.v1.charges.retrieve(plain.id).amount_refunded == 0


@source("docs")
def test_a_reversal_can_give_the_fee_back_too(target: Target) -> None:
    charge = split(target, target.seller())

    target.v1.transfers.reversals.create(str(charge.transfer), {"amount": 5_000, "refund_application_fee": True})

    assert target.v1.application_fees.retrieve(str(charge.application_fee)).amount_refunded == 500


@source("docs")
def test_a_fee_is_refunded_in_parts_up_to_its_amount(target: Target) -> None:
    fee = str(split(target, target.seller()).application_fee)
    refunds = target.v1.application_fees.refunds

    part = refunds.create(fee, {"amount": 400, "metadata": {"why": "late"}})
    error = refused(refunds.create, fee, {"amount": 601})
    rest = refunds.create(fee)

    after = target.v1.application_fees.retrieve(fee)
    assert (part.amount, part.metadata["why"], rest.amount) == (400, "late", 600)
    assert error.error.param == "amount"
    assert (after.amount_refunded, after.refunded) == (1_000, True)
    assert refused(refunds.create, fee).http_status == 400
    assert target.told(fee, "application_fee.refunded")


@source("docs")
def test_a_refunded_fee_goes_from_the_platform_to_the_seller(target: Target) -> None:
    seller = target.seller()
    before = sum(target.balance(seller))
    charge = split(target, seller)

    back = target.v1.application_fees.refunds.create(str(charge.application_fee), {"amount": 400})

    assert target.nets(back.id) == [-400]
    assert sum(target.balance(seller)) == before + 9_000 + 400


@source("assumed")
@needs("clock")
def test_a_destination_charges_reversal_may_leave_the_seller_in_debt(target: Target) -> None:
    seller = target.seller()
    charge = target.ready(5_000, transfer_data={"destination": seller})
    target.advance(days=5)

    target.v1.transfers.reversals.create(str(charge.transfer))

    assert target.balance(seller) == (-5_000, 0)


@source("docs")
@pytest.mark.parametrize("amount", [0, 10_001])
def test_an_amount_of_the_transfer_is_within_the_payment(target: Target, amount: int) -> None:
    seller = target.seller()

    error = refused(target.pay, transfer_data={"destination": seller, "amount": amount})

    assert error.error.param == "transfer_data[amount]"
