"""Signed events as Stripe sends them, 3.7 kB each, made before the clock starts."""

import hashlib
import hmac
import json
import time
from typing import Any

SIZE = 3700
PATH = "/stripe/events/platform"
CONNECT_PATH = "/stripe/events/connect"


def body(event_id: str, **changes: Any) -> bytes:
    """An event of a kind the marketplace stores and has nothing to do for, filled up to the usual size."""
    event: dict[str, Any] = {
        "id": event_id,
        "object": "event",
        "type": "customer.updated",
        "api_version": "2026-10-28.endive",
        "livemode": False,
        "created": int(time.time()),
        "pending_webhooks": 1,
        "request": {"id": f"req_{event_id[-12:]}", "idempotency_key": f"customer:{event_id}:g1"},
        "data": {
            "object": {
                "id": f"cus_{event_id[-14:]}",
                "object": "customer",
                "email": "alice@example.org",
                "name": "Alice Example",
                "address": {"line1": "Torstraße 1", "postal_code": "10119", "city": "Berlin", "country": "DE"},
                "invoice_settings": {"custom_fields": None, "default_payment_method": None, "footer": None},
                "preferred_locales": ["de", "en"],
                "metadata": {},
            },
            "previous_attributes": {"metadata": {"seen": "1"}},
        },
        **changes,
    }
    missing = SIZE - len(json.dumps(event).encode())
    event["data"]["object"]["metadata"]["note"] = "x" * (missing - len('"note": ""'))
    return json.dumps(event).encode()


def request(content: bytes, secret: str, *, path: str = PATH) -> bytes:
    """The whole HTTP request, signed now."""
    stamp = int(time.time())
    mac = hmac.new(secret.encode(), f"{stamp}.".encode() + content, hashlib.sha256).hexdigest()
    head = (
        f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nUser-Agent: Stripe/1.0 (+https://stripe.com/docs/webhooks)\r\n"
        f"Accept: */*; q=0.5, application/xml\r\nCache-Control: no-cache\r\n"
        f"Content-Type: application/json; charset=utf-8\r\nContent-Length: {len(content)}\r\n"
        f"Stripe-Signature: t={stamp},v1={mac}\r\n\r\n"
    )
    return head.encode() + content


def requests(prefix: str, count: int, secret: str) -> list[bytes]:
    """`count` different events, signed."""
    return [request(body(f"evt_{prefix}_{number:08}"), secret) for number in range(count)]
