"""v1/application_fees."""

from __future__ import annotations

from typing import TYPE_CHECKING

from emulator.paging import page
from emulator.registry import PAGING, operation
from emulator.render import embedded, renderer
from emulator.store import Row
from emulator.types import Json

if TYPE_CHECKING:
    from emulator.context import Ctx


@renderer("application_fee")
def view(ctx: Ctx, row: Row) -> Json:
    body = dict(row.body)
    if body["amount_refunded"]:
        body["refunds"] = embedded(ctx, "fee_refund", "fee", row.id, f"/v1/application_fees/{row.id}/refunds")
    return body


@operation("GET /v1/application_fees/{id}")
def retrieve(ctx: Ctx, params: Json, ids: dict[str, str]) -> Json:
    return ctx.shown(ctx.own("application_fee", ids["id"]))


@operation("GET /v1/application_fees", f"charge created {PAGING}")
def list_all(ctx: Ctx, params: Json, ids: dict[str, str]) -> Json:
    return page(ctx, "application_fee", params, "/v1/application_fees", filters=("charge",))
