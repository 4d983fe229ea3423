"""The floor: the least a Django door for Stripe's events can do. Verify, one INSERT, answer. No middleware.

Served by the same gunicorn with the same options beside the marketplace, into a table with the same columns.
"""

import json
import os

import environ
import stripe
from django.conf import settings
from django.core.wsgi import get_wsgi_application
from django.db import connection
from django.http import HttpRequest, HttpResponse
from django.urls import path

DATABASE = environ.Env().db_url("DATABASE_URL")
SECRET = os.environ["STRIPE_WEBHOOK_SECRETS"]

settings.configure(
    DEBUG=False,
    SECRET_KEY=os.environ["SECRET_KEY"],
    ALLOWED_HOSTS=["127.0.0.1"],
    ROOT_URLCONF=__name__,
    MIDDLEWARE=[],
    DATABASES={"default": {**DATABASE, "CONN_MAX_AGE": 60}},
    USE_TZ=True,
)

INSERT = """
    INSERT INTO floor_event (endpoint, event_id, type, account, livemode, api_version, object_id, payload)
    VALUES (%s, %s, %s, %s, %s, %s, %s, %s)
    ON CONFLICT (endpoint, event_id) DO NOTHING
"""


def receive(request: HttpRequest) -> HttpResponse:
    """Store one signed event."""
    text = request.body.decode()
    try:
        stripe.WebhookSignature.verify_header(text, request.headers["Stripe-Signature"], SECRET, 300)
    except stripe.SignatureVerificationError:
        return HttpResponse(status=400)
    event = json.loads(text)
    values = (
        "platform", event["id"], event["type"], event.get("account") or "", event["livemode"],
        event["api_version"], event["data"]["object"]["id"], text,
    )  # fmt: skip
    with connection.cursor() as cursor:
        cursor.execute(INSERT, values)
    return HttpResponse(headers={"Content-Length": "0"})


urlpatterns = [path("stripe/events/platform", receive)]
application = get_wsgi_application()
