"""What happens to money after a payment: fees given back, refunds that fail or wait, names changed."""

import pytest
import stripe

from emulator.core import Emulator
from tests.emulator.shop import Shop


def test_an_application_fee_is_given_back_in_parts_and_never_twice(client: stripe.StripeClient, shop: Shop) -> None:
    seller = shop.seller()
    charge = shop.charge(10_000, application_fee_amount=1_000, transfer_data={"destination": seller})
    fee = client.v1.charges.retrieve(charge.id).application_fee

    first = client.v1.application_fees.refunds.create(fee, {"amount": 300, "metadata": {"why": "kind"}})
    with pytest.raises(stripe.InvalidRequestError, match="greater than unrefunded"):
        client.v1.application_fees.refunds.create(fee, {"amount": 701})
    client.v1.application_fees.refunds.create(fee)
    with pytest.raises(stripe.InvalidRequestError, match="already been refunded"):
        client.v1.application_fees.refunds.create(fee)
    renamed = client.v1.application_fees.refunds.update(fee, first.id, {"metadata": {"why": "", "who": "us"}})

    assert shop.balance(seller) == (0, 10_000)
    assert shop.balance() == (0, -320)
    assert client.v1.application_fees.refunds.retrieve(fee, first.id).amount == 300
    assert renamed.metadata.to_dict() == {"who": "us"}
    assert [one.amount for one in client.v1.application_fees.refunds.list(fee)] == [700, 300]
    assert client.v1.events.list().data[0].type == "application_fee.refund.updated"


def test_a_refund_that_fails_later_returns_to_the_platform_and_can_be_made_again(
    em: Emulator, client: stripe.StripeClient, shop: Shop
) -> None:
    charge = shop.charge(10_000, payment_method="pm_card_refundFail")

    made = client.v1.refunds.create({"charge": charge.id})
    happened = em.advance(seconds=60)

    failed = client.v1.refunds.retrieve(made.id, {"expand": ["failure_balance_transaction"]})
    assert (made.status, failed.status, failed.failure_reason) == ("succeeded", "failed", "expired_or_canceled_card")
    assert failed.failure_balance_transaction.type == "refund_failure"
    assert [entry["what"] for entry in happened] == ["refund.failed"]
    assert shop.balance() == (0, 10_000 - 320)
    assert client.v1.charges.retrieve(charge.id).amount_refunded == 0
    types = [event.type for event in client.v1.events.list().data]
    assert types[:3] == ["refund.failed", "charge.refund.updated", "refund.updated"]
    assert client.v1.refunds.create({"charge": charge.id, "amount": 1}).status == "succeeded"


def test_a_refund_may_be_pending_at_first(em: Emulator, client: stripe.StripeClient, shop: Shop) -> None:
    charge = shop.charge(10_000, payment_method="pm_card_pendingRefund")

    made = client.v1.refunds.create({"charge": charge.id})
    em.advance(seconds=60)

    assert (made.status, made.pending_reason) == ("pending", "processing")
    assert client.v1.refunds.retrieve(made.id).status == "succeeded"
    assert shop.balance() == (0, -320)


def test_a_card_refund_is_renamed_but_never_canceled(client: stripe.StripeClient, shop: Shop) -> None:
    made = client.v1.refunds.create({"charge": shop.charge(10_000).id})

    renamed = client.v1.refunds.update(made.id, {"metadata": {"case": "7"}})
    with pytest.raises(stripe.InvalidRequestError, match="requires_action"):
        client.v1.refunds.cancel(made.id)

    assert renamed.metadata["case"] == "7"
    assert client.v1.events.list().data[0].data.previous_attributes.to_dict() == {"metadata": {}}


def test_transfers_reversals_and_charges_are_described_anew(client: stripe.StripeClient, shop: Shop) -> None:
    seller = shop.seller()
    charge = shop.charge(10_000, at_once=True)
    transfer = client.v1.transfers.create({"amount": 5_000, "currency": "eur", "destination": seller})
    reversal = client.v1.transfers.reversals.create(transfer.id, {"amount": 1})
    other = client.v1.transfers.create({"amount": 1, "currency": "eur", "destination": seller})

    moved = client.v1.transfers.update(transfer.id, {"description": "Hats", "metadata": {"a": "b"}})
    taken = client.v1.transfers.reversals.update(transfer.id, reversal.id, {"metadata": {"c": "d"}})
    safe = client.v1.charges.update(charge.id, {"fraud_details": {"user_report": "safe"}, "transfer_group": "g"})
    with pytest.raises(stripe.InvalidRequestError, match="already set"):
        client.v1.charges.update(charge.id, {"transfer_group": "h"})
    with pytest.raises(stripe.InvalidRequestError, match="No such transfer_reversal"):
        client.v1.transfers.reversals.retrieve(other.id, reversal.id)

    assert (moved.description, moved.metadata["a"], taken.metadata["c"]) == ("Hats", "b", "d")
    assert client.v1.transfers.reversals.retrieve(transfer.id, reversal.id).amount == 1
    assert (safe.fraud_details.user_report, safe.transfer_group) == ("safe", "g")
    types = [event.type for event in client.v1.events.list().data]
    assert types[:2] == ["charge.updated", "transfer.updated"]
