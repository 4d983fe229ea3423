"""What happens to a dispute, whoever causes it: opened, answered, escalated, won, lost. Amounts are minor units."""

from __future__ import annotations

from typing import TYPE_CHECKING

from emulator import ledger
from emulator.clock import DAY, midnight
from emulator.errors import HostedError, invalid
from emulator.registry import assumed, documented
from emulator.resources import compelling
from emulator.resources.refund_outcomes import fail_pending
from emulator.schema.build import build
from emulator.store import Row
from emulator.types import Json

if TYPE_CHECKING:
    from emulator.context import Ctx

documented(
    "disputes",
    "The platform pays amount and fee of a dispute of an indirect charge; no transfer is reversed by itself.",
    "An inquiry (warning_…) moves no money; its charge can still be refunded. Any other disputed charge cannot.",
    "balance_transactions has 0 (inquiry), 1 (withdrawn) or 2 (reinstated) entries.",
    "evidence is submitted at once unless submit is false; the combined text is at most 150,000 characters.",
    "No answer by evidence_details.due_by loses the dispute; close gives it up for good.",
    "The fee of a dispute is not returned when it is won (a knob).",
)
assumed(
    "disputes",
    "The fee is 1,500 minor units of the charge's currency (a knob), the time to answer 14 days (a knob).",
    "The money leaves (and comes back) in an adjustment of the balance the charge is in: pending until it settles.",
    "uncategorized_text winning_evidence or losing_evidence decides at once.",
    "winning_evidence closes an inquiry; escalate_inquiry_evidence (and losing_evidence) makes it a dispute.",
    "Evidence can be submitted once. Submitted, a dispute waits for the operator; an inquiry closes after 120 days.",
    "Refunds still pending when a dispute opens, or an inquiry becomes one, fail (charge_for_pending_refund_disputed).",
    "One open dispute a charge; a charge whose dispute was won can be refunded or disputed again.",
    "Closing an inquiry over the API makes it warning_closed.",
    "A refund in full closes an inquiry. charge.disputed is true for inquiries too.",
    "A decision can be appealed: ours stays lost until it is won, the buyer's takes the money again without fee.",
    "What was lost to a dispute cannot be disputed again. The dispute of a direct debit has no payment_method_details.",
)

# Stripe's word for the reason -> Visa's code
NETWORK_CODES = {
    "credit_not_processed": "13.6",
    "duplicate": "12.6",
    "fraudulent": "10.4",
    "general": "13.5",
    "product_not_received": "13.1",
    "product_unacceptable": "13.3",
    "subscription_canceled": "13.2",
    "unrecognized": "10.4",
}
ANSWERABLE = ("needs_response", "warning_needs_response")
OPEN = (*ANSWERABLE, "under_review", "warning_under_review", "appeal_under_review")
# a dispute in one of these has taken the buyer's money back, or is about to
REFUND_REFUSED = ("needs_response", "under_review", "appeal_under_review", "lost")
INQUIRY_DAYS = 120


def of_charge(ctx: Ctx, charge: Row) -> list[Row]:
    return ctx.store.find("dispute", where={"charge": charge.id})


def require_refundable(ctx: Ctx, charge: Row) -> None:
    """400 charge_disputed when the buyer's bank has the money already."""
    if any(row.body["status"] in REFUND_REFUSED for row in of_charge(ctx, charge)):
        raise invalid(f"Charge {charge.id} has been charged back; cannot issue a refund.", code="charge_disputed")


def disputable(ctx: Ctx, charge: Row) -> int:
    """What of a charge was neither refunded nor lost to an earlier dispute, in minor units of its currency."""
    gone = ("lost", "appeal_under_review")
    lost = sum(row.private["withdrawn"] for row in of_charge(ctx, charge) if row.body["status"] in gone)
    return int(charge.body["amount_captured"] - charge.body["amount_refunded"] - lost)


