"""v1/topups: money the platform brings from its bank."""

from __future__ import annotations

from typing import TYPE_CHECKING

from emulator.clock import next_business_day
from emulator.context import metadata
from emulator.errors import invalid
from emulator.money import MAXIMUM, display
from emulator.paging import page
from emulator.registry import PAGING, assumed, documented, operation
from emulator.resources.edits import edit
from emulator.schema.build import build
from emulator.store import Row
from emulator.types import Json

if TYPE_CHECKING:
    from emulator.context import Ctx

documented("topups", "A top-up is pending, then succeeded; only a pending one can be canceled.")
assumed("topups", "A top-up succeeds on the next weekday and is available at once; no source is needed.")


@operation("POST /v1/topups", "amount currency description metadata statement_descriptor transfer_group")
def create(ctx: Ctx, params: Json, ids: dict[str, str]) -> Json:
    amount, currency = params["amount"], ctx.currency(params["currency"])
    if amount < 1:
        raise invalid(
            "This value must be greater than or equal to 1.", param="amount", code="parameter_invalid_integer"
        )
    if amount > MAXIMUM:
        raise invalid(
            f"Amount must be no more than {display(MAXIMUM, currency)} {currency}",
            param="amount",
            code="amount_too_large",
        )
    arrival = next_business_day(ctx.now)
    body = build(
        "topup",
        id="tu_1" + ctx.store.random_text(23),
        amount=amount,
        created=ctx.now,
        currency=currency,
        expected_availability_date=arrival,
        metadata=metadata(params.get("metadata") or None),
        status="pending",
        **{name: params.get(name) for name in ("description", "statement_descriptor", "transfer_group")},
    )
    row = ctx.insert(body)
    ctx.emit("topup.created", row)
    ctx.store.plan(arrival, "topup", row.id)
    return ctx.shown(row)


@operation("GET /v1/topups/{topup}")
def retrieve(ctx: Ctx, params: Json, ids: dict[str, str]) -> Json:
    return ctx.shown(ctx.own("topup", ids["topup"]))


@operation("GET /v1/topups", f"status created {PAGING}")
def list_all(ctx: Ctx, params: Json, ids: dict[str, str]) -> Json:
    return page(ctx, "topup", params, "/v1/topups", filters=("status",))


@operation("POST /v1/topups/{topup}", "description metadata")
def update(ctx: Ctx, params: Json, ids: dict[str, str]) -> Json:
    row = ctx.own("topup", ids["topup"])
    edit(ctx, row, params, "description")
    return ctx.shown(row)


@operation("POST /v1/topups/{topup}/cancel")
def cancel(ctx: Ctx, params: Json, ids: dict[str, str]) -> Json:
    row = ctx.own("topup", ids["topup"])
    if row.body["status"] != "pending":
        raise invalid(f"Top-up {row.id} cannot be canceled: its status is {row.body['status']}.")
    row.body["status"] = "canceled"
    ctx.save(row)
    ctx.emit("topup.canceled", row)
    return ctx.shown(row)


def arrive(ctx: Ctx, id: str) -> Row | None:
    """The bank has sent it."""
    row = ctx.must(id)
    if row.body["status"] != "pending":
        return None
    row.body["status"] = "succeeded"
    row.body["balance_transaction"] = ctx.post("", "topup", row.body["amount"], row.body["currency"], id)
    ctx.save(row)
    ctx.emit("topup.succeeded", row)
    return row
