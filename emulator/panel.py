"""What the operator's panel shows: plain read functions over the store, newest first. Amounts are minor units."""

from __future__ import annotations

import json
import re
from typing import Any

from emulator import actions
from emulator.core import Emulator
from emulator.kinds import CONNECTED, DISCONNECTED
from emulator.ledger import balances as held
from emulator.store import Row
from emulator.types import Json

PLATFORM = "platform"
EVENTS_LOOKED_THROUGH = 5_000
_LAST = 2**62
# kept as objects, but of no API
_INTERNAL = ("flow", "account_link", "login_link")
# which kinds lead to their charge by this field
_ON_THE_WAY = {
    "payment_intent": ("checkout.session",),
    "latest_charge": ("checkout.session", "payment_intent"),
}


def kinds(em: Emulator) -> list[tuple[str, int]]:
    """Each kind of object and how many there are; events have a page of their own."""
    found = em.store.rows("SELECT kind, count(*) FROM object WHERE kind != 'event' GROUP BY kind ORDER BY kind")
    return [(str(kind), int(count)) for kind, count in found if kind not in _INTERNAL]


def objects(em: Emulator, kind: str, *, limit: int, before: int | None = None) -> list[Json]:
    return [_line(row) for row in em.store.find(kind, account=None, before=before, limit=limit)]


def search(em: Emulator, text: str, *, limit: int) -> list[Json]:
    """Objects whose id contains the text, newest first; internal pages and links are none of them."""
    pattern = "%" + re.sub(r"([\\%_])", r"\\\1", text) + "%"
    hidden = ", ".join(f"'{kind}'" for kind in _INTERNAL)
    found = em.store.rows(
        f"SELECT id FROM object WHERE id LIKE ? ESCAPE '\\' AND kind NOT IN ({hidden}) ORDER BY seq DESC LIMIT ?",  # noqa: S608
        (pattern, limit),
    )
    rows = (em.store.get(str(id)) for (id,) in found)
    return [_line(row) for row in rows if row is not None]


def _line(row: Row) -> Json:
    return {
        "seq": row.seq,
        "id": row.id,
        "kind": row.kind,
        "account": row.account,
        "created": row.created,
        "status": state_of(row.body),
        "amount": row.body.get("amount", row.body.get("amount_total")),
        "currency": row.body.get("currency"),
    }


def state_of(body: Json) -> str:
    """The object's own status; for an account, whether it can receive transfers."""
    if isinstance(body.get("status"), str):
        return str(body["status"])
    found: Any = body
    for key in ("configuration", "recipient", "capabilities", "stripe_balance", "stripe_transfers", "status"):
        found = found.get(key) if isinstance(found, dict) else None
    return found if isinstance(found, str) else ""


def one_object(em: Emulator, id: str) -> Json | None:
    row = em.store.get(id)
    if row is None:
        return None
    return {
        "kind": row.kind,
        "account": row.account,
        "created": row.created,
        "json": row.body,
        "status": state_of(row.body),
        "actions": actions.of(row.kind, row.body),
        "rows": ledger_of(em, row),
        "events": events_of(em, row),
    }


def ledger_of(em: Emulator, row: Row) -> list[Json]:
    """The ledger rows an object caused, oldest first; for a session or an intent those of its charge."""
    charge: Any = row.body
    for step in ("payment_intent", "latest_charge"):
        if row.kind in _ON_THE_WAY[step] and isinstance(charge.get(step), str):
            found_row = em.store.get(charge[step])
            charge = charge if found_row is None else found_row.body
    where = {"source": str(charge.get("id", row.id))}
    found = em.store.find("balance_transaction", account=None, where=where, oldest_first=True)
    return [{name: one.body.get(name) for name in LEDGER_COLUMNS[:-1]} | {"account": one.account} for one in found]


def events_of(em: Emulator, row: Row) -> list[Json]:
    """The events about an object, newest first, as far as they are among the latest few thousand."""
    found = em.store.rows(
        "SELECT id FROM (SELECT id, seq, body FROM object WHERE kind = 'event' AND seq > ? ORDER BY seq DESC LIMIT ?)"
        " WHERE json_extract(body, '$.data.object.id') = ? OR json_extract(body, '$.data.object.account') = ?"
        " ORDER BY seq DESC LIMIT 50",
        (row.seq, EVENTS_LOOKED_THROUGH, row.id, row.id),
    )
    rows = (em.store.get(str(id)) for (id,) in found)
    return [event_line(em, one.body, one.created) for one in rows if one is not None]


