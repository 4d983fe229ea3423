"""Bring a seller's own product file in as listings: all of it, or none of it."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from accounts.models import Seller
from accounts.rules import why_cannot_sell
from catalog import publishing, shopify, stock
from catalog.forms import slug_for
from catalog.models import Category, Listing
from catalog.shopify import Item, Problem

GENERAL = ("other", "Other finds")
FROM_FILE = (
    "title", "slug", "description", "price", "currency", "delivery", "image_addresses", "imported_quantity", "category",
    "updated_at",
)  # fmt: skip


class ImportRefused(Exception):
    """Nothing was imported; `problems` say why, by line and column."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        self.problems = list(problems)
        super().__init__("\n".join(str(problem) for problem in problems))


@dataclass(slots=True)
class Report:
    """What an import did."""

    created: int = 0
    updated: int = 0
    published: int = 0
    sold_meanwhile: list[str] = field(default_factory=list)


def run(seller: Seller, data: bytes, *, actor: str, publish: bool = False) -> Report:
    """Make or update one listing for each variant in `data` (Shopify's CSV), priced in the seller's currency.

    A row imported before is known by its key and updated. Raises ImportRefused with every problem, nothing changed.
    """
    reading = shopify.read(data, seller.currency)
    if publish and (refusal := why_cannot_sell(seller)):
        raise ImportRefused([Problem(0, "", _("It cannot be published yet. %s") % refusal)])
    if reading.problems:
        raise ImportRefused(reading.problems)
    with transaction.atomic():
        # One import of a seller at a time: two would both find a row new, and the second would break on the first's.
        Seller.objects.select_for_update().get(pk=seller.pk)
        report = Report()
        listings = _store(seller, reading.items, report)
        if publish:
            _publish(reading.items, listings, actor, report)
    return report


def _store(seller: Seller, items: list[Item], report: Report) -> dict[str, Listing]:
    keys = [item.key for item in items]
    # Locked in the order of their ids, as everything that touches several listings does.
    known = {
        str(listing.import_key): listing
        for listing in Listing.objects.select_for_update().filter(seller=seller, import_key__in=keys).order_by("pk")
    }
    shelves = Shelving()
    new: list[Listing] = []
    for item in items:
        facts = _facts(seller, item)
        shelf = shelves.named(item.shelves)
        listing = known.get(item.key)
        if listing is None:
            category = shelf or shelves.general()
            fresh = Listing(seller=seller, import_key=item.key, available=item.quantity, category=category, **facts)
            new.append(fresh)
        else:
            _update(listing, item, {**facts, "category": shelf or listing.category}, report)
    Listing.objects.bulk_update(known.values(), FROM_FILE, batch_size=500)
    Listing.objects.bulk_create(new, batch_size=500)
    report.created, report.updated = len(new), len(known)
    return known | {str(listing.import_key): listing for listing in new}


def _facts(seller: Seller, item: Item) -> dict[str, Any]:
    return {
        "title": item.title,
        "slug": slug_for(item.title),
        "description": item.description,
        "price": item.price,
        "currency": seller.currency,
        "delivery": item.delivery,
        "image_addresses": list(item.images),
        "imported_quantity": item.quantity,
    }


def _update(listing: Listing, item: Item, facts: dict[str, Any], report: Report) -> None:
    # The difference between this file and the last one: what was sold here in between stays sold.
    before = listing.imported_quantity
    change = 0 if before is None else item.quantity - before
    for name, value in facts.items():
        setattr(listing, name, value)
    if change:
        try:
            stock.adjust(stock.Goods(listing.pk), change, reason=stock.Reason.IMPORT)
        except stock.OutOfStock as error:
            stock.adjust(stock.Goods(listing.pk), -error.available, reason=stock.Reason.IMPORT)
            report.sold_meanwhile.append(item.title)


def _publish(items: list[Item], listings: dict[str, Listing], actor: str, report: Report) -> None:
    problems: list[Problem] = []
    for item in items:
        listing = listings[item.key]
        if not item.is_published or listing.status == Listing.Status.PUBLISHED:
            continue
        try:
            publishing.publish(listing, actor)
        except publishing.CannotPublish as refusal:
            problems.extend(Problem(item.line, "", f"{item.title}: {reason}") for reason in refusal.reasons)
        else:
            report.published += 1
    if problems:
        raise ImportRefused(problems)


class Shelving:
    """Finds the category a file names, by name or address, whatever its letters' case."""

    def __init__(self) -> None:
        self._by_name: dict[str, Category] = {}
        for category in Category.objects.all():
            self._by_name[category.slug.casefold()] = category
            self._by_name[category.name.casefold()] = category

    def named(self, names: Sequence[str]) -> Category | None:
        """The category of the first of `names` that is one."""
        return next((self._by_name[name.casefold()] for name in names if name.casefold() in self._by_name), None)

    def general(self) -> Category:
        """The category of what fits nowhere; made anew where somebody removed it."""
        slug, name = GENERAL
        if slug not in self._by_name:
            self._by_name[slug], _is_new = Category.objects.get_or_create(
                slug=slug, defaults={"name": name, "position": 99}
            )
        return self._by_name[slug]
