"""Verify, store, answer. Nothing else happens while Stripe waits."""

import json
from collections.abc import Sequence

from django.conf import settings
from django.db import InterfaceError, OperationalError, connection
from django.http import HttpRequest, HttpResponse

from gateway.signatures import BadSignature, verify
from inbox.models import StripeEvent
from inbox.nudge import nudge

Endpoint = StripeEvent.Endpoint

ENDPOINTS = {
    "/stripe/events/platform": Endpoint.PLATFORM,
    "/stripe/events/connect": Endpoint.CONNECT,
}
LARGEST_BODY = 512 * 1024

INSERT = """
    INSERT INTO inbox_stripeevent
        (endpoint, event_id, type, account, livemode, api_version, object_id, payload)
    VALUES (%s, %s, %s, %s, %s, %s, %s, %s)
    ON CONFLICT (endpoint, event_id) DO NOTHING
"""


def receive(request: HttpRequest, endpoint: Endpoint) -> HttpResponse:
    """Store one signed event and answer 2xx once it is committed (promise 1).

    400: unsigned, forged, stale, or not an event. 405: not a POST. 413: larger than any event Stripe sends.
    An event we hold already, of whatever type, is answered 200 again: Stripe must not retry what is stored.
    """
    if request.method != "POST":
        return _answer(405, "Events are sent by POST.", Allow="POST")
    if int(request.META.get("CONTENT_LENGTH") or 0) > LARGEST_BODY:
        return _answer(413, "This is larger than any event.")
    body = request.read(LARGEST_BODY + 1)
    if len(body) > LARGEST_BODY:
        return _answer(413, "This is larger than any event.")
    try:
        verify(body, request.META.get("HTTP_STRIPE_SIGNATURE", ""), _secrets(endpoint))
        row = _columns(body)
    except BadSignature as error:
        return _answer(400, str(error))
    except (ValueError, KeyError, TypeError, AttributeError):
        return _answer(400, "The body is signed, but it is not an event.")
    is_new = _store((endpoint.value, *row))
    if is_new:
        nudge()
    return _answer(200, "Stored." if is_new else "Stored before.")


def _store(values: Sequence[str | bool]) -> bool:
    """Insert the event, committed when this returns; whether it is new."""
    # Django would first ask the database whether it is there: a second round trip for every event. The INSERT itself
    # shows it, and may be repeated on a fresh connection, because its unique key lets it happen only once.
    connection.health_check_done = True  # type: ignore[attr-defined]
    try:
        return _insert(values)
    except (OperationalError, InterfaceError):
        connection.close()
        return _insert(values)


def _insert(values: Sequence[str | bool]) -> bool:
    with connection.cursor() as cursor:
        cursor.execute(INSERT, values)
        return bool(cursor.rowcount == 1)


def _secrets(endpoint: Endpoint) -> list[str]:
    return settings.STRIPE_WEBHOOK_SECRETS if endpoint is Endpoint.PLATFORM else settings.STRIPE_CONNECT_WEBHOOK_SECRETS


def _columns(body: bytes) -> tuple[str, str, str, bool, str, str, str]:
    """The searchable parts of the event, and the body itself as text."""
    text = body.decode()
    event = json.loads(text)
    if event["object"] != "event" or not isinstance(event["id"], str) or not isinstance(event["type"], str):
        raise ValueError("not an event")
    account, version = event.get("account") or "", event.get("api_version") or ""
    subject = str(event["data"]["object"].get("id") or "")
    if any("\x00" in part for part in (event["id"], event["type"], account, version, subject)):
        raise ValueError("PostgreSQL cannot hold NUL in text")
    return event["id"], event["type"], account, bool(event["livemode"]), version, subject, text


def _answer(status: int, sentence: str, **headers: str) -> HttpResponse:
    content = sentence.encode()
    # The middleware that adds the length is behind this door; without it gunicorn would send the answer in chunks.
    headers["Content-Length"] = str(len(content))
    return HttpResponse(content, status=status, content_type="text/plain; charset=utf-8", headers=headers)
