"""The operations table: every HTTP call stripe-python can make, read from the syntax tree of its service modules.

Nothing of stripe is imported to build it; parameter and result classes stay names until somebody asks for them.
"""

from __future__ import annotations

import ast
import importlib
import importlib.util
import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import unquote

_LIST_RESULT = re.compile(r"^(?:ListObject|SearchResultObject)\[(?P<item>[\w.]+)\]$")


@dataclass(frozen=True, slots=True)
class ClassName:
    """A class that is not imported yet."""

    module: str
    name: str

    def load(self) -> Any:
        return getattr(importlib.import_module(self.module), self.name)


@dataclass(frozen=True, slots=True)
class Operation:
    """One HTTP call: `path` is a template such as /v1/charges/{charge}."""

    method: str
    path: str
    params: ClassName | None
    result: ClassName | None
    result_is_list: bool

    @property
    def name(self) -> str:
        return f"{self.method} {self.path}"

    @property
    def is_v2(self) -> bool:
        return self.path.startswith("/v2/")


class Table:
    """Operations by method and path, with a matcher for concrete paths (fixed segments win over placeholders)."""

    def __init__(self, operations: list[Operation]) -> None:
        self.by_name = {op.name: op for op in operations}
        self._by_length: dict[tuple[str, int], list[tuple[tuple[str, ...], Operation]]] = {}
        for op in operations:
            parts = tuple(op.path.strip("/").split("/"))
            self._by_length.setdefault((op.method, len(parts)), []).append((parts, op))
        for rows in self._by_length.values():
            rows.sort(key=lambda row: sum(part.startswith("{") for part in row[0]))

    def match(self, method: str, path: str) -> tuple[Operation, dict[str, str]] | None:
        given = [unquote(part) for part in path.strip("/").split("/")]
        for parts, op in self._by_length.get((method, len(given)), ()):
            ids = _bind(parts, given)
            if ids is not None:
                return op, ids
        return None

    def methods_of(self, path: str) -> list[str]:
        """The methods Stripe knows for this path (for the wording of a 404)."""
        return [method for method in ("GET", "POST", "DELETE") if self.match(method, path)]


def _bind(parts: tuple[str, ...], given: list[str]) -> dict[str, str] | None:
    ids: dict[str, str] = {}
    for part, actual in zip(parts, given, strict=True):
        if part.startswith("{"):
            ids[part[1:-1]] = actual
        elif part != actual:
            return None
    return ids


@cache
def table() -> Table:
    """The whole table, built once a process (about half a second)."""
    spec = importlib.util.find_spec("stripe")
    if spec is None or spec.origin is None:
        raise RuntimeError("stripe-python is not installed: it is the emulator's schema")
    root = Path(spec.origin).parent
    operations: list[Operation] = []
    for file in sorted(root.rglob("_*_service.py")):
        operations.extend(_operations_in(file))
    return Table(operations)


def _operations_in(file: Path) -> list[Operation]:
    tree = ast.parse(file.read_text(encoding="utf-8"))
    imports = _imports(tree)
    found: list[Operation] = []
    for cls in (node for node in tree.body if isinstance(node, ast.ClassDef)):
        for function in (node for node in cls.body if isinstance(node, ast.FunctionDef)):
            operation = _operation_of(function, imports)
            if operation is not None:
                found.append(operation)
    return found


def _imports(tree: ast.Module) -> dict[str, ClassName]:
    """Imported names, those under `if TYPE_CHECKING` included: two modules may both export a `Session`."""
    names: dict[str, ClassName] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module and node.module.startswith("stripe"):
            for alias in node.names:
                names[alias.asname or alias.name] = ClassName(node.module, alias.name)
    return names


def _operation_of(function: ast.FunctionDef, imports: dict[str, ClassName]) -> Operation | None:
    call = next((n for n in ast.walk(function) if _is_request(n)), None)
    if not isinstance(call, ast.Call) or len(call.args) < 2:
        return None
    method, path = call.args[0], _path_of(call.args[1])
    if not isinstance(method, ast.Constant) or path is None:
        return None
    result, is_list = _result_of(function, imports)
    return Operation(str(method.value).upper(), path, _params_of(function, imports), result, is_list)


def _is_request(node: ast.AST) -> bool:
    return isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "_request"


def _path_of(node: ast.expr) -> str | None:
    if isinstance(node, ast.Constant):
        return str(node.value)
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
        inner = node.func.value
        if isinstance(inner, ast.Constant):
            return str(inner.value)
    return None


def _params_of(function: ast.FunctionDef, imports: dict[str, ClassName]) -> ClassName | None:
    for argument in function.args.args:
        if argument.arg == "params" and argument.annotation is not None:
            for word in re.findall(r"\w+", ast.unparse(argument.annotation)):
                if word in imports:
                    return imports[word]
    return None


def _result_of(function: ast.FunctionDef, imports: dict[str, ClassName]) -> tuple[ClassName | None, bool]:
    if not isinstance(function.returns, ast.Constant) or not isinstance(function.returns.value, str):
        return None, False
    text = function.returns.value
    found = _LIST_RESULT.match(text)
    name = found["item"] if found else text
    return imports.get(name), found is not None
