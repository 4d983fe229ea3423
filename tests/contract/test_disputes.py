"""Disputes, inquiries and fraud warnings, from the test cards that bring them."""

import io

import pytest
import stripe

from emulator import business
from tests.contract.marks import needs, source
from tests.contract.target import DAY, Target, refused, why

DISPUTED, NOT_RECEIVED = "pm_card_createDispute", "pm_card_createDisputeProductNotReceived"
INQUIRY, WARNED = "pm_card_createDisputeInquiry", "pm_card_createIssuerFraudRecord"


def disputed(target: Target, card: str = DISPUTED, **more: object) -> tuple[stripe.Charge, stripe.Dispute]:
    charge = target.charge(card=card, **more)
    return charge, target.dispute(charge.id)


def say(target: Target, dispute: stripe.Dispute, text: str, **more: object) -> stripe.Dispute:
    return target.v1.disputes.update(dispute.id, {"evidence": {"uncategorized_text": text}, **more})


@source("docs")
@pytest.mark.parametrize(("card", "reason"), [(DISPUTED, "fraudulent"), (NOT_RECEIVED, "product_not_received")])
def test_a_dispute_takes_the_whole_charge_and_wants_an_answer(target: Target, card: str, reason: str) -> None:
    charge, dispute = disputed(target, card)

    assert (dispute.status, dispute.reason, dispute.amount) == ("needs_response", reason, 10_000)
    assert (dispute.charge, dispute.payment_intent) == (charge.id, charge.payment_intent)
    assert dispute.is_charge_refundable is False
    assert target.v1.charges.retrieve(charge.id).disputed is True


@source("docs")
def test_the_money_of_a_dispute_leaves_with_a_fee(target: Target) -> None:
    _, dispute = disputed(target)

    (row,) = target.v1.disputes.retrieve(dispute.id).balance_transactions

    assert (row.amount, row.type, row.reporting_category) == (-10_000, "adjustment", "dispute")
    assert row.fee > 0
    assert row.net == -10_000 - row.fee


@source("docs")
def test_the_answer_is_due_some_weeks_away(target: Target) -> None:
    _, dispute = disputed(target)
    details = dispute.evidence_details

    assert dispute.created + 6 * DAY < int(details.due_by or 0) < dispute.created + 22 * DAY
    assert (details.past_due, details.has_evidence, details.submission_count) == (False, False, 0)


@source("docs")
def test_a_disputed_charge_is_not_refunded(target: Target) -> None:
    charge, _ = disputed(target)

    assert refused(target.v1.refunds.create, {"charge": charge.id}).code == "charge_disputed"


@source("docs")
def test_a_dispute_reverses_no_transfer_and_returns_no_fee(target: Target) -> None:
    charge, _ = disputed(target, transfer_data={"destination": target.seller()}, application_fee_amount=1_000)

    assert target.v1.transfers.retrieve(str(charge.transfer)).amount_reversed == 0
    assert target.v1.application_fees.retrieve(str(charge.application_fee)).amount_refunded == 0


@source("docs")
def test_a_dispute_that_is_won_brings_the_money_back(target: Target) -> None:
    _, dispute = disputed(target)

    say(target, dispute, "winning_evidence")
    won = target.wait(lambda: next((d for d in [target.v1.disputes.retrieve(dispute.id)] if d.status == "won"), None))

    taken, returned = sorted(won.balance_transactions, key=lambda row: row.amount)
    assert (taken.amount, returned.amount, returned.reporting_category) == (-10_000, 10_000, "dispute_reversal")


@source("docs")
def test_a_dispute_that_is_lost_brings_nothing_back(target: Target) -> None:
    _, dispute = disputed(target)

    say(target, dispute, "losing_evidence")
    lost = target.wait(lambda: next((d for d in [target.v1.disputes.retrieve(dispute.id)] if d.status == "lost"), None))

    assert [row.amount for row in lost.balance_transactions] == [-10_000]


