"""v1/checkout/sessions: hosted pages, mode=payment and mode=setup."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from emulator.context import metadata
from emulator.errors import invalid, not_modelled
from emulator.expand import includable
from emulator.money import MINIMUM, display, require_chargeable
from emulator.paging import limit, page
from emulator.registry import PAGING, assumed, documented, operation
from emulator.resources import collecting, coupons, customers, payments, setup_intents
from emulator.resources.line_items import descriptions, line_items, listed
from emulator.resources.payment_intents import shipping
from emulator.resources.payment_methods import attach
from emulator.schema.build import build
from emulator.store import Row
from emulator.types import Json

if TYPE_CHECKING:
    from emulator.context import Ctx

_HOUR = 3_600
_PAYMENT_ONLY = ("shipping_options", "shipping_address_collection", "phone_number_collection", "consent_collection")
_SHIPPING = "shipping{name phone address{city country line1 line2 postal_code state}}"
_PARAMETERS = (
    "mode success_url cancel_url ui_mode customer customer_email client_reference_id metadata expires_at locale "
    "submit_type line_items{quantity metadata price price_data{currency unit_amount tax_behavior product "
    "product_data{name description images metadata tax_code}}} "
    "payment_intent_data{application_fee_amount transfer_data{destination amount} on_behalf_of transfer_group metadata "
    f"description statement_descriptor_suffix receipt_email capture_method setup_future_usage {_SHIPPING}}} "
    "setup_intent_data{description metadata} currency payment_method_data{allow_redisplay} "
    "saved_payment_method_options{allow_redisplay_filters payment_method_save payment_method_remove} "
    "allowed_payment_method_types automatic_tax{enabled} adaptive_pricing{enabled} customer_creation "
    f"billing_address_collection discounts{{coupon promotion_code}} {collecting.PARAMETERS}"
)

documented(
    "checkout",
    "An order that costs nothing needs no payment: payment_status no_payment_required and no payment intent.",
    "customer_creation=always makes a customer of the buyer when the session completes.",
    "payment_method_remove lets the buyer remove a saved card on the page.",
    "A session is open for 24 hours unless expires_at (30 minutes to 24 hours) says otherwise; then it expires.",
    "The payment intent exists from the first attempt to pay; session metadata does not reach it.",
    "Only open sessions can be expired; a session's payment intent cannot be confirmed or canceled directly.",
)
documented(
    "checkout",
    "Saved cards are shown again when their allow_redisplay is among the session's filters (always by default).",
    "With payment_method_save the buyer may save the card: allow_redisplay=always.",
)
assumed(
    "checkout",
    "Expiring a session cancels the payment intent of an earlier declined attempt, and the setup intent.",
    "A card kept without the buyer's tick (setup mode, setup_future_usage) gets allow_redisplay=limited.",
    "A session whose payment waits for its capture is complete with payment_status unpaid.",
)


@operation("POST /v1/checkout/sessions", _PARAMETERS)
def create(ctx: Ctx, params: Json, ids: dict[str, str]) -> Json:
    _require_simple(params)
    if params.get("customer"):
        ctx.referenced("customer", params["customer"], "customer")
    elif (params.get("saved_payment_method_options") or {}).get("payment_method_save") == "enabled":
        raise invalid("Cards can be saved only for a customer.", param="saved_payment_method_options")
    if params["mode"] == "setup":
        return _create_setup(ctx, params)
    items = line_items(ctx, params.get("line_items") or [])
    currency = items[0]["currency"]
    coupon, off = coupons.apply(ctx, params.get("discounts") or [], items)
    subtotal = sum(item["amount_subtotal"] for item in items)
    asked, delivery = collecting.fields(ctx, params, currency)
    total = subtotal - off + delivery
    _check_total(total, currency)
    data = params.get("payment_intent_data") or {}
    payments.check_split(ctx, data, total, "payment_intent_data")
    payments.check_merchant(ctx, data, "payment_intent_data")
    private = {
        "items": items,
        "payment": data,
        "descriptions": descriptions(ctx, items),
        "redisplay": (params.get("payment_method_data") or {}).get("allow_redisplay"),
    }
    return _open(
        ctx,
        params,
        private,
        amount_subtotal=subtotal,
        amount_total=total,
        currency=currency,
        customer_creation=None if params.get("customer") else params.get("customer_creation", "if_required"),
        discounts=[{"coupon": coupon, "promotion_code": None}] if coupon else [],
        payment_method_collection="if_required",
        payment_method_types=payments.method_types(
            currency, params.get("allowed_payment_method_types"), data.get("capture_method")
        ),
        payment_status="unpaid" if total else "no_payment_required",
        total_details={"amount_discount": off, "amount_shipping": delivery, "amount_tax": 0},
        **asked,
    )


def _create_setup(ctx: Ctx, params: Json) -> Json:
    """mode=setup: a card is kept, nothing is paid."""
    for name in ("line_items", "payment_intent_data", "discounts", "submit_type", *_PAYMENT_ONLY):
        if params.get(name):
            raise invalid(f"You can not pass `{name}` in `setup` mode.", param=name)
    if "currency" not in params and "allowed_payment_method_types" not in params:
        raise invalid("Missing required param: currency.", param="currency", code="parameter_missing")
    data = params.get("setup_intent_data") or {}
    intent = setup_intents.new(
        ctx,
        customer=params.get("customer"),
        description=data.get("description"),
        metadata=metadata(data.get("metadata")),
        usage="off_session",
    )
    private: Json = {
        "items": [],
        "payment": {},
        "descriptions": [],
        "redisplay": (params.get("payment_method_data") or {}).get("allow_redisplay"),
    }
    shown = _open(
        ctx,
        params,
        private,
        currency=ctx.currency(params["currency"]) if params.get("currency") else None,
        customer_creation=None if params.get("customer") else params.get("customer_creation", "if_required"),
        discounts=[],
        phone_number_collection={"enabled": False},
        payment_method_collection="always",
        payment_method_types=["card"],
        payment_status="no_payment_required",
        setup_intent=intent.id,
    )
    intent.private["session"] = shown["id"]
    ctx.save(intent)
    return shown


def _open(ctx: Ctx, params: Json, private: Json, **fields: Any) -> Json:
    """The session itself, open until its time is up."""
    id = "cs_test_a1" + ctx.store.random_text(58)
    body = build(
        "checkout.session",
        id=id,
        adaptive_pricing={"enabled": False},
        billing_address_collection=params.get("billing_address_collection"),
        cancel_url=params.get("cancel_url"),
        client_reference_id=params.get("client_reference_id"),
        created=ctx.now,
        customer=params.get("customer"),
        customer_details=_details(ctx, params),
        customer_email=params.get("customer_email"),
        expires_at=_expiry(ctx, params.get("expires_at")),
        locale=params.get("locale"),
        metadata=metadata(params.get("metadata")),
        mode=params["mode"],
        payment_method_options={"card": {"request_three_d_secure": "automatic"}},
        saved_payment_method_options=_saved_options(params),
        status="open",
        submit_type=params.get("submit_type"),
        success_url=params["success_url"],
        ui_mode="hosted_page",
        url=f"{ctx.em.public_url}/c/pay/{id}",
        **fields,
    )
    row = ctx.insert(body, private=private)
    ctx.store.plan(body["expires_at"], "session", id)
    return ctx.shown(row)


def _saved_options(params: Json) -> Json | None:
    """Which saved cards are shown again, and whether new ones may be saved; null without a customer."""
    if not params.get("customer"):
        return None
    given = params.get("saved_payment_method_options") or {}
    return {
        "allow_redisplay_filters": given.get("allow_redisplay_filters", ["always"]),
        "payment_method_remove": given.get("payment_method_remove", "disabled"),
        "payment_method_save": given.get("payment_method_save"),
    }


def _require_simple(params: Json) -> None:
    """501 for what Stripe offers and the emulator does not, 400 for what Stripe refuses."""
    _require_complete(params)
    if params["mode"] not in ("payment", "setup"):
        raise not_modelled(f"Checkout Sessions with mode={params['mode']}", param="mode")
    if params.get("ui_mode", "hosted_page") != "hosted_page":
        raise not_modelled(f"Checkout Sessions with ui_mode={params['ui_mode']}", param="ui_mode")
    for name in ("automatic_tax", "adaptive_pricing"):
        if (params.get(name) or {}).get("enabled"):
            raise not_modelled(f"{name}[enabled]=true", param=f"{name}[enabled]")
    if params["mode"] == "setup" and "card" not in params.get("allowed_payment_method_types", ["card"]):
        raise not_modelled("setting up payment methods other than cards", param="allowed_payment_method_types")


def _require_complete(params: Json) -> None:
    if "mode" not in params:
        raise invalid("Missing required param: mode.", param="mode", code="parameter_missing")
    if not params.get("success_url") and params.get("ui_mode", "hosted_page") == "hosted_page":
        raise invalid("Missing required param: success_url.", param="success_url", code="parameter_missing")
    for name in ("success_url", "cancel_url"):
        if name in params and not params[name].startswith(("http://", "https://")):
            raise invalid("Not a valid URL", param=name, code="url_invalid")
    if params["mode"] == "payment" and not params.get("line_items"):
        raise invalid("The `line_items` parameter is required in payment mode.", param="line_items")
    if params.get("customer") and params.get("customer_email"):
        raise invalid("You may only specify one of these parameters: customer, customer_email.")
    if params.get("customer") and params.get("customer_creation"):
        raise invalid("customer_creation is for sessions without a customer.", param="customer_creation")


def _check_total(total: int, currency: str) -> None:
    if total == 0:
        return
    if total < MINIMUM.get(currency, 1):
        raise invalid(
            "The Checkout Session's total amount due must add up to at least "
            f"{display(MINIMUM.get(currency, 1), currency)} {currency}",
            code="amount_too_small",
        )
    require_chargeable(total, currency, "line_items")


def _expiry(ctx: Ctx, given: int | None) -> int:
    if given is None:
        return ctx.now + ctx.settings.session_hours * _HOUR
    if given < ctx.now + _HOUR // 2:
        raise invalid(
            "The `expires_at` timestamp must be at least 30 minutes from Checkout Session creation.", param="expires_at"
        )
    if given > ctx.now + 24 * _HOUR:
        raise invalid(
            "The `expires_at` timestamp must be less than 24 hours from Checkout Session creation.", param="expires_at"
        )
    return given


def _details(ctx: Ctx, params: Json) -> Json | None:
    email = params.get("customer_email")
    if params.get("customer"):
        email = ctx.must(params["customer"]).body["email"]
    if email is None:
        return None
    return {"address": None, "email": email, "name": None, "phone": None, "tax_exempt": "none", "tax_ids": None}


@operation("GET /v1/checkout/sessions/{session}")
def retrieve(ctx: Ctx, params: Json, ids: dict[str, str]) -> Json:
    return ctx.shown(ctx.own("checkout.session", ids["session"]))


@operation("GET /v1/checkout/sessions", f"payment_intent customer status created {PAGING}")
def list_all(ctx: Ctx, params: Json, ids: dict[str, str]) -> Json:
    filters = ("payment_intent", "customer", "status")
    return page(ctx, "checkout.session", params, "/v1/checkout/sessions", filters=filters)


@operation("GET /v1/checkout/sessions/{session}/line_items", PAGING)
def list_line_items(ctx: Ctx, params: Json, ids: dict[str, str]) -> Json:
    row = ctx.own("checkout.session", ids["session"])
    return listed(row, limit(params), params)


@includable("checkout.session", "line_items")
def included_line_items(ctx: Ctx, session: Json) -> Json:
    return listed(ctx.must(session["id"]), 10, {})


@operation("POST /v1/checkout/sessions/{session}/expire")
def expire(ctx: Ctx, params: Json, ids: dict[str, str]) -> Json:
    row = ctx.own("checkout.session", ids["session"])
    if row.body["status"] != "open":
        raise invalid(
            'Only Checkout Sessions with a status in ["open"] can be expired. This Checkout Session has a status of '
            f"`{row.body['status']}`."
        )
    close(ctx, row)
    return ctx.shown(row)


def close(ctx: Ctx, row: Row) -> None:
    """Expired, by request or by time: nobody can pay it any more."""
    row.body |= {"status": "expired", "url": None}
    ctx.save(row)
    if row.body["setup_intent"]:
        setup_intents.end(ctx, ctx.must(row.body["setup_intent"]), None)
    if row.body["payment_intent"]:
        intent = ctx.must(row.body["payment_intent"])
        intent.body |= {
            "canceled_at": ctx.now,
            "cancellation_reason": "automatic",
            "next_action": None,
            "status": "canceled",
        }
        ctx.save(intent)
        ctx.emit("payment_intent.canceled", intent)
    ctx.emit("checkout.session.expired", row)


# --- what the hosted page does -----------------------------------------------------------------------------------


def intent_of(ctx: Ctx, row: Row) -> Row:
    """The session's payment intent, made at the first attempt to pay."""
    data, session = row.private["payment"], row.body
    sent = collecting.shipping(row) or shipping(data.get("shipping"))
    if session["payment_intent"]:
        intent = ctx.must(session["payment_intent"])
        intent.body |= {"amount": session["amount_total"], "shipping": sent}
        return intent
    intent = payments.new_intent(
        ctx,
        amount=session["amount_total"],
        application_fee_amount=data.get("application_fee_amount"),
        capture_method=data.get("capture_method"),
        currency=session["currency"],
        customer=session["customer"],
        description=data.get("description"),
        metadata=metadata(data.get("metadata")),
        payment_method_types=session["payment_method_types"],
        receipt_email=data.get("receipt_email"),
        setup_future_usage=data.get("setup_future_usage"),
        on_behalf_of=data.get("on_behalf_of"),
        shipping=sent,
        statement_descriptor_suffix=data.get("statement_descriptor_suffix"),
        transfer_data=data.get("transfer_data"),
        transfer_group=data.get("transfer_group"),
    )
    intent.private["session"] = row.id
    ctx.save(intent)
    row.body["payment_intent"] = intent.id
    ctx.save(row)
    return intent


