"""Where everything is kept: one SQLite file (or memory), one connection, one writer at a time."""

from __future__ import annotations

import hashlib
import json
import secrets
import sqlite3
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from emulator import tables

Json = dict[str, Any]

ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
# each of a hash's bytes as a letter
_LETTERS = bytes(ord(ALPHABET[byte % 62]) for byte in range(256))


@dataclass(slots=True)
class Row:
    """An object as stored: `body` is what the API shows (ids unexpanded), `private` what only the emulator knows."""

    seq: int
    id: str
    kind: str
    account: str
    created: int
    body: Json
    private: Json


class Store:
    """Thread-safe by one re-entrant lock around one connection; a transaction is BEGIN IMMEDIATE … COMMIT."""

    def __init__(self, path: str, *, seed: int | None = None) -> None:
        self.path = path
        self.lock = threading.RLock()
        self._depth = 0
        self._db = sqlite3.connect(path, check_same_thread=False, isolation_level=None, cached_statements=256)
        self._db.execute("PRAGMA journal_mode=WAL")
        self._db.execute("PRAGMA synchronous=NORMAL")
        # 64 MB: ids are random, so what is new touches pages all over the index of ids
        self._db.execute("PRAGMA cache_size=-65536")
        tables.prepare(self._db)
        self._repeatable = seed is not None
        self._seed = self._load_seed(seed)
        self._counter = int(self.meta("id_counter") or 0)
        self._reserved = self._counter

    def _load_seed(self, seed: int | None) -> str:
        stored = self.meta("seed")
        if stored is None:
            stored = str(seed) if seed is not None else secrets.token_hex(16)
            self.set_meta("seed", stored)
        return stored

    def close(self) -> None:
        with self.lock:
            self._db.close()

    def clear(self) -> None:
        """Forget everything. A given seed's ids start again; otherwise no id of before ever comes back."""
        with self.transaction():
            if not self._repeatable:
                self._seed = secrets.token_hex(16)
            for table in tables.NAMES:
                self._db.execute(f"DELETE FROM {table}")  # noqa: S608 - from the constant above
            self.set_meta("seed", self._seed)
            self._counter = self._reserved = 0

    def copy_to(self, other: sqlite3.Connection) -> None:
        """A consistent copy of everything."""
        with self.lock:
            self._db.backup(other)

    def copy_from(self, other: sqlite3.Connection) -> None:
        """Become a copy of the other one; ids go on where it stopped."""
        with self.lock:
            other.backup(self._db)
            self._seed = str(self.meta("seed"))
            self._counter = self._reserved = int(self.meta("id_counter") or 0)

    # --- transactions and plain SQL ---

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Nested uses join the outer transaction."""
        with self.lock:
            if self._depth:
                yield
                return
            self._db.execute("BEGIN IMMEDIATE")
            self._depth = 1
            try:
                yield
            except BaseException:
                self._db.execute("ROLLBACK")
                raise
            else:
                self._db.execute("COMMIT")
            finally:
                self._depth = 0

    @contextmanager
    def savepoint(self) -> Iterator[None]:
        """Undoes only its own writes when its block raises."""
        self._db.execute("SAVEPOINT step")
        try:
            yield
        except BaseException:
            self._db.execute("ROLLBACK TO step")
            self._db.execute("RELEASE step")
            raise
        self._db.execute("RELEASE step")

    def run(self, sql: str, parameters: Sequence[Any] = ()) -> sqlite3.Cursor:
        with self.lock:
            return self._db.execute(sql, parameters)

    def rows(self, sql: str, parameters: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        with self.lock:
            return self._db.execute(sql, parameters).fetchall()

    def one(self, sql: str, parameters: Sequence[Any] = ()) -> tuple[Any, ...] | None:
        with self.lock:
            row: tuple[Any, ...] | None = self._db.execute(sql, parameters).fetchone()
            return row

    def meta(self, key: str) -> str | None:
        row = self.one("SELECT value FROM meta WHERE key = ?", (key,))
        return None if row is None else str(row[0])

    def set_meta(self, key: str, value: str) -> None:
        self.run("INSERT INTO meta VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value", (key, value))

    # --- ids ---

    def random_text(self, length: int) -> str:
        """Unguessable without the seed, repeatable with it."""
        with self.lock:
            self._counter += 1
            if self._counter > self._reserved:
                # a block at a time: a restart skips the rest of a block and never repeats an id
                self._reserved = self._counter + 99
                self.set_meta("id_counter", str(self._reserved))
            text = f"{self._seed}:{self._counter}".encode()
        if not 0 < length <= hashlib.blake2b.MAX_DIGEST_SIZE:
            raise ValueError(f"no text of {length} letters from one hash")
        return hashlib.blake2b(text, digest_size=64).digest()[:length].translate(_LETTERS).decode()

    def new_id(self, prefix: str, length: int = 24) -> str:
        return f"{prefix}_{self.random_text(length)}"

    # --- objects ---

    def insert(
        self, body: Json, *, account: str, created: int, kind: str | None = None, private: Json | None = None
    ) -> Row:
        """Keep a new object; its kind is its `object` value unless told otherwise."""
        kind = kind or str(body["object"])
        cursor = self.run(
            "INSERT INTO object (id, kind, account, created, body, private) VALUES (?, ?, ?, ?, ?, ?)",
            (body["id"], kind, account, created, json.dumps(body), json.dumps(private or {})),
        )
        seq = int(cursor.lastrowid or 0)
        self._index(kind, account, seq, {}, body)
        return Row(seq, body["id"], kind, account, created, body, private or {})

    def save(self, row: Row) -> None:
        old = self.one("SELECT body FROM object WHERE seq = ?", (row.seq,))
        self.run(
            "UPDATE object SET body = ?, private = ? WHERE seq = ?",
            (json.dumps(row.body), json.dumps(row.private), row.seq),
        )
        if old is not None and row.kind in tables.INDEXED:
            self._index(row.kind, row.account, row.seq, json.loads(old[0]), row.body)

    def _index(self, kind: str, account: str, seq: int, old: Json, new: Json) -> None:
        for field in tables.INDEXED.get(kind, ()):
            before, after = old.get(field), new.get(field)
            if before == after:
                continue
            if before is not None:
                self.run("DELETE FROM ref WHERE seq = ? AND field = ?", (seq, field))
            if after is not None:
                self.run("INSERT INTO ref VALUES (?, ?, ?, ?, ?)", (kind, field, str(after), seq, account))

    def delete(self, row: Row) -> None:
        self.run("DELETE FROM object WHERE seq = ?", (row.seq,))
        self.run("DELETE FROM ref WHERE seq = ?", (row.seq,))

    def get(self, id: str) -> Row | None:
        found = self.one("SELECT seq, id, kind, account, created, body, private FROM object WHERE id = ?", (id,))
        return None if found is None else _row(found)

    def find(
        self,
        kind: str,
        *,
        account: str | None = "",
        where: Json | None = None,
        times: tuple[tuple[str, str, int], ...] = (),
        before: int | None = None,
        after: int | None = None,
        limit: int | None = None,
        oldest_first: bool = False,
    ) -> list[Row]:
        """Objects of a kind, newest first; account None is all.

        `where` is by indexed fields, `before`/`after` by seq, `times` are bounds: (field, operator, moment).
        """
        sql, values = _chosen(kind, where or {}, account)
        # the table the numbers are read from in their order
        first = "r0" if where else "o"
        for operator, value in (("<", before), (">", after)):
            if value is not None:
                sql += f" AND {first}.seq {operator} ?"
                values.append(value)
        for field, operator, moment in times:
            if field == "created":
                bound, slack = _CREATED[operator]
                sql += f" AND o.created {operator} ?" + bound.format(first=first)
                values += [moment, *(moment + one for one in slack)]
            else:
                sql += f" AND json_extract(o.body, ?) {operator} ?"
                values += [f"$.{field}", moment]
        order = "ASC" if oldest_first else "DESC"
        sql += f" ORDER BY {first}.seq {order}" + ("" if limit is None else f" LIMIT {int(limit)}")
        # chosen by number first: bodies are read of the rows that are wanted only
        whole = f"SELECT {_COLUMNS} FROM object WHERE seq IN ({sql}) ORDER BY seq {order}"  # noqa: S608 - from constants
        return [_row(found) for found in self.rows(whole, values)]

    def walk(self, kind: str, *, before: int | None = None) -> Iterator[Row]:
        """Objects of a kind on the platform's account, newest first, read as far as they are taken."""
        while batch := self.find(kind, before=before, limit=_BATCH):
            yield from batch
            before = batch[-1].seq

    # --- things that fall due ---

    def plan(self, at: int, what: str, target: str) -> None:
        """Something to be done when the clock reaches `at`; planning it twice changes nothing."""
        self.run("INSERT OR IGNORE INTO due (at, what, target) VALUES (?, ?, ?)", (at, what, target))


