"""Signing and sending: what is due, what happened, when to try again."""

from __future__ import annotations

import hashlib
import hmac
import json
import time
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from emulator.types import Delivery, Send

if TYPE_CHECKING:
    from emulator.core import Emulator


def signature(secrets: list[str], body: bytes, moment: int | None = None) -> str:
    """The Stripe-Signature header. Always the wall clock: receivers refuse old stamps, whatever our clock."""
    stamp = int(time.time()) if moment is None else moment
    signed = str(stamp).encode() + b"." + body
    marks = [hmac.new(secret.encode(), signed, hashlib.sha256).hexdigest() for secret in secrets]
    return ",".join([f"t={stamp}", *(f"v1={mark}" for mark in marks)])


def due(em: Emulator) -> list[Delivery]:
    """Claims what is due: a claimed delivery is not handed out again until its attempt is recorded."""
    with em.store.transaction():
        rows = em.store.rows(
            "SELECT id, event, endpoint, attempts FROM delivery WHERE state = 'pending' AND due_at <= ? ORDER BY id",
            (em.now(),),
        )
        claimed = []
        for id, event, endpoint, attempts in rows:
            delivery = _prepare(em, id, event, endpoint, attempts)
            if delivery is not None:
                em.store.run("UPDATE delivery SET state = 'sending' WHERE id = ?", (id,))
                claimed.append(delivery)
        return claimed


def _prepare(em: Emulator, id: int, event_id: str, endpoint_id: str, attempts: int) -> Delivery | None:
    event, endpoint = em.store.get(event_id), em.store.get(endpoint_id)
    if event is None or endpoint is None or endpoint.body["status"] != "enabled":
        em.store.run("UPDATE delivery SET state = 'stopped', due_at = NULL WHERE id = ?", (id,))
        return None
    if em.faults.take("webhook_drop", event.body["type"], event.account):
        record(em, id, None, "dropped on purpose")
        return None
    body = json.dumps(event.body, indent=2).encode()
    headers = {
        "Content-Type": "application/json; charset=utf-8",
        "User-Agent": "Stripe/1.0 (+https://stripe.com/docs/webhooks)",
        "Stripe-Signature": signature([endpoint.private["secret"]], body),
    }
    return Delivery(id, endpoint.body["url"], headers, body, event_id, event.body["type"], attempts + 1)


def record(em: Emulator, delivery_id: int, status: int | None, error: str | None) -> None:
    """Write the attempt down; a failure is tried again after the profile's delay, on the emulator's clock."""
    with em.store.transaction():
        row = em.store.one("SELECT event, attempts, manual FROM delivery WHERE id = ?", (delivery_id,))
        if row is None:
            return
        event, attempts, manual = row
        now = em.now()
        em.store.run(
            "INSERT INTO attempt (delivery, at, status, error) VALUES (?, ?, ?, ?)", (delivery_id, now, status, error)
        )
        delays = em.settings.retry_delays
        if status is not None and 200 <= status < 300:
            state, due_at = "delivered", None
        elif attempts < len(delays):
            state, due_at = "pending", now + delays[attempts]
        else:
            state, due_at = "failed", None
        em.store.run(
            "UPDATE delivery SET state = ?, due_at = ?, attempts = ? WHERE id = ?",
            (state, due_at, attempts + 1, delivery_id),
        )
        if state == "delivered" and not manual:
            _count_down(em, event)


def _count_down(em: Emulator, event_id: str) -> None:
    event = em.store.get(event_id)
    if event is not None:
        event.body["pending_webhooks"] = max(0, event.body["pending_webhooks"] - 1)
        em.store.save(event)


def deliver_due(em: Emulator, send: Send) -> int:
    """Until nothing is due: receivers often cause new events while they answer."""
    made = 0
    while batch := due(em):
        for delivery in batch:
            status, error = _attempt(send, delivery.url, delivery.headers, delivery.body)
            record(em, delivery.id, status, error)
            made += 1
    return made


def _attempt(send: Send, url: str, headers: Mapping[str, str], body: bytes) -> tuple[int | None, str | None]:
    try:
        return send(url, headers, body), None
    except Exception as problem:  # whatever stopped the request, Stripe would record a failed attempt and go on
        return None, f"{type(problem).__name__}: {problem}"


def reopen(em: Emulator) -> None:
    """After a restart: what was being sent may never have arrived, so it is sent again."""
    em.store.run("UPDATE delivery SET state = 'pending' WHERE state = 'sending'")


def history(em: Emulator, event_id: str) -> list[dict[str, Any]]:
    """An event's deliveries with their attempts, for the panel."""
    rows = em.store.rows(
        "SELECT d.id, d.endpoint, d.state, d.due_at, a.at, a.status, a.error FROM delivery d "
        "LEFT JOIN attempt a ON a.delivery = d.id WHERE d.event = ? ORDER BY d.id, a.id",
        (event_id,),
    )
    names = ("delivery", "endpoint", "state", "due_at", "at", "status", "error")
    return [dict(zip(names, row, strict=True)) for row in rows]
