"""v1's capability object and requirements hash."""

from __future__ import annotations

from emulator.resources import accounts_state as accounts
from emulator.schema.build import build
from emulator.store import Row
from emulator.types import Json


def hash_of_requirements(due: list[str], *, pending: list[str] | None = None, reason: str | None = None) -> Json:
    """v1's requirements: due now and past due are the same list, since onboarding has no deadline here."""
    return {
        "alternatives": [],
        "current_deadline": None,
        "currently_due": sorted(due),
        "disabled_reason": reason,
        "errors": [],
        "eventually_due": sorted(due),
        "past_due": sorted(due),
        "pending_verification": list(pending or []),
    }


def capability(row: Row, name: str) -> Json:
    state = row.private
    due = [text for _, names, holds in accounts.missing(state) if holds == accounts.TRANSFERS for text in names]
    pending = ["individual.verification.document"] if state["verification"] == "pending" else []
    status = accounts.v1_transfers(state)
    reason = "requirements.fields_needed" if due and status == "inactive" else None
    return build(
        "capability",
        id=name,
        account=row.id,
        future_requirements=hash_of_requirements([]),
        requested=bool(state["transfers_requested"]),
        requested_at=state["transfers_requested_at"],
        requirements=hash_of_requirements(due, pending=pending, reason=reason),
        status=status,
    )