@source("library")
def test_evidence_is_submitted_unless_it_is_only_staged(target: Target) -> None:
    _, dispute = disputed(target)

    staged = say(target, dispute, "a photo", submit=False)
    sent = say(target, dispute, "a photo and a letter")

    assert (staged.status, staged.evidence_details.has_evidence) == ("needs_response", True)
    assert staged.evidence_details.submission_count == 0
    assert (sent.status, sent.evidence_details.submission_count) == ("under_review", 1)
    assert sent.evidence.uncategorized_text == "a photo and a letter"


@source("docs")
def test_submitted_evidence_is_final(target: Target) -> None:
    _, dispute = disputed(target)
    say(target, dispute, "a letter")

    assert refused(say, target, dispute, "another letter").http_status == 400


@source("library")
def test_the_text_of_evidence_has_its_limit(target: Target) -> None:
    _, dispute = disputed(target)

    error = refused(say, target, dispute, "x" * 150_001, submit=False)

    assert error.http_status == 400
    assert say(target, dispute, "x" * 20_000, submit=False).evidence_details.has_evidence is True


@source("docs")
def test_closing_a_dispute_gives_it_up_for_good(target: Target) -> None:
    _, dispute = disputed(target)

    closed = target.v1.disputes.close(dispute.id)

    assert closed.status == "lost"
    assert refused(target.v1.disputes.close, dispute.id).http_status == 400
    assert refused(say, target, dispute, "winning_evidence").http_status == 400


@source("docs")
@needs("clock")
def test_silence_loses_a_dispute(target: Target) -> None:
    _, dispute = disputed(target)

    target.advance(days=22)

    late = target.v1.disputes.retrieve(dispute.id)
    assert (late.status, late.evidence_details.past_due) == ("lost", True)


@source("docs")
def test_a_dispute_is_told_step_by_step(target: Target) -> None:
    _, dispute = disputed(target)
    say(target, dispute, "winning_evidence")

    told = target.told(
        dispute.id,
        "charge.dispute.created",
        "charge.dispute.funds_withdrawn",
        "charge.dispute.funds_reinstated",
        "charge.dispute.closed",
    )

    assert {event.type: event.data.object["status"] for event in told}["charge.dispute.closed"] == "won"


@source("docs")
def test_a_dispute_is_found_by_its_charge_and_its_payment(target: Target) -> None:
    charge, dispute = disputed(target)

    by_payment = target.v1.disputes.list({"payment_intent": str(charge.payment_intent)}).data

    assert [one.id for one in by_payment] == [dispute.id]
    assert target.v1.disputes.list({"charge": target.charge().id}).data == []


@source("docs")
def test_metadata_of_a_dispute_changes_without_submitting_anything(target: Target) -> None:
    _, dispute = disputed(target)

    changed = target.v1.disputes.update(dispute.id, {"metadata": {"case": "7"}})

    assert (changed.status, changed.metadata["case"]) == ("needs_response", "7")
    assert changed.evidence_details.submission_count == 0


# --- files ----------------------------------------------------------------------------------------------------


def upload(target: Target, content: bytes, name: str = "receipt.pdf") -> stripe.File:
    file = io.BytesIO(content)
    file.name = name
    return target.v1.files.create({"purpose": "dispute_evidence", "file": file})


@source("docs")
def test_a_file_is_evidence_once_it_is_uploaded(target: Target) -> None:
    _, dispute = disputed(target)
    file = upload(target, b"%PDF-1.4 a receipt")

    changed = target.v1.disputes.update(dispute.id, {"evidence": {"receipt": file.id}, "submit": False})

    assert (file.purpose, file.type, file.size) == ("dispute_evidence", "pdf", 18)
    assert changed.evidence.receipt == file.id


@source("docs")
def test_a_file_nobody_uploaded_is_no_evidence(target: Target) -> None:
    _, dispute = disputed(target)

    error = refused(target.v1.disputes.update, dispute.id, {"evidence": {"receipt": "file_none"}, "submit": False})

    assert why(error)[1:] == ("resource_missing", "evidence[receipt]")


@source("docs")
def test_what_is_neither_pdf_nor_picture_is_no_evidence(target: Target) -> None:
    assert refused(upload, target, b"PK\x03\x04 a program", "setup.exe").http_status == 400


