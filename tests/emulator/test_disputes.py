"""Disputes, inquiries and fraud warnings, with the money they move."""

import io
from typing import Any

import pytest
import stripe

from emulator.core import Emulator
from tests.emulator.shop import DAY, Shop

FEE = 1_500
PAID = 10_000 - 320


def disputed(em: Emulator, client: stripe.StripeClient, shop: Shop, card: str = "", **more: Any) -> stripe.Dispute:
    charge = shop.charge(10_000, payment_method=f"pm_card_createDispute{card}", **more)
    em.advance(seconds=1)
    found = client.v1.disputes.list({"charge": charge.id}).data
    assert len(found) == 1
    return found[0]


def types(client: stripe.StripeClient, count: int) -> list[str]:
    """The newest events, oldest of them first."""
    return [event.type for event in client.v1.events.list({"limit": count}).data][::-1]


def evidence(client: stripe.StripeClient, content: bytes = b"%PDF-1.7 receipt", **options: Any) -> stripe.File:
    file = io.BytesIO(content)
    file.name = "receipt.pdf"
    return client.v1.files.create({"file": file, "purpose": "dispute_evidence"}, options=options)


def test_a_dispute_takes_the_payment_and_a_fee_from_the_platform_alone(
    em: Emulator, client: stripe.StripeClient, shop: Shop
) -> None:
    seller = shop.seller()

    dispute = disputed(em, client, shop, application_fee_amount=1_000, transfer_data={"destination": seller})

    assert (dispute.status, dispute.reason, dispute.amount) == ("needs_response", "fraudulent", 10_000)
    assert (dispute.is_charge_refundable, dispute.payment_method_details.card.case_type) == (False, "chargeback")
    withdrawal = dispute.balance_transactions[0]
    assert (withdrawal.type, withdrawal.amount, withdrawal.fee, withdrawal.net) == ("adjustment", -10_000, FEE, -11_500)
    assert withdrawal.reporting_category == "dispute"
    assert shop.balance(seller) == (0, 9_000)
    assert shop.balance() == (0, 680 - 10_000 - FEE)
    assert client.v1.charges.retrieve(dispute.charge).disputed is True
    assert types(client, 2) == ["charge.dispute.created", "charge.dispute.funds_withdrawn"]


def test_a_held_payment_is_disputed_once_it_is_captured(em: Emulator, client: stripe.StripeClient, shop: Shop) -> None:
    held = shop.charge(10_000, payment_method="pm_card_createDispute", capture_method="manual")
    em.advance(seconds=60)
    early = client.v1.disputes.list().data

    client.v1.payment_intents.capture(str(held.payment_intent), {"amount_to_capture": 6_000})
    em.advance(seconds=1)

    assert (early, [one.amount for one in client.v1.disputes.list().data]) == ([], [6_000])


def test_a_charge_that_was_charged_back_cannot_be_refunded(
    em: Emulator, client: stripe.StripeClient, shop: Shop
) -> None:
    dispute = disputed(em, client, shop, "ProductNotReceived")

    with pytest.raises(stripe.InvalidRequestError) as open_:
        client.v1.refunds.create({"charge": dispute.charge})
    client.v1.disputes.close(dispute.id)
    with pytest.raises(stripe.InvalidRequestError) as lost:
        client.v1.refunds.create({"charge": dispute.charge})

    assert (open_.value.code, lost.value.code) == ("charge_disputed", "charge_disputed")
    assert dispute.reason == "product_not_received"


def test_evidence_is_staged_until_submitted_and_a_win_brings_the_money_back(
    em: Emulator, client: stripe.StripeClient, shop: Shop
) -> None:
    dispute = disputed(em, client, shop)
    file = evidence(client)

    staged = client.v1.disputes.update(
        dispute.id, {"evidence": {"receipt": file.id, "uncategorized_text": "winning_evidence"}, "submit": False}
    )
    won = client.v1.disputes.update(dispute.id, {"submit": True, "metadata": {"case": "7"}})

    assert (staged.status, staged.evidence.receipt, staged.evidence_details.has_evidence) == (
        "needs_response",
        file.id,
        True,
    )
    assert (won.status, won.evidence_details.submission_count, won.metadata["case"]) == ("won", 1, "7")
    assert [row.reporting_category for row in won.balance_transactions] == ["dispute", "dispute_reversal"]
    assert shop.balance() == (0, PAID - FEE)
    assert types(client, 3) == [f"charge.dispute.{word}" for word in ("updated", "funds_reinstated", "closed")]
    assert client.v1.refunds.create({"charge": dispute.charge}).status == "succeeded"


