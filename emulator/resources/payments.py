"""One attempt to pay a payment intent with a card: paid, declined, or asking for 3-D Secure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from emulator import ledger
from emulator.cards import DECLINE_MESSAGES
from emulator.errors import DOC_URL, StripeError, invalid, not_modelled
from emulator.registry import documented
from emulator.resources import accounts_state, authorizations, charges, debit_methods, delayed, moves
from emulator.resources.payment_methods import attach, card_of, needs_authentication
from emulator.schema.build import build
from emulator.store import Row
from emulator.types import Json

if TYPE_CHECKING:
    from emulator.context import Ctx

documented(
    "payments",
    "A declined card leaves a failed charge, last_payment_error and payment_intent.payment_failed; it can be retried.",
    "application_fee_amount and transfer_data.amount exclude each other.",
    "With confirmation_method=manual a payment the bank was asked about is confirmed once more by the server.",
    "Off-session, card 3155 pays only after it was set up for that, 3184 and 3220 never: authentication_required.",
    "setup_future_usage saves the card to the payment's customer; without it a card outside a customer works once.",
)


def new_intent(ctx: Ctx, **fields: object) -> Row:
    """A payment intent waiting for a payment method."""
    id = "pi_3" + ctx.store.random_text(23)
    group = fields.pop("transfer_group", None)
    if group is None and fields.get("transfer_data"):
        group = f"group_{id}"
    if fields.get("capture_method") is None:
        fields["capture_method"] = "automatic_async"
    fields.setdefault("payment_method_types", ["card"])
    fields.setdefault("confirmation_method", "automatic")
    body = build(
        "payment_intent",
        id=id,
        client_secret=f"{id}_secret_{ctx.store.random_text(25)}",
        created=ctx.now,
        payment_method_options={"card": {"request_three_d_secure": "automatic"}},
        status="requires_payment_method",
        transfer_group=group,
        **fields,
    )
    row = ctx.insert(body)
    ctx.emit("payment_intent.created", row)
    return row


def check_split(ctx: Ctx, data: Json, amount: int, prefix: str = "") -> None:
    """The rules of `application_fee_amount` and `transfer_data`; amounts are minor units of the payment's currency."""
    fee, transfer = data.get("application_fee_amount"), data.get("transfer_data")

    def name(*keys: str) -> str:
        path = [prefix, *keys] if prefix else list(keys)
        return path[0] + "".join(f"[{key}]" for key in path[1:])

    if transfer is None:
        if fee:
            raise invalid(
                "Can only apply an application_fee_amount when the PaymentIntent is attempting a direct payment (using "
                "an OAuth key or Stripe-Account header) or destination payment (using `transfer_data[destination]`).",
                param=name("application_fee_amount"),
            )
        return
    if fee is not None and transfer.get("amount") is not None:
        raise invalid(
            "You may only specify one of these parameters: application_fee_amount, transfer_data[amount].",
            param=name("application_fee_amount"),
        )
    for keys, value, least in (
        (("application_fee_amount",), fee, 0),
        (("transfer_data", "amount"), transfer.get("amount"), 1),
    ):
        if value is not None and value < least:
            raise invalid(f"This value must be greater than or equal to {least}.", param=name(*keys))
        if value is not None and value > amount:
            raise invalid("This value must be less than or equal to the amount of the payment.", param=name(*keys))
    moves.require_destination(ctx, transfer["destination"], name("transfer_data", "destination"))


def check_merchant(ctx: Ctx, data: Json, prefix: str = "") -> None:
    """The rules of `on_behalf_of`: an account with card_payments, and the destination's own."""
    account, destination = data.get("on_behalf_of"), (data.get("transfer_data") or {}).get("destination")
    if not account:
        return
    param = f"{prefix}[on_behalf_of]" if prefix else "on_behalf_of"
    if not accounts_state.charges_enabled(ctx.connected(account, param).private):
        raise invalid(
            f"The account {account} in on_behalf_of needs the capability card_payments.",
            param=param,
            code="insufficient_capabilities",
        )
    if destination is not None and destination != account:
        what = "For card payments, on_behalf_of must be the same account as transfer_data[destination]."
        raise invalid(what, param=param)


