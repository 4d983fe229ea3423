"""Things that go wrong on purpose: a queue of faults matched against requests and deliveries."""

from __future__ import annotations

import re
import threading
from dataclasses import dataclass, field
from typing import Any

KINDS = {
    "error_before": "answer with an error before the handler runs (status, code, message)",
    "lost_response": "commit, then drop the connection",
    "save_500": "the handler fails with a 500 that is saved under the idempotency key",
    "delay": "wait (seconds) before the work, or after it is committed (after)",
    "webhook_drop": "lose the delivery's attempt",
    "webhook_duplicate": "deliver the same event more than once (copies)",
    "webhook_before_answer": "deliver the events before the API answer returns",
}


@dataclass(slots=True)
class Fault:
    """One planned fault. `match` is a regular expression over "POST /v1/transfers", or over an event type."""

    id: int
    kind: str
    match: str
    account: str | None
    nth: int
    times: int
    params: dict[str, Any] = field(default_factory=dict)
    seen: int = 0
    fired: int = 0

    def hits(self, text: str, account: str | None) -> bool:
        """Counts a match; true from the nth one on, `times` times."""
        if self.account is not None and self.account != (account or ""):
            return False
        if not re.fullmatch(self.match, text):
            return False
        self.seen += 1
        if self.seen < self.nth or self.fired >= self.times:
            return False
        self.fired += 1
        return True


class Faults:
    """The queue. Threads share it, so every look at it is under one lock."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._faults: list[Fault] = []
        self._next_id = 1

    def add(
        self,
        kind: str,
        *,
        match: str = ".*",
        account: str | None = None,
        nth: int = 1,
        times: int = 1,
        **params: Any,
    ) -> int:
        """Plan a fault and return its id: it fires on the `nth` match, `times` times; `params` belong to its kind."""
        if kind not in KINDS:
            raise ValueError(f"Unknown fault {kind!r}; known: {', '.join(sorted(KINDS))}")
        re.compile(match)
        with self._lock:
            fault = Fault(self._next_id, kind, match, account, nth, times, params)
            self._next_id += 1
            self._faults.append(fault)
            return fault.id

    def take(self, kind: str, text: str, account: str | None = None) -> Fault | None:
        """The first planned fault of this kind that fires now, if any."""
        with self._lock:
            return next((f for f in self._faults if f.kind == kind and f.hits(text, account)), None)

    def list(self) -> list[Fault]:
        with self._lock:
            return list(self._faults)

    def clear(self) -> None:
        with self._lock:
            self._faults.clear()
