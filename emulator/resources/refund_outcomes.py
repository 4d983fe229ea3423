"""Refunds that do not reach the buyer: shared by refunds and by the disputes that end them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from emulator import ledger
from emulator.store import Row
from emulator.types import Json

if TYPE_CHECKING:
    from emulator.context import Ctx


def fail(ctx: Ctx, row: Row, reason: str) -> Row:
    """The refund did not reach the buyer: its money comes back to the platform, and the charge is less refunded."""
    before = {"status": row.body["status"]}
    amount, currency = row.body["amount"], row.body["currency"]
    row.body.pop("pending_reason", None)
    row.body |= {"status": "failed", "failure_reason": reason}
    if row.body["balance_transaction"] is not None:
        settles = ledger.available_on(ctx.store, row.body["balance_transaction"])
        row.body["failure_balance_transaction"] = ctx.post(
            row.account, "refund_failure", amount, currency, row.id, available_on=settles
        )
    ctx.save(row)
    charge = ctx.must(row.body["charge"])
    charge.body["amount_refunded"] -= amount
    charge.body["refunded"] = False
    ctx.save(charge)
    announce(ctx, row, before)
    ctx.emit("refund.failed", row)
    return row


def announce(ctx: Ctx, row: Row, before: Json) -> None:
    """Both names of the same news: charge.refund.updated is the older one."""
    ctx.emit("refund.updated", row, previous=before)
    ctx.emit("charge.refund.updated", row, previous=before)


def fail_pending(ctx: Ctx, charge: Row) -> None:
    """The charge is disputed: what has not reached the buyer as a refund goes back as a chargeback instead."""
    for row in ctx.store.find("refund", where={"charge": charge.id, "status": "pending"}):
        fail(ctx, row, "charge_for_pending_refund_disputed")
    charge.body |= ctx.must(charge.id).body
