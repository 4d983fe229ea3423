"""What the operator's panel shows: plain read functions over the store, newest first. Amounts are minor units."""

from __future__ import annotations

import json
from typing import Any

from emulator.core import Emulator
from emulator.types import Json

PLATFORM = "platform"


def kinds(em: Emulator) -> list[tuple[str, int]]:
    """Each kind of object and how many there are; events have a page of their own."""
    found = em.store.rows("SELECT kind, count(*) FROM object WHERE kind != 'event' GROUP BY kind ORDER BY kind")
    return [(str(kind), int(count)) for kind, count in found]


def objects(em: Emulator, kind: str, *, limit: int, before: int | None = None) -> list[Json]:
    rows = em.store.find(kind, account=None, before=before, limit=limit)
    return [
        {
            "seq": row.seq,
            "id": row.id,
            "account": row.account,
            "created": row.created,
            "status": state_of(row.body),
            "amount": row.body.get("amount", row.body.get("amount_total")),
            "currency": row.body.get("currency"),
        }
        for row in rows
    ]


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
    return {"kind": row.kind, "account": row.account, "json": row.body}


def accounts(em: Emulator) -> list[Json]:
    """The platform first, then the connected accounts, each with its balances by currency."""
    listed = [{"id": PLATFORM, "name": em.settings.platform_name, "balances": balances(em, "")}]
    for row in em.store.find("v2.core.account", account=None):
        name = row.body.get("display_name") or row.body.get("contact_email") or ""
        listed.append({"id": row.id, "name": name, "balances": balances(em, row.id)})
    return listed


def balances(em: Emulator, account: str) -> list[Json]:
    """Sums of net amounts, parted by whether available_on has passed on the emulator's clock."""
    found = em.store.rows(
        "SELECT currency, sum(CASE WHEN available_on <= ? THEN net ELSE 0 END),"
        " sum(CASE WHEN available_on > ? THEN net ELSE 0 END)"
        " FROM ledger WHERE account = ? GROUP BY currency ORDER BY currency",
        (em.now(), em.now(), account),
    )
    return [
        {"currency": currency, "available": available, "pending": pending} for currency, available, pending in found
    ]


LEDGER_COLUMNS = ("id", "created", "type", "source", "amount", "fee", "net", "currency", "available_on", "payout")


def ledger(em: Emulator, account: str, *, limit: int) -> list[Json]:
    found = em.store.rows(
        f"SELECT {', '.join(LEDGER_COLUMNS)} FROM ledger WHERE account = ? ORDER BY rowid DESC LIMIT ?",  # noqa: S608
        ("" if account == PLATFORM else account, limit),
    )
    return [dict(zip(LEDGER_COLUMNS, row, strict=True)) for row in found]


def events(em: Emulator, *, type: str | None = None, limit: int) -> list[Json]:
    rows = em.store.find("event", account=None, where={"type": type} if type else None, limit=limit)
    return [event_line(em, row.body, row.created) for row in rows]


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


def requests(em: Emulator, *, limit: int) -> list[Json]:
    found = em.store.rows(
        f"SELECT {', '.join(REQUEST_COLUMNS)} FROM request_log ORDER BY id DESC LIMIT ?",  # noqa: S608
        (limit,),
    )
    return [dict(zip(REQUEST_COLUMNS, row, strict=True)) for row in found]
