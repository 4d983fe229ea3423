"""v1/products."""

from __future__ import annotations

import re
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

_TEXTS = ("description", "statement_descriptor", "tax_code", "unit_label", "url")
_DESCRIPTIVE = f"active name images metadata shippable {' '.join(_TEXTS)}"


@operation("POST /v1/products", f"id {_DESCRIPTIVE}")
def create(ctx: Ctx, params: Json, ids: dict[str, str]) -> Json:
    id = params.get("id")
    if id is not None and not re.fullmatch(r"[A-Za-z0-9_.-]{1,100}", id):
        raise invalid("Product ids have letters, digits, - and _ only.", param="id")
    if id is not None and ctx.store.get(id) is not None:
        raise invalid(f"Product already exists: {id}", param="id", code="resource_already_exists")
    row = make(ctx, params, id=id)
    ctx.emit("product.created", row)
    return ctx.shown(row)


def make(ctx: Ctx, given: Json, *, id: str | None = None, active: bool = True) -> Row:
    """A product; `given` has a name."""
    body = build(
        "product",
        id=id or ctx.store.new_id("prod", 14),
        active=active,
        created=ctx.now,
        images=[],
        marketing_features=[],
        metadata={},
        name="",
        type="service",
        updated=ctx.now,
    )
    _apply(ctx, body, given)
    return ctx.insert(body)


@operation("GET /v1/products/{id}")
def retrieve(ctx: Ctx, params: Json, ids: dict[str, str]) -> Json:
    return ctx.shown(ctx.own("product", ids["id"]))


@operation("POST /v1/products/{id}", f"default_price {_DESCRIPTIVE}")
def update(ctx: Ctx, params: Json, ids: dict[str, str]) -> Json:
    row = ctx.own("product", ids["id"])
    before = dict(row.body)
    _apply(ctx, row.body, params)
    if "default_price" in params:
        row.body["default_price"] = _default_price(ctx, row, params["default_price"])
    changed = {key: value for key, value in before.items() if row.body[key] != value}
    if changed:
        changed["updated"], row.body["updated"] = before["updated"], ctx.now
        ctx.save(row)
        ctx.emit("product.updated", row, previous=changed)
    return ctx.shown(row)


def _default_price(ctx: Ctx, row: Row, id: str) -> str | None:
    if not id:
        return None
    price = ctx.referenced("price", id, "default_price")
    if price.body["product"] != row.id:
        raise invalid(f"The price {id} does not belong to this product.", param="default_price")
    return price.id


@operation("GET /v1/products", f"active created {PAGING}")
def list_all(ctx: Ctx, params: Json, ids: dict[str, str]) -> Json:
    return page(ctx, "product", params, "/v1/products", filters=("active",))


def _apply(ctx: Ctx, body: Json, given: Json) -> None:
    for name in ("active", "name", "shippable"):
        if name in given:
            body[name] = given[name]
    for name in _TEXTS:
        if name in given:
            body[name] = given[name] or None
    if "images" in given:
        body["images"] = list(given["images"] or [])
    body["metadata"] = metadata(given.get("metadata"), body["metadata"])
