"""Read an uploaded file, and keep what it would do to each listing: the preview."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import batched

from django.db import transaction
from django.utils import translation
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts.models import Seller
from catalog import shopify
from catalog.importing import plans
from catalog.importing.known import Known, currencies_of
from catalog.importing.shelving import Shelving
from catalog.models import ImportItem, ImportRun, Listing
from catalog.shopify import NotAProductFile, Problem, Product
from catalog.shopify.columns import COLUMNS

BATCH = 500
# More than anybody reads; how many there are is told.
MOST_KEPT = 500
Kind = ImportItem.Kind
Progress = Callable[[int, int], None]


@dataclass(slots=True)
class Preview:
    """What was found in a file: how many of each kind, and everything about it that somebody has to know."""

    new: int = 0
    changed: int = 0
    unchanged: int = 0
    publishable: int = 0
    incomplete: int = 0
    # New here, and the file has no column that says how many there are.
    uncounted: int = 0
    problems: list[Problem] = field(default_factory=list)
    # In which line each listing was met.
    lines: dict[int, int] = field(default_factory=dict)

    @property
    def blocking(self) -> list[Problem]:
        """What keeps the file out, in the order of its lines."""
        return sorted(problem for problem in self.problems if not problem.is_note)

    @property
    def notes(self) -> list[Problem]:
        """What was made of something doubtful."""
        return sorted(problem for problem in self.problems if problem.is_note)

    def count(self, item: ImportItem, product: Product, listing: Listing | None) -> None:
        """Take one product into the sums."""
        self.new += item.kind == Kind.NEW
        self.changed += item.kind == Kind.CHANGED
        self.unchanged += item.kind == Kind.UNCHANGED
        self.uncounted += item.kind == Kind.NEW and any(offer.quantity is None for offer in product.offers)
        if product.is_published and (listing is None or listing.status == Listing.Status.DRAFT):
            described = product.description or (listing.description if listing and product.description is None else "")
            self.publishable += 1
            self.incomplete += not described


def read(run: ImportRun, progress: Progress) -> Preview:
    """Read the run's file and store an item for each of its products, in place of those of an earlier reading.

    `progress` is told how many rows were read, and of how many; it may raise to end the reading. The memory it takes
    grows with the number of products, not with what is written about them.
    """
    preview = Preview()
    with transaction.atomic():
        # Told first, here and below: whoever has lost the run is stopped before touching the next one's items.
        progress(0, 0)
        ImportItem.objects.filter(run=run).delete()
    with translation.override(run.language), run.file.open("rb") as file:
        try:
            dialect = shopify.look(file)
        except NotAProductFile as refusal:
            preview.problems.append(refusal.problem)
            return preview
        reader = shopify.Reader(file, dialect, _currency_of(run.seller), preview.problems)
        total = reader.survey()
        position = 0
        for products in batched(reader.products(), BATCH):
            items = list(_items(run, products, position, preview))
            with transaction.atomic():
                progress(min(reader.line, total), total)
                ImportItem.objects.bulk_create(items)
            position += len(products)
        if preview.uncounted:
            preview.problems.append(Problem(0, "", _taken_as_one(preview.uncounted), is_note=True))
    return preview


def _taken_as_one(listings: int) -> str:
    return ngettext(
        "The file does not say how many there are: %(count)d new listing starts with 1 in stock.",
        "The file does not say how many there are: %(count)d new listings start with 1 in stock each.",
        listings,
    ) % {"count": listings}


def _items(run: ImportRun, products: tuple[Product, ...], position: int, preview: Preview) -> Iterator[ImportItem]:
    known, shelves = Known(run.seller, products), Shelving()
    for at, product in enumerate(products, position):
        listing, category = known.listing_of(product), shelves.named(product.shelves)
        outcome = plans.compare(product, listing, known.variants_of(listing), category)
        preview.problems += outcome.problems
        if listing is not None and (line := preview.lines.setdefault(listing.pk, product.line)) != product.line:
            preview.problems.append(Problem(product.line, COLUMNS["listing"][0], _same_listing(line)))
        item = ImportItem(
            run=run,
            position=at,
            line=product.line,
            key=product.key,
            title=product.title,
            kind=outcome.kind,
            changes=outcome.changes,
            facts=product.as_json(),
            listing=listing,
            category=category.pk if category else None,
        )
        preview.count(item, product, listing)
        yield item


def _same_listing(line: int) -> str:
    message = _("This is the listing of line %(line)d once more. Empty this cell to make a new listing of the copy.")
    return message % {"line": line}


def _currency_of(seller: Seller) -> Callable[[str, str], str]:
    """In which currency a product's prices are: its listing's, where it has one, else the seller's."""
    by_key, by_number = currencies_of(seller)

    def currency(handle: str, number: str) -> str:
        if handle in by_key:
            return by_key[handle]
        if number.isdecimal() and handle.endswith(f"-{number}"):
            return by_number.get(int(number), seller.currency)
        return seller.currency

    return currency
