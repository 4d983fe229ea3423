"""Carriers' news: believed only when it is signed, stored first, and handled afterwards.

    POST /carriers/<carrier>/news      Carrier-Signature: t=<unix seconds>,v1=<hex HMAC-SHA256 of "<t>.<body>">
    {"tracking_number": "00340434", "status": "delivered", "at": "2026-11-23T10:00:00+01:00"}

`accept` keeps what a carrier says; `handle_waiting` marks the orders of that parcel as delivered, now or once a seller
has written the number down (docs/operations.md).
"""

from __future__ import annotations

import hashlib
import hmac
import json
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import structlog
from django.conf import settings
from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext as _

from kit.clock import machine_now, now
from kit.transitions import IllegalMove, LostRace, move
from orders import progress
from orders.models import CarrierNews, DeliveredBy, Order, Status

log = structlog.get_logger(__name__)

ACTOR = "carriers' news"
LARGEST_BODY = 64 * 1024
TOLERANCE_SECONDS = 300
# By how much a carrier's clock may be ahead of ours.
CLOCKS_APART = timedelta(minutes=5)
BATCH = 200
DELIVERED = "delivered"


class NotAccepted(Exception):
    """What was sent is not believed or not understood; `code` is the HTTP answer's, the message a sentence."""

    def __init__(self, code: int, sentence: str) -> None:
        self.code = code
        super().__init__(sentence)


@dataclass(frozen=True, slots=True)
class News:
    """What a carrier said, read and checked."""

    tracking_number: str
    at: datetime


def secrets_of(carrier: str) -> list[str]:
    """The secrets this carrier signs with; two while one is being changed. None: its news is not accepted."""
    found: dict[str, list[str]] = settings.CARRIER_SECRETS
    return [secret for secret in found.get(carrier, []) if secret]


def accept(carrier: str, header: str, body: bytes) -> bool:
    """Check, and keep for `handle_waiting`; False when it is known already. Raises NotAccepted."""
    secrets = secrets_of(carrier)
    if not secrets:
        raise NotAccepted(404, f"No news of {carrier} is accepted here.")
    if len(body) > LARGEST_BODY:
        raise NotAccepted(413, "This is larger than any news.")
    signature = _verified(header, body, secrets)
    if CarrierNews.objects.filter(signature=signature).exists():
        raise NotAccepted(409, "This very request was sent before.")
    news = read(body)
    _row, is_new = CarrierNews.objects.get_or_create(
        carrier=carrier,
        tracking_number=news.tracking_number,
        says=DELIVERED,
        at=news.at,
        defaults={"received_at": now(), "signature": signature},
    )
    return is_new


def read(body: bytes) -> News:
    """What the body says. Raises NotAccepted with what is wrong with it."""
    try:
        found: Any = json.loads(body.decode())
        number, said, at = found["tracking_number"], found["status"], found["at"]
    except (ValueError, KeyError, TypeError):
        raise NotAccepted(
            400, 'Send JSON like {"tracking_number": "00340434", "status": "delivered", "at": "2026-11-23T10:00:00Z"}.'
        ) from None
    if not isinstance(number, str) or not 0 < len(number.strip()) <= 100 or "\x00" in number:
        raise NotAccepted(422, "tracking_number is a text of 1 to 100 characters.")
    if said != DELIVERED:
        raise NotAccepted(422, 'status is "delivered"; nothing else changes anything here.')
    return News(number.strip(), _moment(at))


def handle_waiting() -> int:
    """Deliver what carriers said, where the parcel is known by now; how many pieces of news came to an end."""
    waiting = CarrierNews.objects.filter(status=CarrierNews.Status.WAITING)
    ended = 0
    for carrier in waiting.order_by("carrier").values_list("carrier", flat=True).distinct():
        known = Exists(parcels(carrier).filter(tracking_number=OuterRef("tracking_number")))
        ended += sum(1 for news in waiting.filter(known, carrier=carrier).order_by("pk")[:BATCH] if _try(news))
    return ended


def parcels(carrier: str) -> QuerySet[Order]:
    """Orders that were sent with this carrier: sellers write its name as they like, or leave it out."""
    names = Q(carrier="") | Q(carrier__iexact=carrier) | Q(carrier__iexact=carrier.replace("-", " "))
    return Order.objects.filter(names, fulfilled_at__isnull=False)


def _try(news: CarrierNews) -> bool:
    """Whether it came to an end. What is wrong with one piece of news does not hold up the others (fault F06)."""
    try:
        with transaction.atomic():
            return _handle(news)
    except LostRace:
        return False
    except Exception:
        log.exception("carrier_news_needs_a_person", news=news.pk)
        return False


def _handle(news: CarrierNews) -> bool:
    found = list(parcels(news.carrier).filter(tracking_number=news.tracking_number).order_by("pk"))
    if not found:
        return False
    early = [order for order in found if order.fulfilled_at is not None and news.at < order.fulfilled_at]
    if early:
        why = _("Delivered before order %(number)s was sent: that cannot be.") % {"number": early[0].number}
        move(news, CarrierNews.Status.REFUSED, actor=ACTOR, reason=why, at=now())
        return True
    for order in found:
        _deliver(order, news)
    numbers = ", ".join(order.number for order in found)
    reason = _("Orders of this parcel: %(numbers)s.") % {"numbers": numbers}
    move(news, CarrierNews.Status.HANDLED, actor=ACTOR, reason=reason, at=now())
    return True


def _deliver(order: Order, news: CarrierNews) -> None:
    if order.status not in (Status.FULFILLED, Status.DELIVERED):
        return
    reason = _("%(carrier)s says that %(number)s was delivered.") % {
        "carrier": news.carrier,
        "number": news.tracking_number,
    }
    try:
        progress.deliver(order, at=news.at, actor=news.carrier, reason=reason, said_by=DeliveredBy.CARRIER)
    except IllegalMove:
        log.info("carrier_news_too_late", order=order.number)


def _verified(header: str, body: bytes, secrets: list[str]) -> str:
    """The signature, if one of the secrets made it for these very bytes at most five minutes ago."""
    parts = dict(part.strip().partition("=")[::2] for part in header.split(","))
    moment, given = parts.get("t", ""), parts.get("v1", "")
    if not (moment.isascii() and moment.isdigit() and len(moment) <= 12):
        raise NotAccepted(400, "The Carrier-Signature header is t=<unix seconds>,v1=<signature>.")
    age = machine_now().timestamp() - int(moment)
    made = [hmac.new(secret.encode(), f"{moment}.".encode() + body, hashlib.sha256).hexdigest() for secret in secrets]
    # In constant time: how long it takes does not tell how much of it was right.
    if not any(hmac.compare_digest(one.encode(), given.encode()) for one in made):
        raise NotAccepted(401, "The signature does not match this body.")
    if abs(age) > TOLERANCE_SECONDS:
        raise NotAccepted(401, "It was signed more than five minutes ago, or our clocks differ by as much.")
    return given


def _moment(text: object) -> datetime:
    try:
        moment = parse_datetime(text) if isinstance(text, str) else None
    except ValueError:
        moment = None
    if moment is None or moment.tzinfo is None:
        raise NotAccepted(422, "at is a time with its time zone, like 2026-11-23T10:00:00+01:00.")
    if moment > now() + CLOCKS_APART:
        raise NotAccepted(422, "at is still to come: nothing is delivered in the future.")
    return min(moment, now())
