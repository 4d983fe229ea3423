"""v1's writes to accounts: create, update, list, delete, reject, and the transfers capability."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from emulator.banks import COUNTRIES
from emulator.context import metadata
from emulator.errors import invalid, not_modelled
from emulator.kinds import CONNECTED, DELETED
from emulator.paging import page
from emulator.registry import PAGING, assumed, documented, operation
from emulator.resources import account_changes, account_settings, account_trouble, external_accounts
from emulator.resources import accounts_state as accounts
from emulator.resources.accounts_v1 import CAPABILITIES, bank_account, banks_of
from emulator.resources.capability import capability
from emulator.resources.external_accounts import BANK
from emulator.resources.external_accounts import open_account as _connected
from emulator.types import Json

if TYPE_CHECKING:
    from emulator.context import Ctx

_ADDRESS = "address{line1 line2 city state postal_code country}"
_DESCRIPTIVE = (
    f"email business_type default_currency metadata {account_settings.PROFILE} {account_settings.SETTINGS} "
    f"{account_settings.TERMS} {BANK} "
    "capabilities{transfers{requested} card_payments{requested}} "
    f"individual{{first_name last_name email phone dob{{day month year}} {_ADDRESS}}} company{{name phone {_ADDRESS}}}"
)
_CONTROLLER = (
    "controller{fees{payer} losses{payments} requirement_collection stripe_dashboard{type}}"  # who pays, who answers
)
_PERSON = {"first_name": "given_name", "last_name": "surname", "email": "email", "phone": "phone"}
_REASONS = {"terms_of_service": "platform_terms_of_service", "other": "platform_other", "credit": "platform_other"}

documented(
    "accounts",
    "v1's type and controller exclude each other; without either the dashboard is the full one (standard).",
    "An account is deleted or closed only when its balances are zero.",
    "A rejected account can neither receive transfers nor be paid out; reject needs losses on the platform.",
)
assumed(
    "accounts",
    "Prefilling over the API stays possible after the first account link.",
    "The country of an account cannot be changed over v1 once it is known.",
)


@operation("POST /v1/accounts", f"type country {_CONTROLLER} {_DESCRIPTIVE}")
def create(ctx: Ctx, params: Json, ids: dict[str, str]) -> Json:
    country = params.get("country", ctx.settings.country).upper()
    if country not in COUNTRIES:
        raise invalid(f"Country '{country}' is unknown.", param="country", code="country_unsupported")
    state = accounts.fresh(country)
    _controller(state, params)
    _apply(ctx, state, params)
    id = "acct_1" + ctx.store.random_text(15)
    row = ctx.store.insert({"id": id, "object": CONNECTED}, account="", created=ctx.now, private=state)
    accounts.verify(state)
    account_changes.keep(ctx, row)
    if state["verification"] == "pending":
        ctx.store.plan(ctx.now + accounts.VERIFY_SECONDS, "verify", row.id)
    for bank in banks_of(state):
        ctx.emit("account.external_account.created", bank_account(row, bank), account=row.id)
    return ctx.shown(row)


def _controller(state: Json, params: Json) -> None:
    kind, given = params.get("type"), params.get("controller")
    if kind is not None and given is not None:
        raise invalid("You may only specify one of these parameters: type, controller.", param="type")
    given = given or {}
    ours = "application" if kind in ("express", "custom") else "stripe"
    payer = (given.get("fees") or {}).get("payer")
    fees = ours if payer is None else "stripe" if payer == "account" else "application"
    losses = (given.get("losses") or {}).get("payments", ours)
    if losses == "application" and fees == "stripe":
        raise invalid(
            "controller[losses][payments] can be application only when controller[fees][payer] is application.",
            param="controller[losses][payments]",
        )
    usual = {"express": "express", "custom": "none"}.get(kind or "", "full")
    dashboard = (given.get("stripe_dashboard") or {}).get("type", usual)
    collection = given.get("requirement_collection", "application" if kind == "custom" else "stripe")
    if collection == "application" and (losses != "application" or dashboard != "none"):
        raise invalid(
            "controller[requirement_collection] can be application only when controller[losses][payments] is "
            "application and controller[stripe_dashboard][type] is none.",
            param="controller[requirement_collection]",
        )
    state |= {"fees_collector": fees, "losses_collector": losses, "dashboard": dashboard, "custom": kind == "custom"}
    state["requirement_collection"] = collection


@operation("POST /v1/accounts/{account}", _DESCRIPTIVE)
def update(ctx: Ctx, params: Json, ids: dict[str, str]) -> Json:
    row = _connected(ctx, ids["account"])
    before = account_changes.snapshot(row)
    _apply(ctx, row.private, params)
    account_changes.settle(ctx, row, before)
    return ctx.shown(row)


@operation("GET /v1/accounts", f"created {PAGING}")
def list_all(ctx: Ctx, params: Json, ids: dict[str, str]) -> Json:
    return page(ctx, CONNECTED, params, "/v1/accounts")


@operation("DELETE /v1/accounts/{account}")
def delete(ctx: Ctx, params: Json, ids: dict[str, str]) -> Json:
    """The row stays under another kind: its payments and ledger rows still point to it."""
    row = _connected(ctx, ids["account"])
    account_changes.require_empty(ctx, row)
    ctx.store.delete(row)
    ctx.store.insert(
        row.body, account=row.account, created=row.created, kind=DELETED, private={**row.private, "closed": True}
    )
    account_trouble.announce_end(ctx, row.id)
    return {"id": row.id, "object": "account", "deleted": True}


@operation("POST /v1/accounts/{account}/reject", "reason payouts_action")
def reject(ctx: Ctx, params: Json, ids: dict[str, str]) -> Json:
    row = _connected(ctx, ids["account"])
    if "reason" not in params:
        raise invalid("Missing required param: reason.", param="reason", code="parameter_missing")
    if params.get("payouts_action") == "none":
        raise not_modelled("rejected accounts that still pay out", param="payouts_action")
    if row.private["losses_collector"] != "application":
        raise invalid("You can reject only accounts whose negative balances you are liable for.")
    before = account_changes.snapshot(row)
    row.private["rejected"] = _REASONS.get(params["reason"], "platform_fraud")
    account_changes.settle(ctx, row, before)
    return ctx.shown(row)


@operation("POST /v1/accounts/{account}/unreject")
def unreject(ctx: Ctx, params: Json, ids: dict[str, str]) -> Json:
    row = _connected(ctx, ids["account"])
    if not row.private.get("rejected"):
        raise invalid("This account has not been rejected.")
    before = account_changes.snapshot(row)
    row.private["rejected"] = None
    account_changes.settle(ctx, row, before)
    return ctx.shown(row)


@operation("POST /v1/accounts/{account}/capabilities/{capability}", "requested")
def update_capability(ctx: Ctx, params: Json, ids: dict[str, str]) -> Json:
    row, name = _connected(ctx, ids["account"]), ids["capability"]
    if name not in CAPABILITIES:
        raise not_modelled(f"the capability {name[:50]}")
    if "requested" in params:
        before = account_changes.snapshot(row)
        _request(ctx, row.private, {name: {"requested": params["requested"]}})
        account_changes.settle(ctx, row, before)
    return capability(row, name)


def _request(ctx: Ctx, state: Json, given: Json) -> None:
    """`capabilities` as sent. card_payments is never without transfers."""
    for name, key in (("transfers", "transfers_requested"), ("card_payments", "cards_requested")):
        wanted = (given.get(name) or {}).get("requested")
        if wanted is not None and bool(state.get(key)) != wanted:
            state |= {key: wanted, f"{key}_at": ctx.now if wanted else None}
    if state.get("cards_requested") and not state["transfers_requested"]:
        raise invalid(
            "The capability card_payments can be requested only together with transfers.",
            param="capabilities[card_payments][requested]",
        )
    state["recipient"] = state["recipient"] or state["transfers_requested"]


def _apply(ctx: Ctx, state: Json, params: Json) -> None:
    if "email" in params:
        state["contact_email"] = params["email"] or None
    if "business_type" in params:
        state["entity_type"] = params["business_type"]
    if "default_currency" in params:
        state["currency"] = ctx.currency(params["default_currency"], "default_currency")
    state["metadata"] = metadata(params.get("metadata"), state["metadata"])
    account_settings.apply_profile(state, params.get("business_profile"))
    person, company = params.get("individual") or {}, params.get("company") or {}
    state["individual"].update(_renamed(person, _PERSON))
    if "dob" in person:
        state["individual"]["date_of_birth"] = person["dob"] or None
    if "address" in person:
        state["individual"]["address"] = person["address"]
    state["business_details"].update(_renamed(company, {"name": "registered_name", "phone": "phone"}))
    if "address" in company:
        state["business_details"]["address"] = company["address"]
    _request(ctx, state, params.get("capabilities") or {})
    account_settings.apply_settings(ctx, state, params.get("settings") or {})
    account_settings.apply_terms(state, params.get("tos_acceptance") or {})
    if params.get("external_account"):
        external_accounts.add(ctx, state, params["external_account"], default=True)


def _renamed(given: Any, names: dict[str, str]) -> Json:
    return {names[key]: value or None for key, value in (given or {}).items() if key in names}
