"""The lines of a Checkout Session, from price_data."""

from __future__ import annotations

from typing import TYPE_CHECKING

from emulator.context import metadata
from emulator.errors import invalid, not_modelled
from emulator.schema.build import build
from emulator.store import Row
from emulator.types import Json

if TYPE_CHECKING:
    from emulator.context import Ctx

_MOST = 100


def line_items(ctx: Ctx, given: list[Json]) -> list[Json]:
    """Line item objects; amounts are minor units of the session's one currency."""
    if len(given) > _MOST:
        raise invalid(f"A Checkout Session takes at most {_MOST} line items.", param="line_items")
    items = [_item(ctx, number, item) for number, item in enumerate(given)]
    currencies = {item["currency"] for item in items}
    if len(currencies) > 1:
        raise invalid(
            f"You cannot combine currencies on a single Checkout Session; got {', '.join(sorted(currencies))}.",
            param="line_items",
        )
    return items


def descriptions(given: list[Json]) -> list[str]:
    """What the payment page says about each product; the line item object has no place for it."""
    return [str(item["price_data"]["product_data"].get("description") or "") for item in given]


def _item(ctx: Ctx, number: int, given: Json) -> Json:
    name = f"line_items[{number}]"
    data = given.get("price_data")
    if data is None:
        raise invalid(f"You must specify either `price` or `price_data` in `{name}`.", param=name)
    if "product_data" not in data:
        raise not_modelled("line items without product_data", param=f"{name}[price_data][product_data]")
    if "unit_amount" not in data:
        raise invalid(
            f"Missing required param: {name}[price_data][unit_amount].",
            param=f"{name}[price_data][unit_amount]",
            code="parameter_missing",
        )
    if "quantity" not in given:
        raise invalid(f"Quantity is required. Add `quantity` to `{name}`", param=f"{name}[quantity]")
    quantity, unit = given["quantity"], data["unit_amount"]
    for value, least, param in ((quantity, 1, "quantity"), (unit, 0, "price_data][unit_amount")):
        if value < least:
            raise invalid(
                f"This value must be greater than or equal to {least}.",
                param=f"{name}[{param}]",
                code="parameter_invalid_integer",
            )
    currency = ctx.currency(data["currency"], f"{name}[price_data][currency]")
    price = _price(ctx, currency, unit, data)
    return build(
        "item",
        id="li_1" + ctx.store.random_text(23),
        amount_subtotal=unit * quantity,
        amount_total=unit * quantity,
        currency=currency,
        description=data["product_data"]["name"],
        metadata=metadata(given.get("metadata")),
        price=price,
        quantity=quantity,
    )


def _price(ctx: Ctx, currency: str, unit: int, data: Json) -> Json:
    """Made for this one session, so not active for others."""
    return build(
        "price",
        id="price_1" + ctx.store.random_text(23),
        active=False,
        billing_scheme="per_unit",
        created=ctx.now,
        currency=currency,
        metadata={},
        product=ctx.store.new_id("prod", 14),
        tax_behavior=data.get("tax_behavior", "unspecified"),
        type="one_time",
        unit_amount=unit,
        unit_amount_decimal=str(unit),
    )


def listed(row: Row, size: int, params: Json) -> Json:
    """A page of a session's lines, in the order they were given."""
    items: list[Json] = row.private["items"]
    ids = [item["id"] for item in items]
    for param in ("starting_after", "ending_before"):
        if params.get(param) and params[param] not in ids:
            raise invalid(f"No such line item: '{params[param]}'", param=param, code="resource_missing")
    more = False
    if params.get("ending_before"):
        head = items[: ids.index(params["ending_before"])]
        items, more = head[-size:], len(head) > size
    else:
        start = ids.index(params["starting_after"]) + 1 if params.get("starting_after") else 0
        items, more = items[start : start + size], len(items) > start + size
    url = f"/v1/checkout/sessions/{row.id}/line_items"
    return {"object": "list", "data": [dict(item) for item in items], "has_more": more, "url": url}
