"""Answer types of stripe-python, compiled field by field: what an object's fields are, and which can be expanded."""

from __future__ import annotations

import importlib
import re
import sys
import types
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any, ClassVar, Literal, Union, get_args, get_origin

from typing_extensions import get_annotations, get_type_hints

Kind = Literal["scalar", "enum", "object", "array", "list", "map", "union", "any"]

_SCALARS: dict[Any, tuple[type, ...]] = {
    str: (str,),
    int: (int,),
    float: (float, int),
    bool: (bool,),
    Decimal: (str,),  # a decimal travels as text
}
_IMPORT = re.compile(r"from (stripe[\w.]*) import (\([^)]*\)|[^\n]+)")


@dataclass(eq=False)
class Field:
    """One answer field. `expandable`: an id that `expand` turns into the object."""

    kind: Kind
    nullable: bool = False
    types: tuple[type, ...] = ()
    values: tuple[Any, ...] = ()
    item: Field | None = None
    shape: Shape | None = None
    options: tuple[Field, ...] = ()

    @property
    def expandable(self) -> bool:
        """`Union[str, SomeObject]`."""
        kinds = {option.kind for option in self.options}
        return "scalar" in kinds and bool(kinds & {"object", "union"})


class Shape:
    """The fields of one answer class, opened on first use."""

    def __init__(self, cls: Any) -> None:
        self.cls = cls
        self.name = cls.__qualname__
        self._fields: dict[str, Field] | None = None

    @property
    def fields(self) -> dict[str, Field]:
        if self._fields is None:
            self._fields = _open(self.cls)
        return self._fields


@cache
def shape_of(cls: Any) -> Shape:
    return Shape(cls)


@cache
def object_shape(name: str) -> Shape:
    """The shape of an object by its `object` value: "charge", "checkout.session", "v2.core.account"."""
    classes = importlib.import_module("stripe._object_classes")
    mapping = classes.V2_OBJECT_CLASSES if name.startswith("v2.") else classes.OBJECT_CLASSES
    module, cls = mapping[name]
    return shape_of(getattr(importlib.import_module(module), cls))


def _open(cls: Any) -> dict[str, Field]:
    hints: dict[str, Any] = {}
    for base in reversed(cls.__mro__):
        if base.__name__ in ("StripeObject", "object"):
            continue
        own = {k: v for k, v in get_annotations(base).items() if not k.startswith("_") and k != "OBJECT_NAME"}
        holder = types.SimpleNamespace(__annotations__=own)
        hints.update(get_type_hints(holder, globalns=dict(vars(sys.modules[base.__module__])), localns=_names(base)))
    return {name: field_of(hint) for name, hint in hints.items() if get_origin(hint) is not ClassVar}


class _Names(dict[str, Any]):
    """Names a module imports only for type checkers, imported when an annotation asks for them."""

    def __init__(self, imports: dict[str, tuple[str, str]]) -> None:
        super().__init__()
        self._imports = imports

    def __missing__(self, name: str) -> Any:
        module, attribute = self._imports[name]
        return getattr(importlib.import_module(module), attribute)


@cache
def _type_checking_imports(module: str) -> dict[str, tuple[str, str]]:
    file = sys.modules[module].__file__
    head = Path(file or "").read_text(encoding="utf-8").split("\nclass ", 1)[0]
    names: dict[str, tuple[str, str]] = {}
    for source, imported in _IMPORT.findall(head):
        for part in imported.strip("()\n ").split(","):
            words = part.split("#")[0].split()
            if words:
                names[words[-1]] = (source, words[0])
    return names


def _names(cls: Any) -> _Names:
    return _Names(_type_checking_imports(cls.__module__))


def field_of(hint: Any) -> Field:
    origin = get_origin(hint)
    if hint in _SCALARS:
        return Field("scalar", types=_SCALARS[hint])
    if origin is Literal:
        return Field("enum", values=get_args(hint))
    if origin is list:
        return Field("array", item=field_of(get_args(hint)[0]))
    if origin is dict:
        return Field("map", item=field_of(get_args(hint)[1]))
    if origin is Union or origin is types.UnionType:
        return _union(get_args(hint))
    name = getattr(origin or hint, "__name__", "")
    if name == "ListObject":
        return Field("list", item=field_of(get_args(hint)[0]), shape=shape_of(origin or hint))
    if name == "UntypedStripeObject":
        args = get_args(hint)
        return Field("map", item=field_of(args[0]) if args else Field("any"))
    if isinstance(hint, type) and any(base.__name__ == "StripeObject" for base in hint.__mro__):
        return Field("object", shape=shape_of(hint))
    return Field("any")


def _union(args: tuple[Any, ...]) -> Field:
    nullable = type(None) in args
    options = [field_of(arg) for arg in args if arg is not type(None)]
    enums = [option for option in options if option.kind == "enum"]
    if enums:
        # an open enum (`Literal[..] | str`): closed, so that the emulator never invents a value
        options = [option for option in options if option.types != (str,)]
    if len(options) == 1:
        options[0].nullable = options[0].nullable or nullable
        return options[0]
    nested = any(option.nullable for option in options)
    return Field("union", nullable=nullable or nested, options=tuple(options))
