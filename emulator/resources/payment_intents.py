"""v1/payment_intents, with automatic capture and test cards."""

from __future__ import annotations

from typing import TYPE_CHECKING

from emulator.context import metadata
from emulator.errors import StripeError, invalid, not_modelled
from emulator.money import require_chargeable
from emulator.paging import page
from emulator.registry import PAGING, operation
from emulator.resources import payments
from emulator.resources.customers import full_address
from emulator.resources.payment_methods import usable
from emulator.store import Row
from emulator.types import Json

if TYPE_CHECKING:
    from emulator.context import Ctx

_SHIPPING = "shipping{name phone address{city country line1 line2 postal_code state}}"
_CONFIRM = "payment_method return_url error_on_requires_action"
_DESCRIPTIVE = f"description metadata receipt_email statement_descriptor_suffix transfer_group {_SHIPPING}"
_MONEY = "amount currency customer application_fee_amount transfer_data{destination amount}"
_METHODS = "allowed_payment_method_types automatic_payment_methods{enabled allow_redirects}"
_CANCELABLE = ("requires_payment_method", "requires_confirmation", "requires_action")


@operation(
    "POST /v1/payment_intents", f"{_MONEY} confirm off_session capture_method {_METHODS} {_CONFIRM} {_DESCRIPTIVE}"
)
def create(ctx: Ctx, params: Json, ids: dict[str, str]) -> Json:
    if params.get("capture_method") == "manual":
        raise not_modelled("capture_method=manual", param="capture_method")
    currency = ctx.currency(params["currency"])
    require_chargeable(params["amount"], currency)
    payments.check_split(ctx, params, params["amount"])
    if params.get("customer"):
        ctx.referenced("customer", params["customer"], "customer")
    automatic = params.get("automatic_payment_methods")
    fields = {
        "allowed_payment_method_types": params.get("allowed_payment_method_types"),
        "automatic_payment_methods": automatic or {"allow_redirects": "always", "enabled": True},
    }
    if fields["allowed_payment_method_types"] is None:
        del fields["allowed_payment_method_types"]
    row = payments.new_intent(
        ctx,
        amount=params["amount"],
        application_fee_amount=params.get("application_fee_amount"),
        currency=currency,
        customer=params.get("customer"),
        description=params.get("description"),
        metadata=metadata(params.get("metadata")),
        receipt_email=params.get("receipt_email"),
        shipping=shipping(params.get("shipping")),
        statement_descriptor_suffix=params.get("statement_descriptor_suffix"),
        transfer_data=params.get("transfer_data"),
        transfer_group=params.get("transfer_group"),
        **fields,
    )
    if params.get("payment_method"):
        row.body["payment_method"] = usable(ctx, params["payment_method"], "payment_method").id
        row.body["status"] = "requires_confirmation"
        ctx.save(row)
    if params.get("confirm"):
        _confirm(ctx, row, params)
    return ctx.shown(row)


def shipping(given: Json | None) -> Json | None:
    if not given:
        return None
    return {
        "address": full_address(given.get("address") or {}),
        "carrier": given.get("carrier"),
        "name": given.get("name"),
        "phone": given.get("phone"),
        "tracking_number": given.get("tracking_number"),
    }


@operation("GET /v1/payment_intents/{intent}")
def retrieve(ctx: Ctx, params: Json, ids: dict[str, str]) -> Json:
    return ctx.shown(ctx.own("payment_intent", ids["intent"]))


@operation("GET /v1/payment_intents", f"customer created {PAGING}")
def list_all(ctx: Ctx, params: Json, ids: dict[str, str]) -> Json:
    return page(ctx, "payment_intent", params, "/v1/payment_intents", filters=("customer",))


@operation("POST /v1/payment_intents/{intent}/confirm", f"off_session {_CONFIRM}")
def confirm(ctx: Ctx, params: Json, ids: dict[str, str]) -> Json:
    row = ctx.own("payment_intent", ids["intent"])
    _require_free(row, "confirm")
    if row.body["status"] not in ("requires_payment_method", "requires_confirmation"):
        raise unexpected_state(row, "confirm")
    _confirm(ctx, row, params)
    return ctx.shown(row)


@operation("POST /v1/payment_intents/{intent}/cancel", "cancellation_reason")
def cancel(ctx: Ctx, params: Json, ids: dict[str, str]) -> Json:
    row = ctx.own("payment_intent", ids["intent"])
    _require_free(row, "cancel")
    if row.body["status"] not in _CANCELABLE:
        raise unexpected_state(row, "cancel")
    row.body |= {
        "canceled_at": ctx.now,
        "cancellation_reason": params.get("cancellation_reason"),
        "next_action": None,
        "status": "canceled",
    }
    ctx.save(row)
    ctx.emit("payment_intent.canceled", row)
    return ctx.shown(row)


def unexpected_state(row: Row, verb: str) -> StripeError:
    return StripeError(
        400,
        f"You cannot {verb} this PaymentIntent because it has a status of {row.body['status']}.",
        code="payment_intent_unexpected_state",
        payment_intent=row.body,
    )


def _require_free(row: Row, verb: str) -> None:
    if row.private.get("session"):
        raise invalid(
            f"You cannot {verb} a PaymentIntent that belongs to a Checkout Session; expire the Session instead."
        )


def _confirm(ctx: Ctx, row: Row, params: Json) -> None:
    given = params.get("payment_method")
    if given:
        method = usable(ctx, given, "payment_method")
    elif row.body["payment_method"]:
        method = ctx.must(row.body["payment_method"])
    else:
        raise invalid(
            "You cannot confirm this PaymentIntent because it's missing a payment method. You can either update the "
            "PaymentIntent with a payment method and then confirm it again, or confirm it again directly with a "
            "payment method.",
            code="payment_intent_unexpected_state",
            payment_intent=row.body,
        )
    status = payments.attempt(ctx, row, method, return_url=params.get("return_url"))
    if status == "requires_action" and (params.get("off_session") or params.get("error_on_requires_action")):
        payments.require_authentication(ctx, row, method)
    if row.body["status"] == "requires_payment_method":
        raise payments.card_error(ctx.shown(row))
