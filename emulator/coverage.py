"""What the emulator models, for people who have to decide whether to trust it: `python -m emulator --coverage`."""

from __future__ import annotations

import emulator.resources  # noqa: F401 - registers every modelled operation
from emulator.faults import KINDS
from emulator.registry import BEHAVIOURS, OPERATIONS, PRIVATE, Behaviour
from emulator.schema.operations import table

Row = tuple[str, str]


def operations() -> list[Row]:
    """(operation, its parameters), in the order of their paths. `expand` works everywhere and is left out."""
    rows = [(op.name, " ".join(op.parameters.split())) for op in OPERATIONS.values()]
    return sorted(rows, key=lambda row: tuple(reversed(row[0].split(" ", 1))))


def behaviours() -> list[Behaviour]:
    return sorted(BEHAVIOURS, key=lambda rule: (rule.area, rule.source, rule.text))


def report() -> str:
    """The whole page as text."""
    modelled, known = operations(), len(table().by_name)
    lines = [
        "Stripe Connect emulator: coverage",
        "",
        f"{len(modelled)} of the {known} operations stripe-python knows are modelled. Any other answers 501 and names",
        "itself; so does a known parameter that is not listed here. Unknown ones answer as Stripe does.",
        "",
        "OPERATIONS AND PARAMETERS",
        "",
    ]
    for name, parameters in modelled:
        lines.append(f"  {name}")
        lines += [f"      {line}" for line in _wrapped(parameters)]
    lines += ["", "PRIVATE STEPS (in no library; Stripe's own tools take them)", ""]
    lines += [f"  {name}" for name in PRIVATE]
    lines += ["", "BEHAVIOUR (D documented by Stripe, A assumed: nobody has compared it with Stripe's servers)", ""]
    area = ""
    for rule in behaviours():
        if rule.area != area:
            area = rule.area
            lines.append(f"  {area}")
        lines.append(f"    {'D' if rule.source == 'documented' else 'A'}  {rule.text}")
    lines += ["", "FAULTS", "", *(f"  {kind:24} {what}" for kind, what in KINDS.items())]
    return "\n".join(lines)


def _wrapped(text: str, width: int = 100) -> list[str]:
    lines = [""]
    for word in text.split():
        if len(lines[-1]) + len(word) >= width:
            lines.append("")
        lines[-1] = f"{lines[-1]} {word}".strip()
    return [line for line in lines if line]
