"""The emulator, without a web framework: requests in, answers and signed deliveries out."""

from __future__ import annotations

import importlib
import json
import os
import sqlite3
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import cache

from emulator import advance, delivery, events, ledger, snapshots
from emulator.clock import DAY, Clock, ClockMode
from emulator.context import Ctx
from emulator.faults import Faults
from emulator.idempotency import Keys
from emulator.pipeline import answer
from emulator.resources import accounts_state, webhook_endpoints
from emulator.settings import Settings
from emulator.snapshots import Snapshots
from emulator.store import Row, Store
from emulator.transcript import Transcript, file_of_this_run
from emulator.types import Delivery, Json, Response, Send
from emulator.versions import Versions


class Emulator:
    """A platform account with its connected accounts, in one SQLite store. Safe to call from several threads."""

    def __init__(  # noqa: PLR0913 - each is an option of the program
        self,
        path: str = ":memory:",
        *,
        secret_key: str = "sk_test_emulator",  # noqa: S107 - a made-up key for a made-up Stripe
        seed: int | None = None,
        clock: ClockMode = "real",
        public_url: str = "http://127.0.0.1:8400",
        strict: bool | None = None,
        transcript: str | None = None,
        platform_name: str = "Marketplace",
        days_ago: int = 0,
    ) -> None:
        """`days_ago` is how far back the clock of a new store begins, so that a past can be lived through."""
        if not secret_key.startswith("sk_test_"):
            raise ValueError("The emulator takes test keys only: sk_test_…")
        self.secret_key = secret_key
        self.public_url = public_url.rstrip("/")
        # unless told: as for the program, so that a test run can have every emulator check itself
        self.strict = os.environ.get("EMULATOR_STRICT") == "1" if strict is None else strict
        self.settings = Settings(platform_name=platform_name)
        # Set to a Send to let the fault "webhook_before_answer" deliver while `handle()` is still running.
        self.deliver_now: Send | None = None
        # Set to what sends the deliveries due now and waits until it is done, a while at most.
        self.send_due: Callable[[], None] = _nobody_sends
        # Deliveries a fault holds back, and how many later ones each waits for.
        self.held: dict[int, int] = {}
        self.store = Store(path, seed=seed)
        self.versions = Versions(self.store, lambda: self.faults.plans("stale_read"))
        self.faults = Faults(lambda: str(self.store.meta("seed")), self._fault_planned)
        self.keys = Keys(self.store)
        self.snapshots = Snapshots(self)
        transcript = transcript or file_of_this_run()
        self.transcript = Transcript(transcript) if transcript else None
        self._endpoints: list[Row] | None = None
        self._clock_mode: ClockMode = clock
        self._days_ago = days_ago
        self.clock = self._load_clock()
        if days_ago:
            self._save_clock()
        self._ticked_at = 0
        # One mover at a time: while one thread advances, another's tick would run things behind its back.
        self._moving = threading.RLock()
        self._ensure_platform()
        delivery.reopen(self)

    # --- requests ---

    def handle(self, method: str, url: str, headers: Mapping[str, str], body: bytes = b"") -> Response:
        """Answer one API request. `url` is the path with its query. Raises ConnectionDropped for a lost response."""
        self._tick_if_due()
        return answer(self, method.upper(), url, headers, body)

    @property
    def api_version(self) -> str:
        """The version stripe-python is pinned to: the only one spoken."""
        return _library_version()

    # --- the clock ---

    def now(self) -> int:
        """The emulator's time, epoch seconds."""
        return self.clock.now()

    def clock_state(self) -> Json:
        """{"mode", "now", "offset_seconds"}"""
        return dict(self.clock.state())

    def set_clock(self, mode: ClockMode) -> list[Json]:
        """Go on in another mode from this very second; back to real time only when that is not behind us.

        Returns what happened meanwhile, as `advance` does. Raises ValueError.
        """
        with self._moving:
            clock = self.clock.in_mode(mode)
            now, self.clock = self.now(), clock
            if clock.now() > now:
                # what fell due between is due at its own time, not at the end of the leap
                self.clock = Clock("frozen", frozen_at=now)
                happened = advance.run_with_retries(self, clock.now(), self._send_on_the_way)
                self.clock = clock
            else:
                happened = []
            self._save_clock()
        return happened

    def advance(self, *, seconds: int | None = None, to: int | None = None) -> list[Json]:
        """Move the clock forward and run everything that falls due, in order; returns what happened.

        Each entry has at, what and id (and account where it is a connected account's).
        """
        if (seconds is None) == (to is None):
            raise ValueError("advance takes either seconds or to")
        target = self.now() + seconds if seconds is not None else int(to or 0)
        if target < self.now():
            raise ValueError("the clock only moves forward")
        with self._moving:
            happened = advance.run_with_retries(self, target, self._send_on_the_way)
            self._save_clock()
        return happened

    def tick(self) -> list[Json]:
        """Run what the passing of real time has made due; the delivery worker calls this."""
        with self._moving:
            self._ticked_at = self.now()
            return advance.run(self, self._ticked_at)

    def _send_on_the_way(self) -> None:
        # the one who advances has run what is due by now: a tick of whoever sends would keep it out of the report
        self._ticked_at = self.now()
        self.send_due()

    def _tick_if_due(self) -> None:
        # once a second is enough: nothing falls due between two seconds
        if self.clock.mode == "frozen" or self.now() == self._ticked_at:
            return
        # Not waited for: whoever advances may be waiting for a webhook, whose receiver may be asking us right now.
        if self._moving.acquire(blocking=False):
            try:
                self.tick()
            finally:
                self._moving.release()

    # --- webhooks ---

    def add_webhook_endpoint(
        self, url: str, secret: str, connect: bool, enabled_events: tuple[str, ...] = ("*",)
    ) -> str:
        """Register an endpoint with a known secret and return its id; the same url and connect flag update it."""
        with self.visit() as ctx:
            return webhook_endpoints.register(ctx, url, secret, connect, list(enabled_events))

    def endpoints(self) -> list[Row]:
        """The webhook endpoints, kept in memory: every event looks at them."""
        if self._endpoints is None:
            self._endpoints = self.store.find("webhook_endpoint", account=None, oldest_first=True)
        return self._endpoints

    def forget_endpoints(self) -> None:
        """After any change to an endpoint."""
        self._endpoints = None

    def due_deliveries(self) -> list[Delivery]:
        """Claim the deliveries due now; each must be answered with `record_attempt`."""
        self._tick_if_due()
        return delivery.due(self)

    def still_wanted(self, claimed: Delivery) -> bool:
        """To be asked before a claimed delivery is sent late: false once its endpoint is disabled or gone."""
        return delivery.still_wanted(self, claimed)

    def record_attempt(self, delivery_id: int, status: int | None, error: str | None = None) -> None:
        """Only a 2xx status is a success; anything else schedules the next try."""
        delivery.record(self, delivery_id, status, error)

    def deliver_due(self, send: Send) -> int:
        """Send everything due, in order; returns how many attempts were made."""
        self._tick_if_due()
        return delivery.deliver_due(self, send)

    def roll_secret(self, endpoint_id: str, *, keep_seconds: int = DAY, secret: str | None = None) -> str | None:
        """Give an endpoint a new secret (a made-up one unless given) and return it; None when there is no such one.

        Until `keep_seconds` have passed by the emulator's clock, every attempt is signed with the old one too.
        """
        with self.visit() as ctx:
            return webhook_endpoints.roll(ctx, endpoint_id, keep_seconds, secret)

    def resend(self, event_id: str, endpoint_id: str | None = None) -> int:
        """Queue an event again for its endpoints (or one of them); returns how many deliveries were queued."""
        with self.visit() as ctx:
            event = self.store.get(event_id)
            if event is None or event.kind != "event":
                return 0
            chosen = [
                row
                for row in self.endpoints()
                if endpoint_id in (None, row.id) and events.hears(row, event.body["type"], event.account)
            ]
            for row in chosen:
                events.queue(ctx, event_id, row.id, flags=events.MANUAL)
            return len(chosen)

    # --- everything else ---

    @contextmanager
    def visit(self, *, account: str = "") -> Iterator[Ctx]:
        """One transaction outside the API: a hosted page, the control panel, a tick of the clock."""
        ctx = Ctx(self, self.now(), account)
        with self.store.transaction():
            self.versions.next_change()
            yield ctx
        self.write_events(ctx)

    def conservation(self) -> dict[str, Json]:
        """Per currency: held (sum of net over all accounts) and expected (from the objects), in minor units."""
        return ledger.conservation(self.store)

    def require_conservation(self) -> None:
        """Raises ConservationError when they differ."""
        ledger.require_conservation(self.store)

    @property
    def platform_id(self) -> str:
        return str(self.store.meta("platform"))

    @property
    def application_id(self) -> str:
        return str(self.store.meta("application"))

    def reset(self) -> None:
        """Forget everything except the endpoints of `add_webhook_endpoint`; the clock goes back to its start."""
        with self.store.transaction():
            kept = [row for row in self.endpoints() if row.private.get("registered")]
            self.store.clear()
            self.forget_endpoints()
            self.faults.reset()
            self.held.clear()
            self.clock = Clock(self._clock_mode)
            if self.transcript is not None:
                self.transcript.begin_again()
            self._ensure_platform()
            for row in kept:
                self.add_webhook_endpoint(
                    row.body["url"], row.private["secret"], row.private["connect"], tuple(row.body["enabled_events"])
                )

    def copy_state(self, other: sqlite3.Connection) -> Json:
        """Copy the store into an empty database; returns the clock's state at that moment."""
        # nothing may fall due between the copy and the look at the clock
        with self._moving, self.store.lock:
            self.store.copy_to(other)
            return self.clock_state()

    def take_state(self, other: sqlite3.Connection) -> None:
        """Become what was copied. Faults planned meanwhile are forgotten: they belong to what came after."""
        # The request that restores may race others: the lock is held until nothing of before is left in memory.
        with self._moving, self.store.lock:
            self.faults.reset()
            with self.store.transaction():
                self.versions.next_change()
            taken = snapshots.last_delivery(self)
            self.store.copy_from(other)
            self.forget_endpoints()
            self.held.clear()
            stored = json.loads(self.store.meta("clock") or "{}")
            self.clock = Clock.at(stored.get("mode", self._clock_mode), int(stored.get("now", self.now())))
            self._ticked_at = 0
            self._save_clock()
            snapshots.settle(self, taken)

    def close(self) -> None:
        self.store.close()
        self.snapshots.close()
        if self.transcript is not None:
            self.transcript.close()

    def keep_transcript(self) -> Transcript:
        """From now on; in a file that vanishes with the process, unless one was named."""
        if self.transcript is None:
            self.transcript = Transcript(None)
        return self.transcript

    def write_events(self, ctx: Ctx) -> None:
        """The events a transaction raised, once it is committed."""
        if self.transcript is not None:
            for body in ctx.raised:
                self.transcript.write({"event": body})

    def _fault_planned(self, kind: str) -> None:
        if kind == "stale_read":
            self.versions.keep()

    def _ensure_platform(self) -> None:
        with self.visit() as ctx:
            accounts_state.ensure_platform(ctx)

    def _load_clock(self) -> Clock:
        stored = json.loads(self.store.meta("clock") or "{}")
        latest = self.store.one("SELECT coalesce(max(created), 0) FROM object")
        if self._clock_mode == "frozen":
            # frozen now for the first time: not before anything that is there
            clock = Clock("frozen", frozen_at=stored.get("frozen_at"))
        else:
            # Only a store with nothing in it can begin in the past.
            begins = 0 if latest and latest[0] else -self._days_ago * DAY
            clock = Clock(self._clock_mode, offset=stored.get("offset", begins))
        clock.move_to(int(latest[0]) if latest else 0)
        return clock

    def _save_clock(self) -> None:
        state = {"frozen_at": self.clock.frozen_at} if self.clock.mode == "frozen" else {"offset": self.clock.offset}
        self.store.set_meta("clock", json.dumps(state))


def _nobody_sends() -> None:
    """In-process, whoever tests delivers when they want to."""


@cache
def _library_version() -> str:
    version: str = importlib.import_module("stripe._api_version")._ApiVersion.CURRENT
    return version
