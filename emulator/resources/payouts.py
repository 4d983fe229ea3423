"""v1/payouts: automatic ones, made by the clock, and those an account asks for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from emulator import ledger
from emulator.clock import DAY, midnight, next_business_day
from emulator.context import metadata
from emulator.errors import StripeError, invalid, missing, not_modelled
from emulator.paging import page
from emulator.registry import PAGING, assumed, documented, operation
from emulator.resources import accounts_state, payout_settings
from emulator.resources.accounts_v1 import bank_account, banks_of
from emulator.resources.edits import updated
from emulator.schema.build import build
from emulator.store import Row
from emulator.types import Json

if TYPE_CHECKING:
    from emulator.context import Ctx

documented(
    "payouts",
    "Automatic payouts of everything available; paid on arrival_date, then payout.reconciliation_completed.",
    "balance_transactions?payout= lists the rows an automatic payout swept.",
    "cancel works while a payout that was asked for is pending; reverse for connected accounts with US or CA banks.",
    "A failed payout's money comes back as payout_failure, and its bank gets nothing more until it is replaced.",
    "US test banks 000111111116, …1113, 000222222227, 000333333335, 000444444440 fail with their own codes.",
)
assumed(
    "payouts",
    "An automatic payout is in_transit from its creation and arrives on the next weekday.",
    "A payout that was asked for is pending until the next midnight (UTC) and arrives on the weekday after.",
    "The payout's own balance transaction is not among the rows listed for it; one asked for is in the next sweep.",
    "The platform, too, is paid out by its schedule. Accounts of automatic schedules may ask for payouts as well.",
    "A failing test bank fails the payout on its arrival date; IBAN DE62370400440532013001 fails with no_account.",
    "A reversal is a payout of a negative amount whose money is there at once.",
)

# the last four digits of a test bank -> why its payouts fail
FAILING = {
    "1116": "no_account",
    "1113": "account_closed",
    "2227": "insufficient_funds",
    "3335": "debit_not_authorized",
    "4440": "invalid_currency",
    "3001": "no_account",
}
MESSAGES = {
    "account_closed": "The bank account has been closed.",
    "could_not_process": "The bank could not process this payout.",
    "debit_not_authorized": "Debit transactions are not approved on the bank account.",
    "insufficient_funds": "The Stripe account has insufficient funds to cover the payout.",
    "invalid_currency": "The bank was unable to process this payout because of its currency.",
    "no_account": "The bank account details on file are probably incorrect. No bank account could be located.",
}
REVERSIBLE = ("US", "CA")
DESCRIPTION = "STRIPE PAYOUT"


@operation("GET /v1/payouts/{payout}", scope="any")
def retrieve(ctx: Ctx, params: Json, ids: dict[str, str]) -> Json:
    return ctx.shown(ctx.own("payout", ids["payout"]))


@operation("GET /v1/payouts", f"status destination arrival_date created {PAGING}", scope="any")
def list_all(ctx: Ctx, params: Json, ids: dict[str, str]) -> Json:
    return page(ctx, "payout", params, "/v1/payouts", filters=("status", "destination"), moments=("arrival_date",))


@operation(
    "POST /v1/payouts",
    "amount currency description destination metadata method source_type statement_descriptor",
    scope="any",
)
def create(ctx: Ctx, params: Json, ids: dict[str, str]) -> Json:
    amount, currency = params["amount"], ctx.currency(params["currency"])
    if amount < 1:
        raise invalid(
            "This value must be greater than or equal to 1.", param="amount", code="parameter_invalid_integer"
        )
    for name, known in (("method", "standard"), ("source_type", "card")):
        if params.get(name, known) != known:
            raise not_modelled(f"payouts with the {name} {params[name]}", param=name)
    state = ctx.must(ctx.account or ctx.em.platform_id).private
    if not accounts_state.payouts_enabled(state):
        raise _not_allowed()
    bank = _bank(state, currency, params.get("destination"))
    if ledger.available(ctx.store, ctx.account, currency, ctx.now) < amount:
        raise invalid(
            "You have insufficient funds in your Stripe account for this transfer. Your card balance is too low.",
            code="balance_insufficient",
            param="amount",
        )
    leaves = midnight(ctx.now) + DAY
    row = _make(
        ctx,
        ctx.account,
        amount,
        currency,
        bank,
        arrival_date=next_business_day(leaves),
        description=params.get("description"),
        metadata=metadata(params.get("metadata") or None),
        reconciliation_status="not_applicable",
        statement_descriptor=params.get("statement_descriptor"),
        status="pending",
    )
    ctx.store.plan(leaves, "payout_leaves", row.id)
    return ctx.shown(row)


def _bank(state: Json, currency: str, id: str | None) -> Json:
    """Where a payout goes: the bank account named, or the default of its currency."""
    chosen = default_bank(state, currency)
    if id is not None:
        chosen = next((bank for bank in banks_of(state) if bank["id"] == id), None)
        if chosen is None:
            raise missing("external account", id, param="destination", status=400)
        if chosen["currency"] != currency and not state["platform"]:
            raise invalid(f"The external account {id} is paid out to in {chosen['currency']}.", param="destination")
    if chosen is None:
        raise invalid(f"Sorry, you don't have any external accounts in that currency ({currency})")
    if chosen.get("status") == "errored":
        raise _not_allowed()
    return chosen


def default_bank(state: Json, currency: str) -> Json | None:
    """The default bank account of a currency; the platform's one bank takes every currency."""
    found = [bank for bank in banks_of(state) if bank["currency"] == currency and bank.get("default", True)]
    return found[0] if found else state["bank"] if state["platform"] else None


