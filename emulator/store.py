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

Json = dict[str, Any]

SCHEMA = """
CREATE TABLE IF NOT EXISTS meta (key TEXT PRIMARY KEY, value TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS object (
    seq INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE, kind TEXT NOT NULL, account TEXT NOT NULL,
    created INTEGER NOT NULL, body TEXT NOT NULL, private TEXT NOT NULL DEFAULT '{}');
CREATE INDEX IF NOT EXISTS object_by_kind ON object (kind, account, seq);
CREATE TABLE IF NOT EXISTS ref (kind TEXT NOT NULL, field TEXT NOT NULL, value TEXT NOT NULL, seq INTEGER NOT NULL);
CREATE INDEX IF NOT EXISTS ref_by_value ON ref (kind, field, value, seq);
CREATE INDEX IF NOT EXISTS ref_by_seq ON ref (seq);
CREATE TABLE IF NOT EXISTS ledger (
    id TEXT PRIMARY KEY, account TEXT NOT NULL, currency TEXT NOT NULL, type TEXT NOT NULL, amount INTEGER NOT NULL,
    fee INTEGER NOT NULL, net INTEGER NOT NULL, created INTEGER NOT NULL, available_on INTEGER NOT NULL,
    source TEXT, payout TEXT);
CREATE INDEX IF NOT EXISTS ledger_by_account ON ledger (account, currency, available_on);
CREATE INDEX IF NOT EXISTS ledger_by_payout ON ledger (payout);
CREATE TABLE IF NOT EXISTS idempotency (
    scope TEXT NOT NULL, key TEXT NOT NULL, created INTEGER NOT NULL, request TEXT NOT NULL, status INTEGER NOT NULL,
    headers TEXT NOT NULL, body BLOB NOT NULL, PRIMARY KEY (scope, key));
CREATE TABLE IF NOT EXISTS delivery (
    id INTEGER PRIMARY KEY AUTOINCREMENT, event TEXT NOT NULL, endpoint TEXT NOT NULL, due_at INTEGER,
    attempts INTEGER NOT NULL DEFAULT 0, state TEXT NOT NULL DEFAULT 'pending', manual INTEGER NOT NULL DEFAULT 0);
CREATE INDEX IF NOT EXISTS delivery_due ON delivery (state, due_at);
CREATE INDEX IF NOT EXISTS delivery_by_event ON delivery (event);
CREATE TABLE IF NOT EXISTS attempt (
    id INTEGER PRIMARY KEY AUTOINCREMENT, delivery INTEGER NOT NULL, at INTEGER NOT NULL, status INTEGER, error TEXT);
CREATE INDEX IF NOT EXISTS attempt_by_delivery ON attempt (delivery);
CREATE TABLE IF NOT EXISTS due (
    id INTEGER PRIMARY KEY AUTOINCREMENT, at INTEGER NOT NULL, what TEXT NOT NULL, target TEXT NOT NULL,
    UNIQUE (at, what, target));
CREATE INDEX IF NOT EXISTS due_at ON due (at, id);
CREATE TABLE IF NOT EXISTS request_log (
    id INTEGER PRIMARY KEY AUTOINCREMENT, request_id TEXT NOT NULL, at INTEGER NOT NULL, method TEXT NOT NULL,
    path TEXT NOT NULL, account TEXT NOT NULL, idempotency_key TEXT, status INTEGER NOT NULL, error TEXT,
    ms REAL NOT NULL);
"""

TABLES = ("object", "ref", "ledger", "idempotency", "delivery", "attempt", "due", "request_log", "meta")