def accounts(em: Emulator) -> list[Json]:
    """The platform first, then the connected accounts, each with its balances by currency."""
    listed = [{"id": PLATFORM, "name": em.settings.platform_name, "balances": balances(em, "")}]
    rows = [row for kind in (CONNECTED, DISCONNECTED) for row in em.store.find(kind, account=None)]
    for row in rows:
        name = row.body.get("display_name") or row.body.get("contact_email") or ""
        listed.append({"id": row.id, "name": name, "balances": balances(em, row.id)})
    return listed


def balances(em: Emulator, account: str) -> list[Json]:
    """Sums of net amounts, parted by whether available_on has passed on the emulator's clock."""
    return [
        {"currency": currency, "available": available, "pending": pending}
        for currency, (available, pending) in held(em.store, account, em.now()).items()
    ]


LEDGER_COLUMNS = ("id", "created", "type", "source", "amount", "fee", "net", "currency", "available_on", "payout")


def ledger(em: Emulator, account: str, *, limit: int, before: int | None = None) -> list[Json]:
    """Rows of one account, newest first; each has its `number`, for the page of those before it."""
    found = em.store.rows(
        f"SELECT rowid, {', '.join(LEDGER_COLUMNS)} FROM ledger"  # noqa: S608
        " WHERE account = ? AND rowid < ? ORDER BY rowid DESC LIMIT ?",
        ("" if account == PLATFORM else account, _LAST if before is None else before, limit),
    )
    return [dict(zip(("number", *LEDGER_COLUMNS), row, strict=True)) for row in found]


def events(em: Emulator, *, type: str | None = None, limit: int, before: int | None = None) -> list[Json]:
    where = {"type": type} if type else None
    rows = em.store.find("event", account=None, where=where, before=before, limit=limit)
    return [event_line(em, row.body, row.created) | {"seq": row.seq} for row in rows]


def one_event(em: Emulator, id: str) -> Json | None:
    row = em.store.get(id)
    if row is None or row.kind != "event":
        return None
    return event_line(em, row.body, row.created) | {"json": row.body}


def event_line(em: Emulator, body: Json, created: int) -> Json:
    thing = body.get("data", {}).get("object", {})
    return {
        "id": body["id"],
        "type": body["type"],
        "created": created,
        "account": body.get("account"),
        "object_id": thing.get("id", "") if isinstance(thing, dict) else "",
        "deliveries": deliveries(em, str(body["id"])),
    }


def deliveries(em: Emulator, event_id: str) -> list[Json]:
    found = em.store.rows(
        "SELECT d.id, d.endpoint, d.state, d.due_at, o.body FROM delivery d LEFT JOIN object o ON o.id = d.endpoint"
        " WHERE d.event = ? ORDER BY d.id",
        (event_id,),
    )
    return [
        {
            "id": id,
            "endpoint": endpoint,
            "url": json.loads(body)["url"] if body else endpoint,
            "state": state,
            "next_at": due_at,
            "attempts": attempts(em, id),
        }
        for id, endpoint, state, due_at, body in found
    ]


def attempts(em: Emulator, delivery: int) -> list[Json]:
    found = em.store.rows("SELECT at, status, error FROM attempt WHERE delivery = ? ORDER BY id", (delivery,))
    return [{"at": at, "status": status, "error": error} for at, status, error in found]


def resend(em: Emulator, id: str) -> int:
    """Queue a delivery again (its number), or an event for all its endpoints (its id); how many were queued."""
    if id.isdigit():
        found = em.store.one("SELECT event, endpoint FROM delivery WHERE id = ?", (int(id),))
        return em.resend(str(found[0]), str(found[1])) if found else 0
    row = em.store.get(id)
    return em.resend(id) if row is not None and row.kind == "event" else 0


REQUEST_COLUMNS = ("id", "request_id", "at", "method", "path", "account", "idempotency_key", "status", "error", "ms")


def requests(em: Emulator, *, limit: int, status: str = "") -> list[Json]:
    """The request log, newest first; `status` is a code, a class such as 4xx, or nothing for all."""
    low, high = (int(status[0]) * 100, int(status[0]) * 100 + 99) if status.endswith("xx") else (status, status)
    found = em.store.rows(
        f"SELECT {', '.join(REQUEST_COLUMNS)} FROM request_log"  # noqa: S608
        " WHERE ? = '' OR status BETWEEN CAST(? AS INTEGER) AND CAST(? AS INTEGER) ORDER BY id DESC LIMIT ?",
        (status, low, high, limit),
    )
    return [dict(zip(REQUEST_COLUMNS, row, strict=True)) for row in found]