def attempt(
    ctx: Ctx,
    intent: Row,
    method: Row,
    *,
    authenticated: bool = False,
    return_url: str | None = None,
    off_session: bool = False,
    may_ask: bool = True,
) -> str:
    """Try to pay; returns the intent's new status. A decline is the status requires_payment_method, no exception.

    `off_session` and `may_ask=False` (error_on_requires_action) turn a question of the bank into a decline.
    """
    _require_type(intent, method)
    intent.body["payment_method"] = method.id
    if debit_methods.is_debit(method):
        _require_destination(ctx, intent)
        _keep_method(ctx, intent, method, authenticated)
        return delayed.begin(ctx, intent, method)
    card = card_of(method)
    if card.decline is not None:
        return _declined(ctx, intent, method, card.decline)
    if not authenticated and needs_authentication(method, off_session=off_session):
        if off_session or not may_ask:
            return require_authentication(ctx, intent, method)
        return _ask(ctx, intent, return_url)
    _require_destination(ctx, intent)
    _keep_method(ctx, intent, method, authenticated)
    if intent.body["capture_method"] == "manual":
        authorizations.hold(ctx, intent, charges.authorize(ctx, intent, method, authenticated=authenticated))
        return "requires_capture"
    return paid(ctx, intent, method, charges.succeed(ctx, intent, method, authenticated=authenticated))


def method_types(currency: str, allowed: list[str] | None, capture_method: str | None = None) -> list[str]:
    """The kinds of payment method that fit a payment, as far as they are allowed; 400 or 501 when none does."""
    fitting = ["card"]
    if currency == "eur" and capture_method != "manual":
        fitting.append(debit_methods.TYPE)
    chosen = [kind for kind in fitting if allowed is None or kind in allowed]
    if chosen:
        return chosen
    if allowed and set(allowed) <= {"card", debit_methods.TYPE}:
        raise invalid(
            f"None of the allowed payment method types ({', '.join(allowed)}) can be used for this payment in "
            f"{currency}.",
            param="allowed_payment_method_types",
        )
    raise not_modelled("payment methods other than card and sepa_debit", param="allowed_payment_method_types")


def _require_type(intent: Row, method: Row) -> None:
    known = intent.body["payment_method_types"]
    if method.body["type"] not in known:
        raise invalid(
            f"The PaymentMethod provided ({method.body['type']}) is not allowed for this PaymentIntent. Please attach "
            f"a PaymentMethod of one of the following types: {', '.join(known)}.",
            param="payment_method",
        )


def _require_destination(ctx: Ctx, intent: Row) -> None:
    destination = (intent.body["transfer_data"] or {}).get("destination")
    if destination:
        moves.require_destination(ctx, destination, "transfer_data[destination]")


def _keep_method(ctx: Ctx, intent: Row, method: Row, authenticated: bool) -> None:
    """A card paid with is kept for its customer when asked for; otherwise it cannot be used again."""
    wanted, customer = intent.body["setup_future_usage"], intent.body["customer"]
    if wanted == "off_session" and authenticated:
        method.private["set_up"] = True
    if method.body["customer"] is None and wanted is None:
        method.private["spent"] = True
    ctx.save(method)
    if wanted is not None and customer is not None:
        attach(ctx, method, customer)


def _declined(ctx: Ctx, intent: Row, method: Row, decline: str) -> str:
    charge = charges.fail(ctx, intent, method, decline)
    intent.body |= {
        "latest_charge": charge.id,
        "next_action": None,
        "payment_method": None,
        "status": "requires_payment_method",
        "last_payment_error": _error(ctx, charge.id, "card_declined", decline, method),
    }
    ctx.save(intent)
    ctx.emit("charge.failed", charge)
    ctx.emit("payment_intent.payment_failed", intent)
    return "requires_payment_method"


def _error(ctx: Ctx, charge: str | None, code: str, decline: str | None, method: Row) -> Json:
    message = (
        DECLINE_MESSAGES[decline] if decline else "We are unable to authenticate your payment method. Please choose "
    )
    if decline is None:
        message += "a different payment method and try again."
    error: Json = {"code": code, "doc_url": DOC_URL + code.replace("_", "-"), "message": message, "type": "card_error"}
    error["payment_method"] = ctx.shown(method)
    if charge is not None:
        error["charge"] = charge
    if decline is not None:
        error["decline_code"] = decline
    return error


