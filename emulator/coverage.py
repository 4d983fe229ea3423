"""What is modelled, with which parameters, and how sure we are of each rule (`python -m emulator --coverage`)."""

from __future__ import annotations

from emulator.core import Emulator
from emulator.registry import BEHAVIOURS, OPERATIONS
from emulator.schema.operations import table

HEAD = """# What the emulator models

Nothing here was checked against Stripe's servers. Requests are validated by the types of the installed stripe-python
(API version {version}). An operation or a parameter that is missing from this page answers 501, and the error names it.

{modelled} of the {known} operations that stripe-python can call are modelled.
"""


def report() -> str:
    """The coverage page, as Markdown."""
    emulator = Emulator()  # its import registers every operation; an instance knows the API version
    head = HEAD.format(version=emulator.api_version, modelled=len(OPERATIONS), known=len(table().by_name))
    emulator.close()
    return "\n".join([head, *operations(), "", *behaviours()])


def operations() -> list[str]:
    lines = ["## Operations", "", "| Operation | Parameters | For connected accounts |", "|---|---|---|"]
    for name, op in sorted(OPERATIONS.items(), key=lambda item: item[0].split(" ")[::-1]):
        given = " ".join(op.parameters.split()) or "–"
        lines.append(f"| `{name}` | {f'`{given}`' if given != '–' else given} | {'yes' if op.scope == 'any' else ''} |")
    return lines


def behaviours() -> list[str]:
    lines = ["## Behaviour", "", "| Area | Rule | Source |", "|---|---|---|"]
    lines += [f"| {rule.area} | {rule.text} | {rule.source} |" for rule in sorted(BEHAVIOURS, key=lambda r: r.area)]
    return lines
