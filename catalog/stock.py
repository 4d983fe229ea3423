"""Stock: the only code that changes `available` of a listing or a variant.

`available` is what can still be promised. Each change is a conditional UPDATE, so the rows themselves decide between
rivals: no read comes before it, and no lock is held while a buyer thinks (F29). A Reservation ends once (F30).
A listing's row comes before the rows of its variants, always: whoever holds a variant holds its listing, so that two
variants of one listing are never waited for crosswise, and the listing's sum is right whenever somebody reads it.
Callers that touch several listings in one transaction go through them in the order of their ids, so that two
transactions never wait for each other; `reserve_all` does that itself.

What was sold, released and returned is in the reservations and their moves; every other change is a StockChange.
Together they are the history (catalog.stock_history).
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, NamedTuple

from django.db import transaction
from django.db.models import Case, Exists, F, QuerySet, When
from django.utils.translation import ngettext

from catalog.models import Listing, Reservation, StockChange, Variant
from kit.clock import now
from kit.transitions import move

Reason = StockChange.Reason


class Goods(NamedTuple):
    """What is bought: a listing, or a variant of it (both by id)."""

    listing: int
    variant: int | None = None


class OutOfStock(Exception):
    """There are not as many as were asked for. `available` is how many there were when it was refused."""

    def __init__(self, available: int, goods: Goods | None = None) -> None:
        self.available = available
        self.goods = goods
        super().__init__(
            ngettext("Only %(count)d is left.", "Only %(count)d are left.", available) % {"count": available}
        )


def reserve(goods: Goods, quantity: int) -> Reservation:
    """Set `quantity` units of a published listing, or of a variant of it, aside for one order line.

    Raises OutOfStock (with 0 when it is not for sale), ValueError for a quantity below one.
    """
    if quantity < 1:
        raise ValueError("A reservation is for at least one unit.")
    with transaction.atomic():
        # Two buyers racing for the last unit: the second UPDATE waits for the first one's commit, then reads the
        # new `available` and matches no row (fault F29). Taken of the listing but not of the variant is undone by
        # the error.
        listing = Listing.objects.filter(pk=goods.listing, status=Listing.Status.PUBLISHED, available__gte=quantity)
        taken = _sold_as(listing, goods).update(available=F("available") - quantity)
        if taken == 1 and goods.variant is not None:
            variant = Variant.objects.filter(pk=goods.variant, listing=goods.listing, withdrawn_at=None)
            taken = variant.filter(available__gte=quantity).update(available=F("available") - quantity)
        if taken != 1:
            raise OutOfStock(_for_sale(goods), goods)
        reservation = _reservation(goods, quantity)
        reservation.save()
        return reservation


def reserve_all(wanted: Mapping[Goods, int]) -> dict[Goods, Reservation]:
    """Set units of several published listings aside, all or none, in three queries, or four with variants.

    `wanted` is how many of what. To be called inside a transaction that an error rolls back. Raises OutOfStock, naming
    the first there are too few of; ValueError for a quantity below one.
    """
    if any(quantity < 1 for quantity in wanted.values()):
        raise ValueError("A reservation is for at least one unit.")
    of_listings: Counter[int] = Counter()
    for goods, quantity in wanted.items():
        of_listings[goods.listing] += quantity
    _lock_to_sell(of_listings, wanted)
    _take_of_listings(of_listings, wanted)
    _take_of_variants(wanted)
    reserved = Reservation.objects.bulk_create(_reservation(goods, quantity) for goods, quantity in wanted.items())
    return {Goods(reservation.listing_id, reservation.variant_id): reservation for reservation in reserved}


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


def adjust(goods: Goods, by: int, *, reason: str = Reason.BY_HAND, actor: str = "", note: str = "") -> int:
    """Add `by` units (or take them away) whatever was sold meanwhile; the number available afterwards.

    A difference, never a total: a total typed a minute ago would undo the sales of that minute.
    Raises OutOfStock when fewer than -by units are left, ValueError for a listing with options without its variant.
    """
    with transaction.atomic():
        if not _add(goods, by):
            raise ValueError("A listing with options is counted by its variants.")
        left = _available(goods)
        if by:
            StockChange.objects.create(
                listing_id=goods.listing, variant_id=goods.variant, delta=by, left=left, reason=reason,
                actor=actor[:200], note=note[:200], at=now(),
            )  # fmt: skip
    return left


def adjust_all(wanted: Mapping[Goods, int], *, reason: str, actor: str = "", note: str = "") -> dict[Goods, int]:
    """Add so many units of each, or take them away as far as there are any; by how many each really changed.

    To be called in a transaction that holds the listings' rows, locked in the order of their ids: nobody changes the
    stock of a listing or of a variant without its row, so what is read here is still so when it is written. The sums of
    listings with options are the caller's to write (catalog.variants.sum_up).
    """
    whole = {goods.listing: goods for goods in wanted if goods.variant is None}
    parts = {goods.variant: goods for goods in wanted if goods.variant is not None}
    left = {whole[pk]: count for pk, count in _left_of(Listing.objects.filter(pk__in=whole, options=[]))}
    left |= {parts[pk]: count for pk, count in _left_of(Variant.objects.filter(pk__in=parts))}
    really = {goods: max(by, -left[goods]) if goods in left else 0 for goods, by in wanted.items()}
    changed = {goods: by for goods, by in really.items() if by}
    for found, rows in ((whole, Listing.objects), (parts, Variant.objects)):
        by = {pk: changed[goods] for pk, goods in found.items() if goods in changed}
        if by:
            step = Case(*(When(pk=pk, then=delta) for pk, delta in by.items()), default=0)
            rows.filter(pk__in=by).update(available=F("available") + step)
    _write_down(changed, {goods: left[goods] + by for goods, by in changed.items()}, reason, actor, note)
    return really


def note_first(rows: Iterable[Listing | Variant], *, reason: str, actor: str = "", note: str = "") -> None:
    """Begin the history of what was just created with something in stock."""
    first = {
        Goods(row.listing_id, row.pk) if isinstance(row, Variant) else Goods(row.pk): row.available
        for row in rows
        if row.available
    }
    _write_down(first, first, reason, actor, note)


def _write_down(deltas: Mapping[Goods, int], left: Mapping[Goods, int], reason: str, actor: str, note: str) -> None:
    at = now()
    StockChange.objects.bulk_create(
        StockChange(
            listing_id=goods.listing, variant_id=goods.variant, delta=delta, left=left[goods], reason=reason,
            actor=actor[:200], note=note[:200], at=at,
        )
        for goods, delta in deltas.items()
    )  # fmt: skip


def _left_of(rows: QuerySet[Any]) -> Iterable[tuple[int, int]]:
    return rows.values_list("pk", "available")


def _sold_as(listings: QuerySet[Listing], goods: Goods) -> QuerySet[Listing]:
    """What has options is bought by a variant only: else the sum would no longer be that of the variants."""
    return listings.filter(options=[]) if goods.variant is None else listings


def _available(goods: Goods) -> int:
    if goods.variant is None:
        return Listing.objects.values_list("available", flat=True).get(pk=goods.listing)
    return Variant.objects.values_list("available", flat=True).get(pk=goods.variant)


def _for_sale(goods: Goods) -> int:
    published = _sold_as(Listing.objects.filter(pk=goods.listing, status=Listing.Status.PUBLISHED), goods)
    if goods.variant is None:
        return published.values_list("available", flat=True).first() or 0
    offered = Variant.objects.filter(pk=goods.variant, listing__in=published, withdrawn_at=None)
    return offered.values_list("available", flat=True).first() or 0


def _lock_to_sell(of_listings: Mapping[int, int], wanted: Mapping[Goods, int]) -> None:
    """Lock the listings; raises OutOfStock for the first that has too few, or is not sold as it is wanted."""
    # One UPDATE of many rows locks them in any order, so two baskets with the same things could wait for each other for
    # ever: the rows are locked in the order of their ids first, which also tells whom to blame. Nobody has a variant's
    # row without its listing's, so those need no order.
    in_order = Listing.objects.select_for_update(no_key=True).filter(pk__in=of_listings).order_by("pk")
    rows = {pk: row for pk, *row in in_order.values_list("pk", "status", "available", "options")}
    for goods in sorted(wanted, key=_in_order):
        status, available, options = rows.get(goods.listing, ("", 0, []))
        if status != Listing.Status.PUBLISHED or bool(options) != (goods.variant is not None):
            raise OutOfStock(0, goods)
        if goods.variant is None and available < wanted[goods]:
            raise OutOfStock(available, goods)


def _take_of_listings(of_listings: Mapping[int, int], wanted: Mapping[Goods, int]) -> None:
    # The condition is in the UPDATE as it is for a single listing: the rows decide, not what was read (fault F29).
    asked = Case(*(When(pk=pk, then=quantity) for pk, quantity in of_listings.items()))
    enough = Listing.objects.filter(pk__in=of_listings, status=Listing.Status.PUBLISHED, available__gte=asked)
    if enough.update(available=F("available") - asked) != len(of_listings):
        raise _short(wanted)


def _take_of_variants(wanted: Mapping[Goods, int]) -> None:
    of_variants = {goods.variant: quantity for goods, quantity in wanted.items() if goods.variant is not None}
    if not of_variants:
        return
    asked = Case(*(When(pk=pk, then=quantity) for pk, quantity in of_variants.items()))
    # As above: what is left, and whether it is still offered, is the row's to say (fault F29).
    enough = Variant.objects.filter(pk__in=of_variants, withdrawn_at=None, available__gte=asked)
    if enough.update(available=F("available") - asked) != len(of_variants):
        raise _short(wanted)


def _short(wanted: Mapping[Goods, int]) -> OutOfStock:
    """Whom to blame, once the rows have said no: too few of the sum, or of one variant."""
    variants = Variant.objects.filter(pk__in=[goods.variant for goods in wanted], withdrawn_at=None)
    taken = {goods.variant: quantity for goods, quantity in wanted.items()}
    left = dict(variants.values_list("pk", "available"))
    for goods in sorted(wanted, key=_in_order):
        if goods.variant is not None and left.get(goods.variant, 0) < taken[goods.variant]:
            return OutOfStock(left.get(goods.variant, 0), goods)
    return OutOfStock(0)


def _in_order(goods: Goods) -> tuple[int, int]:
    return goods.listing, goods.variant or 0


def _reservation(goods: Goods, quantity: int) -> Reservation:
    return Reservation(listing_id=goods.listing, variant_id=goods.variant, quantity=quantity, created_at=now())


def _put_back(reservation: Reservation, to: str, *, actor: str, reason: str, at: datetime | None) -> bool:
    with transaction.atomic():
        ended = _end(reservation, to, actor=actor, reason=reason, at=at)
        if ended:
            # What was bought before the listing had variants has no place among them: the seller counts it by hand.
            _add(Goods(reservation.listing_id, reservation.variant_id), reservation.quantity)
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


def _add(goods: Goods, by: int) -> bool:
    """Change what is in stock of a listing, or of a variant and, while it is offered, of its listing.

    False for a listing without a variant that is sold in variants by now: there is no place to count it. Raises
    OutOfStock when there are fewer than -by.
    """
    listing = Listing.objects.filter(pk=goods.listing)
    if goods.variant is None:
        if listing.filter(options=[], available__gte=-by).update(available=F("available") + by) == 1:
            return True
        if listing.exclude(options=[]).exists():
            return False
        raise OutOfStock(_available(goods), goods)
    # Withdrawing a variant at this moment would take its units from the listing's sum once more, or not at all:
    # whoever does that holds the listing's row as well, and before the variant's, as everybody does.
    listing.select_for_update(no_key=True).get()
    variant = Variant.objects.filter(pk=goods.variant, listing=goods.listing)
    if variant.filter(available__gte=-by).update(available=F("available") + by) != 1:
        raise OutOfStock(_available(goods), goods)
    listing.filter(Exists(variant.filter(withdrawn_at=None))).update(available=F("available") + by)
    return True
