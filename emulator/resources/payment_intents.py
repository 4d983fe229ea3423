"""v1/payment_intents, with automatic or manual capture and test cards."""

from __future__ import annotations

from typing import TYPE_CHECKING

from emulator.context import metadata
from emulator.errors import StripeError, invalid, not_modelled
from emulator.money import require_chargeable
from emulator.paging import page
from emulator.registry import PAGING, operation
from emulator.resources import authorizations, payment_methods, payments
from emulator.resources.customers import full_address
from emulator.resources.payment_methods import usable_by
from emulator.store import Row
from emulator.types import Json

if TYPE_CHECKING:
    from emulator.context import Ctx

_SHIPPING = "shipping{name phone address{city country line1 line2 postal_code state}}"
_MANDATE = "mandate_data{customer_acceptance{type accepted_at offline online{ip_address user_agent}}}"
_CONFIRM = f"payment_method return_url error_on_requires_action {_MANDATE}"
_DESCRIPTIVE = f"description metadata receipt_email statement_descriptor_suffix transfer_group {_SHIPPING}"
_MONEY = "amount currency customer application_fee_amount on_behalf_of transfer_data{destination amount}"
_DATA = "payment_method_data{type sepa_debit{iban} billing_details{email name phone address} metadata allow_redisplay}"
_METHODS = "allowed_payment_method_types automatic_payment_methods{enabled allow_redirects}"
_TEXTS = ("description", "receipt_email", "setup_future_usage", "statement_descriptor_suffix", "transfer_group")
# what may be changed whatever the status
_ALWAYS = {"description", "metadata", "expand"}
_CANCELABLE = ("requires_payment_method", "requires_confirmation", "requires_action")


@operation(
    "POST /v1/payment_intents",
    f"{_MONEY} confirm confirmation_method off_session capture_method setup_future_usage {_METHODS} {_CONFIRM} {_DATA} "
    f"{_DESCRIPTIVE}",
)
def create(ctx: Ctx, params: Json, ids: dict[str, str]) -> Json:
    currency = ctx.currency(params["currency"])
    require_chargeable(params["amount"], currency)
    payments.check_split(ctx, params, params["amount"])
    payments.check_merchant(ctx, params)
    if params.get("customer"):
        ctx.referenced("customer", params["customer"], "customer")
    for name in ("off_session", "error_on_requires_action"):
        if params.get(name) and not params.get("confirm"):
            raise invalid(f"The parameter {name} can only be used with confirm=true.", param=name)
    automatic = params.get("automatic_payment_methods")
    fields = {
        "allowed_payment_method_types": params.get("allowed_payment_method_types"),
        "automatic_payment_methods": automatic or {"allow_redirects": "always", "enabled": True},
        "confirmation_method": params.get("confirmation_method", "automatic"),
        "payment_method_types": payments.method_types(
            currency, params.get("allowed_payment_method_types"), params.get("capture_method")
        ),
    }
    if fields["allowed_payment_method_types"] is None:
        del fields["allowed_payment_method_types"]
    row = payments.new_intent(
        ctx,
        amount=params["amount"],
        application_fee_amount=params.get("application_fee_amount"),
        capture_method=params.get("capture_method"),
        currency=currency,
        customer=params.get("customer"),
        description=params.get("description"),
        metadata=metadata(params.get("metadata")),
        on_behalf_of=params.get("on_behalf_of"),
        receipt_email=params.get("receipt_email"),
        setup_future_usage=params.get("setup_future_usage"),
        shipping=shipping(params.get("shipping")),
        statement_descriptor_suffix=params.get("statement_descriptor_suffix"),
        transfer_data=params.get("transfer_data"),
        transfer_group=params.get("transfer_group"),
        **fields,
    )
    if params.get("payment_method") or params.get("payment_method_data"):
        row.body["payment_method"] = _given_method(ctx, row, params).id
        row.body["status"] = "requires_confirmation"
        ctx.save(row)
    if params.get("confirm"):
        # the token was made into a payment method above: not twice
        _confirm(ctx, row, {**params, "payment_method": None, "payment_method_data": None})
    return ctx.shown(row)


def _given_method(ctx: Ctx, row: Row, params: Json) -> Row:
    """The payment method a payment names, or the one its payment_method_data makes."""
    if params.get("payment_method") and params.get("payment_method_data"):
        raise invalid("You may only specify one of these parameters: payment_method, payment_method_data.")
    if params.get("payment_method"):
        return usable_by(ctx, params["payment_method"], row.body["customer"])
    made = payment_methods.create(ctx, params["payment_method_data"], {})
    return ctx.must(made["id"])


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


@operation(
    "POST /v1/payment_intents/{intent}",
    "amount currency customer payment_method application_fee_amount transfer_data{amount} capture_method "
    f"setup_future_usage allowed_payment_method_types {_DATA} {_DESCRIPTIVE}",
)
def update(ctx: Ctx, params: Json, ids: dict[str, str]) -> Json:
    row = ctx.own("payment_intent", ids["intent"])
    fixed = sorted(params.keys() - _ALWAYS)
    if fixed and row.body["status"] not in _CANCELABLE:
        raise StripeError(
            400,
            f"This PaymentIntent's {fixed[0]} could not be updated because it has a status of {row.body['status']}. "
            "You may only update its description and metadata.",
            code="payment_intent_unexpected_state",
            param=fixed[0],
            payment_intent=ctx.shown(row),
        )
    if fixed and row.private.get("session"):
        raise invalid(f"The {fixed[0]} of a Checkout Session's PaymentIntent cannot be updated.", param=fixed[0])
    _apply(ctx, row, params)
    ctx.save(row)
    return ctx.shown(row)


