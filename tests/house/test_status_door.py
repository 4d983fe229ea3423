"""A status has one door: nothing but kit.transitions.move changes one. Creating a row with one is fine."""

import ast
import re
from collections.abc import Iterator

import pytest

from tests.house.tree import Source, at, calls, name_of, nodes, planted, room_sources

DOOR = "kit/transitions.py"
RAW_UPDATE = re.compile(r"\bUPDATE\b.*\bSET\b.*\bstatus\s*=", re.DOTALL | re.IGNORECASE)


def changes_of_status(found: list[Source]) -> list[str]:
    """Every place outside the door that changes a status."""
    return [finding for source in found if source.path != DOOR for finding in _in(source)]


def _in(source: Source) -> Iterator[str]:
    for node in nodes(source):
        if isinstance(node, ast.Assign | ast.AugAssign | ast.AnnAssign):
            targets: list[ast.expr] = node.targets if isinstance(node, ast.Assign) else [node.target]
            if any(isinstance(part, ast.Attribute) and part.attr == "status" for part in _parts(targets)):
                yield at(source, node, "assigns a status")
        elif isinstance(node, ast.Constant) and isinstance(node.value, str) and RAW_UPDATE.search(node.value):
            yield at(source, node, "changes a status in SQL")
    for call in calls(source):
        if _changes_status(call):
            yield at(source, call, f"changes a status by {name_of(call)}()")


def _parts(targets: list[ast.expr]) -> Iterator[ast.AST]:
    # a, b.status = … hides its targets in a tuple; x[row.status] = … only reads one.
    for target in targets:
        if isinstance(target, ast.Tuple | ast.List):
            yield from _parts(target.elts)
        else:
            yield target


def _changes_status(call: ast.Call) -> bool:
    match name_of(call):
        case "update" | "aupdate":
            return any(keyword.arg == "status" or _spread_names_it(keyword) for keyword in call.keywords)
        case "setattr":
            return len(call.args) > 1 and _names_it(call.args[1])
        case "save" | "asave" | "bulk_create" | "abulk_create":
            return any(keyword.arg == "update_fields" and _names_it(keyword.value) for keyword in call.keywords)
        case "bulk_update" | "abulk_update":
            return any(_names_it(value) for value in [*call.args[1:], *(keyword.value for keyword in call.keywords)])
        case "update_or_create" | "aupdate_or_create":
            return any(keyword.arg == "defaults" and _names_it(keyword.value) for keyword in call.keywords)
    return False


def _spread_names_it(keyword: ast.keyword) -> bool:
    return keyword.arg is None and _names_it(keyword.value)


def _names_it(value: ast.AST) -> bool:
    """Whether "status" is written in it: a name, a member of a list, a key of a dictionary, dict(status=…)."""
    nodes = list(ast.walk(value))
    written = any(isinstance(node, ast.Constant) and node.value == "status" for node in nodes)
    return written or any(isinstance(node, ast.keyword) and node.arg == "status" for node in nodes)


def test_no_status_changes_outside_its_door() -> None:
    assert changes_of_status(room_sources()) == []


@pytest.mark.parametrize(
    "line",
    [
        'order.status = "paid"',
        'order.status, order.paid_at = "paid", at',
        'order.status: str = "paid"',
        'Order.objects.filter(pk=1).update(status="paid", paid_at=at)',
        'Order.objects.update(**{"status": "paid"})',
        "Order.objects.update(**dict(status=1))",
        'setattr(order, "status", "paid")',
        'order.save(update_fields=["status", "paid_at"])',
        'Order.objects.bulk_update(orders, ["status"])',
        'Order.objects.bulk_create(orders, update_conflicts=True, update_fields=["status"])',
        'Order.objects.update_or_create(pk=1, defaults={"status": "paid"})',
        "cursor.execute(\"UPDATE orders_order SET status = 'paid'\")",
    ],
)
def test_a_change_outside_the_door_is_caught(line: str) -> None:
    assert len(changes_of_status(planted(line))) == 1


@pytest.mark.parametrize(
    "line",
    [
        'Order.objects.create(status="paid")',
        'Order.objects.filter(status="paid").update(paid_at=at)',
        "status = order.status",
        "counts[order.status] = 1",
        'move(order, "paid", actor="x", reason="y")',
    ],
)
def test_reading_and_creating_are_let_through(line: str) -> None:
    assert changes_of_status(planted(line)) == []
