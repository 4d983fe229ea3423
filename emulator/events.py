"""Snapshot events: the object as it was then, with a delivery per listening endpoint, in the same transaction."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from emulator.errors import SelfCheckError
from emulator.schema.build import build
from emulator.schema.check import problems
from emulator.types import Json

if TYPE_CHECKING:
    from emulator.context import Ctx
    from emulator.store import Row


def emit(ctx: Ctx, type: str, shown: Json, account: str, previous: Json | None) -> None:
    """Write the event and queue it; `account` is "" for the platform's own events."""
    snapshot = json.loads(json.dumps(shown))
    data: Json = {"object": snapshot}
    if previous is not None:
        data["previous_attributes"] = previous
    listening = [row for row in ctx.em.endpoints() if hears(row, type, account)]
    body = build(
        "event",
        id="evt_1" + ctx.store.random_text(23),
        api_version=ctx.em.api_version,
        created=ctx.now,
        data=data,
        pending_webhooks=len(listening),
        request={"id": ctx.request_id, "idempotency_key": ctx.idempotency_key},
        type=type,
    )
    if account:
        body["account"] = account
    ctx.store.insert(body, account=account, created=ctx.now)
    copies = _copies(ctx, type)
    for endpoint in listening:
        queue(ctx, body["id"], endpoint.id)
        for _ in range(copies - 1):
            queue(ctx, body["id"], endpoint.id, manual=True)
    ctx.raised.append(body)
    if ctx.em.strict:
        _self_check(body)


def hears(endpoint: Row, type: str, account: str) -> bool:
    """Platform endpoints hear the platform's events, `connect` endpoints those of connected accounts."""
    if endpoint.body["status"] != "enabled" or bool(endpoint.private.get("connect")) != bool(account):
        return False
    enabled = endpoint.body["enabled_events"]
    return "*" in enabled or type in enabled


def queue(ctx: Ctx, event: str, endpoint: str, *, manual: bool = False) -> None:
    """`manual` deliveries (resent, or duplicated on purpose) do not count down pending_webhooks."""
    ctx.store.run(
        "INSERT INTO delivery (event, endpoint, due_at, manual) VALUES (?, ?, ?, ?)",
        (event, endpoint, ctx.now, int(manual)),
    )


def _copies(ctx: Ctx, type: str) -> int:
    fault = ctx.em.faults.take("webhook_duplicate", type)
    return int(fault.params.get("copies", 2)) if fault else 1


def _self_check(body: Json) -> None:
    shown = body["data"]["object"]
    wrong = problems("event", body) + problems(str(shown["object"]), shown)
    if wrong:
        raise SelfCheckError(f"event {body['type']}: " + "; ".join(wrong))
