"""The small value types that cross the emulator's edges."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from emulator.signing import signature

Json = dict[str, Any]

# send(url, headers, body) -> HTTP status; raises when no answer came
Send = Callable[[str, Mapping[str, str], bytes], int]


@dataclass(frozen=True, slots=True)
class Response:
    """What `Emulator.handle` answers; header names are in Stripe's spelling."""

    status: int
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""


@dataclass(frozen=True, slots=True)
class Delivery:
    """One attempt to be made at one endpoint.

    `at_once` deliveries are to be sent at the same time as the others of their event. The last two are what a
    fault made of the attempt: stamped `age` seconds ago, signed over another body than the one sent.
    """

    id: int
    url: str
    body: bytes
    secrets: tuple[str, ...]
    event_id: str = ""
    event_type: str = ""
    attempt: int = 1
    at_once: bool = False
    age: int = 0
    signed_body: bytes | None = None

    @property
    def headers(self) -> dict[str, str]:
        """Signed as of now: read them when you send, for receivers refuse a signature that waited in a queue."""
        signed = self.body if self.signed_body is None else self.signed_body
        return {
            "Content-Type": "application/json; charset=utf-8",
            "User-Agent": "Stripe/1.0 (+https://stripe.com/docs/webhooks)",
            "Stripe-Signature": signature(self.secrets, signed, int(time.time()) - self.age),
        }


OutcomeKind = Literal["paid", "processing", "declined", "requires_action", "invalid", "expired", "complete"]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What happened when somebody pressed the button on a hosted payment page.

    paid             the session is complete; go to `redirect_url`
    processing       the session is complete, the bank answers later; go to `redirect_url`
    declined         the bank said no; `message` is for the buyer; the session stays open
    requires_action  3-D Secure: show the authentication step, then `checkout_authenticate`
    invalid          the form is wrong; `field` names the input, `message` says why
    expired          the session has expired; nothing was charged
    complete         the session had been completed before; go to `redirect_url`
    """

    kind: OutcomeKind
    message: str = ""
    field: str | None = None
    redirect_url: str | None = None
