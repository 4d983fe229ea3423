"""v1/payment_methods: test cards as objects."""

from __future__ import annotations

import copy
import hashlib
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from emulator.cards import BY_LEGACY_TOKEN, BY_NUMBER, BY_TOKEN, DECLINE_MESSAGES, Card
from emulator.context import metadata
from emulator.debits import DEBIT_BY_TOKEN
from emulator.errors import StripeError, invalid, missing, not_modelled
from emulator.paging import page
from emulator.registry import PAGING, assumed, documented, operation
from emulator.resources import debit_methods
from emulator.resources.customers import full_address
from emulator.schema.build import build
from emulator.store import Row
from emulator.types import Json

if TYPE_CHECKING:
    from emulator.context import Ctx

_ADDRESS = "{city country line1 line2 postal_code state}"
_FILTERS = ("customer", "type", "allow_redisplay")

documented(
    "cards",
    "Only Stripe's listed test numbers, pm_card_… and tok_… tokens are accepted.",
    "A detached payment method, and one used once without a customer, cannot be used again.",
    "A saved card is paid with only together with its customer.",
    "Card 0341 can be attached, and declines every charge; other declining cards cannot be attached.",
)
assumed("cards", "The wording of the refusals of payment methods that are spent or somebody else's.")


@operation(
    "POST /v1/payment_methods",
    "type card{number exp_month exp_year cvc token} sepa_debit{iban} "
    f"billing_details{{email name phone address{_ADDRESS}}} metadata allow_redisplay",
)
def create(ctx: Ctx, params: Json, ids: dict[str, str]) -> Json:
    if "type" not in params:
        raise invalid("Missing required param: type.", param="type", code="parameter_missing")
    if params["type"] == debit_methods.TYPE:
        return ctx.shown(debit_methods.create(ctx, params))
    if params["type"] != "card":
        raise not_modelled(f"payment methods of type {params['type']}", param="type")
    given = params.get("card") or {}
    card = _given_card(given)
    month, year = given.get("exp_month", 12), given.get("exp_year", 2034)
    _require_expiry(ctx, month, year)
    row = make(
        ctx, card, exp_month=month, exp_year=year, billing=params.get("billing_details"), data=params.get("metadata")
    )
    row.body["allow_redisplay"] = params.get("allow_redisplay", "unspecified")
    ctx.save(row)
    return ctx.shown(row)


def _given_card(given: Json) -> Card:
    """The test card a number or a token stands for."""
    token, number = given.get("token"), given.get("number")
    if not token and not number:
        raise invalid("Missing required param: card[number].", param="card[number]", code="parameter_missing")
    if token:
        known = BY_LEGACY_TOKEN.get(token)
        if known is None and token.startswith("tok_") and token[4:].isalpha():
            raise not_modelled(f"the test token {token}", param="card[token]")
        if known is None:
            raise invalid(f"No such token: '{token}'", param="card[token]", code="resource_missing")
        return known
    card = BY_NUMBER.get(str(number).replace(" ", ""))
    if card is None:
        raise StripeError(
            402,
            "Your card number is not one of Stripe's test numbers.",
            type="card_error",
            code="incorrect_number",
            param="number",
        )
    return card


def _require_expiry(ctx: Ctx, month: int, year: int) -> None:
    """The card's last month is not over yet."""
    today = datetime.fromtimestamp(ctx.now, UTC)
    if not 1 <= month <= 12:
        what = "invalid_expiry_month"
        raise StripeError(
            402, "Your card's expiration month is invalid.", type="card_error", code=what, param="exp_month"
        )
    year = year + 2000 if 0 <= year < 100 else year
    if (year, month) < (today.year, today.month) or year > today.year + 50:
        what = "invalid_expiry_year"
        raise StripeError(
            402, "Your card's expiration year is invalid.", type="card_error", code=what, param="exp_year"
        )


@operation("GET /v1/payment_methods/{payment_method}")
def retrieve(ctx: Ctx, params: Json, ids: dict[str, str]) -> Json:
    return ctx.shown(_own(ctx, ids["payment_method"]))