# Fields that lists are filtered by, per kind: kept in an index beside the objects.
INDEXED: dict[str, tuple[str, ...]] = {
    "application_fee": ("charge", "account"),
    "balance_transaction": ("source", "type", "currency"),
    "charge": ("payment_intent", "customer", "transfer_group"),
    "checkout.session": ("payment_intent", "customer", "status"),
    "customer": ("email",),
    "dispute": ("charge", "payment_intent"),
    "event": ("type",),
    "file": ("purpose",),
    "payment_intent": ("customer",),
    "payment_method": ("customer", "type", "allow_redisplay"),
    "price": ("product", "active", "currency", "type", "lookup_key"),
    "product": ("active",),
    "setup_intent": ("customer", "payment_method"),
    "payout": ("status", "destination"),
    "radar.early_fraud_warning": ("charge", "payment_intent"),
    "refund": ("charge", "payment_intent", "status"),
    "transfer": ("destination", "transfer_group", "source_transaction"),
    "topup": ("status",),
    "fee_refund": ("fee",),
    "transfer_reversal": ("transfer",),
}

ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"


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
        self._db.executescript(SCHEMA)
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
            for table in TABLES:
                self._db.execute(f"DELETE FROM {table}")  # noqa: S608 - from the constant above
            self.set_meta("seed", self._seed)
            self._counter = self._reserved = 0

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
        number = int.from_bytes(hashlib.blake2b(text, digest_size=64).digest(), "big")
        letters = []
        for _ in range(length):
            number, index = divmod(number, 62)
            letters.append(ALPHABET[index])
        return "".join(letters)

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
        self._index(kind, seq, {}, body)
        return Row(seq, body["id"], kind, account, created, body, private or {})

    def save(self, row: Row) -> None:
        old = self.one("SELECT body FROM object WHERE seq = ?", (row.seq,))
        self.run(
            "UPDATE object SET body = ?, private = ? WHERE seq = ?",
            (json.dumps(row.body), json.dumps(row.private), row.seq),
        )
        if old is not None and row.kind in INDEXED:
            self._index(row.kind, row.seq, json.loads(old[0]), row.body)

    def _index(self, kind: str, seq: int, old: Json, new: Json) -> None:
        for field in INDEXED.get(kind, ()):
            before, after = old.get(field), new.get(field)
            if before == after:
                continue
            if before is not None:
                self.run("DELETE FROM ref WHERE seq = ? AND field = ?", (seq, field))
            if after is not None:
                self.run("INSERT INTO ref VALUES (?, ?, ?, ?)", (kind, field, str(after), seq))

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
        sql = "SELECT o.seq, o.id, o.kind, o.account, o.created, o.body, o.private FROM object o"
        values: list[Any] = []
        for number, (field, value) in enumerate((where or {}).items()):
            name = f"r{number}"
            sql += (
                f" JOIN ref {name} ON {name}.seq = o.seq AND {name}.kind = ? AND {name}.field = ? AND {name}.value = ?"
            )
            values += [kind, field, str(value)]
        sql += " WHERE o.kind = ?"
        values.append(kind)
        for condition, value in (("o.account = ?", account), ("o.seq < ?", before), ("o.seq > ?", after)):
            if value is not None:
                sql += f" AND {condition}"
                values.append(value)
        for field, operator, moment in times:
            if field == "created":
                sql += f" AND o.created {operator} ?"
            else:
                sql += f" AND json_extract(o.body, ?) {operator} ?"
                values.append(f"$.{field}")
            values.append(moment)
        sql += f" ORDER BY o.seq {'ASC' if oldest_first else 'DESC'}"
        if limit is not None:
            sql += f" LIMIT {int(limit)}"
        return [_row(found) for found in self.rows(sql, values)]

    # --- things that fall due ---

    def plan(self, at: int, what: str, target: str) -> None:
        """Something to be done when the clock reaches `at`; planning it twice changes nothing."""
        self.run("INSERT OR IGNORE INTO due (at, what, target) VALUES (?, ?, ?)", (at, what, target))


def _row(found: tuple[Any, ...]) -> Row:
    seq, id, kind, account, created, body, private = found
    return Row(seq, id, kind, account, created, json.loads(body), json.loads(private))
