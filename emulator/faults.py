"""Things that go wrong on purpose: a queue of faults matched against requests and deliveries."""

from __future__ import annotations

import hashlib
import re
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from emulator.fault_kinds import CATALOGUE, KINDS, check

__all__ = ["KINDS", "Fault", "Faults"]


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
    probability: float = 1.0

    def given(self, name: str) -> Any:
        """A parameter of its kind as planned, or what it is when left out."""
        return self.params.get(name, CATALOGUE[self.kind].params[name].default)

    def counts(self, text: str, account: str) -> bool:
        """Whether this is one of those it waits for; if so it is counted."""
        if self.account is not None and self.account != account:
            return False
        if not re.fullmatch(self.match, text):
            return False
        self.seen += 1
        return self.seen >= self.nth and self.fired < self.times


class Faults:
    """The queue. Threads share it, so every look at it is under one lock.

    `seed` gives the text all draws for a `probability` come from: the same seed and the same order draw the same.
    `planned` is told the kind of each new fault.
    """

    def __init__(
        self, seed: Callable[[], str] = lambda: "", planned: Callable[[str], None] = lambda _kind: None
    ) -> None:
        self._seed = seed
        self._planned = planned
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
        probability: float = 1.0,
        **params: Any,
    ) -> int:
        """Plan a fault and return its id: it fires on the `nth` match, `times` times; `params` belong to its kind.

        `account` "" is the platform itself, None any account. With a `probability` each match from the nth on is a
        draw. Raises ValueError (or re.error) with a sentence when this makes no sense.
        """
        check(kind, params)
        re.compile(match)
        for name, value in (("nth", nth), ("times", times)):
            if not isinstance(value, int) or isinstance(value, bool) or value < 1:
                raise ValueError(f"{name} is a whole number from 1, not {value!r}.")
        if not isinstance(probability, (int, float)) or isinstance(probability, bool) or not 0 < probability <= 1:
            raise ValueError(f"probability is a number above 0 and at most 1, not {probability!r}.")
        with self._lock:
            fault = Fault(self._next_id, kind, match, account, nth, times, params, probability=float(probability))
            self._next_id += 1
            self._faults.append(fault)
        # outside the lock: who is told may need the store, whose holders come here for faults
        self._planned(kind)
        return fault.id

    @property
    def any(self) -> bool:
        """Whether anything is planned: asked before every step of every request, so without the lock."""
        return bool(self._faults)

    def take(self, kind: str, text: str, account: str | None = None) -> Fault | None:
        """The first planned fault of this kind that fires now, if any; every one that waits for this counts it."""
        if not self._faults:
            return None
        # read before the lock: the seed is in the store, whose holders come here for faults
        seed = self._seed()
        with self._lock:
            waiting = [fault for fault in self._faults if fault.kind == kind]
            ready = [fault for fault in waiting if fault.counts(text, account or "")]
            chosen = next((fault for fault in ready if _drawn(fault, seed)), None)
            if chosen is not None:
                chosen.fired += 1
            return chosen

    def plans(self, kind: str) -> bool:
        """Whether a fault of this kind may still fire."""
        with self._lock:
            return any(fault.kind == kind and fault.fired < fault.times for fault in self._faults)

    def list(self) -> list[Fault]:
        with self._lock:
            return list(self._faults)

    def remove(self, id: int) -> bool:
        """Take one fault back; False when there is none of that id."""
        with self._lock:
            kept = [fault for fault in self._faults if fault.id != id]
            found = len(kept) < len(self._faults)
            self._faults = kept
            return found

    def clear(self) -> None:
        with self._lock:
            self._faults = []

    def reset(self) -> None:
        """Clear and number from 1 again: what follows draws as after a fresh start."""
        with self._lock:
            self._faults, self._next_id = [], 1


def _drawn(fault: Fault, seed: str) -> bool:
    """A draw of its own for each match, whatever other threads draw meanwhile."""
    if fault.probability >= 1:
        return True
    text = f"{seed}:fault:{fault.id}:{fault.seen}".encode()
    return int.from_bytes(hashlib.blake2b(text, digest_size=8).digest(), "big") < fault.probability * 2**64