def _ask(ctx: Ctx, intent: Row, return_url: str | None) -> str:
    url = f"{ctx.em.public_url}/c/authenticate/{intent.id}"
    action: Json = {"type": "redirect_to_url", "redirect_to_url": {"return_url": return_url, "url": url}}
    if return_url is None:
        action = {"type": "use_stripe_sdk", "use_stripe_sdk": {"type": "three_d_secure_redirect", "stripe_js": url}}
    intent.body |= {"next_action": action, "status": "requires_action"}
    ctx.save(intent)
    ctx.emit("payment_intent.requires_action", intent)
    return "requires_action"


def refuse_authentication(ctx: Ctx, intent: Row) -> None:
    """The buyer failed, or gave up, 3-D Secure: nothing was charged."""
    method = ctx.must(intent.body["payment_method"])
    intent.body |= {
        "last_payment_error": _error(ctx, None, "payment_intent_authentication_failure", None, method),
        "next_action": None,
        "payment_method": None,
        "status": "requires_payment_method",
    }
    ctx.save(intent)
    ctx.emit("payment_intent.payment_failed", intent)


def require_authentication(ctx: Ctx, intent: Row, method: Row) -> str:
    """Nobody is there to authenticate: the attempt becomes a decline with code authentication_required."""
    charge = charges.fail(ctx, intent, method, "authentication_required")
    intent.body |= {
        "last_payment_error": _error(ctx, charge.id, "authentication_required", "authentication_required", method),
        "latest_charge": charge.id,
        "next_action": None,
        "payment_method": None,
        "status": "requires_payment_method",
    }
    ctx.save(intent)
    ctx.emit("charge.failed", charge)
    ctx.emit("payment_intent.payment_failed", intent)
    return "requires_payment_method"


def capture(ctx: Ctx, intent: Row, params: Json) -> None:
    """Take a held payment, or the part `amount_to_capture` names, with its transfer; amounts in its minor units."""
    amount = authorizations.check_capture(ctx, intent, params)
    charge = authorizations.capture(ctx, intent, amount)
    paid(ctx, intent, None, charge)


def paid(ctx: Ctx, intent: Row, method: Row | None, charge: Row) -> str:
    """The charge is booked: its transfer, the intent's end, the events. Without `method` it was captured later."""
    transfer = _split(ctx, intent, charge)
    intent.body |= {
        "amount_capturable": 0,
        "amount_received": charge.body["amount_captured"],
        "last_payment_error": None,
        "latest_charge": charge.id,
        "next_action": None,
        "status": "succeeded",
    }
    ctx.save(intent)
    ctx.emit("charge.captured" if method is None else "charge.succeeded", charge)
    if transfer is not None:
        moves.announce(ctx, transfer)
    ctx.emit("payment_intent.succeeded", intent)
    return "succeeded"


def _split(ctx: Ctx, intent: Row, charge: Row) -> Row | None:
    """A destination charge's transfer: everything, with the fee coming back, or the part transfer_data.amount names."""
    data = intent.body["transfer_data"]
    if not data:
        return None
    part = data.get("amount")
    transfer = moves.send(
        ctx,
        data["destination"],
        charge.body["amount_captured"] if part is None else part,
        intent.body["currency"],
        charge=charge,
        available_on=ledger.available_on(ctx.store, charge.body["balance_transaction"]),
        group=intent.body["transfer_group"],
        fee=intent.body["application_fee_amount"] or 0,
        by_charge=True,
    )
    charge.body["transfer"] = transfer.id
    charge.body["application_fee"] = transfer.private["application_fee"]
    charge.body["application"] = ctx.em.application_id if transfer.private["application_fee"] else None
    ctx.save(charge)
    return transfer


def card_error(intent: Json) -> StripeError:
    """402, with what the decline left behind kept."""
    error = intent["last_payment_error"]
    return StripeError(
        402,
        error["message"],
        type="card_error",
        code=error["code"],
        keep_writes=True,
        charge=error.get("charge"),
        decline_code=error.get("decline_code"),
        payment_intent=intent,
        payment_method=error.get("payment_method"),
    )
