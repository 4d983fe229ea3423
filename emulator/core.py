"""The emulator, without a web framework: requests in, answers and signed deliveries out."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from emulator.faults import Faults
from emulator.types import Delivery, Json, Response, Send

ClockMode = Literal["real", "offset", "frozen"]


class Emulator:
    """A platform account with its connected accounts, in one SQLite store. Safe to call from several threads."""

    faults: Faults
    # Set to a Send to let the fault "webhook_before_answer" deliver while `handle()` is still running.
    deliver_now: Send | None

    def __init__(
        self,
        path: str = ":memory:",
        *,
        secret_key: str = "sk_test_emulator",
        seed: int | None = None,
        clock: ClockMode = "real",
        public_url: str = "http://127.0.0.1:8400",
        strict: bool = False,
        transcript: str | None = None,
    ) -> None:
        raise NotImplementedError

    def handle(self, method: str, url: str, headers: Mapping[str, str], body: bytes = b"") -> Response:
        """Answer one API request. `url` is the path with its query. Raises ConnectionDropped for a lost response."""
        raise NotImplementedError

    def now(self) -> int:
        """The emulator's time, epoch seconds."""
        raise NotImplementedError

    def clock_state(self) -> Json:
        """{"mode", "now", "offset_seconds"}"""
        raise NotImplementedError

    def advance(self, *, seconds: int | None = None, to: int | None = None) -> list[Json]:
        """Move the clock forward and run everything that falls due, in order; returns what happened.

        Each entry has at, what and id (and account where it is a connected account's).
        """
        raise NotImplementedError

    def add_webhook_endpoint(
        self, url: str, secret: str, connect: bool, enabled_events: tuple[str, ...] = ("*",)
    ) -> str:
        """Register an endpoint with a known secret; the same url and connect flag update the one that exists. Returns its id."""
        raise NotImplementedError

    def due_deliveries(self) -> list[Delivery]:
        """Claim the deliveries due now; each must be answered with `record_attempt`."""
        raise NotImplementedError

    def record_attempt(self, delivery_id: int, status: int | None, error: str | None = None) -> None:
        """Only a 2xx status is a success; anything else schedules the next try."""
        raise NotImplementedError

    def deliver_due(self, send: Send) -> int:
        """Send everything due, in order; returns how many attempts were made."""
        raise NotImplementedError

    def resend(self, event_id: str, endpoint_id: str | None = None) -> int:
        """Queue an event again for its endpoints (or one of them); returns how many deliveries were queued."""
        raise NotImplementedError

    def reset(self) -> None:
        """Forget everything except the webhook endpoints added by `add_webhook_endpoint`."""
        raise NotImplementedError

    def close(self) -> None:
        raise NotImplementedError
