"""The lines of a Checkout Session, from prices or price_data."""

from __future__ import annotations

from typing import TYPE_CHECKING

from emulator.context import metadata
from emulator.errors import invalid
from emulator.resources import prices, products
from emulator.schema.build import build
from emulator.store import Row
from emulator.types import Json

if TYPE_CHECKING:
    from emulator.context import Ctx

_MOST = 100
_MOST_OF_ONE = 999_999


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


def descriptions(ctx: Ctx, items: list[Json]) -> list[str]:
    """What the payment page says about each product; the line item object has no place for it."""
    return [str(ctx.must(item["price"]["product"]).body["description"] or "") for item in items]


def _item(ctx: Ctx, number: int, given: Json) -> Json:
    name = f"line_items[{number}]"
    if bool(given.get("price")) == bool(given.get("price_data")):
        raise invalid(f"You must specify either `price` or `price_data` in `{name}`.", param=name)
    if "quantity" not in given:
        raise invalid(f"Quantity is required. Add `quantity` to `{name}`", param=f"{name}[quantity]")
    quantity = given["quantity"]
    if not 1 <= quantity <= _MOST_OF_ONE:
        raise invalid(
            "This value must be greater than or equal to 1."
            if quantity < 1
            else f"This value must be less than or equal to {_MOST_OF_ONE}.",
            param=f"{name}[quantity]",
            code="parameter_invalid_integer",
        )
    price = _known(ctx, given["price"], name) if given.get("price") else _made(ctx, given["price_data"], name)
    total = price["unit_amount"] * quantity
    return build(
        "item",
        id="li_1" + ctx.store.random_text(23),
        amount_subtotal=total,
        amount_total=total,
        currency=price["currency"],
        description=ctx.must(price["product"]).body["name"],
        metadata=metadata(given.get("metadata")),
        price=price,
        quantity=quantity,
    )


def _known(ctx: Ctx, id: str, name: str) -> Json:
    row = ctx.referenced("price", id, f"{name}[price]")
    if not row.body["active"]:
        raise invalid("The price specified is inactive. This field only accepts active prices.", param=f"{name}[price]")
    return row.body


def _made(ctx: Ctx, data: Json, name: str) -> Json:
    """Made for this one session, so not active for others."""
    prefix = f"{name}[price_data]"
    if bool(data.get("product")) == bool(data.get("product_data")):
        raise invalid(f"You must specify either `product` or `product_data` in `{prefix}`.", param=prefix)
    if "unit_amount" not in data:
        raise invalid(
            f"Missing required param: {prefix}[unit_amount].",
            param=f"{prefix}[unit_amount]",
            code="parameter_missing",
        )
    prices.require_unit(data["unit_amount"], f"{prefix}[unit_amount]")
    currency = ctx.currency(data["currency"], f"{prefix}[currency]")
    if data.get("product"):
        product = ctx.referenced("product", data["product"], f"{prefix}[product]")
    else:
        product = products.make(ctx, data["product_data"], active=False)
    given = {"tax_behavior": data.get("tax_behavior", "unspecified")}
    return prices.make(ctx, product.id, currency, data["unit_amount"], given, active=False).body


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
