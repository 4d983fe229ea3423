"""Earlier versions of objects, for stale reads. Kept only while one is planned, so that nothing is slower otherwise.

A version is an object as a committed change left it; what a change writes on its way to its commit is none.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from emulator.types import Json

if TYPE_CHECKING:
    from emulator.store import Store

_TABLE = """
CREATE TEMP TABLE earlier (
    id TEXT NOT NULL, change INTEGER NOT NULL, body TEXT, private TEXT, PRIMARY KEY (id, change))
"""
# A new object leaves an empty line, so that saving it again in the change that made it keeps nothing.
_ON_INSERT = """
CREATE TEMP TRIGGER earlier_born AFTER INSERT ON main.object BEGIN
    INSERT OR IGNORE INTO earlier SELECT new.id, number, NULL, NULL FROM change;
END
"""
_ON_UPDATE = """
CREATE TEMP TRIGGER earlier_changed AFTER UPDATE OF body ON main.object
WHEN old.body <> new.body AND old.kind <> 'event' BEGIN
    INSERT OR IGNORE INTO earlier SELECT old.id, number, old.body, old.private FROM change;
END
"""
_KEEP = (
    "CREATE TEMP TABLE change (number INTEGER NOT NULL)",
    "INSERT INTO temp.change VALUES (0)",
    _TABLE,
    _ON_INSERT,
    _ON_UPDATE,
)
_FORGET = (
    "DROP TRIGGER IF EXISTS temp.earlier_born",
    "DROP TRIGGER IF EXISTS temp.earlier_changed",
    "DROP TABLE IF EXISTS temp.earlier",
    "DROP TABLE IF EXISTS temp.change",
)


class _Undo(Exception):
    """Carries an answer out of a savepoint that must not keep its writes."""

    def __init__(self, body: Json) -> None:
        super().__init__()
        self.body = body


class Versions:
    """What objects looked like before; the lines roll back with the change that made them."""

    def __init__(self, store: Store, wanted: Callable[[], bool]) -> None:
        self._store = store
        self._wanted = wanted
        self._keeping = False

    def keep(self) -> None:
        """From now on."""
        with self._store.transaction():
            if not self._keeping:
                for statement in (*_FORGET, *_KEEP):
                    self._store.run(statement)
                self._keeping = True

    @property
    def keeping(self) -> bool:
        return self._keeping

    def next_change(self) -> None:
        """At the beginning of each transaction that changes objects."""
        if not self._keeping:
            return
        if self._wanted():
            self._store.run("UPDATE temp.change SET number = number + 1")
            return
        for statement in _FORGET:
            self._store.run(statement)
        self._keeping = False

    def of(self, id: str, back: int = 1) -> tuple[Json, Json] | None:
        """Body and private part `back` versions ago."""
        if not self._keeping:
            return None
        row = self._store.one(
            "SELECT body, private FROM temp.earlier WHERE id = ? AND body IS NOT NULL ORDER BY change DESC "
            "LIMIT 1 OFFSET ?",
            (id, back - 1),
        )
        return None if row is None else (json.loads(row[0]), json.loads(row[1]))

    def read(self, ids: Sequence[str], back: int, again: Callable[[], Json]) -> Json:
        """What `again` answers when these objects are as they were; afterwards they are as they are."""
        try:
            with self._store.transaction(), self._store.savepoint():
                for id in ids:
                    row, earlier = self._store.get(id), self.of(id, back)
                    if row is not None and earlier is not None:
                        row.body, row.private = earlier
                        self._store.save(row)
                raise _Undo(again())
        except _Undo as undo:
            return undo.body
