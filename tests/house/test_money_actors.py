"""Whoever moves money says who asked for it, and every decision leaves one row that names them (invariant I19)."""

import ast
from collections.abc import Iterator

from tests.house.tree import Source, at, calls, name_of, nodes, planted, room_sources

Function = ast.FunctionDef | ast.AsyncFunctionDef

MONEY_ROWS = frozenset({"Release", "Refund", "Reversal", "Hold", "MoneyAction"})
MAKERS = frozenset({"create", "get_or_create", "update_or_create", "bulk_create"})
# What writes money rows and their operations: called by decisions alone, which keep the audit row.
WRITERS = frozenset({("releases", "write"), ("refunds", "write"), ("refunds", "write_retry")})
WHO = frozenset({"actor", "by"})
DECISIONS = "payments/decisions.py"
# What a bank decided nobody here was asked about: it leaves its audit row where it is taken in.
DISPUTES = "payments/dispute_parts.py"


def payments() -> list[Source]:
    """The room where money is moved."""
    return [source for source in room_sources() if source.room == "payments"]


def nameless_movers(found: list[Source]) -> list[str]:
    """Functions that write a money row, or plan a call to Stripe, without being told who asked for it."""
    return [
        at(source, function, function.name)
        for source in found
        for function in _functions(source)
        if any(_moves(call) for call in _own_calls(function)) and not WHO & _parameters(function)
    ]


def decisions_made_elsewhere(found: list[Source]) -> list[str]:
    """Calls that move money around the audit: only decisions.py writes what people and rules decide."""
    return [
        at(source, call, f"{_owner(call)}.{name_of(call)}")
        for source in found
        if source.path != DECISIONS
        for call in calls(source)
        if (_owner(call), name_of(call)) in WRITERS or (_made(call) == "MoneyAction" and source.path != DISPUTES)
    ]


def unrecorded_decisions(found: list[Source]) -> list[str]:
    """Functions of decisions.py that carry a plan out without exactly one audit row: made anew, or one that waited."""
    return [
        at(source, function, function.name)
        for source in found
        if source.path == DECISIONS
        for function in _functions(source)
        if (names := [name_of(call) for call in _own_calls(function)]).count("_write")
        and names.count("_record") + names.count("move") != 1
    ]


def _functions(source: Source) -> Iterator[Function]:
    return (node for node in nodes(source) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef))


def _own_calls(function: Function) -> list[ast.Call]:
    return [node for node in ast.walk(function) if isinstance(node, ast.Call)]


def _parameters(function: Function) -> set[str]:
    given = function.args
    return {one.arg for one in (*given.posonlyargs, *given.args, *given.kwonlyargs)}


def _moves(call: ast.Call) -> bool:
    return _made(call) in MONEY_ROWS or (_owner(call), name_of(call)) == ("operations", "plan")


def _owner(call: ast.Call) -> str:
    """`releases` for releases.write(…)."""
    function = call.func
    return function.value.id if isinstance(function, ast.Attribute) and isinstance(function.value, ast.Name) else ""


def _made(call: ast.Call) -> str:
    """`Refund` for Refund.objects.create(…), else nothing."""
    function = call.func
    if not isinstance(function, ast.Attribute) or function.attr not in MAKERS:
        return ""
    manager = function.value
    if isinstance(manager, ast.Attribute) and manager.attr == "objects" and isinstance(manager.value, ast.Name):
        return manager.value.id
    return ""


def test_whatever_moves_money_is_told_who_asked_for_it() -> None:
    assert nameless_movers(payments()) == []


def test_only_decisions_write_what_was_decided() -> None:
    assert decisions_made_elsewhere(payments()) == []


def test_i19_each_decision_leaves_one_row() -> None:
    assert unrecorded_decisions(payments()) == []


def test_the_rules_look_at_something() -> None:
    movers = [function.name for source in payments() for function in _functions(source) if _movers(function)]

    assert {"write", "write_retry", "_row", "_prepare", "open_one"} <= set(movers)


def _movers(function: Function) -> bool:
    return any(_moves(call) for call in _own_calls(function))


def test_a_mover_without_a_name_is_caught() -> None:
    row = "def give(share):\n    Refund.objects.create(share=share, amount=1)\n"
    hold = "def stop(share):\n    Hold.objects.get_or_create(share=share)\n"
    call = "def pay(share):\n    operations.plan(name='transfer.create')\n"
    named = "def give(share, *, actor):\n    Refund.objects.create(share=share, amount=1, actor=actor)\n"
    path = "payments/planted.py"

    assert nameless_movers(planted(row, path)) == ["payments/planted.py:1 give"]
    assert nameless_movers(planted(hold, path)) == ["payments/planted.py:1 stop"]
    assert nameless_movers(planted(call, path)) == ["payments/planted.py:1 pay"]
    assert nameless_movers(planted(named, path)) == []


def test_a_way_around_the_audit_is_caught() -> None:
    around = "def sweep(share, actor):\n    refunds.write(share, {}, {}, actor=actor)\n"
    forged = "def sweep(share, actor):\n    MoneyAction.objects.create(share=share, actor=actor)\n"

    assert decisions_made_elsewhere(planted(around, "payments/planted.py")) == ["payments/planted.py:2 refunds.write"]
    assert decisions_made_elsewhere(planted(forged, "payments/planted.py")) == ["payments/planted.py:2 .create"]
    assert decisions_made_elsewhere(planted(around, DECISIONS)) == []


def test_a_decision_without_its_row_is_caught() -> None:
    silent = "def quick(share, plan, by):\n    return _write(share, plan, by=by, reason='')\n"
    twice = "def loud(share, plan, by):\n    _write(share, plan)\n    _record(share)\n    _record(share)\n"
    once = "def right(share, plan, by):\n    _write(share, plan)\n    _record(share)\n"

    assert unrecorded_decisions(planted(silent, DECISIONS)) == ["payments/decisions.py:1 quick"]
    assert unrecorded_decisions(planted(twice, DECISIONS)) == ["payments/decisions.py:1 loud"]
    assert unrecorded_decisions(planted(once, DECISIONS)) == []
