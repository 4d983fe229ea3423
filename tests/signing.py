"""Signed event bodies, made with Stripe's own library."""

import json
import time
from typing import Any

import stripe
from django.conf import settings
from django.test import Client

PLATFORM = "/stripe/events/platform"
CONNECT = "/stripe/events/connect"


def event(event_id: str = "evt_1", **changes: Any) -> dict[str, Any]:
    """An event as Stripe sends them."""
    return {
        "id": event_id,
        "object": "event",
        "type": "customer.updated",
        "api_version": stripe.api_version,
        "livemode": False,
        "created": int(time.time()),
        "data": {"object": {"id": "cus_1", "object": "customer"}},
        **changes,
    }


def signature(body: str, *, secret: str | None = None, at: float | None = None) -> str:
    """The Stripe-Signature header for `body`."""
    stamp = int(time.time() if at is None else at)
    key = settings.STRIPE_WEBHOOK_SECRETS[0] if secret is None else secret
    mac = stripe.WebhookSignature._compute_signature(f"{stamp}.{body}", key)
    return f"t={stamp},v1={mac}"


def send(client: Client, content: dict[str, Any], *, address: str = PLATFORM, secret: str | None = None) -> Any:
    """Deliver an event the way Stripe does."""
    if secret is None and address == CONNECT:
        secret = settings.STRIPE_CONNECT_WEBHOOK_SECRETS[0]
    body = json.dumps(content)
    return client.post(
        address, body, content_type="application/json", headers={"Stripe-Signature": signature(body, secret=secret)}
    )