_BATCH = 100
_COLUMNS = "seq, id, kind, account, created, body, private"
# Objects are numbered in the order of their creation, give or take what a request waited for its turn. So bounds of
# time become bounds of number, with a minute of slack: without them a narrow window would read everything before it.
_SLACK = 60
_AFTER = (
    " AND {first}.seq > coalesce((SELECT seq FROM object WHERE created < ? ORDER BY created DESC, seq DESC LIMIT 1), 0)"
)
_BEFORE = " AND {first}.seq < coalesce((SELECT seq FROM object WHERE created > ? ORDER BY created, seq LIMIT 1), 9e18)"
_CREATED: dict[str, tuple[str, tuple[int, ...]]] = {
    ">": (_AFTER, (-_SLACK,)),
    ">=": (_AFTER, (-_SLACK,)),
    "<": (_BEFORE, (_SLACK,)),
    "<=": (_BEFORE, (_SLACK,)),
    "=": (_AFTER + _BEFORE, (-_SLACK, _SLACK)),
}


def _chosen(kind: str, where: Json, account: str | None) -> tuple[str, list[Any]]:
    """The beginning of a query for the numbers of objects; a list of values means any of them."""
    if not where:
        if account is None:
            return "SELECT o.seq FROM object o WHERE o.kind = ?", [kind]
        return "SELECT o.seq FROM object o WHERE o.kind = ? AND o.account = ?", [kind, account]
    order = tables.INDEXED[kind]
    joins, conditions, values = [], [], []
    for number, (field, wanted) in enumerate(sorted(where.items(), key=lambda item: order.index(item[0]))):
        name = f"r{number}"
        joins.append(f"CROSS JOIN ref {name} ON {name}.seq = r0.seq" if number else "FROM ref r0")
        several = list(wanted) if isinstance(wanted, list | tuple) else [wanted]
        conditions.append(f"{name}.kind = ? AND {name}.field = ? AND {name}.value IN ({', '.join('?' * len(several))})")
        values += [kind, field, *map(str, several)]
    if account is not None:
        conditions.append("r0.account = ?")
        values.append(account)
    # CROSS JOIN keeps this order: the planner knows no counts and might begin with every object of the kind
    return (
        f"SELECT r0.seq {' '.join(joins)} CROSS JOIN object o ON o.seq = r0.seq WHERE {' AND '.join(conditions)}",
        values,
    )


def _row(found: tuple[Any, ...]) -> Row:
    seq, id, kind, account, created, body, private = found
    return Row(seq, id, kind, account, created, json.loads(body), json.loads(private))
