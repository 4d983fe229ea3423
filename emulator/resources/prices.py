"""v1/prices: one-time prices per unit."""

from __future__ import annotations

from typing import TYPE_CHECKING

from emulator.context import metadata
from emulator.errors import invalid, not_modelled
from emulator.money import MAXIMUM
from emulator.paging import limit, list_object, page
from emulator.registry import PAGING, documented, operation
from emulator.resources import products
from emulator.schema.build import build
from emulator.store import Row
from emulator.types import Json

if TYPE_CHECKING:
    from emulator.context import Ctx

_DESCRIPTIVE = "active lookup_key metadata nickname tax_behavior transfer_lookup_key"
_FILTERS = ("active", "currency", "product", "type")

documented(
    "prices",
    "A price's amount, currency and product never change; a line item takes active prices only.",
    "price_data in a line item makes an inactive price (and product) for that one session.",
)


@operation(
    "POST /v1/prices",
    f"currency unit_amount product product_data{{id name metadata active tax_code}} {_DESCRIPTIVE} billing_scheme",
)
def create(ctx: Ctx, params: Json, ids: dict[str, str]) -> Json:
    currency = ctx.currency(params["currency"])
    if params.get("billing_scheme", "per_unit") != "per_unit":
        raise not_modelled("tiered prices", param="billing_scheme")
    if "unit_amount" not in params:
        raise invalid("Missing required param: unit_amount.", param="unit_amount", code="parameter_missing")
    require_unit(params["unit_amount"], "unit_amount")
    if bool(params.get("product")) == bool(params.get("product_data")):
        raise invalid("You must specify either `product` or `product_data` when creating a price.", param="product")
    lookup_key = _lookup_key(ctx, params)
    row = make(ctx, _product(ctx, params).id, currency, params["unit_amount"], params)
    row.body["lookup_key"] = lookup_key
    ctx.save(row)
    ctx.emit("price.created", row)
    return ctx.shown(row)


def _product(ctx: Ctx, params: Json) -> Row:
    if params.get("product"):
        return ctx.referenced("product", params["product"], "product")
    data = params["product_data"]
    if data.get("id") and ctx.store.get(data["id"]) is not None:
        raise invalid(f"Product already exists: {data['id']}", param="product_data[id]", code="resource_already_exists")
    row = products.make(ctx, data, id=data.get("id"))
    ctx.emit("product.created", row)
    return row


def require_unit(amount: int, param: str) -> None:
    """A price of nothing up to eight digits, in minor units."""
    if amount < 0:
        raise invalid("This value must be greater than or equal to 0.", param=param, code="parameter_invalid_integer")
    if amount > MAXIMUM:
        raise invalid(f"This value must be no more than {MAXIMUM}.", param=param, code="parameter_invalid_integer")


def make(ctx: Ctx, product: str, currency: str, unit: int, given: Json, *, active: bool = True) -> Row:
    """A price of `unit` minor units of `currency`."""
    body = build(
        "price",
        id="price_1" + ctx.store.random_text(23),
        active=given.get("active", active),
        billing_scheme="per_unit",
        created=ctx.now,
        currency=currency,
        metadata=metadata(given.get("metadata")),
        nickname=given.get("nickname"),
        product=product,
        tax_behavior=given.get("tax_behavior", "unspecified"),
        type="one_time",
        unit_amount=unit,
        unit_amount_decimal=str(unit),
    )
    return ctx.insert(body)


def _lookup_key(ctx: Ctx, params: Json) -> str | None:
    """A key names one price; transfer_lookup_key takes it from the price that has it."""
    key = params.get("lookup_key") or None
    holders = ctx.store.find("price", where={"lookup_key": key}) if key else []
    for holder in holders:
        if not params.get("transfer_lookup_key"):
            raise invalid(
                f"A price ({holder.id}) already uses that lookup key.", param="lookup_key", code="lookup_key_in_use"
            )
        holder.body["lookup_key"] = None
        ctx.save(holder)
    return key


@operation("GET /v1/prices/{price}")
def retrieve(ctx: Ctx, params: Json, ids: dict[str, str]) -> Json:
    return ctx.shown(ctx.own("price", ids["price"]))


@operation("POST /v1/prices/{price}", _DESCRIPTIVE)
def update(ctx: Ctx, params: Json, ids: dict[str, str]) -> Json:
    row = ctx.own("price", ids["price"])
    before = dict(row.body)
    if "lookup_key" in params and params["lookup_key"] != row.body["lookup_key"]:
        row.body["lookup_key"] = _lookup_key(ctx, params)
    for name in ("active", "nickname", "tax_behavior"):
        if name in params:
            row.body[name] = None if params[name] == "" else params[name]
    row.body["metadata"] = metadata(params.get("metadata"), row.body["metadata"])
    ctx.save(row)
    changed = {key: value for key, value in before.items() if row.body[key] != value}
    if changed:
        ctx.emit("price.updated", row, previous=changed)
    return ctx.shown(row)


@operation("GET /v1/prices", f"lookup_keys {' '.join(_FILTERS)} created {PAGING}")
def list_all(ctx: Ctx, params: Json, ids: dict[str, str]) -> Json:
    keys = params.get("lookup_keys")
    if not keys:
        return page(ctx, "price", params, "/v1/prices", filters=_FILTERS)
    others = {name: params[name] for name in _FILTERS if name in params}
    found = [row for key in dict.fromkeys(keys) for row in ctx.store.find("price", where={"lookup_key": key, **others})]
    found.sort(key=lambda row: -row.seq)
    return list_object(ctx, found, limit(params), "/v1/prices")
