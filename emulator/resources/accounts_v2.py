"""v2/core/accounts: sellers, with the `recipient` configuration."""

from __future__ import annotations

from typing import TYPE_CHECKING

from emulator.clock import rfc3339
from emulator.context import metadata
from emulator.errors import StripeError, invalid
from emulator.registry import assumed, documented, operation
from emulator.resources import account_changes
from emulator.resources import accounts_state as accounts
from emulator.schema.build import build
from emulator.store import Row
from emulator.types import Json

if TYPE_CHECKING:
    from emulator.context import Ctx

_ADDRESS = "address{line1 line2 city state postal_code country}"
_IDENTITY = (
    "identity{country entity_type "
    f"individual{{given_name surname email phone date_of_birth{{day month year}} {_ADDRESS}}} "
    f"business_details{{registered_name phone {_ADDRESS}}}}}"
)
_PARAMETERS = (
    "contact_email contact_phone display_name dashboard include metadata "
    "configuration{recipient{capabilities{stripe_balance{stripe_transfers{requested}}}}} "
    "defaults{currency locales profile{business_url doing_business_as product_description} "
    f"responsibilities{{fees_collector losses_collector}}}} {_IDENTITY}"
)

documented(
    "accounts v2",
    "configuration, defaults, identity and requirements are null unless named in include.",
    "Times are RFC 3339; bodies are JSON; lists page by next_page_url.",
    "losses_collector=application requires fees_collector=application.",
    "defaults.responsibilities cannot be changed once set.",
)
assumed("accounts v2", "The wording and codes of v2 validation errors follow v1's.")


@operation("POST /v2/core/accounts", _PARAMETERS)
def create(ctx: Ctx, params: Json, ids: dict[str, str]) -> Json:
    state = accounts.fresh(None)
    _apply(ctx, state, params)
    row = ctx.store.insert(
        {"id": "acct_1" + ctx.store.random_text(15), "object": "account"}, account="", created=ctx.now, private=state
    )
    return view(row, params.get("include"))


@operation("GET /v2/core/accounts/{id}", "include")
def retrieve(ctx: Ctx, params: Json, ids: dict[str, str]) -> Json:
    return view(_own(ctx, ids["id"]), params.get("include"))


@operation("POST /v2/core/accounts/{id}", _PARAMETERS)
def update(ctx: Ctx, params: Json, ids: dict[str, str]) -> Json:
    row = _own(ctx, ids["id"])
    before = account_changes.snapshot(row)
    _apply(ctx, row.private, params)
    account_changes.settle(ctx, row, before)
    return view(row, params.get("include"))


@operation("GET /v2/core/accounts", "limit applied_configurations closed page")
def list_all(ctx: Ctx, params: Json, ids: dict[str, str]) -> Json:
    wanted = params.get("applied_configurations")
    rows = [
        row
        for row in ctx.store.find("account")
        if not row.private["platform"]
        and not params.get("closed")
        and (not wanted or ("recipient" in wanted and row.private["recipient"]))
    ]
    size = int(params.get("limit", 20))
    if not 1 <= size <= 100:
        raise invalid("limit must be between 1 and 100.", param="limit")
    return {"data": [view(row, None) for row in rows[:size]], "next_page_url": None, "previous_page_url": None}


def _own(ctx: Ctx, id: str) -> Row:
    row = ctx.store.get(id)
    if row is None or row.kind != "account" or row.private["platform"]:
        raise StripeError(404, f"Account {id} not found.", code="not_found")
    return row


def _apply(ctx: Ctx, state: Json, params: Json) -> None:
    for name in ("contact_email", "contact_phone", "display_name", "dashboard"):
        if name in params:
            state[name] = params[name]
    state["metadata"] = metadata(params.get("metadata"), state["metadata"])
    identity = params.get("identity") or {}
    for name in ("country", "entity_type"):
        if name in identity:
            state[name] = identity[name].upper() if name == "country" and identity[name] else identity[name]
    for part in ("individual", "business_details"):
        state[part].update(identity.get(part) or {})
    _defaults(state, params.get("defaults") or {})
    recipient = (params.get("configuration") or {}).get("recipient")
    if recipient is not None:
        _recipient(ctx, state, recipient)


def _defaults(state: Json, given: Json) -> None:
    for name in ("currency", "locales"):
        if name in given:
            state[name] = given[name]
    state["profile"].update(given.get("profile") or {})
    wanted = given.get("responsibilities")
    if wanted is None:
        return
    for name in ("fees_collector", "losses_collector"):
        if state[name] not in (None, wanted[name]):
            raise invalid("defaults.responsibilities cannot be changed once set.", param="defaults.responsibilities")
        state[name] = wanted[name]
    if wanted["losses_collector"] == "application" and wanted["fees_collector"] == "stripe":
        raise invalid(
            "losses_collector can be application only when fees_collector is application.",
            param="defaults.responsibilities.losses_collector",
        )


