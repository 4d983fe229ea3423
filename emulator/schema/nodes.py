"""Parameter types of stripe-python, compiled into small nodes; a TypedDict is opened when a request reaches it."""

from __future__ import annotations

import sys
import types
from dataclasses import dataclass, field
from decimal import Decimal
from functools import cache
from types import get_original_bases
from typing import Any, Literal, Union, get_args, get_origin

from typing_extensions import get_type_hints, is_typeddict

Kind = Literal["str", "int", "float", "bool", "decimal", "enum", "hash", "map", "list", "union", "any"]

_SCALARS: dict[Any, Kind] = {str: "str", int: "int", float: "float", bool: "bool", Decimal: "decimal"}
_TRANSPORT = "RequestOptions"


@dataclass(eq=False)
class Node:
    """One parameter's type. `unset`: '' (or null in JSON) removes the value; `typed` of a hash is its TypedDict."""

    kind: Kind
    unset: bool = False
    values: tuple[str, ...] = ()
    item: Node | None = None
    options: tuple[Node, ...] = ()
    typed: Any = None
    _fields: dict[str, Node] | None = field(default=None, repr=False)
    _required: frozenset[str] = frozenset()

    @property
    def fields(self) -> dict[str, Node]:
        """A hash's own parameters by name."""
        if self._fields is None:
            self._fields, self._required = _open(self.typed)
        return self._fields

    @property
    def required(self) -> frozenset[str]:
        self.fields  # noqa: B018 - opens the TypedDict
        return self._required


@cache
def params_node(typed: Any) -> Node:
    """The node of a request's whole parameter hash."""
    return Node("hash", typed=typed)


def _open(typed: Any) -> tuple[dict[str, Node], frozenset[str]]:
    hidden = _transport_keys(typed)
    own = {name: hint for name, hint in typed.__annotations__.items() if name not in hidden}
    holder = types.SimpleNamespace(__annotations__=own)
    hints = get_type_hints(holder, globalns=dict(vars(sys.modules[typed.__module__])))
    return {name: node_of(hint) for name, hint in hints.items()}, frozenset(typed.__required_keys__) - hidden


def _transport_keys(typed: Any) -> frozenset[str]:
    """Class-style params inherit api_key, headers… of RequestOptions; as request parameters they would be typos."""
    for base in get_original_bases(typed):
        if getattr(base, "__name__", "") == _TRANSPORT:
            return frozenset(base.__annotations__)
    return frozenset()


def node_of(hint: Any) -> Node:
    origin = get_origin(hint)
    if hint in _SCALARS:
        return Node(_SCALARS[hint])
    if origin is Literal:
        return _literal(get_args(hint))
    if origin in (list, tuple):
        return Node("list", item=node_of(get_args(hint)[0]))
    if origin is dict:
        return Node("map", item=node_of(get_args(hint)[1]))
    if origin is Union or origin is types.UnionType:
        return _union(get_args(hint))
    if is_typeddict(hint):
        return Node("hash", typed=hint)
    if getattr(origin, "__name__", "") == "UntypedStripeObject":
        return Node("map", item=node_of(get_args(hint)[0]))
    return Node("any")


def _literal(values: tuple[Any, ...]) -> Node:
    if all(isinstance(value, bool) for value in values):
        return Node("bool")
    words = tuple(str(value) for value in values if value != "")
    return Node("enum", unset="" in values, values=words)


def _union(args: tuple[Any, ...]) -> Node:
    """`Literal[..] | str` is an open enum: closed here, so that a typo does not pass.

    `Literal[''] | X` is an X that can be unset.
    """
    unset = type(None) in args or any(get_origin(arg) is Literal and "" in get_args(arg) for arg in args)
    words: list[str] = []
    others: list[Node] = []
    for arg in args:
        if arg is type(None):
            continue
        node = node_of(arg)
        if node.kind == "enum":
            words.extend(node.values)
        elif not any(_same(node, other) for other in others):
            others.append(node)
    if words:
        others = [node for node in others if node.kind != "str"]
        others.insert(0, Node("enum", values=tuple(words)))
    if not others:
        return Node("enum", unset=unset)
    if len(others) == 1:
        others[0].unset = others[0].unset or unset
        return others[0]
    return Node("union", unset=unset, options=tuple(others))


def _same(left: Node, right: Node) -> bool:
    return left.kind == right.kind == "map"
