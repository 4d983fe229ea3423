"""Signing and sending: what is due, what happened, when to try again."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from emulator.events import AT_ONCE, MANUAL
from emulator.types import Delivery, Send

if TYPE_CHECKING:
    from emulator.core import Emulator
    from emulator.faults import Fault
    from emulator.store import Row


def due(em: Emulator) -> list[Delivery]:
    """Claims what is due: a claimed delivery is not handed out again until its attempt is recorded."""
    with em.store.transaction():
        _release(em)
        rows = em.store.rows(
            "SELECT id, event, endpoint, attempts, manual FROM delivery WHERE state = 'pending' AND due_at <= ? "
            "ORDER BY id",
            (em.now(),),
        )
        claimed = []
        for id, event, endpoint, attempts, flags in rows:
            delivery = _prepare(em, id, event, endpoint, attempts, flags)
            if delivery is not None:
                em.store.run("UPDATE delivery SET state = 'sending' WHERE id = ?", (id,))
                claimed.append(delivery)
        return claimed


def _release(em: Emulator) -> None:
    """Deliveries held back go once enough later ones of their endpoint were attempted, or their time is up."""
    for id, endpoint, at in em.store.rows("SELECT id, endpoint, due_at FROM delivery WHERE state = 'held'"):
        later = em.store.one(
            "SELECT count(*) FROM delivery WHERE id > ? AND endpoint = ? AND attempts > 0", (id, endpoint)
        )
        if at <= em.now() or (later and later[0] >= em.held.get(id, 1)):
            em.store.run("UPDATE delivery SET state = 'pending', due_at = ? WHERE id = ?", (em.now(), id))
            em.held.pop(id, None)


def _prepare(em: Emulator, id: int, event_id: str, endpoint_id: str, attempts: int, flags: int) -> Delivery | None:
    event, endpoint = em.store.get(event_id), em.store.get(endpoint_id)
    if event is None or endpoint is None or endpoint.body["status"] != "enabled":
        _stop(em, id)
        return None
    lost = _fault(em, "webhook_drop", event)
    if lost is not None and lost.given("swallowed"):
        record(em, id, 200, "answered by something on the way, on purpose")
        return None
    if lost is not None:
        record(em, id, None, "dropped on purpose")
        return None
    whole = Delivery(
        id,
        endpoint.body["url"],
        json.dumps(event.body, indent=2).encode(),
        signing_secrets(endpoint, em.now()),
        event_id,
        event.body["type"],
        attempts + 1,
        at_once=bool(flags & AT_ONCE),
    )
    return _spoilt(em, event, whole)


def _spoilt(em: Emulator, event: Row, delivery: Delivery) -> Delivery:
    """The attempt as planned faults leave it."""
    older = _fault(em, "webhook_older_version", event)
    if older is not None:
        shown = {**event.body, "api_version": older.given("version")}
        delivery = replace(delivery, body=json.dumps(shown, indent=2).encode())
    if _fault(em, "webhook_wrong_secret", event) is not None:
        delivery = replace(delivery, secrets=("whsec_of_somebody_else",))
    stale = _fault(em, "webhook_stale_timestamp", event)
    if stale is not None:
        delivery = replace(delivery, age=int(stale.given("seconds")))
    cut = _fault(em, "webhook_truncated", event)
    if cut is not None:
        half = delivery.body[: len(delivery.body) // 2]
        delivery = replace(delivery, body=half, signed_body=half if cut.given("signed") else delivery.body)
    return delivery


def _fault(em: Emulator, kind: str, event: Row) -> Fault | None:
    return em.faults.take(kind, event.body["type"], event.account)


def _stop(em: Emulator, id: int) -> None:
    em.store.run("UPDATE delivery SET state = 'stopped', due_at = NULL WHERE id = ?", (id,))


def still_wanted(em: Emulator, delivery: Delivery) -> bool:
    """Whether its endpoint still listens: it may have been disabled while the delivery waited for its turn."""
    row = em.store.one("SELECT endpoint FROM delivery WHERE id = ?", (delivery.id,))
    endpoint = em.store.get(row[0]) if row is not None else None
    if endpoint is not None and endpoint.body["status"] == "enabled":
        return True
    _stop(em, delivery.id)
    return False


def signing_secrets(endpoint: Row, now: int) -> tuple[str, ...]:
    """The endpoint's secret, and those it had before whose time is not over yet."""
    older = endpoint.private.get("older_secrets", ())
    return (endpoint.private["secret"], *(one["secret"] for one in older if one["until"] > now))


def record(em: Emulator, delivery_id: int, status: int | None, error: str | None) -> None:
    """Write the attempt down; a failure is tried again after the profile's delay, on the emulator's clock."""
    with em.store.transaction():
        row = em.store.one("SELECT event, attempts, manual FROM delivery WHERE id = ?", (delivery_id,))
        if row is None:
            return
        event, attempts, flags = row
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
        if state == "delivered" and not flags & MANUAL:
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
        claimed = {delivery.id for delivery in batch}
        try:
            for group in _groups(batch):
                for delivery, (status, error) in zip(group, _attempts(send, group), strict=True):
                    record(em, delivery.id, status, error)
                    claimed.discard(delivery.id)
                    made += 1
        finally:
            # Whoever is stopped half-way leaves the rest to the next one.
            _give_back(em, claimed)
    return made


def _give_back(em: Emulator, claimed: set[int]) -> None:
    for id in claimed:
        em.store.run("UPDATE delivery SET state = 'pending' WHERE id = ? AND state = 'sending'", (id,))


def _groups(batch: list[Delivery]) -> list[list[Delivery]]:
    """Deliveries of one event to one endpoint that go at the same time, each other one by itself."""
    groups: list[list[Delivery]] = []
    for delivery in batch:
        last = groups[-1][-1] if groups else None
        together = last is not None and delivery.at_once and last.at_once
        if last is not None and together and (last.event_id, last.url) == (delivery.event_id, delivery.url):
            groups[-1].append(delivery)
        else:
            groups.append([delivery])
    return groups


def _attempts(send: Send, group: list[Delivery]) -> list[tuple[int | None, str | None]]:
    if len(group) == 1:
        return [_attempt(send, group[0])]
    with ThreadPoolExecutor(len(group)) as pool:
        return list(pool.map(lambda delivery: _attempt(send, delivery), group))


def _attempt(send: Send, delivery: Delivery) -> tuple[int | None, str | None]:
    try:
        return send(delivery.url, delivery.headers, delivery.body), None
    except Exception as problem:  # whatever stopped the request, Stripe would record a failed attempt and go on
        return None, f"{type(problem).__name__}: {problem}"


def reopen(em: Emulator) -> None:
    """After a restart: what was being sent may never have arrived, so it is sent again; nobody holds back any more."""
    em.store.run("UPDATE delivery SET state = 'pending' WHERE state IN ('sending', 'held')")


def history(em: Emulator, event_id: str) -> list[dict[str, Any]]:
    """An event's deliveries with their attempts, for the panel."""
    rows = em.store.rows(
        "SELECT d.id, d.endpoint, d.state, d.due_at, a.at, a.status, a.error FROM delivery d "
        "LEFT JOIN attempt a ON a.delivery = d.id WHERE d.event = ? ORDER BY d.id, a.id",
        (event_id,),
    )
    names = ("delivery", "endpoint", "state", "due_at", "at", "status", "error")
    return [dict(zip(names, row, strict=True)) for row in rows]