@operation(
    "POST /v1/payment_methods/{payment_method}",
    f"card{{exp_month exp_year}} billing_details{{email name phone address{_ADDRESS}}} metadata allow_redisplay",
)
def update(ctx: Ctx, params: Json, ids: dict[str, str]) -> Json:
    row = _own(ctx, ids["payment_method"])
    if row.body["customer"] is None:
        raise invalid("You must save this PaymentMethod to a customer before you can update it.")
    before = copy.deepcopy(row.body)
    if params.get("card"):
        card = card_shown(row)
        card.update(params["card"])
        _require_expiry(ctx, card["exp_month"], card["exp_year"])
    billing = params.get("billing_details") or {}
    for name in billing.keys() & {"email", "name", "phone"}:
        row.body["billing_details"][name] = billing[name] or None
    if "address" in billing:
        row.body["billing_details"]["address"] = full_address(billing["address"] or {})
    row.body["allow_redisplay"] = params.get("allow_redisplay", row.body["allow_redisplay"])
    row.body["metadata"] = metadata(params.get("metadata"), row.body["metadata"])
    ctx.save(row)
    changed = {key: value for key, value in before.items() if row.body[key] != value}
    if changed:
        ctx.emit("payment_method.updated", row, previous=changed)
    return ctx.shown(row)


@operation("POST /v1/payment_methods/{payment_method}/attach", "customer")
def attach_to_customer(ctx: Ctx, params: Json, ids: dict[str, str]) -> Json:
    row = usable(ctx, ids["payment_method"], "payment_method", status=404)
    if not params.get("customer"):
        raise invalid("Missing required param: customer.", param="customer", code="parameter_missing")
    customer = ctx.referenced("customer", params["customer"], "customer")
    if row.body["customer"] not in (None, customer.id):
        raise invalid("The payment method you provided has already been attached to a customer.")
    card = None if debit_methods.is_debit(row) else card_of(row)
    if card is not None and card.decline is not None and not card.declines_saved:
        raise StripeError(
            402,
            DECLINE_MESSAGES[card.decline],
            type="card_error",
            code="card_declined",
            decline_code=card.decline,
        )
    attach(ctx, row, customer.id)
    return ctx.shown(row)


@operation("POST /v1/payment_methods/{payment_method}/detach")
def detach_from_customer(ctx: Ctx, params: Json, ids: dict[str, str]) -> Json:
    row = _own(ctx, ids["payment_method"])
    if row.body["customer"] is None:
        raise invalid("The payment method you provided is not attached to a customer so detachment is impossible.")
    detach(ctx, row)
    return ctx.shown(row)


@operation("GET /v1/payment_methods", f"customer type allow_redisplay {PAGING}")
def list_all(ctx: Ctx, params: Json, ids: dict[str, str]) -> Json:
    if params.get("customer"):
        ctx.referenced("customer", params["customer"], "customer")
    return page(ctx, "payment_method", params, "/v1/payment_methods", filters=_FILTERS)


@operation("GET /v1/customers/{customer}/payment_methods", f"type allow_redisplay {PAGING}")
def list_of_customer(ctx: Ctx, params: Json, ids: dict[str, str]) -> Json:
    customer = ctx.own("customer", ids["customer"])
    url = f"/v1/customers/{customer.id}/payment_methods"
    return page(ctx, "payment_method", params, url, where={"customer": customer.id}, filters=_FILTERS[1:])


@operation("GET /v1/customers/{customer}/payment_methods/{payment_method}")
def retrieve_of_customer(ctx: Ctx, params: Json, ids: dict[str, str]) -> Json:
    customer = ctx.own("customer", ids["customer"])
    row = _own(ctx, ids["payment_method"])
    if row.body["customer"] != customer.id:
        raise missing("PaymentMethod", row.id, param="payment_method")
    return ctx.shown(row)


def _own(ctx: Ctx, id: str) -> Row:
    """The payment method the path names; a test token becomes one."""
    token = BY_TOKEN.get(id)
    return make(ctx, token) if token is not None else ctx.own("payment_method", id)


def attach(ctx: Ctx, row: Row, customer: str) -> None:
    """Save a card to a customer."""
    if row.body["customer"] == customer:
        return
    row.body["customer"] = customer
    ctx.save(row)
    ctx.emit("payment_method.attached", row)


