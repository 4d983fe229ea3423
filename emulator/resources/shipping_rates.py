"""v1/shipping_rates: what delivery costs, for the shipping_options of a Checkout Session."""

from __future__ import annotations

from typing import TYPE_CHECKING

from emulator.context import metadata
from emulator.errors import invalid
from emulator.paging import page
from emulator.registry import PAGING, documented, operation
from emulator.resources.edits import edit
from emulator.schema.build import build
from emulator.store import Row
from emulator.types import Json

if TYPE_CHECKING:
    from emulator.context import Ctx

_ESTIMATE = "delivery_estimate{maximum{unit value} minimum{unit value}}"
PARAMETERS = f"display_name fixed_amount{{amount currency}} {_ESTIMATE} metadata tax_behavior type"
_MOST = 5

documented(
    "shipping",
    "A session offers at most five shipping options; the first is chosen until the buyer chooses another.",
    "The shipping amount is part of amount_total and of the payment.",
)


@operation("POST /v1/shipping_rates", PARAMETERS)
def create(ctx: Ctx, params: Json, ids: dict[str, str]) -> Json:
    return ctx.shown(make(ctx, params, ""))


def make(ctx: Ctx, given: Json, prefix: str) -> Row:
    """A rate from its parameters; its amount is minor units of its currency."""
    price, name = given.get("fixed_amount"), f"{prefix}[fixed_amount]" if prefix else "fixed_amount"
    if price is None:
        raise invalid(f"Missing required param: {name}.", param=name, code="parameter_missing")
    if not 0 <= price["amount"] <= 99_999_999:
        raise invalid("This value must be greater than or equal to 0.", param=f"{name}[amount]")
    currency = ctx.currency(price["currency"], f"{name}[currency]")
    body = build(
        "shipping_rate",
        id="shr_1" + ctx.store.random_text(23),
        active=True,
        created=ctx.now,
        delivery_estimate=_estimate(given.get("delivery_estimate")),
        display_name=given["display_name"],
        fixed_amount={"amount": price["amount"], "currency": currency},
        metadata=metadata(given.get("metadata")),
        tax_behavior=given.get("tax_behavior", "unspecified"),
        type="fixed_amount",
    )
    return ctx.insert(body)


def _estimate(given: Json | None) -> Json | None:
    return {side: given.get(side) for side in ("maximum", "minimum")} if given else None


@operation("GET /v1/shipping_rates/{shipping_rate_token}")
def retrieve(ctx: Ctx, params: Json, ids: dict[str, str]) -> Json:
    return ctx.shown(ctx.own("shipping_rate", ids["shipping_rate_token"]))


@operation("POST /v1/shipping_rates/{shipping_rate_token}", "active metadata")
def update(ctx: Ctx, params: Json, ids: dict[str, str]) -> Json:
    row = ctx.own("shipping_rate", ids["shipping_rate_token"])
    edit(ctx, row, params)
    if "active" in params:
        row.body["active"] = params["active"]
        ctx.save(row)
    return ctx.shown(row)


@operation("GET /v1/shipping_rates", f"created {PAGING}")
def list_all(ctx: Ctx, params: Json, ids: dict[str, str]) -> Json:
    return page(ctx, "shipping_rate", params, "/v1/shipping_rates")


def options(ctx: Ctx, given: list[Json], currency: str) -> list[Row]:
    """The rates a session offers, in its own currency."""
    if len(given) > _MOST:
        raise invalid(f"You can only specify up to {_MOST} shipping options.", param="shipping_options")
    return [_option(ctx, one, f"shipping_options[{number}]", currency) for number, one in enumerate(given)]


def _option(ctx: Ctx, given: Json, name: str, currency: str) -> Row:
    if bool(given.get("shipping_rate")) == bool(given.get("shipping_rate_data")):
        raise invalid(f"You must specify either `shipping_rate` or `shipping_rate_data` in `{name}`.", param=name)
    if given.get("shipping_rate"):
        row = ctx.referenced("shipping_rate", given["shipping_rate"], f"{name}[shipping_rate]")
        if not row.body["active"]:
            raise invalid(f"The shipping rate {row.id} is inactive.", param=f"{name}[shipping_rate]")
    else:
        row = make(ctx, given["shipping_rate_data"], f"{name}[shipping_rate_data]")
    if row.body["fixed_amount"]["currency"] != currency:
        raise invalid(f"The currency of the shipping rate must be the session's ({currency}).", param=name)
    return row