def begin(ctx: Ctx, charge: Row, reason: str, *, inquiry: bool = False, amount: int | None = None) -> Row:
    """Dispute `amount` minor units of a charge: everything that can be disputed unless told otherwise."""
    asked, amount = amount, disputable(ctx, charge) if amount is None else amount
    body = build(
        "dispute",
        id="du_1" + ctx.store.random_text(23),
        amount=amount,
        charge=charge.id,
        created=ctx.now,
        currency=charge.body["currency"],
        evidence_details={"due_by": 0},
        is_charge_refundable=inquiry,
        payment_intent=charge.body["payment_intent"],
        payment_method_details=_method(charge, reason, inquiry),
        reason=reason,
        status="warning_needs_response" if inquiry else "needs_response",
    )
    compelling.begin(body)
    sums: Json = {"withdrawn": 0, "fee": 0, "reinstated": 0, "transactions": [], "asked": asked}
    row = ctx.insert(body, account="", private=sums)
    charge.body["disputed"] = True
    ctx.save(charge)
    _ask(ctx, row)
    if inquiry:
        ctx.store.plan(ctx.now + INQUIRY_DAYS * DAY, "dispute", row.id)
    ctx.emit("charge.dispute.created", row)
    if not inquiry:
        _withdraw(ctx, row, charge)
    return row


def _method(charge: Row, reason: str, inquiry: bool) -> Json | None:
    """payment_method_details of a dispute; null for a direct debit."""
    card = charge.body["payment_method_details"].get("card")
    if card is None:
        return None
    kind = "inquiry" if inquiry else "chargeback"
    shown = {"brand": card["brand"], "case_type": kind, "network_reason_code": NETWORK_CODES[reason]}
    return {"card": shown, "type": "card"}


def _ask(ctx: Ctx, row: Row) -> None:
    """The bank wants an answer by the end of a day some days away."""
    due = midnight(ctx.now + ctx.settings.dispute_days * DAY) + DAY - 1
    row.body["evidence_details"]["due_by"] = due
    ctx.save(row)
    ctx.store.plan(due + 1, "dispute", row.id)


def _settles(ctx: Ctx, charge: Row) -> int:
    return ledger.available_on(ctx.store, charge.body["balance_transaction"])


def _withdraw(ctx: Ctx, row: Row, charge: Row, *, again: bool = False) -> None:
    amount, fee = row.body["amount"], 0 if again else ctx.settings.dispute_fee
    transaction = ctx.post(
        "",
        "adjustment",
        -amount,
        row.body["currency"],
        row.id,
        fee=fee,
        fee_description="Dispute fee",
        available_on=_settles(ctx, charge),
        description=f"Chargeback withdrawal for {charge.id}",
        reporting="dispute",
    )
    before = row.private["transactions"]
    row.private |= {"withdrawn": amount, "fee": fee, "transactions": [*before, transaction]}
    ctx.save(row)
    ctx.emit("charge.dispute.funds_withdrawn", row)


def _reinstate(ctx: Ctx, row: Row) -> None:
    charge = ctx.must(row.body["charge"])
    amount = row.private["withdrawn"]
    fee = row.private["fee"] if ctx.settings.dispute_fee_returned else 0
    transaction = ctx.post(
        "",
        "adjustment",
        amount,
        row.body["currency"],
        row.id,
        fee=-fee,
        fee_description="Dispute fee reversal",
        available_on=_settles(ctx, charge),
        description=f"Chargeback reversal for {charge.id}",
        reporting="dispute_reversal",
    )
    row.private["reinstated"] = amount + fee
    row.private["transactions"].append(transaction)
    ctx.save(row)
    ctx.emit("charge.dispute.funds_reinstated", row)


def _become(ctx: Ctx, row: Row, status: str) -> Json:
    """The new status; answers the old one for previous_attributes."""
    before = {"status": row.body["status"]}
    row.body["status"] = status
    row.body["is_charge_refundable"] = status.startswith("warning_")
    ctx.save(row)
    return before


def review(ctx: Ctx, row: Row) -> None:
    """The bank looks at it without evidence from the platform."""
    before = _become(ctx, row, "warning_under_review" if row.body["status"].startswith("warning_") else "under_review")
    ctx.emit("charge.dispute.updated", row, previous=before)


