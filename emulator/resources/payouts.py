"""v1/payouts: automatic ones, made by the clock."""

from __future__ import annotations

from typing import TYPE_CHECKING

from emulator import ledger
from emulator.clock import next_business_day
from emulator.paging import page
from emulator.registry import PAGING, assumed, documented, operation
from emulator.resources import accounts_state
from emulator.schema.build import build
from emulator.store import Row
from emulator.types import Json

if TYPE_CHECKING:
    from emulator.context import Ctx

documented(
    "payouts",
    "Daily automatic payouts of everything available; paid on arrival_date, then payout.reconciliation_completed.",
    "balance_transactions?payout= lists the rows an automatic payout swept.",
)
assumed(
    "payouts",
    "An automatic payout is in_transit from its creation and arrives on the next weekday.",
    "The payout's own balance transaction is not among the rows listed for it.",
    "The platform, too, is paid out daily.",
)


@operation("GET /v1/payouts/{payout}", scope="any")
def retrieve(ctx: Ctx, params: Json, ids: dict[str, str]) -> Json:
    return ctx.shown(ctx.own("payout", ids["payout"]))


@operation("GET /v1/payouts", f"status destination created {PAGING}", scope="any")
def list_all(ctx: Ctx, params: Json, ids: dict[str, str]) -> Json:
    return page(ctx, "payout", params, "/v1/payouts", filters=("status", "destination"))


def sweep(ctx: Ctx, account: str) -> list[Row]:
    """Pay out everything available, one payout a currency; nothing when payouts are off or nothing is available."""
    state = accounts_state.may_pay_out(ctx, account)
    if state is None:
        return []
    made = []
    for currency, (available, _) in ledger.balances(ctx.store, account, ctx.now).items():
        if available > 0:
            made.append(_create(ctx, account, available, currency, state["bank"]["id"]))
    return made


def _create(ctx: Ctx, account: str, amount: int, currency: str, bank: str) -> Row:
    id = "po_1" + ctx.store.random_text(23)
    arrival = next_business_day(ctx.now)
    ctx.store.run(
        "UPDATE ledger SET payout = ? WHERE account = ? AND currency = ? AND available_on <= ? AND payout IS NULL",
        (id, account, currency, ctx.now),
    )
    body = build(
        "payout",
        id=id,
        amount=amount,
        arrival_date=arrival,
        automatic=True,
        balance_transaction=ctx.post(account, "payout", -amount, currency, id, description="STRIPE PAYOUT"),
        created=ctx.now,
        currency=currency,
        description="STRIPE PAYOUT",
        destination=bank,
        metadata={},
        method="standard",
        reconciliation_status="in_progress",
        source_type="card",
        status="in_transit",
        trace_id={"status": "pending", "value": None},
        type="bank_account",
    )
    # the payout's own row is settled by the payout, but was not swept into it
    ctx.store.run("UPDATE ledger SET payout = ? WHERE id = ?", (f"own:{id}", body["balance_transaction"]))
    row = ctx.insert(body, account=account)
    ctx.emit("payout.created", row)
    ctx.store.plan(arrival, "payout", id)
    return row


def arrive(ctx: Ctx, id: str) -> Row | None:
    """The bank has it."""
    row = ctx.must(id)
    if row.body["status"] != "in_transit":
        return None
    row.body["status"] = "paid"
    row.body["trace_id"] = {"status": "supported", "value": f"TRACE{row.seq:08d}"}
    ctx.save(row)
    ctx.emit("payout.paid", row)
    row.body["reconciliation_status"] = "completed"
    ctx.save(row)
    ctx.emit("payout.reconciliation_completed", row)
    return row
