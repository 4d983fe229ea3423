"""Stock: the only code that changes `Listing.available`.

`available` is what can still be promised. Each change is one conditional UPDATE, so the row itself decides between
rivals: no read comes before it, and no lock is held while a buyer thinks (F29). A Reservation ends once (F30).
Callers that touch several listings in one transaction go through them in the order of their ids, so that two
transactions never wait for each other; `reserve_all` does that itself.
"""

from collections.abc import Mapping
from datetime import datetime

from django.db import transaction
from django.db.models import Case, F, When
from django.utils.translation import ngettext

from catalog.models import Listing, Reservation
from kit.clock import now
from kit.transitions import move


class OutOfStock(Exception):
    """There are not as many as were asked for. `available` is how many there were when it was refused."""

    def __init__(self, available: int, listing_id: int | None = None) -> None:
        self.available = available
        self.listing_id = listing_id
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


def reserve_all(wanted: Mapping[int, int]) -> dict[int, Reservation]:
    """Set units of several published listings aside, all or none: the reservations by listing, in three queries.

    `wanted` is how many of which listing. To be called inside a transaction that an error rolls back. Raises
    OutOfStock, naming the first listing there are too few of; ValueError for a quantity below one.
    """
    if any(quantity < 1 for quantity in wanted.values()):
        raise ValueError("A reservation is for at least one unit.")
    # One UPDATE of many rows locks them in any order, so two baskets with the same things could wait for each other for
    # ever: the rows are locked in the order of their ids first, which also tells whom to blame.
    in_order = Listing.objects.select_for_update(no_key=True).filter(pk__in=wanted).order_by("pk")
    rows = in_order.values_list("pk", "status", "available")
    left = {pk: available if status == Listing.Status.PUBLISHED else 0 for pk, status, available in rows}
    short = [pk for pk in sorted(wanted) if left.get(pk, 0) < wanted[pk]]
    asked = Case(*(When(pk=pk, then=quantity) for pk, quantity in wanted.items()))
    # The condition is in the UPDATE as it is for a single listing: the rows decide, not what was read (fault F29).
    enough = Listing.objects.filter(pk__in=wanted, status=Listing.Status.PUBLISHED, available__gte=asked)
    if short or enough.update(available=F("available") - asked) != len(wanted):
        raise OutOfStock(left.get(short[0], 0) if short else 0, short[0] if short else None)
    reserved = Reservation.objects.bulk_create(
        Reservation(listing_id=pk, quantity=quantity, created_at=now()) for pk, quantity in wanted.items()
    )
    return {reservation.listing_id: reservation for reservation in reserved}


def sell(reservation: Reservation, *, actor: str, reason: str, at: datetime | None = None) -> bool:
    """The units are paid for and gone. False when they were sold before; raises IllegalMove when they went back."""
    return _end(reservation, Reservation.Status.SOLD, actor=actor, reason=reason, at=at)


def release(reservation: Reservation, *, actor: str, reason: str, at: datetime | None = None) -> bool:
    """Put the units back. False when they are back already; raises IllegalMove when they were sold."""
    return _put_back(reservation, Reservation.Status.RELEASED, actor=actor, reason=reason, at=at)


def take_back(reservation: Reservation, *, actor: str, reason: str, at: datetime | None = None) -> bool:
    """Put sold units back, because their order was cancelled. False when they are back already; raises IllegalMove when
    they were never sold.
    """
    return _put_back(reservation, Reservation.Status.RETURNED, actor=actor, reason=reason, at=at)


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


def _put_back(reservation: Reservation, to: str, *, actor: str, reason: str, at: datetime | None) -> bool:
    with transaction.atomic():
        ended = _end(reservation, to, actor=actor, reason=reason, at=at)
        if ended:
            Listing.objects.filter(pk=reservation.listing_id).update(available=F("available") + reservation.quantity)
    return ended


def _end(reservation: Reservation, to: str, *, actor: str, reason: str, at: datetime | None) -> bool:
    with transaction.atomic():
        # Cancel, expiry and payment may arrive together, each with its own older copy of the row (fault F30): the lock
        # makes the second one see what the first one did.
        reservation.refresh_from_db(from_queryset=Reservation.objects.select_for_update())
        if reservation.status == to:
            return False
        move(reservation, to, actor=actor, reason=reason, at=at)
    return True
