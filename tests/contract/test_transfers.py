"""Separate charges and transfers: what may be sent to sellers, and what comes back."""

import pytest

from tests.contract.marks import needs, source
from tests.contract.target import Target, on, refused, why


@source("docs")
def test_a_transfer_without_its_charge_needs_available_money(target: Target) -> None:
    seller = target.seller()
    target.charge(5_000)
    available, _ = target.balance()

    error = refused(target.transfer, seller, max(available, 0) + 1)

    assert why(error)[:2] == (400, "balance_insufficient")


@source("docs")
def test_a_transfer_of_available_money_is_the_sellers_at_once(target: Target) -> None:
    seller = target.seller()
    target.ready(10_000)

    sent = target.transfer(seller, 3_000)

    mine, theirs = target.rows(sent.id)[0], target.rows(str(sent.destination_payment), seller)[0]
    assert (mine.type, mine.net, theirs.type, theirs.net) == ("transfer", -3_000, "payment", 3_000)
    assert (theirs.status, theirs.fee) == ("available", 0)


@source("docs")
def test_a_transfer_that_names_its_charge_needs_no_available_money(target: Target) -> None:
    seller, charge = target.seller(), target.charge(5_000)

    sent = target.transfer(seller, 4_000, charge.id)

    assert (sent.amount, sent.source_transaction, sent.amount_reversed) == (4_000, charge.id, 0)


@source("docs")
def test_both_sides_of_such_a_transfer_are_available_when_the_charge_is(target: Target) -> None:
    seller, charge = target.seller(), target.charge(5_000)

    sent = target.transfer(seller, 4_000, charge.id)

    when = target.rows(charge.id)[0].available_on
    theirs = target.rows(str(sent.destination_payment), seller)[0]
    assert (target.rows(sent.id)[0].available_on, theirs.available_on) == (when, when)
    assert theirs.status == "pending"


@source("docs")
def test_the_whole_amount_of_a_charge_may_be_sent_whatever_its_fee(target: Target) -> None:
    seller, charge = target.seller(), target.charge(5_000)

    sent = target.transfer(seller, 5_000, charge.id)

    assert sent.amount == 5_000


@source("docs")
def test_the_transfers_of_one_charge_stay_within_its_amount(target: Target) -> None:
    seller, charge = target.seller(), target.charge(5_000)
    target.transfer(seller, 3_000, charge.id)

    error = refused(target.transfer, seller, 2_001, charge.id)
    last = target.transfer(seller, 2_000, charge.id)

    assert (error.http_status, last.amount) == (400, 2_000)


@source("docs")
def test_a_transfer_names_a_charge_and_never_a_payment_intent(target: Target) -> None:
    seller, charge = target.seller(), target.charge(5_000)

    error = refused(target.transfer, seller, 1_000, str(charge.payment_intent))

    assert why(error) == (400, "resource_missing", "source_transaction")


@source("docs")
def test_a_transfer_is_in_the_currency_its_charge_settled_in(target: Target) -> None:
    seller, charge = target.seller(), target.charge(5_000)
    other = "usd" if target.currency != "usd" else "eur"

    error = refused(target.transfer, seller, 1_000, charge.id, currency=other)

    assert error.http_status == 400


@source("docs")
@pytest.mark.parametrize("how", ["failed", "held"])
def test_a_charge_without_money_is_no_source(target: Target, how: str) -> None:
    seller = target.seller()
    if how == "failed":
        source_id = refused(target.pay, card="pm_card_chargeDeclined").error.charge
    else:
        source_id = target.charge(capture_method="manual").id

    assert refused(target.transfer, seller, 1_000, source_id).http_status == 400


@source("docs")
def test_a_transfer_inherits_its_charges_group(target: Target) -> None:
    seller, group = target.seller(), target.unique("order")
    named, bare = target.charge(transfer_group=group), target.charge()

    first = target.transfer(seller, 1_000, named.id)
    second = target.transfer(seller, 1_000, bare.id)

    assert first.transfer_group == group
    assert second.transfer_group == f"group_{bare.payment_intent}"


@source("assumed")
def test_another_group_than_the_charges_is_refused(target: Target) -> None:
    seller, charge = target.seller(), target.charge(transfer_group=target.unique("order"))

    error = refused(target.transfer, seller, 1_000, charge.id, transfer_group=target.unique("other"))

    assert error.error.param == "transfer_group"


@source("docs")
def test_the_sellers_side_is_a_payment_of_their_own(target: Target) -> None:
    seller, charge = target.seller(), target.charge()

    sent = target.transfer(seller, 1_000, charge.id)

    id = str(sent.destination_payment)
    payment = target.v1.charges.retrieve(id, options=on(seller))
    assert id.startswith("py_")
    assert (payment.amount, payment.source_transfer) == (1_000, sent.id)
    assert refused(target.v1.charges.retrieve, id).http_status == 404


@source("docs")
def test_a_seller_without_the_capability_gets_nothing(target: Target) -> None:
    charge = target.charge()

    error = refused(target.transfer, target.account(), 1_000, charge.id)

    assert error.code == "insufficient_capabilities_for_transfer"


@source("docs")
def test_an_unknown_seller_is_named_as_the_wrong_parameter(target: Target) -> None:
    charge = target.charge()

    error = refused(target.transfer, "acct_1doesnotexist0", 1_000, charge.id)

    assert (error.http_status, error.error.param) == (400, "destination")


@source("docs")
@pytest.mark.parametrize("amount", [0, -1])
def test_a_transfer_of_nothing_is_refused(target: Target, amount: int) -> None:
    seller, charge = target.seller(), target.charge()

    assert why(refused(target.transfer, seller, amount, charge.id)) == (400, "parameter_invalid_integer", "amount")


