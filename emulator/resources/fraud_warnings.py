"""v1/radar/early_fraud_warnings: the card's bank thinks that a payment is fraud."""

from __future__ import annotations

from typing import TYPE_CHECKING

from emulator.paging import page
from emulator.registry import PAGING, assumed, documented, operation
from emulator.schema.build import build
from emulator.store import Row
from emulator.types import Json

if TYPE_CHECKING:
    from emulator.context import Ctx

KIND = "radar.early_fraud_warning"

documented("fraud warnings", "A warning is actionable until its charge is disputed or fully refunded.")
assumed("fraud warnings", "radar.early_fraud_warning.updated is raised when a warning stops being actionable.")


@operation("GET /v1/radar/early_fraud_warnings/{early_fraud_warning}", scope="any")
def retrieve(ctx: Ctx, params: Json, ids: dict[str, str]) -> Json:
    return ctx.shown(ctx.own(KIND, ids["early_fraud_warning"]))


@operation("GET /v1/radar/early_fraud_warnings", f"charge payment_intent created {PAGING}", scope="any")
def list_all(ctx: Ctx, params: Json, ids: dict[str, str]) -> Json:
    return page(ctx, KIND, params, "/v1/radar/early_fraud_warnings", filters=("charge", "payment_intent"))


def warn(ctx: Ctx, charge: Row, fraud_type: str = "made_with_stolen_card") -> Row:
    body = build(
        KIND,
        id="issfr_1" + ctx.store.random_text(23),
        actionable=not (charge.body["disputed"] or charge.body["refunded"]),
        charge=charge.id,
        created=ctx.now,
        fraud_type=fraud_type,
        payment_intent=charge.body["payment_intent"],
    )
    row = ctx.insert(body, account="")
    ctx.emit("radar.early_fraud_warning.created", row)
    return row


def settle(ctx: Ctx, charge: Row) -> None:
    """After a refund or a dispute: nothing is left to be done about the warning."""
    if not (charge.body["disputed"] or charge.body["refunded"]):
        return
    for row in ctx.store.find(KIND, where={"charge": charge.id}):
        if row.body["actionable"]:
            row.body["actionable"] = False
            ctx.save(row)
            ctx.emit("radar.early_fraud_warning.updated", row, previous={"actionable": True})
