"""v1's capability object and requirements hash."""

from __future__ import annotations

from emulator.resources import accounts_state as accounts
from emulator.schema.build import build
from emulator.store import Row
from emulator.types import Json


def hash_of_requirements(
    due: list[str],
    *,
    pending: list[str] | None = None,
    reason: str | None = None,
    past_due: list[str] | None = None,
) -> Json:
    """v1's requirements: due now and past due are the same list unless told, since onboarding has no deadline here."""
    return {
        "alternatives": [],
        "current_deadline": None,
        "currently_due": sorted(due),
        "disabled_reason": reason,
        "errors": [],
        "eventually_due": sorted(due),
        "past_due": sorted(due if past_due is None else past_due),
        "pending_verification": list(pending or []),
    }


def capability(row: Row, name: str) -> Json:
    state = row.private
    late = [text for _, names, holds in accounts.missing(state) if holds == accounts.TRANSFERS for text in names]
    soon = [text for _, names, holds in accounts.missing(state) if holds == accounts.NOTHING_YET for text in names]
    pending = ["individual.verification.document"] if state["verification"] == "pending" else []
    cards = name == "card_payments"
    status = accounts.v1_card_payments(state) if cards else accounts.v1_transfers(state)
    reason = "requirements.fields_needed" if late and status == "inactive" else None
    if state.get("disabled") or "transfers" in state.get("lost", ()):
        reason = "platform_paused" if state.get("disabled") == "platform_paused" else "other"
    requirements = hash_of_requirements([*late, *soon], pending=pending, reason=reason, past_due=late)
    return build(
        "capability",
        id=name,
        account=row.id,
        future_requirements=hash_of_requirements([]),
        requested=bool(state.get("cards_requested") if cards else state["transfers_requested"]),
        requested_at=state.get("cards_requested_at") if cards else state["transfers_requested_at"],
        requirements={**requirements, "current_deadline": accounts.deadline(state), "errors": accounts.errors(state)},
        status=status,
    )
