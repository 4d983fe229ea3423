"""v1/coupons, and what one takes off a Checkout Session."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from emulator.context import metadata
from emulator.errors import invalid, not_modelled
from emulator.money import share_so_far
from emulator.paging import page
from emulator.registry import PAGING, assumed, documented, operation
from emulator.render import renderer
from emulator.schema.build import build
from emulator.store import Row
from emulator.types import Json

if TYPE_CHECKING:
    from emulator.context import Ctx

documented(
    "coupons",
    "A coupon takes off a percentage, or an amount in one currency; a session takes at most one.",
    "max_redemptions and redeem_by end its validity; a deleted one cannot be used any more.",
)
assumed(
    "coupons",
    "A percentage is rounded half up on the whole order and shared among its lines.",
    "A coupon is redeemed when the session is paid, not when it is opened.",
)


@renderer("coupon")
def view(ctx: Ctx, row: Row) -> Json:
    return {**row.body, "valid": is_valid(ctx, row)}


def is_valid(ctx: Ctx, row: Row) -> bool:
    body = row.body
    used_up = body["max_redemptions"] is not None and body["times_redeemed"] >= body["max_redemptions"]
    return not used_up and (body["redeem_by"] is None or ctx.now < body["redeem_by"])


@operation(
    "POST /v1/coupons",
    "id name percent_off amount_off currency duration duration_in_months max_redemptions redeem_by metadata",
)
def create(ctx: Ctx, params: Json, ids: dict[str, str]) -> Json:
    _require_complete(ctx, params)
    id = params.get("id") or ctx.store.random_text(8)
    if ctx.store.get(id) is not None:
        raise invalid(f"Coupon already exists: {id}", param="id", code="resource_already_exists")
    body = build(
        "coupon",
        id=id,
        amount_off=params.get("amount_off"),
        created=ctx.now,
        currency=ctx.currency(params["currency"]) if "amount_off" in params else None,
        duration=params.get("duration", "once"),
        duration_in_months=params.get("duration_in_months"),
        max_redemptions=params.get("max_redemptions"),
        metadata=metadata(params.get("metadata")),
        name=params.get("name"),
        percent_off=params.get("percent_off"),
        redeem_by=params.get("redeem_by"),
        times_redeemed=0,
        valid=True,
    )
    row = ctx.insert(body)
    ctx.emit("coupon.created", row)
    return ctx.shown(row)


def _require_complete(ctx: Ctx, params: Json) -> None:
    percent, amount, months = params.get("percent_off"), params.get("amount_off"), params.get("duration_in_months")
    if (percent is None) == (amount is None):
        raise invalid("Coupons take either percent_off or amount_off.", param="percent_off")
    if percent is not None and not 0 < percent <= 100:
        raise invalid("percent_off must be greater than 0 and at most 100.", param="percent_off")
    if amount is not None and amount < 1:
        raise invalid("This value must be greater than or equal to 1.", param="amount_off")
    if amount is not None and "currency" not in params:
        raise invalid("Missing required param: currency.", param="currency", code="parameter_missing")
    if (params.get("duration") == "repeating") != (months is not None):
        raise invalid("duration_in_months goes with duration=repeating.", param="duration_in_months")
    for name in ("max_redemptions", "duration_in_months"):
        if params.get(name) is not None and params[name] < 1:
            raise invalid("This value must be greater than or equal to 1.", param=name)
    if params.get("redeem_by") is not None and params["redeem_by"] <= ctx.now:
        raise invalid("redeem_by must be in the future.", param="redeem_by")
    if not re.fullmatch(r"[A-Za-z0-9_-]{1,100}", params.get("id", "x")):
        raise invalid("Coupon ids have letters, digits, - and _ only.", param="id")


@operation("GET /v1/coupons/{coupon}")
def retrieve(ctx: Ctx, params: Json, ids: dict[str, str]) -> Json:
    return ctx.shown(ctx.own("coupon", ids["coupon"]))


@operation("GET /v1/coupons", f"created {PAGING}")
def list_all(ctx: Ctx, params: Json, ids: dict[str, str]) -> Json:
    return page(ctx, "coupon", params, "/v1/coupons")


@operation("DELETE /v1/coupons/{coupon}")
def delete(ctx: Ctx, params: Json, ids: dict[str, str]) -> Json:
    row = ctx.own("coupon", ids["coupon"])
    ctx.emit("coupon.deleted", row)
    ctx.store.delete(row)
    return {"id": row.id, "object": "coupon", "deleted": True}


# --- on a Checkout Session ------------------------------------------------------------------------------------


def apply(ctx: Ctx, discounts: list[Json], items: list[Json]) -> tuple[str | None, int]:
    """Take the session's discount off its lines; returns the coupon and the sum, minor units of the lines' currency."""
    if not discounts:
        return None, 0
    if len(discounts) > 1:
        raise invalid("You can apply at most one discount to a Checkout Session.", param="discounts")
    if discounts[0].get("promotion_code"):
        raise not_modelled("promotion codes", param="discounts[0][promotion_code]")
    if not discounts[0].get("coupon"):
        raise invalid("Missing required param: discounts[0][coupon].", param="discounts[0][coupon]")
    row = ctx.referenced("coupon", discounts[0]["coupon"], "discounts[0][coupon]")
    if not is_valid(ctx, row):
        raise invalid(f"Coupon expired: {row.id}", param="discounts[0][coupon]", code="coupon_expired")
    total = sum(item["amount_subtotal"] for item in items)
    off = _off(row, total, items[0]["currency"])
    before = 0
    for item in items:
        after = before + item["amount_subtotal"]
        share = share_so_far(off, after, total) - share_so_far(off, before, total)
        item |= {"amount_discount": share, "amount_total": item["amount_subtotal"] - share}
        before = after
    return row.id, off


def _off(row: Row, total: int, currency: str) -> int:
    body = row.body
    if body["percent_off"] is not None:
        return (total * round(body["percent_off"] * 100) + 5_000) // 10_000
    if body["currency"] != currency:
        raise invalid(
            f"The coupon {row.id} is in {body['currency']}, the Checkout Session in {currency}.",
            param="discounts[0][coupon]",
        )
    return min(int(body["amount_off"]), total)


def redeem(ctx: Ctx, id: str) -> None:
    """Count a use; a coupon deleted meanwhile is gone."""
    row = ctx.store.get(id)
    if row is not None and row.kind == "coupon":
        row.body["times_redeemed"] += 1
        ctx.save(row)
