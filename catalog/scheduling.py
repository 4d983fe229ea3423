"""Publishing at a moment the seller chose. A sweep publishes what is due: select what is due, claim, act."""

from datetime import datetime, timedelta

import structlog
from django.db import transaction
from django.utils.translation import gettext as _

from accounts.announcements import owners_of
from catalog.models import Listing
from catalog.publishing import CannotPublish, missing, publish
from kit import mail
from kit.clock import now

log = structlog.get_logger(__name__)

BATCH = 200
FURTHEST = timedelta(days=366)
ACTOR = "schedule"


class CannotSchedule(Exception):
    """It stays as it is. The message is a sentence for the seller."""


def schedule(listing: Listing, at: datetime) -> None:
    """Publish the listing at that moment; an earlier plan is replaced. Raises CannotSchedule, CannotPublish."""
    if listing.status == Listing.Status.PUBLISHED:
        raise CannotSchedule(_("This is in the shop already."))
    if at <= now():
        raise CannotSchedule(_("That moment has passed. Choose a later one, or publish it now."))
    if at > now() + FURTHEST:
        raise CannotSchedule(_("Choose a day within the next year."))
    if reasons := missing(listing):
        raise CannotPublish(reasons)
    # A colleague may have published it a moment ago: with a plan left on it, it would come back once it is hidden.
    if not Listing.objects.filter(pk=listing.pk).exclude(status=Listing.Status.PUBLISHED).update(publish_at=at):
        raise CannotSchedule(_("This is in the shop already."))


def forget(listing: Listing) -> bool:
    """Publish it at no moment; whether it was to be."""
    return bool(Listing.objects.filter(pk=listing.pk, publish_at__isnull=False).update(publish_at=None))


def publish_due() -> int:
    """Publish what is due; how many there were. What cannot be published stays out, and its owners are told why."""
    due = Listing.objects.filter(publish_at__lte=now()).select_related("seller").order_by("publish_at", "pk")
    return sum(_publish(listing) for listing in due[:BATCH])


def _publish(listing: Listing) -> bool:
    with transaction.atomic():
        # Two sweeps, or a seller who changes the moment just now: whoever empties the very moment that was read acts.
        claimed = Listing.objects.filter(pk=listing.pk, publish_at=listing.publish_at).update(publish_at=None)
        if not claimed:
            return False
        # Somebody may be publishing it by hand: the row is held from here on, so its status stays what is read now.
        listing.refresh_from_db(fields=["status", "title", "description", "price", "published_at"])
        try:
            publish(listing, ACTOR)
        except CannotPublish as refusal:
            log.info("scheduled_listing_refused", listing=listing.pk)
            _not_published(listing, refusal)
            return False
    return True


@mail.letter
def _not_published(listing: Listing, refusal: CannotPublish) -> None:
    for owner in owners_of(listing.seller):
        mail.write(
            key=f"not-published:{listing.pk}:{owner.pk}:{now().isoformat()}",
            to=owner.email,
            language=owner.language,
            template="listing_not_published",
            context={"listing": listing, "name": owner.get_short_name(), "reasons": refusal.reasons},
        )
