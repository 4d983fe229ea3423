"""v1/setup_intents: keeping a card without paying."""

from __future__ import annotations

from typing import TYPE_CHECKING

from emulator.cards import DECLINE_MESSAGES
from emulator.context import metadata
from emulator.errors import DOC_URL, StripeError, invalid, not_modelled
from emulator.paging import page
from emulator.registry import PAGING, assumed, documented, operation
from emulator.resources.payment_methods import attach, card_of, usable_by
from emulator.schema.build import build
from emulator.store import Row
from emulator.types import Json

if TYPE_CHECKING:
    from emulator.context import Ctx

_CONFIRM = "payment_method return_url"
_DESCRIPTIVE = "customer description metadata"
_METHODS = "allowed_payment_method_types automatic_payment_methods{enabled allow_redirects}"
_OPEN = ("requires_payment_method", "requires_confirmation", "requires_action")

documented(
    "setup intents",
    "A confirmed setup intent attaches the card to its customer; usage is off_session unless told otherwise.",
    "Cards 3155, 3184 and 3220 ask for 3-D Secure at setup; after that 3155 pays off-session without it.",
)
assumed("setup intents", "Setup attempts are not kept: latest_attempt is null.")


@operation("POST /v1/setup_intents", f"confirm usage {_METHODS} {_CONFIRM} {_DESCRIPTIVE}")
def create(ctx: Ctx, params: Json, ids: dict[str, str]) -> Json:
    if params.get("customer"):
        ctx.referenced("customer", params["customer"], "customer")
    if params.get("return_url") and not params.get("confirm"):
        raise invalid("The parameter return_url can only be used with confirm=true.", param="return_url")
    if "card" not in params.get("allowed_payment_method_types", ["card"]):
        raise not_modelled("payment methods other than cards", param="allowed_payment_method_types")
    row = new(
        ctx,
        customer=params.get("customer"),
        description=params.get("description"),
        metadata=metadata(params.get("metadata")),
        usage=params.get("usage", "off_session"),
    )
    if params.get("payment_method"):
        row.body["payment_method"] = usable_by(ctx, params["payment_method"], row.body["customer"]).id
        row.body["status"] = "requires_confirmation"
        ctx.save(row)
    if params.get("confirm"):
        _confirm(ctx, row, {**params, "payment_method": None})
    return ctx.shown(row)


def new(ctx: Ctx, **fields: object) -> Row:
    """A setup intent waiting for a card."""
    id = "seti_1" + ctx.store.random_text(23)
    body = build(
        "setup_intent",
        id=id,
        automatic_payment_methods={"allow_redirects": "always", "enabled": True},
        client_secret=f"{id}_secret_{ctx.store.random_text(25)}",
        created=ctx.now,
        payment_method_options={"card": {"request_three_d_secure": "automatic"}},
        payment_method_types=["card"],
        status="requires_payment_method",
        **fields,
    )
    row = ctx.insert(body)
    ctx.emit("setup_intent.created", row)
    return row


@operation("GET /v1/setup_intents/{intent}")
def retrieve(ctx: Ctx, params: Json, ids: dict[str, str]) -> Json:
    return ctx.shown(ctx.own("setup_intent", ids["intent"]))


@operation("GET /v1/setup_intents", f"customer payment_method created {PAGING}")
def list_all(ctx: Ctx, params: Json, ids: dict[str, str]) -> Json:
    return page(ctx, "setup_intent", params, "/v1/setup_intents", filters=("customer", "payment_method"))


@operation("POST /v1/setup_intents/{intent}", f"payment_method {_DESCRIPTIVE}")
def update(ctx: Ctx, params: Json, ids: dict[str, str]) -> Json:
    row = ctx.own("setup_intent", ids["intent"])
    fixed = params.keys() & {"payment_method", "customer"}
    if fixed and row.body["status"] not in _OPEN:
        raise _unexpected(ctx, row, "update")
    if params.get("customer"):
        row.body["customer"] = ctx.referenced("customer", params["customer"], "customer").id
    if params.get("payment_method"):
        row.body["payment_method"] = usable_by(ctx, params["payment_method"], row.body["customer"]).id
        row.body |= {"next_action": None, "status": "requires_confirmation"}
    if "description" in params:
        row.body["description"] = params["description"] or None
    row.body["metadata"] = metadata(params.get("metadata"), row.body["metadata"])
    ctx.save(row)
    return ctx.shown(row)


@operation("POST /v1/setup_intents/{intent}/confirm", _CONFIRM)
def confirm(ctx: Ctx, params: Json, ids: dict[str, str]) -> Json:
    row = ctx.own("setup_intent", ids["intent"])
    if row.private.get("session"):
        raise invalid("You cannot confirm a SetupIntent that belongs to a Checkout Session.")
    if row.body["status"] not in ("requires_payment_method", "requires_confirmation"):
        raise _unexpected(ctx, row, "confirm")
    _confirm(ctx, row, params)
    return ctx.shown(row)


