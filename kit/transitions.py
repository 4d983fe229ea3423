"""One door per status: a table of allowed moves, and one function that moves.

A model takes part by giving `MOVES` (from -> the statuses it may go to) and `HISTORY` (a subclass of MoveRecord with a
foreign key called `subject`). No other code assigns a status; tests/house holds that.
"""

from collections.abc import Mapping, Sequence
from contextlib import nullcontext
from datetime import datetime
from typing import Any, ClassVar, Protocol

from django.db import connection, models, transaction
from django.utils.translation import gettext_lazy as _

from kit.clock import now
from kit.recorded import for_the_record

MoveTable = Mapping[str, frozenset[str]]


class IllegalMove(Exception):
    """The table has no such move: a programming error or an event that came out of order."""


class LostRace(Exception):
    """The row's status changed since it was read: someone else moved it first."""


class MoveRecord(models.Model):
    """History of one status: who moved it, when, from where to where and why. Subclasses add `subject`."""

    from_status = models.CharField(max_length=32)
    to_status = models.CharField(max_length=32)
    at = models.DateTimeField()
    actor = models.CharField(max_length=200, help_text=_("A person's e-mail, or the name of the job that acted."))
    reason = models.TextField()

    class Meta:
        abstract = True
        ordering = ("pk",)

    def __str__(self) -> str:
        return f"{self.from_status} → {self.to_status}"


class Movable(Protocol):
    """A model row with a guarded status."""

    MOVES: ClassVar[MoveTable]
    HISTORY: ClassVar[Any]
    pk: Any
    status: str


def can_move(row: Movable, to: str) -> bool:
    """Whether the table allows the move from where the row says it is."""
    return to in row.MOVES[row.status]


def move(row: Movable, to: str, *, actor: str, reason: str, at: datetime | None = None, **also: object) -> None:
    """Move `row.status` to `to`, set the fields in `also`, and write the history row, together.

    The UPDATE names the status that was read, so of two racing moves one wins and the other raises LostRace.
    Raises IllegalMove when the table forbids the move.
    """
    before = row.status
    if to not in row.MOVES[before]:
        raise IllegalMove(f"{type(row).__name__} {row.pk}: {before} → {to}")
    model: Any = type(row)
    # Inside the caller's transaction no savepoint is needed: the move that loses has written nothing.
    together = nullcontext() if connection.in_atomic_block else transaction.atomic()
    with together:
        moved = model.objects.filter(pk=row.pk, status=before).update(status=to, **also)
        if moved != 1:
            raise LostRace(f"{model.__name__} {row.pk} is no longer {before}")
        row.HISTORY.objects.create(
            subject=row, from_status=before, to_status=to, at=at or now(), actor=actor, reason=for_the_record(reason)
        )
    row.status = to
    for field, value in also.items():
        setattr(row, field, value)


def move_all[Row: Movable](
    rows: Sequence[Row], to: str, *, actor: str, reason: str, at: datetime | None = None, **also: object
) -> None:
    """Move many rows of one model that have the same status: two queries, however many. All of them, or none.

    Raises IllegalMove when the table forbids the move, LostRace when any was moved by somebody else since it was read.
    Fields in `also` may be expressions; the rows in memory are not changed.
    """
    if not rows:
        return
    model: Any = type(rows[0])
    before = rows[0].status
    if to not in model.MOVES[before] or any(row.status != before for row in rows):
        raise IllegalMove(f"{len(rows)} of {model.__name__}: {before} → {to}")
    moment = at or now()
    with transaction.atomic():
        moved = model.objects.filter(pk__in=[row.pk for row in rows], status=before).update(status=to, **also)
        if moved != len(rows):
            raise LostRace(f"{len(rows) - moved} of {len(rows)} {model.__name__} are no longer {before}")
        record, kept = model.HISTORY, for_the_record(reason)
        record.objects.bulk_create(
            record(subject=row, from_status=before, to_status=to, at=moment, actor=actor, reason=kept) for row in rows
        )
