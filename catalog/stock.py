"""Stock: the only code that changes `Listing.available`.

`available` is what can still be promised. Each change is one conditional UPDATE, so the row itself decides between
rivals: no read comes before it, and no lock is held while a buyer thinks (F29). A Reservation ends once (F30).
Callers that touch several listings in one transaction go through them in the order of their ids, so that two
transactions never wait for each other.
"""

from datetime import datetime

from django.db import transaction
from django.db.models import F
from django.utils.translation import ngettext

from catalog.models import Listing, Reservation
from kit.clock import now
from kit.transitions import move


class OutOfStock(Exception):
    """There are not as many as were asked for. `available` is how many there were when it was refused."""

    def __init__(self, available: int) -> None:
        self.available = available
        super().__init__(
            ngettext("Only %(count)d is left.", "Only %(count)d are left.", available) % {"count": available}
        )


def reserve(listing_id: int, quantity: int) -> Reservation:
    """Set `quantity` units of a published listing aside for one order line.

    Raises OutOfStock (with 0 when the listing is not for sale), ValueError for a quantity below one.
    """
    if quantity < 1:
        raise ValueError("A reservation is for at least one unit.")
    with transaction.atomic():
        # Two buyers racing for the last unit: the second UPDATE waits for the first one's commit, then reads the
        # new `available` and matches no row (fault F29).
        taken = Listing.objects.filter(pk=listing_id, status=Listing.Status.PUBLISHED, available__gte=quantity).update(
            available=F("available") - quantity
        )
        if taken != 1:
            raise OutOfStock(_for_sale(listing_id))
        return Reservation.objects.create(listing_id=listing_id, quantity=quantity, created_at=now())


def sell(reservation: Reservation, *, actor: str, reason: str, at: datetime | None = None) -> bool:
    """The units are paid for and gone. False when they were sold before; raises IllegalMove when they went back."""
    return _end(reservation, Reservation.Status.SOLD, actor=actor, reason=reason, at=at)


def release(reservation: Reservation, *, actor: str, reason: str, at: datetime | None = None) -> bool:
    """Put the units back. False when they are back already; raises IllegalMove when they were sold."""
    with transaction.atomic():
        ended = _end(reservation, Reservation.Status.RELEASED, actor=actor, reason=reason, at=at)
        if ended:
            Listing.objects.filter(pk=reservation.listing_id).update(available=F("available") + reservation.quantity)
    return ended


def adjust(listing_id: int, by: int) -> int:
    """Add `by` units (or take them away) whatever was sold meanwhile; the number available afterwards.

    A difference, never a total: a total typed a minute ago would undo the sales of that minute.
    Raises OutOfStock when fewer than -by units are left.
    """
    with transaction.atomic():
        changed = Listing.objects.filter(pk=listing_id, available__gte=-by).update(available=F("available") + by)
        left = Listing.objects.values_list("available", flat=True).get(pk=listing_id)
        if changed != 1:
            raise OutOfStock(left)
    return left


def _for_sale(listing_id: int) -> int:
    published = Listing.objects.filter(pk=listing_id, status=Listing.Status.PUBLISHED)
    return published.values_list("available", flat=True).first() or 0


def _end(reservation: Reservation, to: str, *, actor: str, reason: str, at: datetime | None) -> bool:
    with transaction.atomic():
        # Cancel, expiry and payment may arrive together, each with its own older copy of the row (fault F30): the lock
        # makes the second one see what the first one did.
        reservation.refresh_from_db(from_queryset=Reservation.objects.select_for_update())
        if reservation.status == to:
            return False
        move(reservation, to, actor=actor, reason=reason, at=at)
    return True