def detach(ctx: Ctx, row: Row) -> None:
    """Take a saved card from its customer; it cannot be used again."""
    customer = ctx.store.get(row.body["customer"])
    if customer is not None and customer.body["invoice_settings"]["default_payment_method"] == row.id:
        customer.body["invoice_settings"]["default_payment_method"] = None
        ctx.save(customer)
    previous = {"customer": row.body["customer"]}
    row.body["customer"] = None
    row.private["spent"] = True
    ctx.save(row)
    ctx.emit("payment_method.detached", row, previous=previous)


def make(
    ctx: Ctx,
    card: Card,
    *,
    exp_month: int = 12,
    exp_year: int = 2034,
    billing: Json | None = None,
    data: Json | None = None,
) -> Row:
    """A payment method of a test card; the same number always has the same fingerprint."""
    billing = billing or {}
    body = build(
        "payment_method",
        id="pm_1" + ctx.store.random_text(23),
        allow_redisplay="unspecified",
        billing_details={
            "address": full_address(billing.get("address") or {}),
            "email": billing.get("email") or None,
            "name": billing.get("name") or None,
            "phone": billing.get("phone") or None,
            "tax_id": None,
        },
        card={
            "brand": card.brand,
            "checks": {"cvc_check": "pass"},
            "country": card.country,
            "display_brand": card.brand,
            "exp_month": exp_month,
            "exp_year": exp_year,
            "fingerprint": hashlib.sha256(card.number.encode()).hexdigest()[:16],
            "funding": "credit",
            "last4": card.last4,
            "networks": {"available": [card.brand], "preferred": None},
            "regulated_status": "unregulated",
            "three_d_secure_usage": {"supported": True},
        },
        created=ctx.now,
        customer=None,
        customer_account=None,
        livemode=False,
        metadata=metadata(data),
        type="card",
    )
    return ctx.insert(body, private={"number": card.number})


def usable(ctx: Ctx, id: str, param: str, *, status: int = 400) -> Row:
    """The payment method a payment names: one of ours, or a test token that becomes one."""
    token = BY_TOKEN.get(id)
    if token is not None:
        return make(ctx, token)
    if id in DEBIT_BY_TOKEN:
        return debit_methods.make(ctx, DEBIT_BY_TOKEN[id])
    if id.startswith("pm_card_"):
        raise not_modelled(f"the test payment method {id}", param=param)
    row = ctx.store.get(id)
    if row is None or row.kind != "payment_method":
        raise StripeError(status, f"No such PaymentMethod: '{id}'", param=param, code="resource_missing")
    if row.private.get("spent"):
        raise invalid(
            "This PaymentMethod was previously used without being attached to a Customer or was detached from a "
            "Customer, and may not be used again."
        )
    return row


def usable_by(ctx: Ctx, id: str, customer: str | None) -> Row:
    """`usable`, and not somebody else's: a saved card needs its customer beside it."""
    row = usable(ctx, id, "payment_method")
    owner = row.body["customer"]
    if owner is not None and owner != customer:
        raise invalid(
            f"The payment method supplied ({row.id}) belongs to the Customer {owner}. Please include the Customer in "
            "the `customer` parameter.",
            param="payment_method",
        )
    return row


def needs_authentication(row: Row, *, off_session: bool) -> bool:
    """Whether the bank asks first. One card stops asking off-session once it was set up for that."""
    card = card_of(row)
    if not card.authentication:
        return False
    return not (card.unless_set_up and off_session and row.private.get("set_up"))


def card_of(row: Row) -> Card:
    """The test card behind a payment method; 501 for what only cards are modelled for."""
    if "number" not in row.private:
        raise not_modelled(f"this with a payment method of type {row.body['type']}", param="payment_method")
    return BY_NUMBER[row.private["number"]]


def card_shown(row: Row) -> Json:
    """The card's hash; 400 for a payment method that has none."""
    card: Json | None = row.body.get("card")
    if card is None:
        raise invalid(f"A payment method of type {row.body['type']} has no card.", param="card")
    return card
