"""What Stripe does to an account by itself: asks for more, disables it, takes a capability away, lets it go."""

from __future__ import annotations

from typing import TYPE_CHECKING

from emulator.clock import DAY
from emulator.kinds import CONNECTED, DISCONNECTED
from emulator.registry import assumed, documented
from emulator.resources import account_changes
from emulator.resources import accounts_state as accounts
from emulator.schema.build import build
from emulator.store import Row

if TYPE_CHECKING:
    from emulator.context import Ctx

documented(
    "accounts",
    "A requirement with a deadline is currently_due until then and takes nothing away; past_due it restricts.",
    "account.application.deauthorized carries the application; the account is out of reach (403) from then on.",
)
assumed(
    "accounts",
    "A disabled account neither receives transfers nor is paid out, whatever the disabled_reason.",
    "Without its transfers capability an account is still paid out; without payouts it still receives transfers.",
    "A disconnected account raises no more webhooks; its money stays and is paid out by its schedule.",
    "Deleting an account over v1 raises account.application.deauthorized.",
)

CAPABILITIES = ("transfers", "payouts")


def require(ctx: Ctx, row: Row, what: str, days: int) -> None:
    """Ask for one of accounts.ASKABLE within `days`; 0 takes the right to transfers away at once."""
    before = account_changes.snapshot(row)
    deadline = ctx.now + days * DAY
    row.private.setdefault("asked", {})[what] = {"deadline": deadline, "past_due": days == 0}
    row.private.pop("document", None)
    account_changes.settle(ctx, row, before)
    ctx.store.plan(deadline, "requirement", row.id)


def deadline_passed(ctx: Ctx, id: str) -> Row | None:
    """What was asked for has not come in time; None when it has."""
    row = ctx.store.get(id)
    if row is None or row.kind != CONNECTED or "asked" not in row.private:
        return None
    late = [
        what
        for what, asked in accounts.asked(row.private).items()
        if asked["deadline"] <= ctx.now and not asked["past_due"]
    ]
    if not late:
        return None
    before = account_changes.snapshot(row)
    for what in late:
        row.private["asked"][what]["past_due"] = True
    account_changes.settle(ctx, row, before)
    return row


def disable(ctx: Ctx, row: Row, reason: str) -> None:
    """No transfers to it and no payouts of it, with v1's `disabled_reason`."""
    before = account_changes.snapshot(row)
    row.private["disabled"] = reason
    account_changes.settle(ctx, row, before)


def lose(ctx: Ctx, row: Row, capability: str) -> None:
    """One of CAPABILITIES goes, the other stays."""
    before = account_changes.snapshot(row)
    row.private["lost"] = sorted({*row.private.get("lost", ()), capability})
    account_changes.settle(ctx, row, before)


def restore(ctx: Ctx, row: Row) -> None:
    """Take back what `require`, `disable`, `lose` and a rejection did."""
    before = account_changes.snapshot(row)
    for name in ("asked", "disabled", "lost", "rejected"):
        row.private.pop(name, None)
    if row.private["verification"] == "failed":
        row.private["verification"] = "verified"
    account_changes.settle(ctx, row, before)


def deauthorise(ctx: Ctx, row: Row) -> None:
    """The account's owner ends the connection: the platform reaches it no more, and is told so once."""
    ctx.store.delete(row)
    ctx.store.insert(row.body, account=row.account, created=row.created, kind=DISCONNECTED, private=row.private)
    announce_end(ctx, row.id)


def announce_end(ctx: Ctx, account: str) -> None:
    application = build("application", id=ctx.em.application_id, name=ctx.settings.platform_name)
    ctx.emit("account.application.deauthorized", application, account=account)
