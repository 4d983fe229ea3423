"""The tables of the store, and the indexes that keep every list as quick with many objects as with few."""

from __future__ import annotations

import sqlite3

# `held` sums the ledger by the moment money becomes available (0: at once), so that a balance never reads every row.
SCHEMA = """
CREATE TABLE IF NOT EXISTS meta (key TEXT PRIMARY KEY, value TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS object (
    seq INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE, kind TEXT NOT NULL, account TEXT NOT NULL,
    created INTEGER NOT NULL, body TEXT NOT NULL, private TEXT NOT NULL DEFAULT '{}');
CREATE INDEX IF NOT EXISTS object_by_kind ON object (kind, account, seq);
CREATE INDEX IF NOT EXISTS object_of_any_account ON object (kind, seq);
CREATE INDEX IF NOT EXISTS object_by_created ON object (created);
CREATE TABLE IF NOT EXISTS ref (
    kind TEXT NOT NULL, field TEXT NOT NULL, value TEXT NOT NULL, seq INTEGER NOT NULL, account TEXT NOT NULL);
CREATE INDEX IF NOT EXISTS ref_by_value ON ref (kind, field, value, seq);
CREATE INDEX IF NOT EXISTS ref_by_account ON ref (kind, field, value, account, seq);
CREATE INDEX IF NOT EXISTS ref_by_seq ON ref (seq, field);
CREATE TABLE IF NOT EXISTS ledger (
    id TEXT PRIMARY KEY, account TEXT NOT NULL, currency TEXT NOT NULL, type TEXT NOT NULL, amount INTEGER NOT NULL,
    fee INTEGER NOT NULL, net INTEGER NOT NULL, created INTEGER NOT NULL, available_on INTEGER NOT NULL,
    source TEXT, payout TEXT);
CREATE INDEX IF NOT EXISTS ledger_of_account ON ledger (account);
CREATE INDEX IF NOT EXISTS ledger_to_pay_out ON ledger (account, currency, available_on) WHERE payout IS NULL;
CREATE INDEX IF NOT EXISTS ledger_by_payout ON ledger (payout);
CREATE TABLE IF NOT EXISTS held (
    account TEXT NOT NULL, currency TEXT NOT NULL, available_on INTEGER NOT NULL, net INTEGER NOT NULL,
    PRIMARY KEY (account, currency, available_on)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS idempotency (
    scope TEXT NOT NULL, key TEXT NOT NULL, created INTEGER NOT NULL, request TEXT NOT NULL, status INTEGER NOT NULL,
    headers TEXT NOT NULL, body BLOB NOT NULL, PRIMARY KEY (scope, key));
CREATE INDEX IF NOT EXISTS idempotency_by_age ON idempotency (created);
CREATE TABLE IF NOT EXISTS delivery (
    id INTEGER PRIMARY KEY AUTOINCREMENT, event TEXT NOT NULL, endpoint TEXT NOT NULL, due_at INTEGER,
    attempts INTEGER NOT NULL DEFAULT 0, state TEXT NOT NULL DEFAULT 'pending', manual INTEGER NOT NULL DEFAULT 0);
CREATE INDEX IF NOT EXISTS delivery_due ON delivery (state, due_at);
CREATE INDEX IF NOT EXISTS delivery_by_event ON delivery (event);
CREATE INDEX IF NOT EXISTS delivery_again ON delivery (due_at) WHERE state = 'pending' AND attempts > 0;
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

NAMES = ("object", "ref", "ledger", "held", "idempotency", "delivery", "attempt", "due", "request_log", "meta")

# Fields that lists are filtered by, per kind, those that narrow most first: kept in an index beside the objects.
INDEXED: dict[str, tuple[str, ...]] = {
    "application_fee": ("charge", "account"),
    "balance_transaction": ("source", "type", "currency"),
    "charge": ("payment_intent", "customer", "transfer_group"),
    "checkout.session": ("payment_intent", "customer", "status"),
    "customer": ("email",),
    "dispute": ("charge", "payment_intent"),
    "event": ("pending_webhooks", "type"),
    "file": ("purpose",),
    "payment_intent": ("customer",),
    "payment_method": ("customer", "type", "allow_redisplay"),
    "price": ("lookup_key", "product", "active", "currency", "type"),
    "product": ("active",),
    "setup_intent": ("customer", "payment_method"),
    "payout": ("destination", "status"),
    "radar.early_fraud_warning": ("charge", "payment_intent"),
    "refund": ("charge", "payment_intent", "status"),
    "transfer": ("destination", "transfer_group", "source_transaction"),
    "topup": ("status",),
    "fee_refund": ("fee",),
    "transfer_reversal": ("transfer",),
}


_HELD = "INSERT INTO held SELECT account, currency, available_on, sum(net) FROM ledger GROUP BY 1, 2, 3"
_REFS = (
    "INSERT INTO ref SELECT kind, ?1, CASE json_type(body, ?2) WHEN 'true' THEN 'True' WHEN 'false' THEN 'False' "
    "ELSE CAST(json_extract(body, ?2) AS TEXT) END, seq, account FROM object "
    "WHERE kind = ?3 AND json_extract(body, ?2) IS NOT NULL"
)


def prepare(db: sqlite3.Connection) -> None:
    """Create what is missing; a file of an earlier version gets its new columns, indexes and sums."""
    columns = [row[1] for row in db.execute("PRAGMA table_info(ref)")]
    earlier = bool(columns) and "account" not in columns
    if earlier:
        db.execute("DROP TABLE ref")
    db.executescript(SCHEMA)
    if not earlier:
        return
    db.execute("DROP INDEX IF EXISTS ledger_by_account")
    for kind, fields in INDEXED.items():
        for field in fields:
            db.execute(_REFS, (field, f"$.{field}", kind))
    db.execute(_HELD)
