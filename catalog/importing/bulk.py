"""Write many rows at once: Django's bulk_update builds an expression for each cell, most of an import's time."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from django.db import connection, models


def write(rows: Sequence[models.Model], names: Sequence[str]) -> None:
    """Write these fields of rows of one model, each with its own values, in one statement.

    The rows are the caller's: locked, or nobody else's to change.
    """
    if not rows or not names:
        return
    model = type(rows[0])
    fields: list[Any] = [model._meta.get_field(name) for name in names]
    quote = connection.ops.quote_name
    values = [[_text(getattr(row, field.attname), field) for row in rows] for field in fields]
    sets = ", ".join(f"{quote(field.column)} = given.{quote(field.column)}::{_type(field)}" for field in fields)
    columns = ", ".join(quote(field.column) for field in fields)
    arrays = ", ".join("%s::text[]" for _field in fields)
    # The names are those of our own models; what came from a file is in the parameters.
    statement = (
        f"UPDATE {quote(model._meta.db_table)} SET {sets} "  # noqa: S608
        f"FROM unnest(%s::bigint[], {arrays}) AS given(row_id, {columns}) "
        f"WHERE {quote(model._meta.db_table)}.id = given.row_id"
    )
    with connection.cursor() as cursor:
        cursor.execute(statement, [[row.pk for row in rows], *values])


def _text(value: Any, field: Any) -> str | None:
    if isinstance(field, models.JSONField):
        return json.dumps(value)
    if value is None:
        return None
    return value.isoformat() if hasattr(value, "isoformat") else str(value)


def _type(field: Any) -> str:
    # Without its length: text that is too long is an error, not cut off.
    return "text" if isinstance(field, models.CharField) else str(field.db_type(connection))
