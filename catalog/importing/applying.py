"""Write what a preview showed: all of it in one transaction, or nothing when the listings are not what they were."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from itertools import batched
from typing import NamedTuple

from django.db.models import F, QuerySet

from accounts.models import Seller
from accounts.rules import why_cannot_sell
from catalog import publishing, stock, variants
from catalog.forms import slug_for
from catalog.importing import bulk, images, plans
from catalog.importing.known import Known
from catalog.importing.shelving import Shelving
from catalog.models import ImportItem, ImportRun, Listing, ListingEdit, Variant
from catalog.plain_text import tidied
from catalog.shopify import Offer, Product
from catalog.stock import Goods
from kit.clock import now

BATCH = 500
MOST_NAMED = 20
Kind = ImportItem.Kind
# Which columns of a listing a change is written into. What changes in a variant is written there.
COLUMNS = {
    "title": ("title", "slug"),
    "description": ("description",),
    "category": ("category",),
    "delivery": ("delivery",),
    "options": ("options",),
    "images": ("image_addresses",),
    "price": ("price",),
    "stock": ("imported_quantity",),
}


class Overtaken(Exception):
    """The listings are not what the preview compared with; `titles` names some of those that were changed."""

    def __init__(self, titles: list[str]) -> None:
        self.titles = titles
        super().__init__(", ".join(titles))


class Match(NamedTuple):
    """One product of the file, and what it is here."""

    item: ImportItem
    product: Product
    listing: Listing
    variants: list[Variant]


@dataclass(slots=True)
class Result:
    """What an import did, besides what its preview said."""

    published: int = 0
    sold_meanwhile: list[str] = field(default_factory=list)


@dataclass(slots=True)
class Application:
    """One import as it is written. To be run inside a transaction that an error rolls back."""

    run: ImportRun
    progress: Callable[[int], None]
    result: Result = field(default_factory=Result)
    _overtaken: list[str] = field(default_factory=list)
    _drafts: list[int] = field(default_factory=list)
    _done: int = 0

    def carry_out(self) -> Result:
        """Write everything. Raises Overtaken."""
        # One import of a seller at a time: two would both find a product new, and the second break on the first's. Not
        # so tight that an order, which names its seller, would wait for the whole import.
        seller = Seller.objects.select_for_update(no_key=True).get(pk=self.run.seller_id)
        self._lock()
        for matches in self._known_again(seller):
            if not self._overtaken:
                self._change(matches)
            self._told(len(matches))
        if self._overtaken:
            raise Overtaken(self._overtaken[:MOST_NAMED])
        for items in self._batches(self._items().filter(kind=Kind.NEW).order_by("position")):
            self._create(seller, items)
            self._told(len(items))
        # Who may not sell any more gets drafts: what was read and looked at is not thrown away for that.
        if self.run.publish and not why_cannot_sell(seller):
            self.result.published = publishing.publish_drafts(seller, self._drafts, self.run.confirmed_by)
        return self.result

    def _items(self) -> QuerySet[ImportItem]:
        return ImportItem.objects.filter(run=self.run)

    def _batches(self, items: QuerySet[ImportItem]) -> Iterator[tuple[ImportItem, ...]]:
        return batched(items.iterator(chunk_size=BATCH), BATCH)

    def _told(self, count: int) -> None:
        self._done += count
        self.progress(self._done)

    def _lock(self) -> None:
        # What is bought or edited meanwhile waits for us, and we for it: by id, as everybody locks listings, so that
        # nobody waits crosswise. Whoever changes a variant holds its listing.
        changed = self._items().filter(kind=Kind.CHANGED, listing__isnull=False).values("listing")
        for _pk in (
            Listing.objects.select_for_update(no_key=True).filter(pk__in=changed).order_by("pk").values_list("pk")
        ):
            pass

    def _known_again(self, seller: Seller) -> Iterator[list[Match]]:
        """What the seller had at the preview, compared once more; what differs by now is noted."""
        shelves = Shelving()
        for items in self._batches(self._items().exclude(kind=Kind.NEW).order_by("listing_id", "position")):
            products = [Product.from_json(item.facts) for item in items]
            known = Known(seller, products)
            matches = []
            for item, product in zip(items, products, strict=True):
                listing, category = known.listing_of(product), shelves.kept(item.category)
                outcome = plans.compare(product, listing, known.variants_of(listing), category)
                if (
                    listing is None
                    or listing.pk != item.listing_id
                    or not plans.is_same(outcome, item.kind, item.changes)
                ):
                    self._overtaken.append(item.title)
                else:
                    if category is not None:
                        listing.category = category
                    matches.append(Match(item, product, listing, known.variants_of(listing)))
            yield matches

    def _change(self, matches: list[Match]) -> None:
        changed = [match for match in matches if match.item.kind == Kind.CHANGED]
        moment = now()
        touched: set[str] = set()
        for item, product, listing, _variants in changed:
            _set_facts(listing, product)
            touched.update(*(COLUMNS.get(change["what"], ()) for change in item.changes))
            listing.version += 1
        listings = [match.listing for match in changed]
        bulk.write(listings, sorted(touched))
        same = Listing.objects.filter(pk__in=[listing.pk for listing in listings])
        same.update(version=F("version") + 1, updated_at=moment)
        ListingEdit.objects.bulk_create(
            ListingEdit(
                listing=match.listing,
                version=match.listing.version,
                actor=self.run.confirmed_by,
                at=moment,
                changes=_as_edit(match.item.changes),
            )
            for match in changed
        )
        self._change_variants(changed)
        self._count(changed)
        self._after(matches)

    def _change_variants(self, changed: Iterable[Match]) -> None:
        kept: list[Variant] = []
        fresh: list[Variant] = []
        for match in changed:
            place = max((variant.position for variant in match.variants), default=-1) + 1
            for offer in match.product.offers if match.product.options else ():
                variant = plans.variant_of(offer, match.variants)
                if variant is None:
                    fresh.append(_variant(match.listing, offer, place))
                    place += 1
                    continue
                if _set_offer(variant, offer):
                    kept.append(variant)
        bulk.write(kept, ["price", "withdrawn_at", "sku", "imported_quantity"])
        self._begin_counting(Variant.objects.bulk_create(fresh))

    def _count(self, changed: list[Match]) -> None:
        """Change what is in stock by what the preview said, as far as there is any left."""
        wanted = {
            _goods(match, change["of"]): change["by"]
            for match in changed
            for change in match.item.changes
            if change["what"] == "stock"
        }
        by = self.run.confirmed_by
        really = stock.adjust_all(wanted, reason=stock.Reason.IMPORT, actor=by, note=self.run.name)
        short = {goods.listing for goods, delta in wanted.items() if really[goods] != delta}
        self.result.sold_meanwhile += [match.item.title for match in changed if match.listing.pk in short]
        variants.sum_up([match.listing.pk for match in changed if match.listing.options])

    def _create(self, seller: Seller, items: tuple[ImportItem, ...]) -> None:
        products = [Product.from_json(item.facts) for item in items]
        shelves, known = Shelving(), Known(seller, products)
        self._overtaken += [
            item.title for item, product in zip(items, products, strict=True) if known.listing_of(product)
        ]
        if self._overtaken:
            raise Overtaken(self._overtaken[:MOST_NAMED])
        fresh = []
        for item, product in zip(items, products, strict=True):
            listing = Listing(
                seller=seller,
                import_key=product.key,
                currency=product.currency,
                category=shelves.kept(item.category) or shelves.general(),
                available=sum(plans.first_stock(offer) for offer in product.offers),
            )
            _set_facts(listing, product)
            fresh.append(listing)
        Listing.objects.bulk_create(fresh)
        made = [
            _variant(listing, offer, place)
            for listing, product in zip(fresh, products, strict=True)
            for place, offer in enumerate(product.offers if product.options else ())
        ]
        self._begin_counting(Variant.objects.bulk_create(made))
        self._begin_counting([listing for listing in fresh if not listing.options])
        self._after([Match(*row, []) for row in zip(items, products, fresh, strict=True)])
        bulk.write([_pointed(item, listing) for item, listing in zip(items, fresh, strict=True)], ["listing"])

    def _begin_counting(self, rows: Iterable[Listing | Variant]) -> None:
        stock.note_first(rows, reason=stock.Reason.IMPORT, actor=self.run.confirmed_by, note=self.run.name)

    def _after(self, matches: list[Match]) -> None:
        """What follows for changed and unchanged ones as well: images to fetch, drafts to publish."""
        images.queue((match.listing, match.product.images or ()) for match in matches)
        self._drafts += [
            match.listing.pk
            for match in matches
            if match.product.is_published and match.listing.status == Listing.Status.DRAFT
        ]


def _set_facts(listing: Listing, product: Product) -> None:
    """Everything the file says of a listing, but how many there are."""
    listing.delivery = plans.delivery_of(product, listing if listing.pk else None)
    if " ".join(listing.title.split()) != product.title:
        listing.title, listing.slug = product.title, slug_for(product.title)
    if product.description is not None and tidied(listing.description) != product.description:
        listing.description = product.description
    if product.images is not None:
        listing.image_addresses = plans.addresses(product)
    if plans.plain(listing.options) != list(product.options):
        listing.options = list(product.options)
    if product.options:
        prices = [offer.price for offer in product.offers]
        if not listing.pk:
            listing.price, listing.highest_price = min(prices), max(prices)
        return
    offer = product.offers[0]
    listing.price = offer.price
    listing.imported_quantity = _count_kept(offer, listing.imported_quantity, is_new=not listing.pk)


def _count_kept(offer: Offer, before: int | None, *, is_new: bool = False) -> int | None:
    """What the file counted, for the next one to be compared with."""
    if is_new:
        return plans.first_stock(offer) + (offer.mark or 0)
    if before is None and offer.mark is None:
        return None
    return plans.counted(offer, before)


def _set_offer(variant: Variant, offer: Offer) -> bool:
    """What the file says of a variant, but how many there are; whether that is anything new."""
    before = (variant.price, variant.withdrawn_at, variant.sku, variant.imported_quantity)
    variant.price, variant.withdrawn_at = offer.price, None
    variant.sku = variant.sku if offer.sku is None else offer.sku
    variant.imported_quantity = _count_kept(offer, variant.imported_quantity)
    return before != (variant.price, variant.withdrawn_at, variant.sku, variant.imported_quantity)


def _variant(listing: Listing, offer: Offer, position: int) -> Variant:
    return Variant(
        listing=listing,
        position=position,
        values=list(offer.values),
        sku=offer.sku or "",
        price=offer.price,
        available=plans.first_stock(offer),
        imported_quantity=_count_kept(offer, None, is_new=True),
    )


def _goods(match: Match, name: str) -> Goods:
    """What a change of stock is about: the variant of this name, or the listing."""
    variant = next((each for each in match.variants if name and " / ".join(plans.plain(each.values)) == name), None)
    return Goods(match.listing.pk, variant.pk if variant else None)


def _pointed(item: ImportItem, listing: Listing) -> ImportItem:
    item.listing = listing
    return item


def _as_edit(changes: list[plans.Change]) -> dict[str, list[object]]:
    return {f"{change['what']} {change['of']}".strip(): [change["before"], change["after"]] for change in changes}
