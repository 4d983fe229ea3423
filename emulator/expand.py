"""`expand`: ids turned into objects along dotted paths, as far as stripe-python's types allow."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from emulator.errors import StripeError, invalid
from emulator.schema.answers import Field, Shape, object_shape
from emulator.types import Json

if TYPE_CHECKING:
    from emulator.context import Ctx

MAX_DEPTH = 4
# Lists that are left out until asked for: (object, field) -> how to make them.
Includable = Callable[["Ctx", Json], Json]
INCLUDABLE: dict[tuple[str, str], Includable] = {}


def includable(name: str, field: str) -> Callable[[Includable], Includable]:
    def register(function: Includable) -> Includable:
        INCLUDABLE[name, field] = function
        return function

    return register


def expand(ctx: Ctx, body: Json, paths: list[str], *, is_list: bool) -> None:
    for path in paths:
        keys = path.split(".")
        if is_list and keys[0] != "data":
            raise _refused(path, "lists are expanded with the prefix `data.`")
        if len(keys) - is_list > MAX_DEPTH:
            raise StripeError(400, f"You cannot expand more than {MAX_DEPTH} levels of a property. Property: {path}")
        targets = body["data"] if is_list else [body]
        for target in targets:
            _step(ctx, target, keys[1:] if is_list else keys, path)


def _step(ctx: Ctx, target: Any, keys: list[str], path: str, shape: Shape | None = None) -> None:
    if target is None or not keys:
        return
    if isinstance(target, list):
        for item in target:
            _step(ctx, item, keys, path, shape)
        return
    if shape is None or "object" in target:
        shape = object_shape(target["object"]) if target["object"] != "list" else None
    if shape is None:
        if keys[0] != "data":
            raise _refused(path)
        _step(ctx, target["data"], keys[1:], path)
        return
    _enter(ctx, target, shape, keys, path)


def _enter(ctx: Ctx, target: Json, shape: Shape, keys: list[str], path: str) -> None:
    key = keys[0]
    field = shape.fields.get(key)
    if field is None:
        raise _refused(path)
    special = INCLUDABLE.get((str(target.get("object")), key))
    if special is not None and not isinstance(target.get(key), dict):
        target[key] = special(ctx, target)
    elif field.expandable:
        if isinstance(target.get(key), str):
            target[key] = _load(ctx, target[key])
    elif field.kind not in ("object", "list", "array") or len(keys) == 1:
        raise _refused(path)
    _step(ctx, target.get(key), keys[1:], path, _nested(field))


def _nested(field: Field) -> Shape | None:
    if field.kind == "array" and field.item is not None:
        return field.item.shape
    return field.shape if field.kind == "object" else None


def _load(ctx: Ctx, id: str) -> Any:
    row = ctx.store.get(id)
    return id if row is None else ctx.shown(row)


def _refused(path: str, why: str = "") -> StripeError:
    return invalid(f"This property cannot be expanded ({path}){': ' + why if why else ''}.", param="expand[]")
