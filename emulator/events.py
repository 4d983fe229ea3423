"""Snapshot events: the object as it was then, with a delivery per listening endpoint, in the same transaction."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from emulator.errors import SelfCheckError
from emulator.kinds import DISCONNECTED
from emulator.schema.build import build
from emulator.schema.check import problems
from emulator.types import Json

if TYPE_CHECKING:
    from emulator.context import Ctx
    from emulator.faults import Fault
    from emulator.store import Row

# Flags of a delivery: it does not count down pending_webhooks (resent, or a copy); its copies go at the same time.
MANUAL, AT_ONCE = 1, 2


def emit(ctx: Ctx, type: str, shown: Json, account: str, previous: Json | None) -> None:
    """Write the event and queue it; `account` is "" for the platform's own events."""
    faults = ctx.em.faults
    if faults.take("event_lost", type, account) is not None:
        return
    repeated = faults.take("webhook_duplicate", type, account)
    news = [type] * (repeated.given("copies") if repeated is not None and repeated.given("new_ids") else 1)
    unknown = faults.take("event_unknown", type, account)
    if unknown is not None:
        news.append(unknown.given("type"))
    for name in news:
        body, listening = _write(ctx, name, shown, account, previous)
        for endpoint in listening:
            _queue_all(ctx, body, endpoint.id, repeated)
        if ctx.em.strict and name == type:
            _self_check(body)


def _write(ctx: Ctx, type: str, shown: Json, account: str, previous: Json | None) -> tuple[Json, list[Row]]:
    snapshot = json.loads(json.dumps(shown))
    data: Json = {"object": snapshot}
    if previous is not None:
        data["previous_attributes"] = previous
    listening = [row for row in ctx.em.endpoints() if hears(row, type, account)]
    if account and listening and _disconnected(ctx, type, account):
        listening = []
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
    ctx.raised.append(body)
    return body, listening


def _queue_all(ctx: Ctx, event: Json, endpoint: str, repeated: Fault | None) -> None:
    """The delivery to one endpoint, and what planned faults make of it."""
    at_once, copies = False, 1
    if repeated is not None and not repeated.given("new_ids"):
        at_once, copies = repeated.given("at_once"), repeated.given("copies")
    account = event.get("account", "")
    delayed = ctx.em.faults.take("webhook_delay", event["type"], account)
    held = ctx.em.faults.take("webhook_reorder", event["type"], account)
    wait = sum(int(fault.given("seconds")) for fault in (delayed, held) if fault is not None)
    for number in range(copies):
        flags = (MANUAL if number else 0) | (AT_ONCE if at_once else 0)
        queue(ctx, event["id"], endpoint, flags=flags, wait=wait, window=held.given("window") if held else 0)


def hears(endpoint: Row, type: str, account: str) -> bool:
    """Platform endpoints hear the platform's events, `connect` endpoints those of connected accounts."""
    if endpoint.body["status"] != "enabled" or bool(endpoint.private.get("connect")) != bool(account):
        return False
    enabled = endpoint.body["enabled_events"]
    return "*" in enabled or type in enabled


def _disconnected(ctx: Ctx, type: str, account: str) -> bool:
    """Of an account that ended the connection only that very news is heard."""
    row = ctx.store.get(account)
    return row is not None and row.kind == DISCONNECTED and type != "account.application.deauthorized"


def queue(ctx: Ctx, event: str, endpoint: str, *, flags: int = 0, wait: int = 0, window: int = 0) -> None:
    """`wait` is in seconds; with a `window`, so many later deliveries to the endpoint end it before its time."""
    made = ctx.store.run(
        "INSERT INTO delivery (event, endpoint, due_at, state, manual) VALUES (?, ?, ?, ?, ?)",
        (event, endpoint, ctx.now + wait, "held" if window else "pending", flags),
    )
    if window and made.lastrowid is not None:
        ctx.em.held[made.lastrowid] = window


def _self_check(body: Json) -> None:
    shown = body["data"]["object"]
    wrong = problems("event", body) + problems(str(shown["object"]), shown)
    if wrong:
        raise SelfCheckError(f"event {body['type']}: " + "; ".join(wrong))
