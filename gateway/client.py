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

from gateway import guard
from gateway.errors import NotFoundAtStripe, NotLetIn, StripeRefused, StripeUnavailable

_lock = threading.Lock()
_client: stripe.StripeClient | None = None

# Not known to be carried out by Stripe or not: the same request may be sent again under the same key.
_MAY_HAVE_HAPPENED = (
    stripe.APIConnectionError,
    stripe.APIError,
    stripe.RateLimitError,
    stripe.IdempotencyError,
)
# Turned away at Stripe's door, before anything was done.
_NOT_LET_IN = (stripe.AuthenticationError, stripe.PermissionError)


@dataclass(frozen=True, slots=True)
class Answer:
    """What Stripe answered to one request."""

    body: dict[str, Any]
    request_id: str


def post(path: str, params: Mapping[str, Any], *, key: str, account: str = "") -> Answer:
    """Send one change under the idempotency key `key`, as `account` if given. Sent once: the operation row decides
    about retries.

    Raises StripeRefused when Stripe definitely did nothing, StripeUnavailable when the outcome is unknown, its kind
    NotLetIn when Stripe did not accept our API key.
    """
    return _request("post", path, params, key=key, account=account)


def get(path: str, params: Mapping[str, Any] | None = None, *, account: str = "") -> dict[str, Any]:
    """Read one object or list. Raises NotFoundAtStripe, StripeRefused or StripeUnavailable."""
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
    try:
        answer: Any = _current().raw_request(method, path, **params, **options)
    except _NOT_LET_IN as error:
        raise NotLetIn(_sentence(error)) from error
    except _MAY_HAVE_HAPPENED as error:
        raise StripeUnavailable(_sentence(error)) from error
    except stripe.StripeError as error:
        raise _refusal(error) from error
    return Answer(body=answer.data, request_id=answer.request_id or "")


def _refusal(error: stripe.StripeError) -> StripeRefused:
    detail: Any = error.error
    code = str(getattr(detail, "code", None) or error.code or "")
    param = str(getattr(detail, "param", None) or "")
    kind = NotFoundAtStripe if error.http_status == 404 else StripeRefused
    return kind(_sentence(error), code=code, param=param)


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
