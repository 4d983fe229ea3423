"""Form bodies and query strings as nested hashes: a[b][0][c]=v."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qsl

from emulator.errors import invalid

# far more than any parameter of Stripe's has
DEEPEST = 32


def decode(text: str) -> dict[str, Any]:
    """Indexed arrays stay hashes with digits for keys: only the parameter's type can tell them from hashes."""
    return nested(parse_qsl(text, keep_blank_values=True))


def nested(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """The same for fields that came apart already."""
    result: dict[str, Any] = {}
    for name, value in pairs:
        _put(result, _keys(name), value, name)
    return result


def _keys(name: str) -> list[str]:
    head, bracket, rest = name.partition("[")
    if not bracket:
        return [name]
    keys = [head, *rest.removesuffix("]").split("][")]
    if len(keys) > DEEPEST:
        raise invalid(f"Parameters can be nested at most {DEEPEST} levels deep.", param=head)
    return keys


def _put(target: dict[str, Any], keys: list[str], value: Any, name: str) -> None:
    for key in keys[:-1]:
        child = target.setdefault(key or str(len(target)), {})
        if not isinstance(child, dict):
            raise invalid("Invalid object", param=name)
        target = child
    last = keys[-1] or str(len(target))
    if isinstance(target.get(last), dict):
        raise invalid("Invalid object", param=name)
    target[last] = value
