"""Paging by position: "what comes after this row", which costs the same on page one and page four thousand."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from django.db.models import BooleanField, F, Func, Model, QuerySet, Value

SEPARATOR = "~"


@dataclass(frozen=True, slots=True)
class Order:
    """Rows in the order of `fields`, all in one direction, so that one index answers; the last field is unique.

    `computed` names the fields that are annotations, with the kind of column they would be.
    """

    fields: tuple[str, ...]
    descending: bool
    computed: Mapping[str, str] = field(default_factory=dict)

    def after(self, cursor: str, rows: QuerySet[Any]) -> QuerySet[Any]:
        """`rows` in this order, from behind `cursor`. A cursor somebody made up is the first page."""
        names = [f"-{name}" if self.descending else name for name in self.fields]
        values = self.place(cursor, rows.model)
        if values is not None:
            rows = rows.filter(self._behind(values))
        return rows.order_by(*names)

    def cursor(self, row: object) -> str:
        """Where `row` stands."""
        return SEPARATOR.join(_written(getattr(row, name)) for name in self.fields)

    def place(self, cursor: str, model: type[Model]) -> list[Any] | None:
        """The values of `fields` where `cursor` is; None for one that somebody made up."""
        parts = cursor.split(SEPARATOR)
        if len(parts) != len(self.fields) or "\x00" in cursor:
            return None
        try:
            return [_read(part, self._column(model, name)) for name, part in zip(self.fields, parts, strict=True)]
        except (ValueError, OverflowError):
            return None

    def _behind(self, values: Sequence[Any]) -> Func:
        # PostgreSQL compares whole rows, and walks the index of the same columns to do it: (a, b) < (x, y).
        here = Func(*(F(name) for name in self.fields), function="ROW")
        there = Func(*(Value(value) for value in values), function="ROW")
        return Func(
            here,
            there,
            template="(%(expressions)s)",
            arg_joiner=" < " if self.descending else " > ",
            output_field=BooleanField(),
        )

    def _column(self, model: type[Model], name: str) -> str:
        if name in self.computed:
            return self.computed[name]
        found = model._meta.pk if name == "pk" else model._meta.get_field(name)
        return found.get_internal_type() if found is not None else ""


def _written(value: Any) -> str:
    return value.isoformat() if isinstance(value, datetime) else str(value)


def _read(part: str, column: str) -> Any:
    if column == "DateTimeField":
        moment = datetime.fromisoformat(part)
        if moment.tzinfo is None:
            raise ValueError("a moment without a zone")
        # In a zone PostgreSQL can read: Python's may be a fraction of a second wide.
        return moment.astimezone(UTC)
    if column == "CharField":
        return part
    number = int(part)
    if abs(number) >= 2**63:
        raise ValueError("larger than any id")
    return number