def _not_allowed() -> StripeError:
    return invalid(
        "Payouts are not allowed: this account has no bank account that can be paid out to, or may not receive "
        "payouts yet.",
        code="payouts_not_allowed",
    )


@operation("POST /v1/payouts/{payout}", "metadata", scope="any")
def update(ctx: Ctx, params: Json, ids: dict[str, str]) -> Json:
    return updated(ctx, ctx.own("payout", ids["payout"]), params, "payout.updated")


@operation("POST /v1/payouts/{payout}/cancel", scope="any")
def cancel(ctx: Ctx, params: Json, ids: dict[str, str]) -> Json:
    row = ctx.own("payout", ids["payout"])
    if row.body["status"] != "pending" or row.body["automatic"]:
        raise invalid(f"Payout {row.id} cannot be canceled: only pending payouts that were asked for can.")
    row.body["status"] = "canceled"
    _give_back(ctx, row, "payout_cancel")
    ctx.emit("payout.canceled", row)
    return ctx.shown(row)


@operation("POST /v1/payouts/{payout}/reverse", "metadata", scope="any")
def reverse(ctx: Ctx, params: Json, ids: dict[str, str]) -> Json:
    row = ctx.own("payout", ids["payout"])
    banks = banks_of(ctx.must(ctx.account or ctx.em.platform_id).private)
    bank = next((one for one in banks if one["id"] == row.body["destination"]), None)
    if not ctx.account or bank is None or bank["country"] not in REVERSIBLE:
        raise invalid("Only payouts of connected accounts to US and Canadian banks can be reversed.")
    if row.body["status"] != "paid" or row.body["reversed_by"] or row.body["original_payout"]:
        raise invalid(f"Payout {row.id} cannot be reversed: only paid payouts can, once.")
    made = _make(
        ctx,
        ctx.account,
        -row.body["amount"],
        row.body["currency"],
        bank,
        arrival_date=next_business_day(ctx.now),
        metadata=metadata(params.get("metadata") or None),
        original_payout=row.id,
        reconciliation_status="not_applicable",
        status="in_transit",
        reporting="payout_reversal",
    )
    row.body["reversed_by"] = made.id
    ctx.save(row)
    ctx.emit("payout.updated", row, previous={"reversed_by": None})
    return ctx.shown(made)


def sweep(ctx: Ctx, account: str) -> list[Row]:
    """Pay out everything available, one payout a currency, on the days of the account's schedule."""
    state = accounts_state.may_pay_out(ctx, account)
    if state is None:
        return []
    if not payout_settings.pays_today(state, ctx.now):
        ctx.store.plan(payout_settings.next_day(state, ctx.now) or 0, "payouts", account)
        return []
    chosen, made = payout_settings.of(state), []
    for currency, (available, _) in ledger.balances(ctx.store, account, ctx.now).items():
        kept, bank = chosen["minimum"].get(currency, 0), default_bank(state, currency)
        if bank is None or bank.get("status") == "errored":
            continue
        if available > kept or (available < 0 and chosen["debit"]):
            made.append(_sweep_one(ctx, account, available, currency, bank, max(0, kept) if available > 0 else 0))
    return made


