"""v1/events: what was raised in the last thirty days."""

from __future__ import annotations

from typing import TYPE_CHECKING

from emulator.clock import DAY
from emulator.errors import invalid, missing
from emulator.paging import limit, list_object, time_range
from emulator.registry import PAGING, documented, operation
from emulator.types import Json

if TYPE_CHECKING:
    from emulator.context import Ctx
    from emulator.store import Row

documented(
    "events",
    "Listed for 30 days by the emulator's clock, rendered as they were raised.",
    "delivery_success=false lists events some endpoint has not taken yet.",
    "types takes at most 20 names and excludes type.",
)
_BATCH = 100
# Stripe allows sixteen for each account; nobody waits for more than this many
MOST_ENDPOINTS = 100


@operation("GET /v1/events/{id}", scope="any")
def retrieve(ctx: Ctx, params: Json, ids: dict[str, str]) -> Json:
    row = ctx.own("event", ids["id"])
    if row.created <= ctx.now - ctx.settings.events_days * DAY:
        raise missing("event", row.id)
    return ctx.shown(row)


@operation("GET /v1/events", f"type types created delivery_success {PAGING}", scope="any")
def list_all(ctx: Ctx, params: Json, ids: dict[str, str]) -> Json:
    if params.get("type") and params.get("types"):
        raise invalid("You may only specify one of these parameters: type, types.")
    if len(params.get("types") or []) > 20:
        raise invalid("You may list at most 20 types.", param="types")
    size = limit(params)
    after, before = params.get("starting_after"), params.get("ending_before")
    cursor = after or before
    bound = _seq(ctx, cursor, "starting_after" if after else "ending_before") if cursor else None
    families = any(name.endswith("*") for name in _wanted(params) or ())
    batch_size = _BATCH if families else size + 1
    found: list[Row] = []
    while len(found) <= size:
        batch = ctx.store.find(
            "event",
            account=ctx.account,
            where=_where(params),
            times=(*time_range(params.get("created")), ("created", ">", ctx.now - ctx.settings.events_days * DAY)),
            before=None if before else bound,
            after=bound if before else None,
            limit=batch_size,
            oldest_first=bool(before),
        )
        found += [row for row in batch if _matches(row, params)]
        if len(batch) < batch_size:
            break
        bound = batch[-1].seq
    return list_object(ctx, found[: size + 1], size, "/v1/events", backwards=bool(before))


def _seq(ctx: Ctx, id: str, param: str) -> int:
    row = ctx.store.get(id)
    if row is None or row.kind != "event" or row.account != ctx.account:
        raise missing("event", id, param=param, status=400)
    return row.seq


def _wanted(params: Json) -> list[str] | None:
    return params.get("types") or ([params["type"]] if params.get("type") else None)


def _where(params: Json) -> Json:
    """What the index answers; families of types are looked through."""
    where: Json = {}
    wanted, delivered = _wanted(params), params.get("delivery_success")
    if wanted is not None and not any(name.endswith("*") for name in wanted):
        where["type"] = wanted
    if delivered is not None:
        where["pending_webhooks"] = [0] if delivered else list(range(1, MOST_ENDPOINTS + 1))
    return where


def _matches(row: Row, params: Json) -> bool:
    wanted = _wanted(params)
    return wanted is None or any(_is(row.body["type"], name) for name in wanted)


def _is(type: str, name: str) -> bool:
    """`charge.*` names a family."""
    return type.startswith(name[:-1]) if name.endswith("*") else type == name
