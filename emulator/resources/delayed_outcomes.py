"""How a delayed payment ends: the bank paid, or returned the debit - by itself, or on the operator's word."""

from __future__ import annotations

from typing import TYPE_CHECKING

from emulator.clock import DAY, midnight
from emulator.debits import FAILURE_MESSAGE
from emulator.errors import DOC_URL
from emulator.resources import charges, payments
from emulator.resources.debit_methods import debit_of
from emulator.resources.payout_settings import delay_days
from emulator.store import Row

if TYPE_CHECKING:
    from emulator.context import Ctx

_FAILED = "payment_intent_payment_attempt_failed"


def fall_due(ctx: Ctx, id: str) -> Row | None:
    """The bank answers as the test IBAN says; None when the operator was quicker."""
    intent = ctx.must(id)
    if intent.body["status"] != "processing":
        return None
    method = ctx.must(intent.body["payment_method"])
    (succeed if debit_of(method).succeeds else fail)(ctx, intent)
    return intent


def succeed(ctx: Ctx, intent: Row) -> None:
    """The bank has paid: the charge's ledger row less the fee, the transfer, and the session's news."""
    charge = ctx.must(intent.body["latest_charge"])
    fee, body = ctx.settings.debit_fee, charge.body
    body |= {"paid": True, "status": "succeeded"}
    charge.private["processing_fee"] = fee
    body["balance_transaction"] = ctx.post(
        charge.account,
        "charge",
        body["amount_captured"],
        body["currency"],
        charge.id,
        fee=fee,
        fee_description="Stripe processing fees",
        available_on=midnight(ctx.now + delay_days(ctx, ctx.account) * DAY),
        description=body["description"],
    )
    ctx.save(charge)
    payments.paid(ctx, intent, ctx.must(intent.body["payment_method"]), charge)
    _tell_session(ctx, intent, "paid", "checkout.session.async_payment_succeeded")


def fail(ctx: Ctx, intent: Row) -> None:
    """The bank returned the debit: no money moved, and another payment method is needed."""
    charge = ctx.must(intent.body["latest_charge"])
    method = ctx.must(intent.body["payment_method"])
    charge.body |= {
        "amount_captured": 0,
        "captured": False,
        "failure_code": "insufficient_funds",
        "failure_message": FAILURE_MESSAGE,
        "outcome": charges.outcome("insufficient_funds"),
        "status": "failed",
    }
    ctx.save(charge)
    intent.body |= {
        "last_payment_error": {
            "charge": charge.id,
            "code": _FAILED,
            "doc_url": DOC_URL + _FAILED.replace("_", "-"),
            "message": FAILURE_MESSAGE,
            "payment_method": ctx.shown(method),
            "type": "invalid_request_error",
        },
        "payment_method": None,
        "status": "requires_payment_method",
    }
    ctx.save(intent)
    ctx.emit("charge.failed", charge)
    ctx.emit("payment_intent.payment_failed", intent)
    _tell_session(ctx, intent, "unpaid", "checkout.session.async_payment_failed")


def _tell_session(ctx: Ctx, intent: Row, payment_status: str, event: str) -> None:
    id = intent.private.get("session")
    if id is None:
        return
    session = ctx.must(id)
    session.body["payment_status"] = payment_status
    ctx.save(session)
    ctx.emit(event, session)
