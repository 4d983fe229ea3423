"""A seller's listings as a product file in Shopify's format, a piece at a time: reading it again changes nothing."""

from __future__ import annotations

import csv
from collections import defaultdict
from collections.abc import Iterator, Sequence

from accounts.models import Seller
from catalog import shopify
from catalog.importing.known import handle_of
from catalog.models import Listing, Variant
from catalog.shopify import Offer, Product

BATCH = 500
# What other shops call our states.
STATES = {Listing.Status.PUBLISHED: "active", Listing.Status.DRAFT: "draft", Listing.Status.HIDDEN: "archived"}


class _Line:
    """Where the csv writer writes to: what it returns is the line."""

    def write(self, line: str) -> str:
        return line


def lines(seller: Seller) -> Iterator[str]:
    """The file, line by line, the oldest listing first. A listing with options of which none is offered is left out."""
    writer = csv.writer(_Line())
    yield writer.writerow(shopify.HEADER)
    last = 0
    while batch := _after(seller, last):
        last = batch[-1].pk
        variants = _offered(batch)
        for listing in batch:
            for row in rows_of(listing, variants[listing.pk]):
                yield writer.writerow(row)


def rows_of(listing: Listing, variants: Sequence[Variant]) -> Iterator[list[str]]:
    """One listing, with the variants of it that are offered."""
    counted: list[tuple[int, int]] = [(listing.available, listing.imported_quantity or 0)]
    offers = [Offer(line=0, values=(), price=listing.price, quantity=listing.available)]
    if listing.options:
        counted = [(variant.available, variant.imported_quantity or 0) for variant in variants]
        offers = [
            Offer(0, tuple(variant.values), variant.price, variant.available, sku=variant.sku) for variant in variants
        ]
    product = Product(
        line=0,
        key=handle_of(listing),
        title=listing.title,
        currency=listing.currency,
        description=listing.description,
        delivery=listing.delivery,
        options=tuple(listing.options),
        images=tuple((address, "") for address in listing.image_addresses),
        shelves=(listing.category.name,),
        is_published=listing.status == Listing.Status.PUBLISHED,
        listing=listing.pk,
        offers=tuple(offers),
    )
    status = STATES[Listing.Status(listing.status)]
    return shopify.rows_of(product, shelf=listing.category.slug, status=status, stock=counted) if offers else iter(())


def _after(seller: Seller, last: int) -> list[Listing]:
    own = Listing.objects.filter(seller=seller, pk__gt=last).select_related("category")
    return list(own.order_by("pk")[:BATCH])


def _offered(batch: Sequence[Listing]) -> dict[int, list[Variant]]:
    found: dict[int, list[Variant]] = defaultdict(list)
    with_options = [listing.pk for listing in batch if listing.options]
    for variant in Variant.objects.filter(listing__in=with_options, withdrawn_at=None).order_by("position", "pk"):
        found[variant.listing_id].append(variant)
    return found
