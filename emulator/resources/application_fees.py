"""v1/application_fees and their refunds."""

from __future__ import annotations

from typing import TYPE_CHECKING

from emulator import ledger
from emulator.context import metadata
from emulator.errors import invalid, missing
from emulator.paging import page
from emulator.registry import PAGING, assumed, documented, operation
from emulator.render import embedded, renderer
from emulator.resources import moves
from emulator.resources.edits import updated
from emulator.store import Row
from emulator.types import Json

if TYPE_CHECKING:
    from emulator.context import Ctx

documented("application fees", "A fee's refund goes to the seller; at most what is left of the fee.")
assumed("application fees", "The platform's balance need not cover a fee's refund.")


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


@operation("POST /v1/application_fees/{id}/refunds", "amount metadata")
def create_refund(ctx: Ctx, params: Json, ids: dict[str, str]) -> Json:
    row = ctx.own("application_fee", ids["id"])
    left = row.body["amount"] - row.body["amount_refunded"]
    if left == 0:
        raise invalid(f"Application fee {row.id} has already been refunded.")
    amount = params.get("amount", left)
    if amount < 1:
        raise invalid(
            "This value must be greater than or equal to 1.", param="amount", code="parameter_invalid_integer"
        )
    if amount > left:
        raise invalid(f"Refund amount ({amount}) is greater than unrefunded amount on fee ({left})", param="amount")
    settles = max(ctx.now, ledger.available_on(ctx.store, row.body["balance_transaction"]))
    return ctx.shown(moves.refund_fee(ctx, row, amount, settles, metadata(params.get("metadata") or None)))


@operation("GET /v1/application_fees/{id}/refunds", PAGING)
def list_refunds(ctx: Ctx, params: Json, ids: dict[str, str]) -> Json:
    row = ctx.own("application_fee", ids["id"])
    return page(ctx, "fee_refund", params, f"/v1/application_fees/{row.id}/refunds", where={"fee": row.id})


@operation("GET /v1/application_fees/{fee}/refunds/{id}")
def retrieve_refund(ctx: Ctx, params: Json, ids: dict[str, str]) -> Json:
    return ctx.shown(_refund(ctx, ids))


@operation("POST /v1/application_fees/{fee}/refunds/{id}", "metadata")
def update_refund(ctx: Ctx, params: Json, ids: dict[str, str]) -> Json:
    return updated(ctx, _refund(ctx, ids), params, "application_fee.refund.updated")


def _refund(ctx: Ctx, ids: dict[str, str]) -> Row:
    row = ctx.own("fee_refund", ids["id"])
    if row.body["fee"] != ctx.own("application_fee", ids["fee"]).id:
        raise missing("fee_refund", ids["id"])
    return row
