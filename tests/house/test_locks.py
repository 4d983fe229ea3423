"""Every lock says which race it ends: a comment just above, or a docstring that speaks of the lock."""

import ast
import re

from tests.house.tree import Source, nodes, planted, room_sources

LOOK_ABOVE = 3
OF_LOCKS = re.compile(r"\b(lock(s|ed|ing)?|lease[sd]?)\b", re.IGNORECASE)


def silent_locks(found: list[Source]) -> list[str]:
    """Each select_for_update that does not say why."""
    return [
        f"{source.path}:{number}"
        for source in found
        for number, line in enumerate(source.text.splitlines(), 1)
        if "select_for_update" in line and not _says_why(source, number)
    ]


def _says_why(source: Source, number: int) -> bool:
    above = source.text.splitlines()[max(0, number - 1 - LOOK_ABOVE) : number]
    return any("# " in line for line in above) or bool(OF_LOCKS.search(_docstring_around(source, number)))


def _docstring_around(source: Source, number: int) -> str:
    around = [
        node
        for node in nodes(source)
        if isinstance(node, ast.FunctionDef) and node.lineno <= number <= (node.end_lineno or 0)
    ]
    return (ast.get_docstring(around[-1]) or "") if around else ""


def test_every_lock_names_its_race() -> None:
    assert silent_locks(room_sources()) == []


def test_a_silent_lock_is_caught() -> None:
    silent = 'def settle():\n    """Settle."""\n    Order.objects.select_for_update().get(pk=1)\n'
    spoken = 'def _lock():\n    """Locked: two tabs."""\n    Order.objects.select_for_update().get(pk=1)\n'
    commented = "def settle():\n    # Two tabs.\n    Order.objects.select_for_update().get(pk=1)\n"

    assert silent_locks(planted(silent)) == ["orders/planted.py:3"]
    assert silent_locks(planted(spoken)) == []
    assert silent_locks(planted(commented)) == []