# --- inquiries and warnings -----------------------------------------------------------------------------------


@source("docs")
def test_an_inquiry_moves_no_money(target: Target) -> None:
    _, dispute = disputed(target, INQUIRY)

    assert dispute.status == "warning_needs_response"
    assert (dispute.balance_transactions, dispute.is_charge_refundable) == ([], True)
    assert dispute.payment_method_details.card.case_type == "inquiry"


@source("docs")
def test_an_inquiry_answered_well_is_closed(target: Target) -> None:
    _, dispute = disputed(target, INQUIRY)

    say(target, dispute, "winning_evidence")

    told = target.told(dispute.id, "charge.dispute.closed")
    assert told[-1].data.object["status"] == "warning_closed"
    assert target.v1.disputes.retrieve(dispute.id).balance_transactions == []


@source("docs")
def test_an_inquiry_may_become_a_dispute(target: Target) -> None:
    charge, dispute = disputed(target, INQUIRY)

    say(target, dispute, "escalate_inquiry_evidence")
    worse = target.wait(
        lambda: next((d for d in [target.v1.disputes.retrieve(dispute.id)] if d.status == "needs_response"), None)
    )

    assert [row.amount for row in worse.balance_transactions] == [-10_000]
    assert worse.is_charge_refundable is False
    assert refused(target.v1.refunds.create, {"charge": charge.id}).code == "charge_disputed"


@source("docs")
def test_a_full_refund_ends_an_inquiry(target: Target) -> None:
    charge, dispute = disputed(target, INQUIRY)

    target.v1.refunds.create({"charge": charge.id})

    ended = target.wait(
        lambda: next((d for d in [target.v1.disputes.retrieve(dispute.id)] if d.status == "warning_closed"), None)
    )
    assert ended.balance_transactions == []


@source("docs")
@needs("clock")
def test_an_inquiry_nobody_escalates_is_closed_in_the_end(target: Target) -> None:
    _, dispute = disputed(target, INQUIRY)

    target.advance(days=121)

    assert target.v1.disputes.retrieve(dispute.id).status == "warning_closed"


@source("assumed")
def test_closing_an_inquiry_ends_it_without_money(target: Target) -> None:
    _, dispute = disputed(target, INQUIRY)

    closed = target.v1.disputes.close(dispute.id)

    assert (closed.status, closed.balance_transactions) == ("warning_closed", [])


@source("docs")
def test_a_fraud_warning_can_be_acted_upon_until_the_charge_is_refunded(target: Target) -> None:
    charge = target.charge(card=WARNED)
    warnings = target.v1.radar.early_fraud_warnings
    (warning,) = target.wait(lambda: warnings.list({"charge": charge.id}).data)

    target.v1.refunds.create({"charge": charge.id})

    after = target.wait(lambda: next((w for w in [warnings.retrieve(warning.id)] if not w.actionable), None))
    assert (warning.actionable, warning.charge, after.id) == (True, charge.id, warning.id)
    assert target.told(warning.id, "radar.early_fraud_warning.created")


@source("assumed")
@needs("bank")
def test_a_refund_still_pending_fails_when_its_charge_is_disputed(target: Target) -> None:
    charge = target.charge(card="pm_card_pendingRefund")
    refund = target.v1.refunds.create({"charge": charge.id, "amount": 4_000})

    dispute = business.open_dispute(target.em("bank"), charge.id)

    found = target.v1.refunds.retrieve(refund.id)
    assert (found.status, found.failure_reason) == ("failed", "charge_for_pending_refund_disputed")
    assert target.v1.disputes.retrieve(dispute).amount == 10_000


@source("docs")
@needs("bank")
def test_a_dispute_may_be_about_a_part_of_the_charge(target: Target) -> None:
    charge = target.charge()

    id = business.open_dispute(target.em("bank"), charge.id, amount=3_000)

    dispute = target.v1.disputes.retrieve(id)
    assert (dispute.amount, dispute.balance_transactions[0].amount) == (3_000, -3_000)
