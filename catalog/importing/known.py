"""What a seller has already of the products in a file."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field

from accounts.models import Seller
from catalog.models import Listing, Variant
from catalog.shopify import Product


@dataclass(slots=True)
class Known:
    """The listings some products are known as, with their variants: four queries, however many products."""

    seller: Seller
    products: Sequence[Product]
    _by_key: dict[str, Listing] = field(default_factory=dict)
    _by_id: dict[int, Listing] = field(default_factory=dict)
    _variants: dict[int, list[Variant]] = field(default_factory=lambda: defaultdict(list))

    def __post_init__(self) -> None:
        own = Listing.objects.filter(seller=self.seller).select_related("category")
        keys = [product.key for product in self.products]
        numbers = [product.listing for product in self.products if product.listing is not None]
        self._by_key = {str(listing.import_key): listing for listing in own.filter(import_key__in=keys)}
        if numbers:
            self._by_id = {listing.pk: listing for listing in own.filter(pk__in=numbers, import_key=None)}
        with_options = [listing.pk for listing in (*self._by_key.values(), *self._by_id.values()) if listing.options]
        for variant in Variant.objects.filter(listing__in=with_options).order_by("position", "pk"):
            self._variants[variant.listing_id].append(variant)

    def listing_of(self, product: Product) -> Listing | None:
        """By its handle; what was written here has none, and is known by number and handle of our own export."""
        found = self._by_key.get(product.key)
        if found is None and product.listing is not None:
            own = self._by_id.get(product.listing)
            return own if own is not None and product.key.endswith(f"-{own.pk}") else None
        return found

    def variants_of(self, listing: Listing | None) -> list[Variant]:
        """Its variants, those that are not offered any more included."""
        return [] if listing is None else self._variants[listing.pk]


def handle_of(listing: Listing) -> str:
    """The handle a listing is exported with: the one it was imported with, or its own address."""
    return listing.import_key or f"{listing.slug}-{listing.pk}"


def currencies_of(seller: Seller) -> tuple[dict[str, str], dict[int, str]]:
    """Listings in another currency than their seller's, by handle and by number: few, if any."""
    others = Listing.objects.filter(seller=seller).exclude(currency=seller.currency)
    rows = list(others.values_list("pk", "import_key", "currency"))
    return (
        {key: currency for _pk, key, currency in rows if key is not None},
        {pk: currency for pk, key, currency in rows if key is None},
    )
