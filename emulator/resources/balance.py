"""v1/balance and balance_transactions."""

from __future__ import annotations

from typing import TYPE_CHECKING

from emulator import ledger
from emulator.errors import missing
from emulator.paging import limit, list_object, page
from emulator.registry import PAGING, assumed, documented, operation
from emulator.render import renderer
from emulator.schema.build import build
from emulator.store import Row
from emulator.types import Json

if TYPE_CHECKING:
    from emulator.context import Ctx


assumed(
    "currencies",
    "Nothing is converted: an account has a balance in each currency it was paid in. What a connected account has in a "
    "currency without a bank account of its own stays in its balance; the platform's one bank takes every currency.",
)
documented(
    "currencies",
    "Amounts are integers of the smallest unit; jpy and others have no decimals, kwd and others three, ending in 0.",
    "Each currency has its smallest charge.",
)


@renderer("balance_transaction")
def view(ctx: Ctx, row: Row) -> Json:
    """Pending becomes available by the clock alone."""
    return {**row.body, "status": "available" if row.body["available_on"] <= ctx.now else "pending"}


@operation("GET /v1/balance", scope="any")
def retrieve(ctx: Ctx, params: Json, ids: dict[str, str]) -> Json:
    return shown_balance(ctx, ctx.account)


def shown_balance(ctx: Ctx, account: str) -> Json:
    """An account's balance object; amounts are minor units per currency."""
    state = ctx.must(account or ctx.em.platform_id).private
    sums = ledger.balances(ctx.store, account, ctx.now)
    if not sums:
        sums = {state["currency"] or ctx.settings.currency: (0, 0)}

    def part(index: int) -> list[Json]:
        return [
            {"amount": pair[index], "currency": currency, "source_types": {"card": pair[index]}}
            for currency, pair in sums.items()
        ]

    reserved = {} if account else {"connect_reserved": [{"amount": 0, "currency": currency} for currency in sums]}
    return build("balance", available=part(0), pending=part(1), **reserved)


@operation("GET /v1/balance_transactions/{id}", scope="any")
def retrieve_transaction(ctx: Ctx, params: Json, ids: dict[str, str]) -> Json:
    return ctx.shown(ctx.own("balance_transaction", ids["id"]))


@operation("GET /v1/balance_transactions", f"payout type source currency created {PAGING}", scope="any")
def list_transactions(ctx: Ctx, params: Json, ids: dict[str, str]) -> Json:
    if params.get("payout"):
        return _of_payout(ctx, params)
    return page(ctx, "balance_transaction", params, "/v1/balance_transactions", filters=("type", "source", "currency"))


def _of_payout(ctx: Ctx, params: Json) -> Json:
    """Exactly the rows an automatic payout swept, newest first."""
    payout = ctx.store.get(params["payout"])
    if payout is None or payout.kind != "payout" or payout.account != ctx.account:
        raise missing("payout", params["payout"], param="payout", status=400)
    size = limit(params)
    # the ledger's rows are numbered as they were written: no need to read a big payout's rows to sort them
    sql, values = "SELECT id FROM ledger WHERE payout = ?", [payout.id]
    if params.get("type"):
        sql, values = sql + " AND type = ?", [*values, params["type"]]
    after = params.get("starting_after")
    if after:
        cursor = ctx.store.one("SELECT rowid FROM ledger WHERE id = ?", (after,))
        if cursor is None:
            raise missing("balance_transaction", after, param="starting_after", status=400)
        sql, values = sql + " AND rowid < ?", [*values, cursor[0]]
    ids = ctx.store.rows(f"{sql} ORDER BY rowid DESC LIMIT {size + 1}", values)
    return list_object(ctx, [ctx.must(str(id)) for (id,) in ids], size, "/v1/balance_transactions")
