"""Complete objects from stripe-python's answer classes: name what matters, the rest is filled as Stripe fills it."""

from __future__ import annotations

from functools import cache
from typing import Any

from emulator.schema.answers import Field, Shape, object_shape
from emulator.schema.omitted import omitted_fields

Json = dict[str, Any]
ABSENT = object()


def build(name: str, /, **values: Any) -> Json:
    """An object of this `object` name with every field Stripe would send. A value of ABSENT leaves its field out."""
    return _fill(object_shape(name), name, values)


def _fill(shape: Shape, path: str, values: Json) -> Json:
    result: Json = {}
    for key, field, default in _plan(shape, path):
        if key in values:
            value = values[key]
            if value is not ABSENT:
                result[key] = _given(field, f"{path}.{key}", value)
        elif default is not ABSENT:
            result[key] = _fresh(default)
    unknown = values.keys() - shape.fields.keys()
    if unknown:
        raise KeyError(f"{path} has no field {sorted(unknown)}")
    return result


def _given(field: Field, path: str, value: Any) -> Any:
    if field.kind == "object" and field.shape is not None and isinstance(value, dict):
        return _fill(field.shape, path, value) if "object" not in value else value
    if field.kind == "array" and field.item is not None and isinstance(value, list):
        return [_given(field.item, path, item) for item in value]
    return value


def _plan(shape: Shape, path: str) -> list[tuple[str, Field, Any]]:
    return _plan_of(shape, path)


@cache
def _plan_of(shape: Shape, path: str) -> list[tuple[str, Field, Any]]:
    omitted = omitted_fields(path)
    plan = []
    for key, field in shape.fields.items():
        left_out = key in omitted or key == "deleted" or ("*" in omitted and field.nullable)
        plan.append((key, field, ABSENT if left_out else _default(field, f"{path}.{key}")))
    return plan


def _default(field: Field, path: str) -> Any:
    if field.nullable:
        return None
    if field.kind == "object" and field.shape is not None:
        return _fill(field.shape, path, {})
    if field.kind == "enum":
        return field.values[0]
    if field.kind in ("array", "map"):
        return [] if field.kind == "array" else {}
    if field.kind == "list":
        return {"object": "list", "data": [], "has_more": False, "url": ""}
    if field.kind == "scalar":
        return {str: "", int: 0, float: 0.0, bool: False}[field.types[0]]
    return None


def _fresh(default: Any) -> Any:
    """Objects must not share the template's hashes."""
    if isinstance(default, dict):
        return {key: _fresh(value) for key, value in default.items()}
    return list(default) if isinstance(default, list) else default
