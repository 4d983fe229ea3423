"""Working through the stored events: claim, look, apply, mark. The rows are the queue; tasks only say that there
is work.
"""

import json
from datetime import UTC, datetime, timedelta

import structlog
from django.conf import settings
from django.core.exceptions import ObjectDoesNotExist
from django.db import transaction
from django.db.models import F, Q
from django.db.models.functions import Now

from gateway.errors import StripeUnavailable
from inbox.models import StripeEvent
from inbox.routes import PLATFORM, ROUTES, Route
from kit import clock
from kit.faults import faultpoint
from kit.transitions import move
from payments.errors import NotYet

log = structlog.get_logger(__name__)

Status = StripeEvent.Status

ACTOR = "inbox"
BATCH = 20
LEASE = timedelta(seconds=60)
# With the waits below, an event that cannot be handled is tried for about two hours before a person is asked.
GIVE_UP_AFTER = 14
LONGEST_WAIT_SECONDS = 1800
# When it is Stripe that does not answer, the event is not to blame: asked for three days, as long as Stripe itself
# would go on sending it.
GIVE_UP_ON_SILENCE_AFTER = GIVE_UP_AFTER + 3 * 24 * 3600 // LONGEST_WAIT_SECONDS


def handle_waiting(limit: int = BATCH) -> int:
    """Handle up to `limit` due events; how many were claimed. One event that fails does not hold up the others."""
    claimed = _claim(limit)
    for event in claimed:
        handle(event)
    return len(claimed)


def handle(event: StripeEvent) -> None:
    """Bring one event to its end, or put it back with a later date."""
    reason = _not_for_us(event)
    route = ROUTES.get((event.endpoint, event.type))
    if reason or route is None:
        _finish(event, Status.IGNORED, reason or "Nothing here depends on this type.")
        return
    try:
        _handle_by(route, event)
    except StripeUnavailable as error:
        _put_back(event, str(error), give_up_after=GIVE_UP_ON_SILENCE_AFTER)
    except (NotYet, ObjectDoesNotExist) as error:
        _put_back(event, str(error))
    except Exception as error:
        # A poison event must neither block the queue nor be lost (fault F06): keep why, try again, give up in the end.
        log.exception("event_failed", event_id=event.event_id, type=event.type)
        _put_back(event, f"{type(error).__name__}: {error}")


def replay(event: StripeEvent, *, actor: str, reason: str) -> None:
    """Handle an event again from the start, because a person asked for it. Raises IllegalMove while it is waiting
    anyway.
    """
    move(event, Status.RECEIVED, actor=actor, reason=reason, attempts=0, claimed_until=None, due_at=Now())


def _handle_by(route: Route, event: StripeEvent) -> None:
    if settings.CLOCK_URL:
        clock.catch_up_with(datetime.fromtimestamp(json.loads(event.payload)["created"], UTC))
    found = route.fetch(event)
    faultpoint("inbox.fetched")
    with transaction.atomic():
        # Locked: a second worker whose lease overlaps ours waits here, and then finds it handled (invariant I10).
        locked = StripeEvent.objects.select_for_update().get(pk=event.pk)
        if locked.status != Status.RECEIVED:
            return
        route.apply(locked, found)
        faultpoint("inbox.applied")
        move(locked, Status.HANDLED, actor=ACTOR, reason="Applied.", handled_at=Now(), last_error="")


def _not_for_us(event: StripeEvent) -> str:
    if event.livemode != settings.STRIPE_LIVEMODE:
        return "It is from the other mode (live or test) than our key."
    if event.endpoint == PLATFORM and event.account:
        # A connected account can make objects that carry our metadata; its events never move platform money (fault
        # F10).
        return "It belongs to a connected account, but came to the endpoint for our own."
    return ""


def _claim(limit: int) -> list[StripeEvent]:
    """Lease a batch of due events. SKIP LOCKED lets several workers claim at once without waiting for each other.

    Times are the database's own: a lease is about processes, not about business time.
    """
    due = Q(claimed_until=None) | Q(claimed_until__lt=Now())
    with transaction.atomic():
        ids = list(
            StripeEvent.objects.select_for_update(skip_locked=True)
            .filter(due, status=Status.RECEIVED, due_at__lte=Now())
            .order_by("due_at", "pk")
            .values_list("pk", flat=True)[:limit]
        )
        StripeEvent.objects.filter(pk__in=ids).update(claimed_until=Now() + LEASE, attempts=F("attempts") + 1)
    return list(StripeEvent.objects.filter(pk__in=ids).order_by("due_at", "pk"))


def _finish(event: StripeEvent, status: StripeEvent.Status, reason: str) -> None:
    with transaction.atomic():
        # Locked for the same reason as above.
        locked = StripeEvent.objects.select_for_update().get(pk=event.pk)
        if locked.status == Status.RECEIVED:
            move(locked, status, actor=ACTOR, reason=reason, handled_at=Now(), last_error="")


def _put_back(event: StripeEvent, error: str, *, give_up_after: int = GIVE_UP_AFTER) -> None:
    if event.attempts >= give_up_after:
        _give_up(event, error)
        return
    wait = timedelta(seconds=min(2**event.attempts, LONGEST_WAIT_SECONDS))
    StripeEvent.objects.filter(pk=event.pk, status=Status.RECEIVED).update(
        due_at=Now() + wait, claimed_until=None, last_error=error[:2000]
    )


def _give_up(event: StripeEvent, error: str) -> None:
    log.error("event_needs_a_person", event_id=event.event_id, type=event.type, error=error)
    with transaction.atomic():
        # Locked for the same reason: an event another worker has just handled is not given up.
        locked = StripeEvent.objects.select_for_update().get(pk=event.pk)
        if locked.status == Status.RECEIVED:
            move(locked, Status.DEAD, actor=ACTOR, reason=error[:2000], last_error=error[:2000])
