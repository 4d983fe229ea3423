"""Requests against their parameter types: text in, typed values out, or Stripe's own complaint."""

from __future__ import annotations

import difflib
import re
from typing import Any

from emulator.errors import StripeError, invalid, not_modelled
from emulator.schema.nodes import Node

_INTEGER = re.compile(r"-?[0-9]+")
_INDEX = re.compile(r"[0-9]{1,9}")
LARGEST = 2**63 - 1
_NUMBER = re.compile(r"-?[0-9]{1,30}(\.[0-9]{1,30})?")
# Stripe's usual limit, and where it is another one
LONGEST = 5_000
_LONGER = {"evidence": 200_000, "description": 40_000}
Allowed = dict[str, "Allowed"]


def coerce(node: Node, given: Any, *, json_mode: bool) -> dict[str, Any]:
    """The request's whole hash. v1 values arrive as text; v2 values as JSON."""
    result: dict[str, Any] = _hash(node, given, "", json_mode)
    return result


def _value(node: Node, given: Any, path: str, json_mode: bool) -> Any:
    if given == "" or given is None:
        return _empty(node, given, path, json_mode)
    if node.kind == "union":
        return _value(_choose(node, given), given, path, json_mode)
    if node.kind == "hash":
        return _hash(node, given, path, json_mode)
    if node.kind == "map":
        return _map(node, given, path, json_mode)
    if node.kind == "list":
        return _list(node, given, path, json_mode)
    if node.kind == "any":
        return given
    return _scalar(node, given, path, json_mode)


def _empty(node: Node, given: Any, path: str, json_mode: bool) -> Any:
    if given is None and not json_mode:
        given = ""
    if node.unset or node.kind == "map" or (json_mode and given is None):
        return given
    raise invalid(
        f"You passed an empty string for '{path}'. We assume empty values are an attempt to unset a parameter; however "
        f"'{path}' cannot be unset. You should remove '{path}' from your request or supply a non-empty value.",
        param=path,
        code="parameter_invalid_empty",
    )


def _choose(node: Node, given: Any) -> Node:
    """Of a union's options, the one with the shape of what was sent."""
    wanted: tuple[str, ...]
    if isinstance(given, dict):
        indexes = bool(given) and all(_INDEX.fullmatch(str(key)) for key in given)
        wanted = ("list", "hash", "map") if indexes else ("hash", "map", "list")
    elif isinstance(given, list):
        wanted = ("list",)
    else:
        wanted = _scalar_order(given)
    for kind in wanted:
        for option in node.options:
            if option.kind == kind and _fits(option, given):
                return option
    return node.options[-1]


def _fits(option: Node, given: Any) -> bool:
    """An enum has the word; a hash that names its `object` is of that object."""
    if option.kind == "enum":
        return str(given) in option.values
    named = option.fields.get("object") if option.kind == "hash" and isinstance(given, dict) else None
    return named is None or "object" not in given or str(given["object"]) in named.values


def _scalar_order(given: Any) -> tuple[str, ...]:
    if isinstance(given, str) and _INTEGER.fullmatch(given):
        return ("enum", "int", "decimal", "float", "str")
    if isinstance(given, int | float):
        return ("int", "decimal", "float", "str")
    return ("enum", "bool", "str", "int")


def _hash(node: Node, given: Any, path: str, json_mode: bool) -> dict[str, Any]:
    if not isinstance(given, dict):
        raise invalid("Invalid object", param=path)
    fields = node.fields
    result = {}
    for key, value in given.items():
        child = f"{path}[{key}]" if path else str(key)
        if key not in fields:
            raise _unknown(str(key), child, list(fields))
        result[key] = _value(fields[key], value, child, json_mode)
    for key in sorted(node.required - result.keys()):
        child = f"{path}[{key}]" if path else key
        raise invalid(f"Missing required param: {child}.", param=child, code="parameter_missing")
    return result


def _unknown(key: str, path: str, known: list[str]) -> StripeError:
    near = difflib.get_close_matches(key, known, n=1, cutoff=0.7)
    hint = ""
    if near:
        hint = f". Did you mean {path[: -len(key) - 1] + near[0] + ']' if path.endswith(']') else near[0]}?"
    return invalid(f"Received unknown parameter: {path}{hint}", param=path, code="parameter_unknown")