def _apply(ctx: Ctx, row: Row, params: Json) -> None:
    body = row.body
    currency = ctx.currency(params.get("currency") or body["currency"])
    amount: int = params["amount"] if "amount" in params else body["amount"]
    if {"amount", "currency"} & params.keys():
        require_chargeable(amount, currency)
    body |= {"amount": amount, "currency": currency}
    if params.get("customer"):
        body["customer"] = ctx.referenced("customer", params["customer"], "customer").id
    _apply_split(ctx, body, params)
    if params.get("payment_method") or params.get("payment_method_data"):
        body["payment_method"] = _given_method(ctx, row, params).id
        body |= {"status": "requires_confirmation", "next_action": None}
        row.private.pop("authenticated", None)
    if "capture_method" in params:
        body["capture_method"] = params["capture_method"]
    if params.get("allowed_payment_method_types"):
        body["allowed_payment_method_types"] = params["allowed_payment_method_types"]
    if {"currency", "capture_method", "allowed_payment_method_types"} & params.keys():
        body["payment_method_types"] = payments.method_types(
            currency, body.get("allowed_payment_method_types"), body["capture_method"]
        )
    if "shipping" in params:
        body["shipping"] = shipping(params["shipping"])
    for name in _TEXTS:
        if name in params:
            body[name] = params[name] or None
    body["metadata"] = metadata(params.get("metadata"), body["metadata"])


def _apply_split(ctx: Ctx, body: Json, params: Json) -> None:
    if "transfer_data" in params:
        if body["transfer_data"] is None:
            raise invalid("This PaymentIntent has no transfer_data[destination].", param="transfer_data[amount]")
        body["transfer_data"] = {**body["transfer_data"], **params["transfer_data"]}
    if "application_fee_amount" in params:
        body["application_fee_amount"] = params["application_fee_amount"] or None
    if {"amount", "transfer_data", "application_fee_amount"} & params.keys():
        payments.check_split(ctx, body, body["amount"])


@operation("POST /v1/payment_intents/{intent}/confirm", f"off_session setup_future_usage {_CONFIRM} {_DATA}")
def confirm(ctx: Ctx, params: Json, ids: dict[str, str]) -> Json:
    row = ctx.own("payment_intent", ids["intent"])
    _require_free(row, "confirm")
    if row.body["status"] not in ("requires_payment_method", "requires_confirmation"):
        raise unexpected_state(row, "confirm")
    if "setup_future_usage" in params:
        row.body["setup_future_usage"] = params["setup_future_usage"] or None
    _confirm(ctx, row, params)
    return ctx.shown(row)


@operation(
    "POST /v1/payment_intents/{intent}/capture",
    "amount_to_capture application_fee_amount transfer_data{amount} final_capture metadata statement_descriptor_suffix",
)
def capture(ctx: Ctx, params: Json, ids: dict[str, str]) -> Json:
    row = ctx.own("payment_intent", ids["intent"])
    if row.body["status"] != "requires_capture":
        raise StripeError(
            400,
            f"This PaymentIntent could not be captured because it has a status of {row.body['status']}. Only a "
            "PaymentIntent with one of the following statuses may be captured: requires_capture.",
            code="payment_intent_unexpected_state",
            payment_intent=ctx.shown(row),
        )
    if params.get("final_capture") is False:
        raise not_modelled("several captures of one payment", param="final_capture")
    row.body["metadata"] = metadata(params.get("metadata"), row.body["metadata"])
    if "statement_descriptor_suffix" in params:
        row.body["statement_descriptor_suffix"] = params["statement_descriptor_suffix"]
    payments.capture(ctx, row, params)
    return ctx.shown(row)


@operation("POST /v1/payment_intents/{intent}/cancel", "cancellation_reason")
def cancel(ctx: Ctx, params: Json, ids: dict[str, str]) -> Json:
    row = ctx.own("payment_intent", ids["intent"])
    held = row.body["status"] == "requires_capture"
    if not held:
        _require_free(row, "cancel")
    if row.body["status"] not in _CANCELABLE and not held:
        raise unexpected_state(row, "cancel")
    if held:
        authorizations.release(ctx, row, "charge.refunded")
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
    if params.get("payment_method") or params.get("payment_method_data"):
        method = _given_method(ctx, row, params)
    elif row.body["payment_method"]:
        method = usable_by(ctx, row.body["payment_method"], row.body["customer"])
    else:
        raise invalid(
            "You cannot confirm this PaymentIntent because it's missing a payment method. You can either update the "
            "PaymentIntent with a payment method and then confirm it again, or confirm it again directly with a "
            "payment method.",
            code="payment_intent_unexpected_state",
            payment_intent=row.body,
        )
    payments.attempt(
        ctx,
        row,
        method,
        authenticated=bool(row.private.pop("authenticated", False)),
        return_url=params.get("return_url"),
        off_session=bool(params.get("off_session")),
        may_ask=not params.get("error_on_requires_action"),
    )
    if row.body["status"] == "requires_payment_method":
        raise payments.card_error(ctx.shown(row))
