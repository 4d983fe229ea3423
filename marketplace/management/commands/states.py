"""`manage.py states`: write docs/states.md from the tables of allowed moves. `--check` only compares."""

import argparse
from typing import Any

from django.apps import apps
from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.db import models

HEADING = """# States

Written by `manage.py states` from the `MOVES` table of each model; do not edit. A test fails when it is out of date.

A status changes through one function only, `kit.transitions.move`: by an UPDATE that names the status it was read with,
together with a row of history that says who moved it, when and why. What is not drawn here cannot happen.
"""


class Command(BaseCommand):
    """Keeps the pictures of the states true to the code."""

    help = "Write docs/states.md from the tables of allowed moves, or check that it is current."

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        """--check changes nothing."""
        parser.add_argument("--check", action="store_true", help="fail when the page differs; write nothing")

    def handle(self, *args: Any, **options: Any) -> None:
        """Write, or compare."""
        path = settings.BASE_DIR / "docs" / "states.md"
        drawn = draw(with_moves())
        if not options["check"]:
            path.write_text(drawn)
        elif not path.exists() or path.read_text() != drawn:
            raise CommandError("docs/states.md is out of date: run `python manage.py states`.")


def with_moves() -> list[type[models.Model]]:
    """The models that have a table of moves, in the order of the rooms and then as they are written."""
    return [model for model in apps.get_models() if hasattr(model, "MOVES")]


def draw(found: list[type[models.Model]]) -> str:
    """The whole page."""
    return "\n".join([HEADING, *(_section(model) for model in found)])


def _section(model: type[models.Model]) -> str:
    table: dict[str, frozenset[str]] = getattr(model, "MOVES")  # noqa: B009 - the table is no part of Model's type
    labels = dict(_status(model).flatchoices)
    lines = [f"## {model.__name__}", "", _meaning(model), "", "```mermaid", "stateDiagram-v2"]
    lines += [f"    [*] --> {_first(model)}"]
    for status, onward in table.items():
        ways = [other for other in labels if other in onward]
        lines += [f"    {_word(status)} --> {_word(other)}" for other in ways] or [f"    {_word(status)} --> [*]"]
    lines += ["```", "", "| Status | Shown as |", "|---|---|"]
    lines += [f"| `{_word(status)}` | {labels[status]} |" for status in table]
    return "\n".join([*lines, ""])


def _meaning(model: type[models.Model]) -> str:
    """The first sentence of the model's docstring."""
    words = " ".join((model.__doc__ or "").split("\n\n")[0].split())
    return f"`{model._meta.app_label}.{model.__name__}`: {words}"


def _first(model: type[models.Model]) -> str:
    field = _status(model)
    default = getattr(field, "default", models.NOT_PROVIDED)
    if default is models.NOT_PROVIDED:
        default = getattr(field, "db_default", models.NOT_PROVIDED)
    return _word(getattr(default, "value", default))


def _status(model: type[models.Model]) -> models.Field[Any, Any]:
    field = model._meta.get_field("status")
    if not isinstance(field, models.Field):
        raise CommandError(f"{model.__name__}.status is not a column.")
    return field


def _word(status: object) -> str:
    return str(status)
