"""What every update has in common: metadata and plain fields, and what they were before."""

from __future__ import annotations

from typing import TYPE_CHECKING

from emulator.context import metadata
from emulator.store import Row
from emulator.types import Json

if TYPE_CHECKING:
    from emulator.context import Ctx


def edit(ctx: Ctx, row: Row, params: Json, *fields: str) -> Json:
    """Write the given metadata and `fields` into the object and save it; returns what changed, as it was."""
    wanted = {name: params[name] or None for name in fields if name in params}
    if "metadata" in params:
        wanted["metadata"] = metadata(params["metadata"], row.body["metadata"])
    before = {name: row.body[name] for name, value in wanted.items() if row.body[name] != value}
    if before:
        row.body.update(wanted)
        ctx.save(row)
    return before


def updated(ctx: Ctx, row: Row, params: Json, event: str, *fields: str) -> Json:
    """`edit`, its event when anything changed, and the object as the API shows it now."""
    before = edit(ctx, row, params, *fields)
    if before:
        ctx.emit(event, row, previous=before)
    return ctx.shown(row)
