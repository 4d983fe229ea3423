"""Is an answer what stripe-python says it is? Used on every answer and event in strict mode."""

from __future__ import annotations

import re
from typing import Any

from emulator.schema.answers import Field, Shape, object_shape
from emulator.schema.omitted import omitted_fields

_INDEX = re.compile(r"\[\d+\]")


def problems(name: str, body: Any) -> list[str]:
    """What is wrong with an object of this `object` name; nothing when it is right."""
    found: list[str] = []
    if isinstance(body, dict) and body.get("deleted") is True:
        return _deleted(body)
    _object(object_shape(name), body, name, found)
    return found


def list_problems(name: str, body: Any) -> list[str]:
    """The same for a page of objects."""
    if not isinstance(body, dict) or not isinstance(body.get("data"), list):
        return [f"{name} list: not a list object"]
    found = [] if body.get("object") == "list" or "next_page_url" in body else ["list: no object"]
    return found + [problem for item in body["data"] for problem in problems(name, item)]


def _deleted(body: dict[str, Any]) -> list[str]:
    extra = set(body) - {"id", "object", "deleted"}
    return [f"deleted object has {sorted(extra)}"] if extra else []


def _object(shape: Shape, body: Any, path: str, found: list[str]) -> None:
    if not isinstance(body, dict):
        found.append(f"{path}: expected an object, got {body!r}")
        return
    fields = shape.fields
    for key, value in body.items():
        if key not in fields:
            found.append(f"{path}.{key}: not a field of {shape.name}")
        else:
            _value(fields[key], value, f"{path}.{key}", found)
    omitted = omitted_fields(_INDEX.sub("", path))
    for key, field in fields.items():
        if key not in body and not field.nullable and key not in omitted:
            found.append(f"{path}.{key}: missing")


def _value(field: Field, value: Any, path: str, found: list[str]) -> None:
    if value is None:
        if not field.nullable and field.kind != "any":
            found.append(f"{path}: null, but never null at Stripe")
        return
    if field.kind == "union":
        _one_of(field, value, path, found)
    elif field.kind == "object" and field.shape is not None:
        _object(field.shape, value, path, found)
    elif field.kind == "list" and field.item is not None:
        _list(field.item, value, path, found)
    elif field.kind == "array" and field.item is not None:
        _items(field.item, value, path, found)
    elif field.kind == "map" and field.item is not None:
        _map(field.item, value, path, found)
    elif field.kind == "enum" and value not in field.values:
        found.append(f"{path}: {value!r} is none of {field.values[:12]}")
    elif field.kind == "scalar" and not _is_scalar(field, value):
        found.append(f"{path}: {value!r} is not {field.types[0].__name__}")


def _is_scalar(field: Field, value: Any) -> bool:
    if isinstance(value, bool):
        return bool in field.types
    return isinstance(value, field.types)


def _one_of(field: Field, value: Any, path: str, found: list[str]) -> None:
    attempts: list[list[str]] = []
    for option in field.options:
        wrong: list[str] = []
        _value(option, value, path, wrong)
        if not wrong:
            return
        attempts.append(wrong)
    closest: list[str] = min(attempts, key=len)
    found.extend(closest)


def _list(item: Field, value: Any, path: str, found: list[str]) -> None:
    if not isinstance(value, dict) or not isinstance(value.get("data"), list):
        found.append(f"{path}: expected a list object")
        return
    _items(item, value["data"], f"{path}.data", found)


def _items(item: Field, value: Any, path: str, found: list[str]) -> None:
    if not isinstance(value, list):
        found.append(f"{path}: expected an array")
        return
    for index, entry in enumerate(value):
        _value(item, entry, f"{path}[{index}]", found)


def _map(item: Field, value: Any, path: str, found: list[str]) -> None:
    if not isinstance(value, dict):
        found.append(f"{path}: expected a hash")
        return
    for key, entry in value.items():
        _value(item, entry, f"{path}.{key}", found)
