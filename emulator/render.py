"""What the API shows of a stored object. Most are stored as shown; some have parts that are looked up."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from emulator.store import Row
from emulator.types import Json

if TYPE_CHECKING:
    from emulator.context import Ctx

Renderer = Callable[["Ctx", Row], Json]
RENDERERS: dict[str, Renderer] = {}


def renderer(kind: str) -> Callable[[Renderer], Renderer]:
    def register(function: Renderer) -> Renderer:
        RENDERERS[kind] = function
        return function

    return register


def render(ctx: Ctx, row: Row) -> Json:
    special = RENDERERS.get(row.kind)
    return dict(row.body) if special is None else special(ctx, row)


def embedded(ctx: Ctx, kind: str, field: str, value: str, url: str) -> Json:
    """A list inside an object: the ten newest."""
    rows = ctx.store.find(kind, account=None, where={field: value}, limit=11)
    data = [render(ctx, row) for row in rows[:10]]
    return {"object": "list", "data": data, "has_more": len(rows) > 10, "url": url}
