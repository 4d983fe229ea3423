"""Idempotency keys, as documented: the first answer is the answer, 500s included, for 24 hours, per account."""

from __future__ import annotations

import hashlib
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from emulator.errors import StripeError, invalid
from emulator.registry import assumed, documented
from emulator.types import Json, Response

if TYPE_CHECKING:
    from emulator.store import Store

documented(
    "idempotency",
    "The first answer under a key is replayed for 24 hours, saved 500s too; after that the same call acts again.",
    "What is refused before the work begins (validation, a key in use) leaves the key free.",
    "The same key with another path or other parameters is a 400 idempotency_error.",
    "While the first call under a key runs, another is a 409 idempotency_key_in_use.",
    "Keys have at most 255 characters and belong to one account.",
    "v2 replays successes for 30 days and does failed work again.",
)
assumed(
    "idempotency",
    "A key in use is an invalid_request_error with Stripe-Should-Retry: true.",
    "What the operation itself finds wrong (no such object, too little money) is saved under the key.",
    "v1 and v2 keep their keys apart; an empty key is none.",
)

HOUR = 3_600
V2_RETENTION = 30 * 24 * HOUR


def fingerprint(params: Json) -> str:
    return hashlib.sha256(json.dumps(params, sort_keys=True, default=str).encode()).hexdigest()


class Keys:
    """Saved answers in the store, keys in use in memory: they die with the process, as the requests using them do."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._lock = threading.Lock()
        self._in_use: set[tuple[str, str]] = set()

    def require_valid(self, key: str) -> None:
        if len(key) > 255:
            raise invalid(f"Idempotency keys must be at most 255 characters long; yours has {len(key)}.")

    @contextmanager
    def using(self, scope: str, key: str | None) -> Iterator[None]:
        """Holds the key while the request runs; a second request meanwhile gets 409, which the library retries."""
        if key is None:
            yield
            return
        with self._lock:
            if (scope, key) in self._in_use:
                raise StripeError(
                    409,
                    f"There is currently another in-progress request using this Idempotency Key ('{key}'). "
                    "Please try again later.",
                    code="idempotency_key_in_use",
                    headers={"Stripe-Should-Retry": "true"},
                )
            self._in_use.add((scope, key))
        try:
            yield
        finally:
            with self._lock:
                self._in_use.discard((scope, key))

    def saved(self, scope: str, key: str, request: str, oldest: int) -> Response | None:
        """The first answer under this key, if it is younger than `oldest`; 400 when the request was another one."""
        row = self._store.one(
            "SELECT request, status, headers, body FROM idempotency WHERE scope = ? AND key = ? AND created > ?",
            (scope, key, oldest),
        )
        if row is None:
            return None
        first, status, headers, body = row
        if first.partition(" ")[0] != request.partition(" ")[0]:
            raise _mismatch(
                f"Keys for idempotent requests can only be used for the same endpoint they were first used for "
                f"('{request.partition(' ')[0]}' vs '{first.partition(' ')[0]}'). Try using a key other than '{key}' "
                "if you meant to execute a different request."
            )
        if first != request:
            raise _mismatch(
                "Keys for idempotent requests can only be used with the same parameters they were first used with. Try "
                f"using a key other than '{key}' if you meant to execute a different request."
            )
        return Response(status, json.loads(headers), bytes(body))

    def save(self, scope: str, key: str, request: str, response: Response, now: int) -> None:
        self._store.run(
            "INSERT OR REPLACE INTO idempotency VALUES (?, ?, ?, ?, ?, ?, ?)",
            (scope, key, now, request, response.status, json.dumps(response.headers), response.body),
        )

    def prune(self, now: int, hours: int) -> int:
        """Forget what is too old: such a key executes again."""
        v1 = self._store.run(
            "DELETE FROM idempotency WHERE created <= ? AND scope NOT LIKE 'v2:%'", (now - hours * HOUR,)
        ).rowcount
        v2 = self._store.run("DELETE FROM idempotency WHERE created <= ?", (now - V2_RETENTION,)).rowcount
        return v1 + v2


def _mismatch(message: str) -> StripeError:
    return StripeError(400, message, type="idempotency_error")
