"""The one door to Stripe's API. Everything else in the project speaks through operations (changes) and reads
(look-ups).
"""

import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import stripe
from django.conf import settings

from gateway import breaker, bucket, guard, priority, uploads
from gateway.errors import KeyTaken, NotFoundAtStripe, NotLetIn, StripeRefused, StripeUnavailable

_lock = threading.Lock()
_client: stripe.StripeClient | None = None

# Not known to be carried out by Stripe or not: the same request may be sent again under the same key.
_MAY_HAVE_HAPPENED = (
    stripe.APIConnectionError,
    stripe.APIError,
    stripe.RateLimitError,
)
# Turned away at Stripe's door, before anything was done.
_NOT_LET_IN = (stripe.AuthenticationError, stripe.PermissionError)


@dataclass(frozen=True, slots=True)
class Answer:
    """What Stripe answered to one request."""

    body: dict[str, Any]
    request_id: str


def ask_leave(account: str = "") -> None:
    """Wait for the turn of one call, before anything is claimed for it: a lease must not run out in a queue.

    Raises NotSent while Stripe does not answer (fault F21) and when the account's calls are used up (fault F20), and
    CalledInsideTransaction.
    """
    guard.outside_transaction()
    breaker.ask()
    bucket.take(account, priority.current())


def post(path: str, params: Mapping[str, Any], *, key: str, account: str = "") -> Answer:
    """Send one change under the idempotency key `key`, as `account` if given. Sent once: the operation row decides
    about retries, and asks for leave first.

    Raises StripeRefused when Stripe definitely did nothing, StripeUnavailable when the outcome is unknown, and its
    kinds NotLetIn and KeyTaken.
    """
    return _request("post", path, params, key=key, account=account)


def get(path: str, params: Mapping[str, Any] | None = None, *, account: str = "") -> dict[str, Any]:
    """Read one object or list. Raises NotFoundAtStripe, StripeRefused or StripeUnavailable."""
    ask_leave(account)
    return _request("get", path, params or {}, account=account, retries=1).body


@contextmanager
def speaking_through(http_client: stripe.HTTPClient) -> Iterator[None]:
    """Use `http_client` for every request: tests and simulations reach the emulator in-process this way."""
    global _client
    with _lock:
        before, _client = _client, _build(http_client)
    try:
        yield
    finally:
        with _lock:
            _client = before


def _request(
    method: str, path: str, params: Mapping[str, Any], *, key: str = "", account: str = "", retries: int = 0
) -> Answer:
    guard.outside_transaction()
    options: dict[str, Any] = {"max_network_retries": retries}
    if key:
        options["idempotency_key"] = key
    if account:
        options["stripe_account"] = account
    if method == "post" and path == uploads.PATH:
        # Files have a host of their own, and go in a body of parts.
        options |= {"content_type": "multipart/form-data", "base": "files"}
    try:
        answer: Any = _current().raw_request(method, path, **params, **options)
    except stripe.StripeError as error:
        raise _ours(error, account) from error
    breaker.heard()
    return Answer(body=answer.data, request_id=answer.request_id or "")


def _ours(error: stripe.StripeError, account: str) -> StripeRefused | StripeUnavailable:
    """Stripe's error as one of ours. What it says about the line to Stripe is noted for everybody."""
    if not isinstance(error, _MAY_HAVE_HAPPENED):
        breaker.heard()
        if isinstance(error, _NOT_LET_IN):
            return NotLetIn(_sentence(error), http_status=error.http_status or 0)
        if isinstance(error, stripe.IdempotencyError):
            return KeyTaken(_sentence(error), http_status=error.http_status or 0)
        return _refusal(error)
    unavailable = _unavailable(error)
    if unavailable.stripe_is_ill:
        breaker.failed(str(unavailable))
    else:
        breaker.heard()
    # Two writers of one object are no reason for the rest to slow down.
    if unavailable.http_status == 429 and unavailable.code != "lock_timeout":
        bucket.empty(account)
    return unavailable


def _unavailable(error: stripe.StripeError) -> StripeUnavailable:
    headers = error.headers or {}
    said = str(headers.get("stripe-should-retry") or "")
    return StripeUnavailable(
        _sentence(error),
        http_status=error.http_status or 0,
        code=_code(error),
        replayed=str(headers.get("idempotent-replayed") or "") == "true",
        should_retry={"true": True, "false": False}.get(said),
    )


def _refusal(error: stripe.StripeError) -> StripeRefused:
    param = str(getattr(error.error, "param", None) or "")
    kind = NotFoundAtStripe if error.http_status == 404 else StripeRefused
    return kind(_sentence(error), code=_code(error), param=param)


def _code(error: stripe.StripeError) -> str:
    # The library leaves `code` empty on rate limits and failures of Stripe's own; the body has it.
    return str(getattr(error.error, "code", None) or error.code or "")


def _sentence(error: stripe.StripeError) -> str:
    return str(error.user_message or error)


def _current() -> stripe.StripeClient:
    global _client
    if _client is None:
        with _lock:
            if _client is None:
                timeout = settings.STRIPE_TIMEOUT_SECONDS
                _client = _build(stripe.RequestsClient(timeout=(min(timeout, 3.0), timeout)))
    return _client


def _build(http_client: stripe.HTTPClient) -> stripe.StripeClient:
    base = settings.STRIPE_API_BASE.rstrip("/")
    return stripe.StripeClient(
        settings.STRIPE_SECRET_KEY,
        http_client=http_client,
        base_addresses={"api": base, "files": base, "connect": base} if base else None,
    )