def _recipient(ctx: Ctx, state: Json, given: Json) -> None:
    state["recipient"] = True
    asked = ((given.get("capabilities") or {}).get("stripe_balance") or {}).get("stripe_transfers") or {}
    if "requested" in asked:
        state["transfers_requested"] = asked["requested"]
        state["transfers_requested_at"] = ctx.now if asked["requested"] else None


# --- the answer -----------------------------------------------------------------------------------------------


def view(row: Row, include: list[str] | None) -> Json:
    state, wanted = row.private, set(include or ())
    configuration = None
    if "configuration.recipient" in wanted and state["recipient"]:
        configuration = {"recipient": _shown_recipient(state)}
    elif any(name.startswith("configuration.") for name in wanted):
        configuration = {}
    return build(
        "v2.core.account",
        id=row.id,
        applied_configurations=["recipient"] if state["recipient"] else [],
        configuration=configuration,
        contact_email=state["contact_email"],
        contact_phone=state["contact_phone"],
        created=rfc3339(row.created),
        dashboard=state["dashboard"],
        defaults=_shown_defaults(state) if "defaults" in wanted else None,
        display_name=state["display_name"],
        future_requirements={"entries": []} if "future_requirements" in wanted else None,
        identity=_shown_identity(row) if "identity" in wanted else None,
        metadata=dict(state["metadata"]),
        requirements=_shown_requirements(state) if "requirements" in wanted else None,
    )


def _shown_recipient(state: Json) -> Json:
    if not state["transfers_requested"]:
        return {"applied": True}
    return {
        "applied": True,
        "capabilities": {
            "stripe_balance": {
                "payouts": _shown_capability(accounts.payouts_status(state)),
                "stripe_transfers": _shown_capability(accounts.transfers_status(state)),
            }
        },
    }


def _shown_capability(status: str) -> Json:
    details = {
        "active": [],
        "pending": [{"code": "requirements_pending_verification", "resolution": "no_resolution"}],
        "restricted": [{"code": "requirements_past_due", "resolution": "provide_info"}],
    }
    return {"status": status, "status_details": details[status]}


def _shown_defaults(state: Json) -> Json:
    own = state["losses_collector"] == "application" and state["dashboard"] == "none"
    return {
        "currency": state["currency"],
        "locales": state["locales"],
        "profile": {
            key: state["profile"].get(key) for key in ("business_url", "doing_business_as", "product_description")
        },
        "responsibilities": {
            "fees_collector": state["fees_collector"],
            "losses_collector": state["losses_collector"],
            "requirements_collector": "application" if own else "stripe",
        },
    }


def _shown_identity(row: Row) -> Json:
    state = row.private
    person = state["individual"]
    individual = None
    if person:
        individual = {
            "id": f"person_{row.id[5:]}",
            "object": "v2.core.account_person",
            "account": row.id,
            "created": rfc3339(row.created),
            "updated": rfc3339(row.created),
            **{key: person.get(key) for key in ("given_name", "surname", "email", "phone", "date_of_birth", "address")},
        }
    terms = state["tos"]
    return {
        "attestations": {"terms_of_service": {"account": {**terms, "date": rfc3339(terms["date"])}}} if terms else None,
        "business_details": state["business_details"] or None,
        "country": state["country"],
        "entity_type": state["entity_type"],
        "individual": individual,
    }


def _shown_requirements(state: Json) -> Json:
    entries = [_entry(description, "user", holds) for description, _, holds in accounts.missing(state)]
    if state["verification"] == "pending":
        entries.append(_entry("identity.individual.documents.primary_verification", "stripe", accounts.TRANSFERS))
    due = any(entry["awaiting_action_from"] == "user" for entry in entries)
    return {
        "entries": entries,
        "summary": {"minimum_deadline": {"status": "currently_due", "time": None} if due else None},
    }


def _entry(description: str, who: str, holds: str) -> Json:
    held = [{"capability": holds, "configuration": "recipient", "deadline": {"status": "currently_due"}}]
    if holds == accounts.TRANSFERS:
        held.append(
            {"capability": accounts.PAYOUTS, "configuration": "recipient", "deadline": {"status": "currently_due"}}
        )
    return {
        "awaiting_action_from": who,
        "description": description,
        "errors": [],
        "impact": {"restricts_capabilities": held},
        "minimum_deadline": {"status": "currently_due"},
        "reference": None,
        "requested_reasons": [{"code": "routine_onboarding"}],
    }