def test_the_fee_comes_back_when_the_knob_says_so(em: Emulator, client: stripe.StripeClient, shop: Shop) -> None:
    em.settings.dispute_fee_returned = True
    dispute = disputed(em, client, shop)

    won = client.v1.disputes.update(dispute.id, {"evidence": {"uncategorized_text": "winning_evidence"}})

    assert won.balance_transactions[1].net == 11_500
    assert shop.balance() == (0, PAID)


def test_losing_evidence_loses_and_other_evidence_waits(em: Emulator, client: stripe.StripeClient, shop: Shop) -> None:
    lost, waiting = disputed(em, client, shop), disputed(em, client, shop)

    lost = client.v1.disputes.update(lost.id, {"evidence": {"uncategorized_text": "losing_evidence"}})
    waiting = client.v1.disputes.update(waiting.id, {"evidence": {"customer_name": "Bob"}})
    with pytest.raises(stripe.InvalidRequestError, match="under_review"):
        client.v1.disputes.update(waiting.id, {"evidence": {"customer_name": "Bobby"}})
    with pytest.raises(stripe.InvalidRequestError, match="only one that needs a response"):
        client.v1.disputes.close(waiting.id)
    em.advance(seconds=30 * DAY)

    assert (lost.status, waiting.status) == ("lost", "under_review")
    assert client.v1.disputes.retrieve(waiting.id).status == "under_review"


def test_no_answer_by_the_deadline_loses(em: Emulator, client: stripe.StripeClient, shop: Shop) -> None:
    dispute = disputed(em, client, shop)

    em.advance(to=dispute.evidence_details.due_by)
    before = client.v1.disputes.retrieve(dispute.id)
    happened = em.advance(seconds=1)
    after = client.v1.disputes.retrieve(dispute.id)

    assert (before.status, before.evidence_details.past_due) == ("needs_response", False)
    assert (after.status, after.evidence_details.past_due) == ("lost", True)
    assert {"at": em.now(), "what": "dispute lost", "id": dispute.id} in happened


def test_an_inquiry_moves_no_money_and_ends_with_a_refund_in_full(
    em: Emulator, client: stripe.StripeClient, shop: Shop
) -> None:
    dispute = disputed(em, client, shop, "Inquiry")
    before = shop.balance()
    client.v1.refunds.create({"charge": dispute.charge, "amount": 1})
    still = client.v1.disputes.retrieve(dispute.id)
    client.v1.refunds.create({"charge": dispute.charge})
    closed = client.v1.disputes.retrieve(dispute.id)

    assert (dispute.status, dispute.is_charge_refundable) == ("warning_needs_response", True)
    assert (before, dispute.balance_transactions) == ((0, PAID), [])
    assert (still.status, closed.status) == ("warning_needs_response", "warning_closed")


def test_an_inquiry_is_answered_closes_by_itself_or_becomes_a_dispute(
    em: Emulator, client: stripe.StripeClient, shop: Shop
) -> None:
    quiet, answered, worse = (disputed(em, client, shop, "Inquiry") for _ in range(3))

    answered = client.v1.disputes.update(answered.id, {"evidence": {"customer_name": "Bob"}})
    worse = client.v1.disputes.update(worse.id, {"evidence": {"uncategorized_text": "losing_evidence"}})
    held = shop.balance()
    em.advance(seconds=121 * DAY)

    assert (answered.status, worse.status) == ("warning_under_review", "needs_response")
    assert worse.payment_method_details.card.case_type == "chargeback"
    assert held == (0, 3 * PAID - 11_500)
    found = {one.id: one.status for one in client.v1.disputes.list().data}
    assert found == {quiet.id: "warning_closed", answered.id: "warning_closed", worse.id: "lost"}


