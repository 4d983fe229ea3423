"""Manual capture: an authorised charge holds no money of ours until it is captured, in whole or in part."""

from __future__ import annotations

from typing import TYPE_CHECKING

from emulator import ledger
from emulator.clock import DAY, midnight
from emulator.errors import invalid
from emulator.money import processing_fee
from emulator.registry import assumed, documented
from emulator.resources import charges, moves
from emulator.resources.payment_methods import card_of
from emulator.resources.payout_settings import delay_days
from emulator.store import Row
from emulator.types import Json

if TYPE_CHECKING:
    from emulator.context import Ctx

HOLD_SECONDS = 7 * DAY

documented(
    "manual capture",
    "An uncaptured card payment is requires_capture for seven days, then it is canceled.",
    "A capture of less releases the rest; it can be captured once.",
    "A destination charge's transfer is made at capture.",
)
assumed(
    "manual capture",
    "The processing fee is that of the captured amount.",
    "Releasing an authorisation marks the charge refunded and makes no refund object.",
    "Both sides of the split are cut to the captured amount when they were given for more.",
)


def hold(ctx: Ctx, intent: Row, charge: Row) -> None:
    """The bank has set the amount aside; nothing is booked."""
    until = ctx.now + HOLD_SECONDS
    charge.body["payment_method_details"]["card"]["capture_before"] = until
    ctx.save(charge)
    intent.body |= {
        "amount_capturable": intent.body["amount"],
        "last_payment_error": None,
        "latest_charge": charge.id,
        "next_action": None,
        "status": "requires_capture",
    }
    ctx.save(intent)
    ctx.store.plan(until, "authorization", intent.id)
    ctx.emit("charge.succeeded", charge)
    ctx.emit("payment_intent.amount_capturable_updated", intent)


def capture(ctx: Ctx, intent: Row, amount: int) -> Row:
    """Book `amount` minor units of the held charge, less the processing fee; returns the charge."""
    charge = ctx.must(intent.body["latest_charge"])
    settings, body = ctx.settings, charge.body
    fee = processing_fee(amount, basis_points=settings.fee_basis_points, fixed=settings.fee_fixed)
    at_once = card_of(ctx.must(body["payment_method"])).at_once
    body |= {"amount_captured": amount, "captured": True}
    charge.private["processing_fee"] = fee
    body["balance_transaction"] = ctx.post(
        charge.account,
        "charge",
        amount,
        body["currency"],
        charge.id,
        fee=fee,
        fee_description="Stripe processing fees",
        available_on=ctx.now if at_once else midnight(ctx.now + delay_days(ctx, body["on_behalf_of"] or "") * DAY),
        description=body["description"],
    )
    ctx.save(charge)
    charges.plan_aftermath(ctx, charge)
    return charge


def check_capture(ctx: Ctx, intent: Row, params: Json) -> int:
    """The amount to capture, in minor units of the payment's currency; the split may be changed with it."""
    body = intent.body
    amount: int = params["amount_to_capture"] if "amount_to_capture" in params else body["amount_capturable"]
    if amount < 1:
        raise invalid(
            "This value must be greater than or equal to 1.",
            param="amount_to_capture",
            code="parameter_invalid_integer",
        )
    if amount > body["amount_capturable"]:
        raise invalid(
            f"The requested capture amount ({amount}) is greater than the amount that can be captured "
            f"({body['amount_capturable']}).",
            param="amount_to_capture",
            code="amount_too_large",
        )
    data = body["transfer_data"]
    fee = params.get("application_fee_amount", body["application_fee_amount"])
    part = (params.get("transfer_data") or {}).get("amount", (data or {}).get("amount"))
    if data is None and (params.get("application_fee_amount") or params.get("transfer_data")):
        raise invalid("This payment has no transfer_data[destination] to share with.", param="application_fee_amount")
    if fee is not None and part is not None:
        raise invalid(
            "You may only specify one of these parameters: application_fee_amount, transfer_data[amount].",
            param="application_fee_amount",
        )
    for name, value, least in (("application_fee_amount", fee, 0), ("transfer_data[amount]", part, 1)):
        if value is not None and value < least:
            raise invalid(f"This value must be greater than or equal to {least}.", param=name)
    if fee is not None:
        body["application_fee_amount"] = min(fee, amount)
    if part is not None:
        body["transfer_data"] = {**data, "amount": min(part, amount)}
    if data is not None:
        moves.require_destination(ctx, data["destination"], "transfer_data[destination]")
    return amount


def release(ctx: Ctx, intent: Row, event: str) -> None:
    """The hold ends without money: canceled by request, or too old."""
    charge = ctx.must(intent.body["latest_charge"])
    charge.body |= {"amount_refunded": charge.body["amount"], "refunded": True}
    ctx.save(charge)
    intent.body["amount_capturable"] = 0
    ctx.emit(event, charge)


def available_on(ctx: Ctx, charge: Row) -> int:
    """When the money of a captured charge is available."""
    return ledger.available_on(ctx.store, charge.body["balance_transaction"])


def expire(ctx: Ctx, id: str) -> Row | None:
    """Seven days have passed without a capture; None when it was captured or canceled before."""
    intent = ctx.must(id)
    if intent.body["status"] != "requires_capture":
        return None
    release(ctx, intent, "charge.expired")
    intent.body |= {"canceled_at": ctx.now, "cancellation_reason": "automatic", "status": "canceled"}
    ctx.save(intent)
    ctx.emit("payment_intent.canceled", intent)
    return intent
