"""v1/payment_pages: the private steps behind a Checkout page, which Stripe's own tools call. Not in any library.

Their shape is read off what those tools send and look at (the Stripe CLI's fixtures, Stripe's mobile SDKs); the money
goes the way of the hosted page.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from emulator.errors import StripeError, invalid, missing, not_modelled
from emulator.registry import assumed, private_operation
from emulator.resources import checkout_sessions, payments, setup_intents
from emulator.resources.line_items import listed
from emulator.resources.payment_methods import usable_by
from emulator.store import Row
from emulator.types import Json

if TYPE_CHECKING:
    from emulator.context import Ctx

assumed(
    "private steps of the payment page",
    "GET payment_pages/:id, its init and its confirm answer what the Stripe CLI and the mobile SDKs look at, no more.",
    "Parameters they send for statistics and fraud detection are ignored, unknown ones as well.",
    "Any pk_test_ key, in the header or as the parameter key, opens these steps and POST /v1/payment_methods.",
    "An expected_amount that is not the page's total is refused (checkout_amount_mismatch).",
    "return_url is where the bank's page leads back to; success_url is never followed by itself.",
)

_STATES = {"open": "active", "complete": "succeeded", "expired": "expired"}


@private_operation("GET /v1/payment_pages/{session}")
def retrieve(ctx: Ctx, params: Json, ids: dict[str, str]) -> Json:
    params.pop("expand", None)
    return _shown(ctx, ctx.own("checkout.session", ids["session"]))


@private_operation("POST /v1/payment_pages/{session}/init")
def init(ctx: Ctx, params: Json, ids: dict[str, str]) -> Json:
    params.pop("expand", None)
    return _shown(ctx, ctx.own("checkout.session", ids["session"]))


@private_operation(
    "POST /v1/payment_pages/{session}/confirm", "payment_method expected_amount expected_payment_method_type return_url"
)
def confirm(ctx: Ctx, params: Json, ids: dict[str, str]) -> Json:
    """Pay (or, in setup mode, keep) with a payment method made before; a decline is a 402 as for an intent."""
    params.pop("expand", None)
    row = ctx.own("checkout.session", ids["session"])
    if row.body["status"] != "open":
        raise invalid(
            f"This Checkout Session is not open any more: its status is {row.body['status']}.",
            code="checkout_not_active_session",
        )
    if "payment_method_data" in params:
        raise not_modelled("payment_method_data here; make a payment method first", param="payment_method_data")
    method = _method(ctx, row, params)
    _check_expected(row, method, params)
    _attempt(ctx, row, method, params.get("return_url"))
    return _shown(ctx, row)


def _method(ctx: Ctx, row: Row, params: Json) -> Row:
    given = params.get("payment_method")
    if not isinstance(given, str) or not given:
        raise invalid("Missing required param: payment_method.", param="payment_method", code="parameter_missing")
    try:
        return usable_by(ctx, given, row.body["customer"])
    except StripeError as problem:
        if problem.code == "resource_missing":
            raise missing("PaymentMethod", given, param="payment_method", status=400) from problem
        raise


def _check_expected(row: Row, method: Row, params: Json) -> None:
    amount, kind = params.get("expected_amount"), params.get("expected_payment_method_type")
    if amount is not None and str(amount) != str(row.body["amount_total"] or 0):
        raise invalid(
            "The amount of this Checkout Session has changed; load it again before confirming.",
            param="expected_amount",
            code="checkout_amount_mismatch",
        )
    types = row.body["payment_method_types"]
    if method.body["type"] not in types or kind not in (None, method.body["type"]):
        raise invalid(
            f"A payment method of type {method.body['type']} cannot be used here; expected: {', '.join(types)}.",
            param="payment_method",
        )


def _attempt(ctx: Ctx, row: Row, method: Row, return_url: object) -> None:
    back = return_url if isinstance(return_url, str) else f"{ctx.em.public_url}/c/pay/{row.id}"
    billing = method.body["billing_details"]
    row.private["payer"] = {"email": billing["email"], "name": billing["name"]}
    ctx.save(row)
    if row.body["mode"] == "setup":
        intent = ctx.must(row.body["setup_intent"])
        _require_waiting(intent)
        status = setup_intents.attempt(ctx, intent, method, return_url=back)
        if status == "requires_payment_method":
            raise setup_intents.card_error(ctx.shown(intent))
    else:
        intent = checkout_sessions.intent_of(ctx, row)
        _require_waiting(intent)
        status = payments.attempt(ctx, intent, method, return_url=back)
        if status == "requires_payment_method":
            raise payments.card_error(ctx.shown(intent))
    if status != "requires_action":
        checkout_sessions.complete(ctx, row, email=billing["email"], name=billing["name"])


def _require_waiting(intent: Row) -> None:
    if intent.body["status"] == "requires_action":
        raise invalid("This page waits for the bank's question to be answered.", code="payment_intent_unexpected_state")


def _shown(ctx: Ctx, row: Row) -> Json:
    body, items = row.body, listed(row, 100, {})["data"]
    due = body["amount_total"] or 0
    totals = {"due": due, "subtotal": body["amount_subtotal"] or 0, "total": due}
    intents = {name: ctx.shown(ctx.must(body[name])) if body[name] else None for name in _INTENTS}
    customer = None
    if body["customer"]:
        cards = [ctx.shown(card) for card in checkout_sessions.saved_cards(ctx, row)]
        customer = {"id": body["customer"], "can_detach_payment_method": False, "payment_methods": cards}
    return {
        "id": f"ppage_1{row.id[-23:]}",
        "object": "checkout.session",
        "cancel_url": body["cancel_url"],
        "created": body["created"],
        "currency": body["currency"],
        "customer": customer,
        "customer_email": (body["customer_details"] or {}).get("email"),
        "line_item_group": {**totals, "currency": body["currency"], "line_items": items},
        "livemode": False,
        "mode": body["mode"],
        **intents,
        "payment_method_types": list(body["payment_method_types"]),
        "payment_status": body["payment_status"],
        "session_id": row.id,
        "state": _STATES[body["status"]],
        "status": body["status"],
        "success_url": body["success_url"],
        "total_summary": {**totals, "currency": body["currency"]},
        "url": body["url"],
    }


_INTENTS = ("payment_intent", "setup_intent")
