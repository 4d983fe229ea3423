"""Variants: what a listing is offered in, and what keeps its own price and stock in step with them."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from django.db import transaction
from django.db.models import F, Max, Min, OuterRef, QuerySet, Subquery, Sum
from django.db.models.functions import Coalesce
from django.utils.translation import gettext as _

from catalog import editing, stock
from catalog.models import Listing, Variant
from catalog.stock import Goods
from kit.clock import now

MOST_OPTIONS = 3
MOST_VARIANTS = 100


@dataclass(frozen=True, slots=True)
class Offer:
    """One variant as it is to be offered. `price` is in minor units of the listing's currency; `change` is by how many
    units the stock changes, all of it for a new one.
    """

    values: tuple[str, ...]
    price: int
    change: int
    sku: str = ""


def sum_up(listings: Collection[int]) -> None:
    """Write the lowest and highest price and the sum of the offered variants onto their listings (by id), in one query.

    To be called in the transaction that changed them, with the listings' rows locked: the stock of a variant changes
    under that lock only. A listing without options is left alone.
    """
    offered = Variant.objects.filter(listing=OuterRef("pk"), withdrawn_at=None).order_by().values("listing")
    with_options = Listing.objects.filter(pk__in=listings).exclude(options=[])
    with_options.update(
        price=Coalesce(Subquery(offered.annotate(found=Min("price")).values("found")), F("price")),
        highest_price=Coalesce(Subquery(offered.annotate(found=Max("price")).values("found")), F("price")),
        available=Coalesce(Subquery(offered.annotate(found=Sum("available")).values("found")), 0),
    )


def offered_of(listing: Listing) -> QuerySet[Variant]:
    """The variants that can be chosen, sold out or not, in the seller's order."""
    return listing.variants.filter(withdrawn_at=None)


def store(
    listing: Listing, options: Sequence[str], offers: Sequence[Offer], *, version: int | None, actor: str
) -> None:
    """Offer the listing in these variants and in no others; without options, as one thing with all that is in stock.

    Variants no longer among `offers` are withdrawn, with what was in stock of them. Raises editing.Overtaken when
    somebody saved since `version`, and stock.OutOfStock when more is taken away of one than is left.
    """
    with transaction.atomic():
        row = editing.locked(listing, version)
        before = {"variants": _summary(row)}
        known = {tuple(variant.values): variant for variant in row.variants.all()}
        if options and not row.options:
            note = _("Sold in variants from now on")
            stock.adjust_all({Goods(row.pk): -row.available}, reason=stock.Reason.BY_HAND, actor=actor, note=note)
        kept = {offer.values for offer in offers}
        gone = [variant for values, variant in known.items() if values not in kept and variant.is_offered]
        left = sum(variant.available for variant in gone)
        _withdraw(gone, actor)
        Listing.objects.filter(pk=row.pk).update(options=list(options), updated_at=now())
        _offer(row, offers, known, actor)
        if row.options and not options:
            Listing.objects.filter(pk=row.pk).update(available=0, highest_price=None)
            note = _("Sold without variants from now on")
            stock.adjust_all({Goods(row.pk): left}, reason=stock.Reason.BY_HAND, actor=actor, note=note)
        sum_up([row.pk])
        editing.record(row, before, {"variants": _summary(Listing.objects.get(pk=row.pk))}, actor)


def _withdraw(variants: list[Variant], actor: str) -> None:
    away = {Goods(variant.listing_id, variant.pk): -variant.available for variant in variants}
    stock.adjust_all(away, reason=stock.Reason.BY_HAND, actor=actor, note=_("No longer offered"))
    Variant.objects.filter(pk__in=[variant.pk for variant in variants]).update(withdrawn_at=now())


def _offer(listing: Listing, offers: Sequence[Offer], known: dict[tuple[str, ...], Variant], actor: str) -> None:
    new, changed, wanted = [], [], {}
    for position, offer in enumerate(offers):
        variant = known.get(offer.values)
        if variant is None:
            facts = {"values": list(offer.values), "price": offer.price, "sku": offer.sku, "available": offer.change}
            new.append(Variant(listing=listing, position=position, **facts))
            continue
        variant.position, variant.price, variant.sku, variant.withdrawn_at = position, offer.price, offer.sku, None
        changed.append(variant)
        wanted[Goods(listing.pk, variant.pk)] = offer.change
    Variant.objects.bulk_update(changed, ["position", "price", "sku", "withdrawn_at"])
    really = stock.adjust_all(wanted, reason=stock.Reason.BY_HAND, actor=actor)
    for goods, change in wanted.items():
        if really[goods] != change:
            raise stock.OutOfStock(-really[goods], goods)
    stock.note_first(Variant.objects.bulk_create(new), reason=stock.Reason.BY_HAND, actor=actor)


def _summary(listing: Listing) -> list[list[str]]:
    """What of the variants another person's edit is told by: their names, prices and SKUs."""
    return [[variant.name, str(variant.price), variant.sku] for variant in offered_of(listing)]
