"""v1: an account's bank account and person, and sessions for embedded components."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from emulator import banks
from emulator.errors import invalid, missing, not_modelled
from emulator.kinds import CONNECTED
from emulator.registry import PAGING, assumed, operation
from emulator.resources import account_changes
from emulator.resources import accounts_state as accounts
from emulator.resources.accounts_v1 import bank_account, own_account
from emulator.resources.capability import hash_of_requirements
from emulator.resources.customers import full_address
from emulator.schema.answers import object_shape
from emulator.schema.build import build
from emulator.store import Row
from emulator.types import Json

if TYPE_CHECKING:
    from emulator.context import Ctx

_BANK = (
    "external_account{object account_holder_name account_holder_type account_number country currency routing_number}"
)
_SESSION_SECONDS = 1_800

assumed(
    "accounts",
    "The platform may add test bank accounts over the API; a new default one takes the old one's place.",
    "An account session is a client_secret only: no embedded component is modelled.",
)


# --- external accounts ---------------------------------------------------------------------------------------


@operation("POST /v1/accounts/{account}/external_accounts", f"{_BANK} default_for_currency")
def create_external_account(ctx: Ctx, params: Json, ids: dict[str, str]) -> Json:
    row = _connected(ctx, ids["account"])
    before = account_changes.snapshot(row)
    if row.private["bank"] and not params.get("default_for_currency"):
        raise not_modelled("a second bank account (only a new default_for_currency)", param="default_for_currency")
    given = params["external_account"]
    bank = _bank(given)
    currency = bank.pop("currency", None) or row.private["currency"] or ctx.settings.currency
    row.private["bank"] = {
        "holder": row.private["display_name"] or row.private["contact_email"] or "Seller",
        **bank,
        "created": ctx.now,
        "currency": ctx.currency(currency, "external_account[currency]"),
        "id": "ba_1" + ctx.store.random_text(23),
    }
    row.private["currency"] = row.private["currency"] or row.private["bank"]["currency"]
    account_changes.settle(ctx, row, before)
    body = bank_account(row)
    ctx.emit("account.external_account.created", body, account=row.id)
    return body


def _bank(given: Any) -> Json:
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
    return {**found, **named, "currency": given.get("currency")}


@operation("GET /v1/accounts/{account}/external_accounts/{id}", scope="any")
def retrieve_external_account(ctx: Ctx, params: Json, ids: dict[str, str]) -> Json:
    return bank_account(_with_bank(ctx, ids))


@operation("DELETE /v1/accounts/{account}/external_accounts/{id}")
def delete_external_account(ctx: Ctx, params: Json, ids: dict[str, str]) -> Json:
    _with_bank(ctx, ids)
    raise invalid(
        "You cannot delete the default external account for your default currency. Please make another external "
        "account the default using the `default_for_currency` param, and then delete this one.",
        param="default_for_currency",
    )


def _with_bank(ctx: Ctx, ids: dict[str, str]) -> Row:
    row = own_account(ctx, ids["account"])
    if row.private["bank"] is None or row.private["bank"]["id"] != ids["id"]:
        raise missing("external account", ids["id"])
    return row


def _connected(ctx: Ctx, id: str) -> Row:
    row = own_account(ctx, id)
    if row.kind != CONNECTED or row.private.get("closed"):
        raise invalid("Only open connected accounts can be changed.")
    return row


# --- persons -------------------------------------------------------------------------------------------------


@operation("GET /v1/accounts/{account}/persons", f"relationship{{representative owner director executive}} {PAGING}")
def list_persons(ctx: Ctx, params: Json, ids: dict[str, str]) -> Json:
    row = own_account(ctx, ids["account"])
    wanted = params.get("relationship") or {}
    shown = row.private["individual"] and all(value == (name == "representative") for name, value in wanted.items())
    data = [_person(row)] if shown else []
    return {"object": "list", "data": data, "has_more": False, "url": f"/v1/accounts/{row.id}/persons"}


@operation("GET /v1/accounts/{account}/persons/{person}")
def retrieve_person(ctx: Ctx, params: Json, ids: dict[str, str]) -> Json:
    row = own_account(ctx, ids["account"])
    if not row.private["individual"] or ids["person"] != _person_id(row):
        raise missing("person", ids["person"], param="person")
    return _person(row)


def _person_id(row: Row) -> str:
    return f"person_{row.id[5:]}"


def _person(row: Row) -> Json:
    """The one person onboarding asks for."""
    state, given = row.private, row.private["individual"]
    due = [
        name.removeprefix("individual.")
        for _, names, _ in accounts.missing(state)
        for name in names
        if name.startswith("individual.")
    ]
    pending = ["verification.document"] if state["verification"] == "pending" else []
    requirements = hash_of_requirements(due, pending=pending)
    born = given.get("date_of_birth") or {}
    return build(
        "person",
        id=_person_id(row),
        account=row.id,
        address=full_address(given.get("address") or {}),
        created=row.created,
        dob={part: born.get(part) for part in ("day", "month", "year")},
        email=given.get("email"),
        first_name=given.get("given_name"),
        future_requirements=_of_person(hash_of_requirements([])),
        last_name=given.get("surname"),
        metadata={},
        phone=given.get("phone"),
        relationship={"representative": True},
        requirements=_of_person(requirements),
        verification={"status": {"failed": "unverified"}.get(state["verification"], state["verification"])},
    )


def _of_person(requirements: Json) -> Json:
    """A person's requirements have neither deadline nor reason of their own."""
    left_out = ("current_deadline", "disabled_reason")
    return {key: value for key, value in requirements.items() if key not in left_out}


# --- sessions ------------------------------------------------------------------------------------------------


@operation("POST /v1/account_sessions", "account components")
def create_session(ctx: Ctx, params: Json, ids: dict[str, str]) -> Json:
    row = _connected(ctx, params["account"])
    shapes = object_shape("account_session").fields["components"].shape
    for name, given in params["components"].items():
        field = shapes.fields.get(name) if shapes else None
        features = field.shape.fields.get("features") if field and field.shape else None
        known = features.shape.fields if features and features.shape else {}
        if field is None or (given.get("features") or {}).keys() - known.keys():
            raise not_modelled(f"the component {name}", param=f"components[{name}]")
    return build(
        "account_session",
        account=row.id,
        client_secret=f"accs_secret__{ctx.store.random_text(40)}",
        components=params["components"],
        expires_at=ctx.now + _SESSION_SECONDS,
    )
