"""What the operator brings about: disputes, decisions, payouts and refunds that come back."""

import pytest
import stripe

from emulator import business
from emulator.core import Emulator
from emulator.errors import HostedError
from tests.emulator.shop import DAY, Shop


def test_a_dispute_is_opened_answered_and_decided(em: Emulator, client: stripe.StripeClient, shop: Shop) -> None:
    charge = shop.charge(10_000)

    dispute = business.open_dispute(em, str(charge.payment_intent), "product_unacceptable")
    client.v1.disputes.update(dispute, {"evidence": {"customer_name": "Bob"}})
    decided = business.move_dispute(em, dispute, "won")

    assert decided == client.v1.disputes.retrieve(dispute).status == "won"
    assert shop.balance() == (0, 10_000 - 320 - 1_500)


def test_an_inquiry_is_escalated_or_closed(em: Emulator, client: stripe.StripeClient, shop: Shop) -> None:
    worse, fine = (business.open_dispute(em, shop.charge(10_000).id, "general", inquiry=True) for _ in range(2))

    moved = business.move_dispute(em, worse, "needs_response"), business.move_dispute(em, fine, "warning_closed")
    lost = business.move_dispute(em, worse, "lost")

    assert (moved, lost) == (("needs_response", "warning_closed"), "lost")
    assert len(client.v1.disputes.retrieve(worse).balance_transactions) == 1
    assert shop.balance() == (0, 2 * 9_680 - 11_500)


def test_a_refund_still_pending_fails_when_the_charge_is_disputed(
    em: Emulator, client: stripe.StripeClient, shop: Shop
) -> None:
    charge = shop.charge(10_000, payment_method="pm_card_pendingRefund")
    refund = client.v1.refunds.create({"charge": charge.id, "amount": 4_000})

    dispute = business.open_dispute(em, charge.id)
    em.advance(seconds=60)

    found = client.v1.refunds.retrieve(refund.id)
    assert (found.status, found.failure_reason) == ("failed", "charge_for_pending_refund_disputed")
    assert client.v1.disputes.retrieve(dispute).amount == 10_000
    assert shop.balance() == (0, -320 - 1_500)


def test_a_refund_still_pending_fails_when_an_inquiry_becomes_a_dispute(
    em: Emulator, client: stripe.StripeClient, shop: Shop
) -> None:
    charge = shop.charge(10_000, payment_method="pm_card_pendingRefund")
    dispute = business.open_dispute(em, charge.id, "general", inquiry=True)
    refund = client.v1.refunds.create({"charge": charge.id, "amount": 4_000})

    business.move_dispute(em, dispute, "needs_response")

    assert client.v1.refunds.retrieve(refund.id).status == "failed"
    assert client.v1.disputes.retrieve(dispute).amount == 10_000
    assert shop.balance() == (0, -320 - 1_500)


def test_a_paid_payout_can_still_fail(em: Emulator, client: stripe.StripeClient, shop: Shop) -> None:
    seller = shop.seller()
    shop.charge(10_000, transfer_data={"destination": seller})
    em.advance(seconds=7 * DAY)
    options = {"stripe_account": seller}
    paid = client.v1.payouts.list(options=options).data[0]

    failed = business.fail_payout(em, paid.id, "account_closed")
    em.advance(seconds=7 * DAY)

    found = client.v1.payouts.retrieve(paid.id, {"expand": ["failure_balance_transaction"]}, options)
    assert (paid.status, failed, found.failure_code) == ("paid", "failed", "account_closed")
    assert found.failure_balance_transaction.net == 10_000
    assert shop.balance(seller) == (10_000, 0)
    assert len(client.v1.payouts.list(options=options).data) == 1


def test_a_refund_that_succeeded_can_still_fail(em: Emulator, client: stripe.StripeClient, shop: Shop) -> None:
    refund = client.v1.refunds.create({"charge": shop.charge(10_000).id})

    failed = business.fail_refund(em, refund.id, "lost_or_stolen_card")

    assert (failed, client.v1.refunds.retrieve(refund.id).failure_reason) == ("failed", "lost_or_stolen_card")
    assert shop.balance() == (0, 9_680)


def test_a_warning_of_fraud_about_a_payment(em: Emulator, client: stripe.StripeClient, shop: Shop) -> None:
    charge = shop.charge(10_000)

    warning = business.warn_of_fraud(em, charge.id, "misc")
    business.open_dispute(em, charge.id)

    found = client.v1.radar.early_fraud_warnings.retrieve(warning)
    assert (found.fraud_type, found.actionable) == ("misc", False)


def test_what_makes_no_sense_is_refused_with_a_sentence(em: Emulator, client: stripe.StripeClient, shop: Shop) -> None:
    charge = shop.charge(10_000)
    dispute = business.open_dispute(em, charge.id)
    refund = client.v1.refunds.create({"charge": shop.charge(10_000).id})
    business.fail_refund(em, refund.id)

    refused = [
        lambda: business.open_dispute(em, charge.id),
        lambda: business.open_dispute(em, "ch_none"),
        lambda: business.open_dispute(em, charge.id, "boredom"),
        lambda: business.move_dispute(em, dispute, "warning_closed"),
        lambda: business.move_dispute(em, charge.id, "won"),
        lambda: business.fail_payout(em, "po_none"),
        lambda: business.fail_refund(em, refund.id),
        lambda: business.warn_of_fraud(em, refund.id),
    ]

    for action in refused:
        with pytest.raises(HostedError):
            action()
    assert client.v1.disputes.retrieve(dispute).status == "needs_response"