def test_a_dispute_is_about_what_was_not_refunded(em: Emulator, client: stripe.StripeClient, shop: Shop) -> None:
    charge = shop.charge(10_000, payment_method="pm_card_createDispute")

    client.v1.refunds.create({"charge": charge.id, "amount": 4_000})
    em.advance(seconds=1)

    assert client.v1.disputes.list({"payment_intent": charge.payment_intent}).data[0].amount == 6_000
    assert shop.balance() == (0, PAID - 10_000 - FEE)


def test_evidence_must_be_a_known_file_of_the_same_account(
    em: Emulator, client: stripe.StripeClient, shop: Shop
) -> None:
    dispute = disputed(em, client, shop)
    foreign = evidence(client, stripe_account=shop.seller())

    for file in (foreign.id, "file_none", dispute.id):
        with pytest.raises(stripe.InvalidRequestError) as refused:
            client.v1.disputes.update(dispute.id, {"evidence": {"receipt": file}})
        assert (refused.value.param, refused.value.code) == ("evidence[receipt]", "resource_missing")
    with pytest.raises(stripe.InvalidRequestError, match="150000 characters"):
        client.v1.disputes.update(dispute.id, {"evidence": {"product_description": "x" * 150_001}})
    with pytest.raises(stripe.InvalidRequestError, match="no evidence"):
        client.v1.disputes.update(dispute.id, {"submit": True})
    with pytest.raises(stripe.APIError, match="does not model the parameter evidence"):
        client.v1.disputes.update(
            dispute.id, {"evidence": {"enhanced_evidence": {"visa_compliance": {"fee_acknowledged": True}}}}
        )

    assert client.v1.disputes.retrieve(dispute.id).evidence_details.has_evidence is False


def test_files_are_uploaded_found_and_refused(client: stripe.StripeClient, em: Emulator) -> None:
    made = evidence(client, b"\x89PNG\r\n\r\n--not a boundary\r\n")

    with pytest.raises(stripe.InvalidRequestError, match="empty"):
        evidence(client, b"")
    with pytest.raises(stripe.InvalidRequestError, match="at most"):
        evidence(client, b"%PDF" + b"x" * 5 * 1024 * 1024)
    with pytest.raises(stripe.APIError, match="purpose business_logo"):
        client.v1.files.create({"file": io.BytesIO(b"x"), "purpose": "business_logo"})
    with pytest.raises(stripe.InvalidRequestError, match="PDF, JPEG or PNG"):
        client.v1.files.create({"file": io.BytesIO(b"x"), "purpose": "dispute_evidence"})

    found = client.v1.files.retrieve(made.id)
    assert (found.type, found.size, found.filename) == ("png", 26, "receipt.pdf")
    assert [one.id for one in client.v1.files.list({"purpose": "dispute_evidence"})] == [made.id]


@pytest.mark.parametrize(
    ("content_type", "body"),
    [
        ("multipart/form-data", b"x"),
        ("multipart/form-data; boundary=b", b""),
        ("multipart/form-data; boundary=b", b"--b\r\nno end"),
        ("multipart/form-data; boundary=b", b"--b\r\n\r\nx\r\n--b--"),
        ("multipart/form-data; boundary=b", b'--b\r\nContent-Disposition: form-data; name="file"\r\n\r\n\xff\r\n--b--'),
        ("application/x-www-form-urlencoded", b"purpose=dispute_evidence&file=text"),
    ],
)
def test_a_broken_upload_is_refused_in_stripes_shape(em: Emulator, content_type: str, body: bytes) -> None:
    headers = {"Authorization": "Bearer sk_test_emulator", "Content-Type": content_type}

    answer = em.handle("POST", "/v1/files", headers, body)

    assert answer.status == 400
    assert b"invalid_request_error" in answer.body


def test_a_fraud_warning_is_actionable_until_the_refund(em: Emulator, client: stripe.StripeClient, shop: Shop) -> None:
    charge = shop.charge(10_000, payment_method="pm_card_createIssuerFraudRecord")
    em.advance(seconds=1)

    warning = client.v1.radar.early_fraud_warnings.list({"charge": charge.id}).data[0]
    client.v1.refunds.create({"charge": charge.id})
    after = client.v1.radar.early_fraud_warnings.retrieve(warning.id, {"expand": ["charge"]})

    assert (warning.actionable, after.actionable, after.charge.refunded) == (True, False, True)
    assert types(client, 1) == ["radar.early_fraud_warning.updated"]