@source("docs")
def test_transfers_are_found_by_group_and_by_seller(target: Target) -> None:
    seller, group = target.seller(), target.unique("order")
    charge = target.charge(transfer_group=group)
    made = [target.transfer(seller, 1_000, charge.id).id for _ in range(2)]

    by_group = target.v1.transfers.list({"transfer_group": group}).data
    both = target.v1.transfers.list({"transfer_group": group, "destination": seller}).data

    assert [one.id for one in by_group] == [one.id for one in both] == made[::-1]


@source("docs")
def test_description_and_metadata_of_a_transfer_change(target: Target) -> None:
    seller, charge = target.seller(), target.charge()
    sent = target.transfer(seller, 1_000, charge.id, metadata={"a": "1", "b": "2"})

    changed = target.v1.transfers.update(sent.id, {"description": "Hats", "metadata": {"a": ""}})

    assert (changed.description, changed.metadata.to_dict()) == ("Hats", {"b": "2"})
    assert target.told(sent.id, "transfer.updated")[0].data.object["description"] == "Hats"


# --- reversals ------------------------------------------------------------------------------------------------


@source("docs")
def test_a_reversal_takes_a_part_and_at_most_what_is_left(target: Target) -> None:
    seller, charge = target.seller(), target.charge()
    sent, _ = target.transfer(seller, 5_000, charge.id), target.transfer(seller, 5_000, charge.id)

    part = target.v1.transfers.reversals.create(sent.id, {"amount": 2_000})
    between = target.v1.transfers.retrieve(sent.id)
    error = refused(target.v1.transfers.reversals.create, sent.id, {"amount": 3_001})
    rest = target.v1.transfers.reversals.create(sent.id)

    after = target.v1.transfers.retrieve(sent.id)
    assert (between.amount_reversed, between.reversed) == (2_000, False)
    assert error.http_status == 400
    assert (part.amount, rest.amount) == (2_000, 3_000)
    assert (after.amount_reversed, after.reversed) == (5_000, True)
    assert [one.id for one in after.reversals.data] == [rest.id, part.id]


@source("docs")
def test_a_transfer_wholly_reversed_cannot_be_reversed_again(target: Target) -> None:
    seller, charge = target.seller(), target.charge()
    sent = target.transfer(seller, 5_000, charge.id)
    target.v1.transfers.reversals.create(sent.id)

    assert refused(target.v1.transfers.reversals.create, sent.id).http_status == 400


@source("docs")
def test_a_reversal_is_booked_on_both_sides(target: Target) -> None:
    seller, charge = target.seller(), target.charge()
    sent = target.transfer(seller, 5_000, charge.id)

    back = target.v1.transfers.reversals.create(sent.id, {"amount": 2_000})

    mine = target.rows(back.id)
    theirs = target.rows(str(back.destination_payment_refund), seller)
    assert [(row.type, row.net) for row in mine] == [("transfer_refund", 2_000)]
    assert [(row.type, row.net) for row in theirs] == [("payment_refund", -2_000)]


@source("docs")
def test_the_sellers_payment_shows_what_went_back(target: Target) -> None:
    seller, charge = target.seller(), target.charge()
    sent = target.transfer(seller, 5_000, charge.id)

    target.v1.transfers.reversals.create(sent.id, {"amount": 2_000})

    payment = target.v1.charges.retrieve(str(sent.destination_payment), options=on(seller))
    assert (payment.amount_refunded, payment.refunded) == (2_000, False)


@source("docs")
@needs("clock")
def test_money_the_seller_no_longer_has_cannot_be_taken_back(target: Target) -> None:
    seller = target.seller()
    target.ready(10_000)
    sent = target.transfer(seller, 5_000)
    target.advance(days=5)

    error = refused(target.v1.transfers.reversals.create, sent.id)

    assert error.code == "balance_insufficient"
    assert target.v1.transfers.retrieve(sent.id).amount_reversed == 0


@source("docs")
def test_a_reversal_that_asks_for_a_fee_there_never_was_is_refused(target: Target) -> None:
    seller, charge = target.seller(), target.charge()
    sent = target.transfer(seller, 5_000, charge.id)

    error = refused(target.v1.transfers.reversals.create, sent.id, {"refund_application_fee": True})

    assert error.http_status == 400
    assert target.v1.transfers.retrieve(sent.id).amount_reversed == 0


@source("library")
def test_a_transfer_is_told_when_made_and_whenever_some_of_it_goes_back(target: Target) -> None:
    seller, charge = target.seller(), target.charge()
    sent = target.transfer(seller, 5_000, charge.id)
    target.v1.transfers.reversals.create(sent.id, {"amount": 1})

    told = target.told(sent.id, "transfer.created", "transfer.reversed")

    assert [event.type for event in told] == ["transfer.created", "transfer.reversed"]
    assert told[1].data.object["amount_reversed"] == 1
    names = target.client.raw_request("get", "/v1/events", types=["transfer.paid", "transfer.failed"]).data["data"]
    assert names == []


@source("docs")
def test_a_reversal_has_metadata_of_its_own_and_belongs_to_its_transfer(target: Target) -> None:
    seller, charge = target.seller(), target.charge()
    first, second = (target.transfer(seller, 2_000, charge.id).id for _ in range(2))
    back = target.v1.transfers.reversals.create(first, {"amount": 500, "metadata": {"case": "7"}})

    found = target.v1.transfers.reversals.retrieve(first, back.id)
    error = refused(target.v1.transfers.reversals.retrieve, second, back.id)

    assert found.metadata["case"] == "7"
    assert error.http_status == 404
