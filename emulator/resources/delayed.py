"""Payments whose outcome comes later: a direct debit is processing until the bank answers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from emulator.registry import assumed, documented
from emulator.resources import charges
from emulator.resources.debit_methods import debit_of
from emulator.schema.build import build
from emulator.store import Row

if TYPE_CHECKING:
    from emulator.context import Ctx

documented(
    "delayed payments",
    "SEPA Direct Debit is offered for payments in eur, unless allowed_payment_method_types leaves it out.",
    "A debit is processing, then succeeded or requires_payment_method; the test IBAN decides which, and when.",
    "The session completes with payment_status unpaid; checkout.session.async_payment_succeeded or _failed follows.",
    "A debit needs the name and the e-mail address of who pays.",
)
assumed(
    "delayed payments",
    "IBANs that answer without delay answer after one second of the emulator's clock; the delayed after three minutes.",
    "The charge is pending (charge.pending) and has no balance transaction until the bank has paid.",
    "The processing fee of a debit is 35 minor units (a knob); its money is available two days after that.",
    "A destination payment's transfer is made when the bank has paid, even if the seller lost transfers meanwhile.",
    "A failed debit's charge says insufficient_funds, its intent payment_intent_payment_attempt_failed.",
    "Mandates are not modelled: mandate_data is accepted and not required, and a charge's mandate is null.",
    "Manual capture leaves debits out. Debits are neither set up (SetupIntents, mode=setup) nor shown again as saved.",
)


def begin(ctx: Ctx, intent: Row, method: Row) -> str:
    """The bank has been asked: a pending charge, the intent processing. Returns the intent's new status."""
    charge = _pending(ctx, intent, method)
    intent.body |= {
        "last_payment_error": None,
        "latest_charge": charge.id,
        "next_action": None,
        "status": "processing",
    }
    ctx.save(intent)
    ctx.store.plan(ctx.now + debit_of(method).seconds, "debit", intent.id)
    ctx.emit("charge.pending", charge)
    ctx.emit("payment_intent.processing", intent)
    return "processing"


def _pending(ctx: Ctx, intent: Row, method: Row) -> Row:
    fields = charges.common(ctx, intent, method, False)
    body = build(
        "charge",
        **fields,
        amount_captured=intent.body["amount"],
        captured=True,
        outcome=charges.outcome(None),
        receipt_url=f"{ctx.em.public_url}/receipts/{fields['id']}",
        status="pending",
    )
    return ctx.insert(body, private={"processing_fee": 0})