def _map(node: Node, given: Any, path: str, json_mode: bool) -> dict[str, Any]:
    if not isinstance(given, dict):
        raise invalid("Invalid object", param=path)
    item = node.item or Node("any")
    return {
        str(key): value if value in ("", None) else _value(item, value, f"{path}[{key}]", json_mode)
        for key, value in given.items()
    }


def _list(node: Node, given: Any, path: str, json_mode: bool) -> list[Any]:
    if isinstance(given, dict) and not json_mode and all(_INDEX.fullmatch(str(key)) for key in given):
        given = [given[key] for key in sorted(given, key=int)]
    if not isinstance(given, list):
        raise invalid("Invalid array", param=path)
    item = node.item or Node("any")
    return [_value(item, value, f"{path}[{index}]", json_mode) for index, value in enumerate(given)]


def _scalar(node: Node, given: Any, path: str, json_mode: bool) -> Any:
    if isinstance(given, dict | list):
        raise invalid(f"Invalid {_NAMES[node.kind]}: {_type_name(given)}", param=path)
    if node.kind == "enum":
        if str(given) not in node.values:
            raise invalid(f"Invalid {path}: must be one of {_or(node.values)}", param=path)
        return str(given)
    value = _json_scalar(node, given, path) if json_mode else _text_scalar(node, str(given), path)
    if isinstance(value, str):
        _require_length(value, path)
    return value


def _require_length(text: str, path: str) -> None:
    if len(text) <= LONGEST:
        return
    most = next((longer for word, longer in _LONGER.items() if word in path), LONGEST)
    if len(text) > most:
        raise invalid(f"Invalid string: {text[:10]}...{text[-10:]}; must be at most {most} characters", param=path)


_NAMES = {
    "str": "string",
    "enum": "string",
    "int": "integer",
    "float": "decimal",
    "decimal": "decimal",
    "bool": "boolean",
}


def _text_scalar(node: Node, text: str, path: str) -> Any:
    if node.kind == "int":
        if not _INTEGER.fullmatch(text) or len(text) > 20 or not -LARGEST <= int(text) <= LARGEST:
            raise invalid(f"Invalid integer: {text}", param=path, code="parameter_invalid_integer")
        return int(text)
    if node.kind in ("float", "decimal"):
        if not _NUMBER.fullmatch(text):
            raise invalid(f"Invalid decimal: {text}", param=path)
        return float(text) if node.kind == "float" else text
    if node.kind == "bool":
        if text not in ("true", "false"):
            raise invalid(f"Invalid boolean: {text}", param=path)
        return text == "true"
    return text


_JSON_TYPES: dict[str, tuple[type, ...]] = {
    "str": (str,),
    "int": (int, str),
    "float": (int, float),
    "decimal": (str,),
    "bool": (bool,),
}


def _json_scalar(node: Node, given: Any, path: str) -> Any:
    if node.kind in ("bool", "int") and isinstance(given, str) and given != "":
        # v2 sends 64-bit integers as text, and GET parameters are always text
        return _text_scalar(node, given, path)
    if not isinstance(given, _JSON_TYPES[node.kind]) or (isinstance(given, bool) and node.kind != "bool"):
        raise invalid(f"Invalid {_NAMES[node.kind]}: {given}", param=path)
    return given


def _type_name(given: Any) -> str:
    return "{}" if isinstance(given, dict) else "[]"


def _or(words: tuple[str, ...]) -> str:
    if len(words) < 3:
        return " or ".join(words)
    return ", ".join(words[:-1]) + f", or {words[-1]}"


# --- which of Stripe's parameters a handler really honours -------------------------------------------------------


def allowed(text: str) -> Allowed:
    """Reads an allow-list: `amount transfer_data{destination amount}`; without braces the whole subtree is meant."""
    tree: Allowed = {}
    stack = [tree]
    last = tree
    for word in re.findall(r"\w+|[{}]", text):
        if word == "{":
            stack.append(last)
        elif word == "}":
            stack.pop()
        else:
            last = stack[-1].setdefault(word, {})
    return tree


def require_modelled(params: Any, tree: Allowed, operation: str, path: str = "") -> None:
    """501 for a parameter Stripe knows and the handler does not."""
    if isinstance(params, list):
        for index, value in enumerate(params):
            require_modelled(value, tree, operation, f"{path}[{index}]")
    if not isinstance(params, dict):
        return
    for key, value in params.items():
        child = f"{path}[{key}]" if path else key
        if key not in tree:
            raise not_modelled(f"the parameter {child} of {operation}", param=child)
        if tree[key]:
            require_modelled(value, tree[key], operation, child)