@operation("POST /v1/setup_intents/{intent}/cancel", "cancellation_reason")
def cancel(ctx: Ctx, params: Json, ids: dict[str, str]) -> Json:
    row = ctx.own("setup_intent", ids["intent"])
    if row.private.get("session"):
        raise invalid("You cannot cancel a SetupIntent that belongs to a Checkout Session; expire the Session instead.")
    if row.body["status"] not in _OPEN:
        raise _unexpected(ctx, row, "cancel")
    end(ctx, row, params.get("cancellation_reason"))
    return ctx.shown(row)


def end(ctx: Ctx, row: Row, reason: str | None) -> None:
    """Canceled: nothing was kept."""
    row.body |= {"cancellation_reason": reason, "next_action": None, "status": "canceled"}
    ctx.save(row)
    ctx.emit("setup_intent.canceled", row)


def _unexpected(ctx: Ctx, row: Row, verb: str) -> StripeError:
    return StripeError(
        400,
        f"You cannot {verb} this SetupIntent because it has a status of {row.body['status']}.",
        code="setup_intent_unexpected_state",
        setup_intent=ctx.shown(row),
    )


def _confirm(ctx: Ctx, row: Row, params: Json) -> None:
    id = params.get("payment_method") or row.body["payment_method"]
    if not id:
        raise invalid(
            "You cannot confirm this SetupIntent because it's missing a payment method. Update the SetupIntent with a "
            "payment method and then confirm it again.",
            code="setup_intent_unexpected_state",
            setup_intent=ctx.shown(row),
        )
    method = usable_by(ctx, id, row.body["customer"])
    attempt(ctx, row, method, return_url=params.get("return_url"))
    if row.body["status"] == "requires_payment_method":
        raise card_error(ctx.shown(row))


def attempt(ctx: Ctx, intent: Row, method: Row, *, authenticated: bool = False, return_url: str | None = None) -> str:
    """Try to keep the card; returns the intent's new status. requires_payment_method is a decline."""
    card = card_of(method)
    intent.body["payment_method"] = method.id
    if card.decline is not None and not card.declines_saved:
        return _refused(ctx, intent, method, "card_declined", card.decline)
    if card.authentication and not authenticated:
        return _ask(ctx, intent, return_url)
    if intent.body["usage"] == "off_session":
        method.private["set_up"] = True
    ctx.save(method)
    if intent.body["customer"] is not None:
        attach(ctx, method, intent.body["customer"])
    intent.body |= {"last_setup_error": None, "next_action": None, "status": "succeeded"}
    ctx.save(intent)
    ctx.emit("setup_intent.succeeded", intent)
    return "succeeded"


def _ask(ctx: Ctx, intent: Row, return_url: str | None) -> str:
    url = f"{ctx.em.public_url}/c/authenticate/{intent.id}"
    action: Json = {"type": "redirect_to_url", "redirect_to_url": {"return_url": return_url, "url": url}}
    if return_url is None:
        action = {"type": "use_stripe_sdk", "use_stripe_sdk": {"type": "three_d_secure_redirect", "stripe_js": url}}
    intent.body |= {"next_action": action, "status": "requires_action"}
    ctx.save(intent)
    ctx.emit("setup_intent.requires_action", intent)
    return "requires_action"


def refuse_authentication(ctx: Ctx, intent: Row) -> None:
    """The buyer failed 3-D Secure: the card is not kept."""
    method = ctx.must(intent.body["payment_method"])
    _refused(ctx, intent, method, "setup_intent_authentication_failure", None)


def _refused(ctx: Ctx, intent: Row, method: Row, code: str, decline: str | None) -> str:
    error: Json = {
        "code": code,
        "doc_url": DOC_URL + code.replace("_", "-"),
        "message": DECLINE_MESSAGES[decline]
        if decline
        else "The provided PaymentMethod has failed authentication. Provide another one to try again.",
        "payment_method": ctx.shown(method),
        "type": "card_error" if decline else "invalid_request_error",
    }
    if decline is not None:
        error["decline_code"] = decline
    intent.body |= {
        "last_setup_error": error,
        "next_action": None,
        "payment_method": None,
        "status": "requires_payment_method",
    }
    ctx.save(intent)
    ctx.emit("setup_intent.setup_failed", intent)
    return "requires_payment_method"


def card_error(intent: Json) -> StripeError:
    """402, with what the decline left behind kept."""
    error = intent["last_setup_error"]
    return StripeError(
        402,
        error["message"],
        type="card_error",
        code=error["code"],
        keep_writes=True,
        decline_code=error.get("decline_code"),
        payment_method=error["payment_method"],
        setup_intent=intent,
    )
