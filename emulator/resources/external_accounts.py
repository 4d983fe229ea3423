"""v1/accounts/*/external_accounts: an account's test bank accounts, one of them the default of its currency."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from emulator import banks
from emulator.context import metadata
from emulator.errors import StripeError, invalid, missing, not_modelled
from emulator.kinds import CONNECTED
from emulator.paging import cut
from emulator.registry import PAGING, assumed, documented, operation
from emulator.resources import account_changes
from emulator.resources.accounts_v1 import bank_account, banks_of, own_account
from emulator.store import Row
from emulator.types import Json

if TYPE_CHECKING:
    from emulator.context import Ctx

BANK = "external_account{object account_holder_name account_holder_type account_number country currency routing_number}"
_UPDATABLE = "account_holder_name account_holder_type default_for_currency metadata"

documented(
    "external accounts",
    "The first bank account of a currency is its default; default_for_currency makes another one the default.",
    "A default bank account of the account's default currency cannot be deleted: make another one the default first.",
    "Payouts go to the default bank account of their currency, or to the one `destination` names.",
)
assumed("external accounts", "The platform may add test bank accounts over the API, whoever collects requirements.")


@operation(
    "GET /v1/accounts/{account}/external_accounts",
    f"object {PAGING}",
    scope="any",
)
def list_all(ctx: Ctx, params: Json, ids: dict[str, str]) -> Json:
    row = own_account(ctx, ids["account"])
    data = [bank_account(row, bank) for bank in banks_of(row.private)] if params.get("object") != "card" else []
    return cut(data, params, f"/v1/accounts/{row.id}/external_accounts", "external account")


@operation("POST /v1/accounts/{account}/external_accounts", f"{BANK} default_for_currency metadata", scope="any")
def create(ctx: Ctx, params: Json, ids: dict[str, str]) -> Json:
    row = open_account(ctx, ids["account"])
    before = account_changes.snapshot(row)
    bank = add(ctx, row.private, params["external_account"], default=params.get("default_for_currency", False))
    bank["metadata"] = metadata(params.get("metadata"))
    account_changes.settle(ctx, row, before)
    body = bank_account(row, bank)
    ctx.emit("account.external_account.created", body, account=row.id)
    return body


def add(ctx: Ctx, state: Json, given: Any, *, default: bool) -> Json:
    """Put a test bank account among those of an account; the first of its currency is the default anyway."""
    bank = {**_checked(given), "id": "ba_1" + ctx.store.random_text(23), "created": ctx.now}
    currency = bank.get("currency") or state["currency"] or ctx.settings.currency
    bank["currency"] = ctx.currency(currency, "external_account[currency]")
    bank.setdefault("holder", state["display_name"] or state["contact_email"] or "Seller")
    others = state.setdefault("more_banks", [])
    others.append(bank)
    first = not any(one["currency"] == bank["currency"] for one in banks_of(state) if one is not bank)
    bank["default"] = False
    if first or default:
        _make_default(state, bank)
    state["currency"] = state["currency"] or bank["currency"]
    return bank


def _make_default(state: Json, bank: Json) -> None:
    """`bank` becomes the default of its currency, and the account's own when that is its currency."""
    for one in banks_of(state):
        if one["currency"] == bank["currency"]:
            one["default"] = one is bank
    first = state["bank"]
    if first is not bank and (first is None or first["currency"] == bank["currency"]):
        others = [one for one in state["more_banks"] if one is not bank]
        state["more_banks"] = others if first is None else [first, *others]
        state["bank"] = bank


def _checked(given: Any) -> Json:
    """A test bank account from its token or its numbers."""
    if isinstance(given, str):
        found = banks.by_number(banks.ROUTING, "000123456789") if given in banks.TOKENS else None
        if found is None:
            raise invalid(f"No such token: '{given}'", param="external_account", code="resource_missing")
        return {**found, "currency": "usd"}
    if given.get("object") != "bank_account":
        raise not_modelled("cards as external accounts", param="external_account[object]")
    for name in ("country", "account_number"):
        if not given.get(name):
            param = f"external_account[{name}]"
            raise invalid(f"Missing required param: {param}.", param=param, code="parameter_missing")
    number = given["account_number"]
    found = banks.by_number(given["routing_number"], number) if given.get("routing_number") else banks.by_iban(number)
    if found is None:
        raise invalid(
            "You must use a test bank account number in test mode.",
            param="external_account[account_number]",
            code="account_number_invalid",
        )
    if found["country"] != given["country"].upper():
        raise invalid(f"This account number is not of {given['country']}.", param="external_account[country]")
    named = {"holder": given["account_holder_name"]} if given.get("account_holder_name") else {}
    kind = {"holder_type": given["account_holder_type"]} if given.get("account_holder_type") else {}
    return {**found, **named, **kind, "currency": given.get("currency")}


@operation("GET /v1/accounts/{account}/external_accounts/{id}", scope="any")
def retrieve(ctx: Ctx, params: Json, ids: dict[str, str]) -> Json:
    row = own_account(ctx, ids["account"])
    return bank_account(row, _named(row, ids["id"]))


@operation("POST /v1/accounts/{account}/external_accounts/{id}", _UPDATABLE, scope="any")
def update(ctx: Ctx, params: Json, ids: dict[str, str]) -> Json:
    row = open_account(ctx, ids["account"])
    bank, before = _named(row, ids["id"]), account_changes.snapshot(row)
    was = bank_account(row, bank)
    if "account_holder_name" in params:
        bank["holder"] = params["account_holder_name"]
    if "account_holder_type" in params:
        bank["holder_type"] = params["account_holder_type"] or None
    bank["metadata"] = metadata(params.get("metadata"), bank.get("metadata"))
    if params.get("default_for_currency"):
        _make_default(row.private, bank)
    elif params.get("default_for_currency") is False and bank.get("default", True):
        raise invalid("Make another bank account the default of this currency instead.", param="default_for_currency")
    account_changes.settle(ctx, row, before)
    body = bank_account(row, bank)
    changed = {key: value for key, value in was.items() if body[key] != value}
    if changed:
        ctx.emit("account.external_account.updated", body, account=row.id, previous=changed)
    return body


@operation("DELETE /v1/accounts/{account}/external_accounts/{id}", scope="any")
def delete(ctx: Ctx, params: Json, ids: dict[str, str]) -> Json:
    row = open_account(ctx, ids["account"])
    bank, before = _named(row, ids["id"]), account_changes.snapshot(row)
    if bank is row.private["bank"]:
        raise invalid(
            "You cannot delete the default external account for your default currency. Please make another external "
            "account the default using the `default_for_currency` param, and then delete this one.",
            param="default_for_currency",
        )
    body = bank_account(row, bank)
    row.private["more_banks"].remove(bank)
    following = next((one for one in row.private["more_banks"] if one["currency"] == bank["currency"]), None)
    if bank["default"] and following is not None:
        following["default"] = True
    account_changes.settle(ctx, row, before)
    ctx.emit("account.external_account.deleted", body, account=row.id)
    return {"id": bank["id"], "object": "bank_account", "deleted": True}


def _named(row: Row, id: str) -> Json:
    found = next((bank for bank in banks_of(row.private) if bank["id"] == id), None)
    if found is None:
        raise missing("external account", id)
    return found


def open_account(ctx: Ctx, id: str) -> Row:
    """A connected account that can be changed."""
    row = own_account(ctx, id)
    if row.kind != CONNECTED:
        raise StripeError(400, "This is your own account: change it in your settings.")
    if row.private.get("closed"):
        raise invalid(f"Account {row.id} is closed and cannot be changed.", code="account_closed")
    return row
