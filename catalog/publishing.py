"""Putting a listing into the shop, and taking it out again."""

from collections.abc import Sequence
from datetime import datetime
from itertools import batched

from django.db.models import F, Value
from django.db.models.functions import Coalesce
from django.utils.translation import gettext as _

from accounts.models import Seller
from accounts.rules import why_cannot_sell
from catalog.models import Listing
from kit.clock import now
from kit.transitions import move, move_all

BATCH = 500


class CannotPublish(Exception):
    """The listing stays out of the shop. `reasons` are sentences for the seller."""

    def __init__(self, reasons: list[str]) -> None:
        self.reasons = reasons
        super().__init__(" ".join(reasons))


def missing(listing: Listing) -> list[str]:
    """What the listing itself still needs before buyers may see it: sentences for the seller."""
    found = []
    if not listing.title.strip():
        found.append(_("Give the listing a title."))
    if not listing.description.strip():
        found.append(_("Describe it: buyers want to know what they get."))
    if listing.price <= 0:
        found.append(_("Set a price."))
    return found


def problems(listing: Listing) -> list[str]:
    """Every reason why the listing cannot be published now, the seller's own included; none when it can."""
    refusal = why_cannot_sell(listing.seller)
    return [*missing(listing), refusal] if refusal else missing(listing)


def publish(listing: Listing, actor: str, *, at: datetime | None = None) -> None:
    """Show the listing in the shop. Raises CannotPublish with every reason; LostRace when somebody moved it first.

    The first publication's date stays: hiding and showing again does not make a thing new.
    """
    if listing.status == Listing.Status.PUBLISHED:
        return
    if reasons := problems(listing):
        raise CannotPublish(reasons)
    moment = at or now()
    move(
        listing,
        Listing.Status.PUBLISHED,
        actor=actor,
        reason="published",
        at=moment,
        published_at=listing.published_at or moment,
        # What was planned is done: hidden again, it does not come back by itself.
        publish_at=None,
    )


def publish_drafts(seller: Seller, listings: Sequence[int], actor: str) -> int:
    """Show those of the seller's drafts (by id) that lack nothing in the shop; how many. Raises CannotPublish while the
    seller may not sell.
    """
    if refusal := why_cannot_sell(seller):
        raise CannotPublish([refusal])
    moment, published = now(), 0
    first = Coalesce(F("published_at"), Value(moment))
    for pks in batched(listings, BATCH):
        drafts = Listing.objects.filter(pk__in=pks, seller=seller, status=Listing.Status.DRAFT).order_by("pk")
        ready = [listing for listing in drafts if not missing(listing)]
        to = Listing.Status.PUBLISHED
        move_all(ready, to, actor=actor, reason="published", at=moment, published_at=first, publish_at=None)
        published += len(ready)
    return published


def hide(listing: Listing, actor: str, *, reason: str = "hidden by the seller", at: datetime | None = None) -> bool:
    """Take the listing out of the shop; what is in a checkout is still honoured. False when it was not there."""
    if listing.status != Listing.Status.PUBLISHED:
        return False
    move(listing, Listing.Status.HIDDEN, actor=actor, reason=reason, at=at)
    return True
