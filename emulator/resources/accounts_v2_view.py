"""v2's view of an account."""

from __future__ import annotations

from emulator.clock import rfc3339
from emulator.resources import accounts_state as accounts
from emulator.schema.build import build
from emulator.store import Row
from emulator.types import Json

EVERYTHING = [
    "configuration.recipient",
    "defaults",
    "future_requirements",
    "identity",
    "requirements",
]


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
        **({"closed": True} if state.get("closed") else {}),
    )


def _shown_recipient(state: Json) -> Json:
    if not state["transfers_requested"]:
        return {"applied": True}
    return {
        "applied": True,
        "capabilities": {
            "stripe_balance": {
                "payouts": _shown_capability(accounts.payouts_status(state), state, "payouts"),
                "stripe_transfers": _shown_capability(accounts.transfers_status(state), state, "transfers"),
            }
        },
    }


def _shown_capability(status: str, state: Json, name: str) -> Json:
    details = {
        "active": [],
        "pending": [{"code": "requirements_pending_verification", "resolution": "no_resolution"}],
        "restricted": [{"code": "requirements_past_due", "resolution": "provide_info"}],
    }
    taken = _taken(state, name) if status == "restricted" else None
    return {"status": status, "status_details": [taken] if taken else details[status]}


def _taken(state: Json, name: str) -> Json | None:
    """Why a capability is restricted although nothing is due: rejected, disabled, or taken away."""
    reason = f"rejected.{state['rejected']}" if state.get("rejected") else state.get("disabled")
    if reason is None and name not in state.get("lost", ()):
        return None
    code = reason.replace(".", "_") if reason and reason.startswith("rejected.") else "restricted_other"
    return {"code": code, "resolution": "contact_stripe"}


def _shown_defaults(state: Json) -> Json:
    own = accounts.collects(state)
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
    if accounts.errors(state):
        refused = {"code": accounts.UNREADABLE, "description": accounts.UNREADABLE_REASON}
        entries = [one | {"errors": [refused]} if "documents" in one["description"] else one for one in entries]
    if state["verification"] == "pending":
        entries.append(_entry("identity.individual.documents.primary_verification", "stripe", accounts.TRANSFERS))
    due = any(entry["awaiting_action_from"] == "user" for entry in entries)
    return {
        "entries": entries,
        "summary": {"minimum_deadline": {"status": "currently_due", "time": _deadline(state)} if due else None},
    }


def _deadline(state: Json) -> str | None:
    moment = accounts.deadline(state)
    return None if moment is None else rfc3339(moment)


def _entry(description: str, who: str, holds: str) -> Json:
    holds = holds or accounts.TRANSFERS
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
