"""What can be made to go wrong, and the parameters each kind takes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

Target = Literal["call", "event"]


@dataclass(frozen=True, slots=True)
class Param:
    """One parameter of a kind: what it is when left out, and what is refused."""

    about: str
    default: bool | int | float | str | None
    takes: type = int
    low: float = 0
    high: float = 86_400 * 366
    choices: tuple[str, ...] = ()

    def trouble(self, name: str, value: Any) -> str:
        """Why this value is refused; "" when it is fine."""
        wanted = (int, float) if self.takes is float else self.takes
        if not isinstance(value, wanted) or (isinstance(value, bool) and self.takes is not bool):
            return f"{name} is {_WORDS[self.takes]}, not {value!r}."
        if self.choices and value not in self.choices:
            return f"{name} is one of {', '.join(self.choices)}, not {value!r}."
        if isinstance(value, (int, float)) and not isinstance(value, bool) and not self.low <= value <= self.high:
            return f"{name} is between {self.low:g} and {self.high:g}, not {value!r}."
        return ""


_WORDS: dict[type, str] = {int: "a whole number", float: "a number", bool: "true or false", str: "a text"}


@dataclass(frozen=True, slots=True)
class Kind:
    """`target` says what `match` is compared with: a call ("POST /v1/transfers") or an event's type."""

    about: str
    target: Target
    params: Mapping[str, Param] = field(default_factory=dict)

    @property
    def sentence(self) -> str:
        """What it does, with the names of its parameters."""
        return f"{self.about} ({', '.join(self.params)})" if self.params else self.about

    def described(self) -> dict[str, Any]:
        """For programs: what `match` is compared with, and what each parameter means."""
        params = {name: param.about for name, param in self.params.items()}
        return {"about": self.about, "matches": self.target, "params": params}


def _text(about: str, default: str | None = None, choices: tuple[str, ...] = ()) -> Param:
    return Param(about, default, str, choices=choices)


def _seconds(about: str, default: float) -> Param:
    return Param(f"{about}, {default:g} unless told", default, float)


_STATUS = Param("HTTP status, 500 unless told", 500, low=400, high=599)
_RETRY = Param("the Stripe-Should-Retry header, left out unless told", None, bool)

CATALOGUE: dict[str, Kind] = {
    "error_before": Kind(
        "answer with an error before anything is done; nothing is saved under the key",
        "call",
        {
            "status": _STATUS,
            "code": _text("Stripe's code, e.g. lock_timeout or idempotency_key_in_use"),
            "type": _text("Stripe's type, by the status unless told"),
            "param": _text("the parameter it names"),
            "decline_code": _text("for a card_error"),
            "message": _text("the message"),
            "should_retry": _RETRY,
            "retry_after": Param("the Retry-After header in seconds, left out unless told", None),
        },
    ),
    "lost_request": Kind(
        "close the connection before anything is done, as if refused or timed out",
        "call",
        {"seconds": _seconds("how long the caller waits first", 0)},
    ),
    "lost_response": Kind(
        "commit, then close the connection without an answer",
        "call",
        {"seconds": _seconds("how long the caller waits first", 0)},
    ),
    "malformed_body": Kind(
        "commit, then answer with a body that is not JSON",
        "call",
        {
            "how": _text("truncated (unless told), html or empty", "truncated", ("truncated", "html", "empty")),
            "status": Param("HTTP status, the real one unless told", None, low=200, high=599),
        },
    ),
    "save_500": Kind(
        "fail with a 500 that is saved under the idempotency key",
        "call",
        {"acted": Param("the work stays done behind the 500, undone unless told", False, bool), "should_retry": _RETRY},
    ),
    "delay": Kind(
        "wait, then do the work",
        "call",
        {
            "seconds": _seconds("how long", 1),
            "after": Param("wait after the commit instead, false unless told", False, bool),
        },
    ),
    "stale_read": Kind(
        "answer a GET with an earlier version of what it shows; versions are kept from the moment this is planned",
        "call",
        {"back": Param("how many versions ago, 1 unless told", 1, low=1, high=100)},
    ),
    "webhook_before_answer": Kind("deliver the events before the API answer leaves", "call"),
    "event_lost": Kind("never make the event: no delivery, and events.list does not know it", "event"),
    "event_unknown": Kind(
        "raise one more event of a type nobody knows yet, about the same object",
        "event",
        {"type": _text("its type, future.thing.happened unless told", "future.thing.happened")},
    ),
    "webhook_drop": Kind(
        "lose the attempt on its way; it is tried again later",
        "event",
        {"swallowed": Param("something on the way answers 200: never tried again, false unless told", False, bool)},
    ),
    "webhook_duplicate": Kind(
        "deliver the event more than once",
        "event",
        {
            "copies": Param("how often in all, 2 unless told", 2, low=2, high=100),
            "at_once": Param("all at the same time, one after another unless told", False, bool),
            "new_ids": Param("each copy is an event of its own, with its own id, false unless told", False, bool),
        },
    ),
    "webhook_delay": Kind(
        "deliver the event later",
        "event",
        {"seconds": _seconds("how much later by the emulator's clock", 60)},
    ),
    "webhook_reorder": Kind(
        "deliver the event after later ones",
        "event",
        {
            "window": Param("after how many later deliveries to the same endpoint, 1 unless told", 1, low=1, high=1000),
            "seconds": _seconds("wait for them at most so long by the emulator's clock", 60),
        },
    ),
    "webhook_wrong_secret": Kind("sign the attempt with a secret that is not the endpoint's", "event"),
    "webhook_stale_timestamp": Kind(
        "sign the attempt as of a while ago; receivers refuse more than 300 seconds",
        "event",
        {"seconds": _seconds("how long ago", 600)},
    ),
    "webhook_truncated": Kind(
        "cut the attempt's body in half",
        "event",
        {"signed": Param("sign what is left, so that the signature holds, false unless told", False, bool)},
    ),
    "webhook_older_version": Kind(
        "deliver the event under an older api_version; only the name is old, the shapes are today's",
        "event",
        {"version": _text("the version, 2024-06-20 unless told", "2024-06-20")},
    ),
}

# For people: what each kind does.
KINDS: dict[str, str] = {name: kind.sentence for name, kind in CATALOGUE.items()}


def check(kind: str, params: Mapping[str, Any]) -> None:
    """Raises ValueError with a sentence when there is no such kind, or it does not take these parameters."""
    if kind not in CATALOGUE:
        raise ValueError(f"Unknown fault {kind!r}; known: {', '.join(sorted(CATALOGUE))}")
    known = CATALOGUE[kind].params
    for name, value in params.items():
        if name not in known:
            takes = f"it takes {', '.join(known)}" if known else "it takes none"
            raise ValueError(f"The fault {kind} has no parameter {name}; {takes}.")
        trouble = known[name].trouble(name, value)
        if trouble:
            raise ValueError(f"The fault {kind} refuses this: {trouble}")
