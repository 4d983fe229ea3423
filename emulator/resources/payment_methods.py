"""v1/payment_methods: test cards as objects."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from emulator.cards import BY_NUMBER, BY_TOKEN, Card
from emulator.context import metadata
from emulator.errors import StripeError, invalid, not_modelled
from emulator.registry import documented, operation
from emulator.resources.customers import full_address
from emulator.schema.build import build
from emulator.store import Row
from emulator.types import Json

if TYPE_CHECKING:
    from emulator.context import Ctx

_ADDRESS = "{city country line1 line2 postal_code state}"

documented("cards", "Only Stripe's listed test numbers and pm_card_… tokens are accepted.")


@operation(
    "POST /v1/payment_methods",
    f"type card{{number exp_month exp_year cvc}} billing_details{{email name phone address{_ADDRESS}}} metadata",
)
def create(ctx: Ctx, params: Json, ids: dict[str, str]) -> Json:
    if params.get("type") != "card":
        raise not_modelled(f"payment methods of type {params.get('type')}", param="type")
    given = params.get("card") or {}
    card = BY_NUMBER.get(str(given.get("number", "")).replace(" ", ""))
    if card is None:
        raise StripeError(
            402, "Your card number is not one of Stripe's test numbers.", type="card_error", code="incorrect_number"
        )
    row = make(
        ctx,
        card,
        exp_month=int(given.get("exp_month", 12)),
        exp_year=int(given.get("exp_year", 2034)),
        billing=params.get("billing_details") or {},
        data=params.get("metadata"),
    )
    return ctx.shown(row)


@operation("GET /v1/payment_methods/{payment_method}")
def retrieve(ctx: Ctx, params: Json, ids: dict[str, str]) -> Json:
    if ids["payment_method"] in BY_TOKEN:
        return ctx.shown(make(ctx, BY_TOKEN[ids["payment_method"]]))
    return ctx.shown(ctx.own("payment_method", ids["payment_method"]))


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
            "brand": "visa",
            "checks": {"cvc_check": "pass"},
            "country": card.country,
            "display_brand": "visa",
            "exp_month": exp_month,
            "exp_year": exp_year,
            "fingerprint": hashlib.sha256(card.number.encode()).hexdigest()[:16],
            "funding": "credit",
            "last4": card.last4,
            "networks": {"available": ["visa"], "preferred": None},
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


def usable(ctx: Ctx, id: str, param: str) -> Row:
    """The payment method a payment names: one of ours, or a test token that becomes one."""
    token = BY_TOKEN.get(id)
    if token is not None:
        return make(ctx, token)
    if id.startswith("pm_card_"):
        raise not_modelled(f"the test payment method {id}", param=param)
    row = ctx.store.get(id)
    if row is None or row.kind != "payment_method":
        raise invalid(f"No such PaymentMethod: '{id}'", param=param, code="resource_missing")
    return row


def card_of(row: Row) -> Card:
    return BY_NUMBER[row.private["number"]]