def _sweep_one(ctx: Ctx, account: str, available: int, currency: str, bank: Json, kept: int) -> Row:
    """One automatic payout of available - kept, with the rows it is made of."""
    row = _make(
        ctx,
        account,
        available - kept,
        currency,
        bank,
        arrival_date=next_business_day(ctx.now),
        automatic=True,
        description=DESCRIPTION,
        metadata={},
        reconciliation_status="in_progress",
        statement_descriptor=payout_settings.of(ctx.must(account or ctx.em.platform_id).private)["descriptor"],
        status="in_transit",
    )
    # the payout's own row is settled by the payout, but was not swept into it
    ctx.store.run("UPDATE ledger SET payout = ? WHERE id = ?", (f"own:{row.id}", row.body["balance_transaction"]))
    if kept:
        ctx.post(account, "payout_minimum_balance_hold", -kept, currency, row.id)
    ctx.store.run(
        "UPDATE ledger SET payout = ? WHERE account = ? AND currency = ? AND available_on <= ? AND payout IS NULL",
        (row.id, account, currency, ctx.now),
    )
    if kept:
        ctx.post(account, "payout_minimum_balance_release", kept, currency, row.id)
    return row


def _make(
    ctx: Ctx,
    account: str,
    amount: int,
    currency: str,
    bank: Json,
    *,
    reporting: str | None = None,
    **fields: object,
) -> Row:
    """A payout of `amount` minor units (negative: taken from the bank) with its ledger row and its event."""
    id = "po_1" + ctx.store.random_text(23)
    body = build(
        "payout",
        id=id,
        amount=amount,
        balance_transaction=ctx.post(
            account, "payout", -amount, currency, id, description=DESCRIPTION, reporting=reporting
        ),
        created=ctx.now,
        currency=currency,
        destination=bank["id"],
        method="standard",
        source_type="card",
        trace_id={"status": "pending", "value": None},
        type="bank_account",
        **fields,
    )
    row = ctx.insert(body, account=account, private={"fails": FAILING.get(bank["last4"]) if amount > 0 else None})
    ctx.emit("payout.created", row)
    ctx.store.plan(body["arrival_date"], "payout", id)
    if amount < 0:
        ctx.store.plan(midnight(ctx.now) + DAY, "payouts", account)
    return row


def leave(ctx: Ctx, id: str) -> Row | None:
    """A payout that was asked for is on its way."""
    row = ctx.must(id)
    if row.body["status"] != "pending":
        return None
    row.body["status"] = "in_transit"
    ctx.save(row)
    ctx.emit("payout.updated", row, previous={"status": "pending"})
    return row


def arrive(ctx: Ctx, id: str) -> Row | None:
    """The bank has it, or does not want it."""
    row = ctx.must(id)
    if row.body["status"] != "in_transit":
        return None
    if row.private.get("fails"):
        return fail(ctx, row, row.private["fails"])
    row.body["status"] = "paid"
    row.body["trace_id"] = {"status": "supported", "value": f"TRACE{row.seq:08d}"}
    ctx.save(row)
    ctx.emit("payout.paid", row)
    if row.body["automatic"]:
        row.body["reconciliation_status"] = "completed"
        ctx.save(row)
        ctx.emit("payout.reconciliation_completed", row)
    return row


def fail(ctx: Ctx, row: Row, code: str) -> Row:
    """The bank sent it back, perhaps after it was paid: the money returns and the bank account is out of use."""
    row.body |= {"status": "failed", "failure_code": code, "failure_message": MESSAGES[code]}
    _give_back(ctx, row, "payout_failure")
    ctx.emit("payout.failed", row)
    owner = ctx.must(row.account or ctx.em.platform_id)
    bank = next((one for one in banks_of(owner.private) if one["id"] == row.body["destination"]), None)
    if bank is not None and bank.get("status") != "errored":
        bank["status"] = "errored"
        ctx.save(owner)
        shown = bank_account(owner, bank)
        ctx.emit("account.external_account.updated", shown, account=row.account, previous={"status": "new"})
    return row


def _give_back(ctx: Ctx, row: Row, type: str) -> None:
    row.body["failure_balance_transaction"] = ctx.post(
        row.account, type, row.body["amount"], row.body["currency"], row.id, description=DESCRIPTION
    )
    ctx.save(row)
