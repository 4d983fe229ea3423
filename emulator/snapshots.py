"""Copies of the whole state: named ones kept beside the store, and files that can be carried elsewhere.

A copy is one SQLite file with everything in it: objects, money, events, deliveries, keys, the request log, the clock.
"""

from __future__ import annotations

import json
import re
import secrets
import sqlite3
import tempfile
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

from emulator import delivery, tables
from emulator.types import Json

if TYPE_CHECKING:
    from emulator.core import Emulator

# A name is never a path: over HTTP nothing is written but files of such names in one folder.
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}")
_SUFFIX = ".sqlite3"
_UNWANTED = "SELECT count(*) FROM sqlite_master WHERE type IN ('trigger', 'view')"


class SnapshotError(ValueError):
    """There is no such snapshot, or a file is none; the message says which."""


class Snapshots:
    """The folder is that of the store's file (FILE.snapshots); without a file it vanishes with the process."""

    def __init__(self, em: Emulator) -> None:
        self._em = em
        self._temporary: tempfile.TemporaryDirectory[str] | None = None

    def save(self, name: str) -> None:
        """Keep the state under this name; an earlier one of the same name is replaced. Raises SnapshotError."""
        self.write(self._path(name))

    def restore(self, name: str) -> None:
        """Everything is as it was, the clock included. Raises SnapshotError."""
        self.read(self._existing(name))

    def remove(self, name: str) -> None:
        self._existing(name).unlink()

    def list(self) -> list[Json]:
        """{"name", "bytes", "created"}, the oldest first; `created` is this machine's time."""
        found = [(path, path.stat()) for path in self._folder().glob(f"*{_SUFFIX}")]
        found.sort(key=lambda pair: (pair[1].st_mtime, pair[0].name))
        return [
            {"name": path.name.removesuffix(_SUFFIX), "bytes": state.st_size, "created": int(state.st_mtime)}
            for path, state in found
        ]

    def write(self, path: Path) -> None:
        """A consistent copy in this file, which appears when it is complete."""
        # a name of its own: two may write the same snapshot at once, and the later one stays
        partial = path.with_name(f"{path.name}.{secrets.token_hex(4)}.partial")
        try:
            with closing(sqlite3.connect(partial, isolation_level=None)) as copy:
                moment = self._em.copy_state(copy)
                copy.execute("PRAGMA journal_mode=DELETE")
                copy.execute(
                    "INSERT INTO meta VALUES ('clock', ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value",
                    (json.dumps(moment),),
                )
            partial.replace(path)
        finally:
            partial.unlink(missing_ok=True)

    def read(self, path: Path) -> None:
        """Take the state of a file that `write` made. Raises SnapshotError, and then nothing has changed."""
        try:
            with closing(sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True)) as copy:
                _require_ours(copy)
                self._em.take_state(copy)
        except sqlite3.DatabaseError as error:
            raise SnapshotError(f"This is not a snapshot of the emulator: {error}.") from error

    def close(self) -> None:
        if self._temporary is not None:
            self._temporary.cleanup()

    def _folder(self) -> Path:
        if self._em.store.path != ":memory:":
            folder = Path(self._em.store.path + ".snapshots")
            folder.mkdir(exist_ok=True)
            return folder
        if self._temporary is None:
            self._temporary = tempfile.TemporaryDirectory(prefix="emulator-snapshots-")
        return Path(self._temporary.name)

    def _path(self, name: str) -> Path:
        if not NAME.fullmatch(name):
            raise SnapshotError("A snapshot's name is made of letters, digits, - and _ (64 at most).")
        return self._folder() / f"{name}{_SUFFIX}"

    def _existing(self, name: str) -> Path:
        path = self._path(name)
        if not path.is_file():
            raise SnapshotError(f"There is no snapshot {name}.")
        return path


def _require_ours(copy: sqlite3.Connection) -> None:
    """All our tables with all our columns, and nothing that would run by itself."""
    mine = sqlite3.connect(":memory:", isolation_level=None)
    with closing(mine):
        tables.prepare(mine)
        wrong = [name for name in tables.NAMES if _columns(copy, name) != _columns(mine, name)]
    if wrong or copy.execute(_UNWANTED).fetchone()[0]:
        raise SnapshotError("This is not a snapshot of this version of the emulator.")
    if copy.execute("PRAGMA quick_check(1)").fetchone()[0] != "ok":
        raise SnapshotError("This snapshot is damaged.")
    if copy.execute("SELECT value FROM meta WHERE key = 'platform'").fetchone() is None:
        raise SnapshotError("This snapshot holds no platform.")


def _columns(db: sqlite3.Connection, table: str) -> list[tuple[str, str]]:
    return [(row[1], row[2]) for row in db.execute(f"PRAGMA table_info({table})")]


def last_delivery(em: Emulator) -> int:
    """The highest number any delivery ever had."""
    row = em.store.one("SELECT max(seq) FROM sqlite_sequence WHERE name = 'delivery'")
    return int(row[0] or 0) if row else 0


def settle(em: Emulator, taken: int) -> None:
    """After a restore: what was on its way is sent again, under numbers that no attempt under way still holds."""
    number = max(taken, last_delivery(em))
    em.store.run("DELETE FROM sqlite_sequence WHERE name = 'delivery'")
    em.store.run("INSERT INTO sqlite_sequence VALUES ('delivery', ?)", (number,))
    delivery.reopen(em)