def complete(ctx: Ctx, row: Row, *, email: str | None, name: str | None) -> None:
    """Paid, held, being debited or (in setup mode) kept: checkout.session.completed."""
    details = row.body["customer_details"] or {"address": None, "phone": None, "tax_exempt": "none", "tax_ids": None}
    row.body |= {
        "customer_details": {
            **details,
            "email": email or details.get("email"),
            "name": name or None,
            "phone": row.private.get("phone"),
        },
        "status": "complete",
        "url": None,
    }
    if row.body["customer_creation"] == "always":
        _create_customer(ctx, row)
    if row.body["payment_intent"]:
        booked = ctx.must(row.body["payment_intent"]).body["status"] == "succeeded"
        row.body["payment_status"] = "paid" if booked else "unpaid"
    ctx.save(row)
    for discount in row.body["discounts"]:
        coupons.redeem(ctx, discount["coupon"])
    ctx.emit("checkout.session.completed", row)


def _create_customer(ctx: Ctx, row: Row) -> None:
    """customer_creation=always: the buyer becomes a customer, and what they paid with theirs when it may be reused."""
    details = row.body["customer_details"]
    given = {name: details[name] for name in ("email", "name", "phone") if details[name]}
    customer = customers.create(ctx, given, {})["id"]
    row.body["customer"] = customer
    intent = ctx.must(row.body["setup_intent"] or row.body["payment_intent"]) if _has_intent(row) else None
    if intent is None:
        return
    intent.body["customer"] = customer
    ctx.save(intent)
    if intent.body.get("latest_charge"):
        charge = ctx.must(intent.body["latest_charge"])
        charge.body["customer"] = customer
        ctx.save(charge)
    if intent.kind == "setup_intent" or intent.body["setup_future_usage"]:
        attach(ctx, ctx.must(intent.body["payment_method"]), customer)


def _has_intent(row: Row) -> bool:
    return bool(row.body["setup_intent"] or row.body["payment_intent"])


def saved_cards(ctx: Ctx, row: Row) -> list[Row]:
    """The customer's saved cards that this session shows again."""
    options = row.body["saved_payment_method_options"]
    if options is None:
        return []
    cards = ctx.store.find("payment_method", where={"customer": row.body["customer"], "type": "card"})
    return [card for card in cards if card.body["allow_redisplay"] in options["allow_redisplay_filters"]]
