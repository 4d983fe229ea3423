"""What follows from a change to an account: verification, capabilities, events."""

from __future__ import annotations

import copy
from dataclasses import replace
from typing import TYPE_CHECKING

from emulator import ledger
from emulator.clock import DAY, midnight
from emulator.errors import invalid
from emulator.resources import accounts_state as accounts
from emulator.resources.accounts_v2_view import EVERYTHING, view
from emulator.resources.capability import capability
from emulator.store import Row
from emulator.types import Json

if TYPE_CHECKING:
    from emulator.context import Ctx


def keep(ctx: Ctx, row: Row) -> None:
    """Save an account with its v2 view beside the state, for people who look at the store."""
    row.body = view(row, EVERYTHING)
    ctx.save(row)


def snapshot(row: Row) -> Json:
    """The state before a change."""
    return copy.deepcopy(row.private)


def settle(ctx: Ctx, row: Row, before: Json) -> None:
    """After any change: verify, save, and tell connect endpoints what changed. `before` is the state as it was."""
    state = row.private
    accounts.verify(state)
    keep(ctx, row)
    if state["verification"] == "pending" and before["verification"] != "pending":
        ctx.store.plan(ctx.now + accounts.VERIFY_SECONDS, "verify", row.id)
    if state == before:
        return
    ctx.emit("account.updated", row, account=row.id, previous=_difference(ctx, row, before))
    for name, status in (("card_payments", accounts.v1_card_payments), ("transfers", accounts.v1_transfers)):
        was, now = status(before), status(state)
        if was != now:
            ctx.emit("capability.updated", capability(row, name), account=row.id, previous={"status": was})
    if accounts.payouts_enabled(state) and (state["bank"] != before["bank"] or not accounts.payouts_enabled(before)):
        ctx.store.plan(midnight(ctx.now) + DAY, "payouts", row.id)


def _difference(ctx: Ctx, row: Row, before: Json) -> Json:
    """The fields of the v1 view that changed, as they were."""
    old, new = ctx.shown(replace(row, private=before)), ctx.shown(row)
    return {key: value for key, value in old.items() if new[key] != value}


def require_empty(ctx: Ctx, row: Row) -> None:
    """An account goes only when nothing is left in it, nor owed by it."""
    if any(ready or pending for ready, pending in ledger.balances(ctx.store, row.id, ctx.now).values()):
        raise invalid("This account cannot be closed: its balances must be zero first.", code="account_not_empty")


def finish_verification(ctx: Ctx, id: str) -> None:
    """The pending birthday's answer has come."""
    row = ctx.must(id)
    if row.private["verification"] != "pending":
        return
    before = snapshot(row)
    row.private["verification"] = "verified"
    settle(ctx, row, before)
