"""v1/customers."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING

from emulator.context import metadata
from emulator.errors import invalid
from emulator.paging import page
from emulator.registry import PAGING, operation
from emulator.schema.build import build
from emulator.store import Row
from emulator.types import Json

if TYPE_CHECKING:
    from emulator.context import Ctx

_ADDRESS = "{city country line1 line2 postal_code state}"
_SHIPPING = f"shipping{{name phone address{_ADDRESS}}}"
_PARAMETERS = (
    f"email name phone description metadata preferred_locales address{_ADDRESS} {_SHIPPING} "
    "invoice_settings{default_payment_method}"
)
_DEFAULT_CARD = "invoice_settings[default_payment_method]"
_NOT_ATTACHED = "The customer does not have a payment method with this ID. Attach the payment method first."
_PLAIN = ("email", "name", "phone", "description")


@operation("POST /v1/customers", _PARAMETERS)
def create(ctx: Ctx, params: Json, ids: dict[str, str]) -> Json:
    id = ctx.store.new_id("cus", 14)
    body = build(
        "customer",
        id=id,
        balance=0,
        created=ctx.now,
        delinquent=False,
        invoice_prefix=ctx.store.random_text(8).upper(),
        invoice_settings={},
        next_invoice_sequence=1,
        metadata={},
        preferred_locales=[],
        tax_exempt="none",
    )
    if (params.get("invoice_settings") or {}).get("default_payment_method"):
        raise invalid(_NOT_ATTACHED, param=_DEFAULT_CARD, code="resource_missing")
    _apply(body, params)
    row = ctx.insert(body)
    ctx.emit("customer.created", row)
    return ctx.shown(row)


@operation("GET /v1/customers/{customer}")
def retrieve(ctx: Ctx, params: Json, ids: dict[str, str]) -> Json:
    row = ctx.store.get(ids["customer"])
    if row is not None and row.kind == "deleted_customer":
        return {"id": row.id, "object": "customer", "deleted": True}
    return ctx.shown(ctx.own("customer", ids["customer"]))


@operation("POST /v1/customers/{customer}", _PARAMETERS)
def update(ctx: Ctx, params: Json, ids: dict[str, str]) -> Json:
    row = ctx.own("customer", ids["customer"])
    before = copy.deepcopy(row.body)
    _default_card(ctx, row, params.get("invoice_settings") or {})
    _apply(row.body, params)
    ctx.save(row)
    changed = {key: value for key, value in before.items() if row.body[key] != value}
    if changed:
        ctx.emit("customer.updated", row, previous=changed)
    return ctx.shown(row)


@operation("GET /v1/customers", f"email created {PAGING}")
def list_all(ctx: Ctx, params: Json, ids: dict[str, str]) -> Json:
    return page(ctx, "customer", params, "/v1/customers", filters=("email",))


@operation("DELETE /v1/customers/{customer}")
def delete(ctx: Ctx, params: Json, ids: dict[str, str]) -> Json:
    """The row stays, so that the id keeps answering with `deleted`; lists no longer show it."""
    row = ctx.own("customer", ids["customer"])
    for card in ctx.store.find("payment_method", where={"customer": row.id}):
        card.body["customer"] = None
        card.private["spent"] = True
        ctx.save(card)
    ctx.emit("customer.deleted", row)
    ctx.store.delete(row)
    ctx.store.insert(row.body, account=row.account, created=ctx.now, kind="deleted_customer")
    return {"id": row.id, "object": "customer", "deleted": True}


def _default_card(ctx: Ctx, row: Row, settings: Json) -> None:
    if "default_payment_method" not in settings:
        return
    id = settings["default_payment_method"] or None
    card = ctx.store.get(id) if id else None
    if id and (card is None or card.kind != "payment_method" or card.body["customer"] != row.id):
        raise invalid(_NOT_ATTACHED, param=_DEFAULT_CARD, code="resource_missing")
    row.body["invoice_settings"]["default_payment_method"] = id


def _apply(body: Json, params: Json) -> None:
    for name in _PLAIN:
        if name in params:
            body[name] = params[name] or None
    if body["email"] and "@" not in body["email"]:
        raise invalid(f"Invalid email address: {body['email']}", param="email", code="email_invalid")
    if "preferred_locales" in params:
        body["preferred_locales"] = params["preferred_locales"]
    body["metadata"] = metadata(params.get("metadata"), body["metadata"])
    if "address" in params:
        body["address"] = full_address(params["address"]) if params["address"] else None
    if "shipping" in params:
        body["shipping"] = _shipping(params["shipping"]) if params["shipping"] else None


def full_address(given: Json) -> Json:
    """Every field, null where nothing was given."""
    return {key: given.get(key) or None for key in ("city", "country", "line1", "line2", "postal_code", "state")}


def _shipping(given: Json) -> Json:
    return {
        "address": full_address(given.get("address") or {}),
        "name": given.get("name"),
        "phone": given.get("phone") or None,
    }
