"""Variants: what keeps their listing's own price and stock in step with them."""

from collections.abc import Collection

from django.db.models import F, Max, Min, OuterRef, QuerySet, Subquery, Sum
from django.db.models.functions import Coalesce

from catalog.models import Listing, Variant


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