def submit(ctx: Ctx, row: Row, before: Json) -> None:
    """The evidence goes to the bank; Stripe's two magic words decide at once. `before` is what changed, as it was."""
    inquiry = row.body["status"].startswith("warning_")
    details = row.body["evidence_details"]
    details |= {"submission_count": details["submission_count"] + 1, "has_evidence": True}
    _become(ctx, row, "warning_under_review" if inquiry else "under_review")
    ctx.emit("charge.dispute.updated", row, previous=before)
    word = row.body["evidence"]["uncategorized_text"]
    if word == "winning_evidence":
        win(ctx, row)
    elif word == "losing_evidence" or (inquiry and word == "escalate_inquiry_evidence"):
        lose(ctx, row)


def win(ctx: Ctx, row: Row) -> None:
    """For the seller of the goods: the money comes back, or the inquiry ends without a dispute."""
    inquiry = row.body["status"].startswith("warning_")
    _become(ctx, row, "warning_closed" if inquiry else "won")
    if not inquiry:
        _reinstate(ctx, row)
    ctx.emit("charge.dispute.closed", row)


def lose(ctx: Ctx, row: Row) -> None:
    """For the buyer: the money stays away, or the inquiry becomes a dispute."""
    if row.body["status"].startswith("warning_"):
        escalate(ctx, row)
        return
    _become(ctx, row, "lost")
    ctx.emit("charge.dispute.closed", row)


def appeal(ctx: Ctx, row: Row) -> None:
    """One side does not accept the bank's decision: we our loss, or the buyer theirs, which takes the money again."""
    was_won, charge = row.body["status"] == "won", ctx.must(row.body["charge"])
    if was_won and disputable(ctx, charge) < row.body["amount"]:
        raise HostedError("What was disputed was refunded or disputed again since.", status=409)
    if any(other.body["status"] in OPEN for other in of_charge(ctx, charge)):
        raise HostedError("Another dispute of the same charge is open.", status=409)
    if was_won:
        fail_pending(ctx, charge)
    before = _become(ctx, row, "appeal_under_review")
    ctx.emit("charge.dispute.updated", row, previous=before)
    if was_won:
        _withdraw(ctx, row, charge, again=True)


def escalate(ctx: Ctx, row: Row) -> None:
    """The buyer was not content: an inquiry becomes a dispute of what is not refunded yet, and money moves."""
    charge = ctx.must(row.body["charge"])
    fail_pending(ctx, charge)
    before = _become(ctx, row, "needs_response")
    left, asked = disputable(ctx, charge), row.private.get("asked")
    row.body["amount"] = left if asked is None else min(asked, left)
    if row.body["payment_method_details"] is not None:
        row.body["payment_method_details"]["card"]["case_type"] = "chargeback"
    _ask(ctx, row)
    ctx.emit("charge.dispute.updated", row, previous=before)
    _withdraw(ctx, row, charge)


def refunded(ctx: Ctx, charge: Row) -> None:
    """After a refund: there is nothing left to inquire about when all of it went back."""
    if charge.body["refunded"] and charge.body["disputed"]:
        for row in of_charge(ctx, charge):
            if row.body["status"] in ("warning_needs_response", "warning_under_review"):
                win(ctx, row)


def time_passed(ctx: Ctx, id: str) -> Row | None:
    """The deadline of an answer, or the end of an inquiry nobody escalated; None when neither has come."""
    row = ctx.must(id)
    status, details = row.body["status"], row.body["evidence_details"]
    if status in ("warning_needs_response", "warning_under_review"):
        if ctx.now >= row.body["created"] + INQUIRY_DAYS * DAY:
            win(ctx, row)
            return row
        if status == "warning_under_review":
            return None
    if status not in ANSWERABLE or ctx.now <= details["due_by"] or details["past_due"]:
        return None
    details["past_due"] = True
    ctx.save(row)
    ctx.emit("charge.dispute.updated", row, previous={"evidence_details": {"past_due": False}})
    if status == "needs_response":
        lose(ctx, row)
    return row
