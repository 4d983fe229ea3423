"""Lists as Stripe pages them: newest first, by cursor."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from emulator.errors import invalid, missing
from emulator.types import Json

if TYPE_CHECKING:
    from emulator.context import Ctx
    from emulator.store import Row

_OPERATORS = {"gt": ">", "gte": ">=", "lt": "<", "lte": "<="}


def page(
    ctx: Ctx,
    kind: str,
    params: Json,
    url: str,
    *,
    where: Json | None = None,
    filters: tuple[str, ...] = (),
    moments: tuple[str, ...] = (),
    account: str | None = None,
) -> Json:
    """One page of a kind. `filters` are parameters of the same name as the indexed field; `created` is understood.

    `moments` are further parameters that bound a time, as `created` does.
    """
    wanted = dict(where or {})
    wanted.update({name: params[name] for name in filters if params.get(name) not in (None, "")})
    size = limit(params)
    owner = ctx.account if account is None else account
    after, before = params.get("starting_after"), params.get("ending_before")
    if after and before:
        raise invalid("You may only specify one of these parameters: ending_before, starting_after.")
    bounds = {
        "before": _cursor(ctx, kind, after, "starting_after", owner) if after else None,
        "after": _cursor(ctx, kind, before, "ending_before", owner) if before else None,
    }
    rows = ctx.store.find(
        kind,
        account=owner,
        where=wanted,
        times=tuple(bound for name in ("created", *moments) for bound in time_range(params.get(name), name)),
        limit=size + 1,
        oldest_first=bool(before),
        **bounds,
    )
    return list_object(ctx, rows, size, url, backwards=bool(before))


def list_object(ctx: Ctx, rows: list[Row], size: int, url: str, *, backwards: bool = False) -> Json:
    more = len(rows) > size
    rows = rows[:size]
    if backwards:
        rows.reverse()
    return {"object": "list", "data": [ctx.shown(row) for row in rows], "has_more": more, "url": url}


def cut(items: list[Json], params: Json, url: str, what: str) -> Json:
    """A page of a list that is at hand, in its own order."""
    size, ids = limit(params), [item["id"] for item in items]
    after, before = params.get("starting_after"), params.get("ending_before")
    if after and before:
        raise invalid("You may only specify one of these parameters: ending_before, starting_after.")
    for name, id in (("starting_after", after), ("ending_before", before)):
        if id and id not in ids:
            raise missing(what, id, param=name, status=400)
    if before:
        head = items[: ids.index(before)]
        return {"object": "list", "data": head[-size:], "has_more": len(head) > size, "url": url}
    tail = items[ids.index(after) + 1 :] if after else items
    return {"object": "list", "data": tail[:size], "has_more": len(tail) > size, "url": url}


def limit(params: Json) -> int:
    size = params.get("limit", 10)
    if not 1 <= size <= 100:
        raise invalid(f"Invalid limit: must be between 1 and 100; got {size}.", param="limit")
    return int(size)


def _cursor(ctx: Ctx, kind: str, id: str, param: str, owner: str) -> int:
    row = ctx.store.get(id)
    if row is None or row.kind != kind or row.account != owner:
        raise missing(kind, id, param=param, status=400)
    return row.seq


def time_range(given: Any, field: str = "created") -> tuple[tuple[str, str, int], ...]:
    """A time is given as a moment or as bounds."""
    if given in (None, ""):
        return ()
    if isinstance(given, dict):
        return tuple((field, _OPERATORS[name], moment) for name, moment in given.items())
    return ((field, "=", int(given)),)
