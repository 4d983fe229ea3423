"""What one product of a file would change: a pure comparison, made for the preview and again, with the rows locked,
before anything is written.

How much is in stock follows the difference between two files, never a file's total: what was sold here in between stays
sold. `imported_quantity` is what the last file counted. An export of ours says with each quantity what was counted and
what was left at that moment, so that a file exported, changed and imported adds the change only, however often.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from django.utils.translation import gettext as _

from catalog.models import Category, ImportItem, Listing, Variant
from catalog.plain_text import tidied
from catalog.shopify import Offer, Problem, Product
from catalog.shopify.products import MOST_OFFERS, UNSHIPPED

Kind = ImportItem.Kind
Change = dict[str, Any]
# What of a change has to be as it was previewed. How much is in stock may have changed: the difference is what counts.
NOT_COMPARED = {"stock": ("before", "after")}


@dataclass(slots=True)
class Outcome:
    """What becomes of one product."""

    kind: str
    changes: list[Change] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)


def compare(
    product: Product, listing: Listing | None, variants: Sequence[Variant], category: Category | None
) -> Outcome:
    """What `product` would make of `listing` (None: there is none yet) and of its variants; `category` is the one the
    file names, if it names one.
    """
    if listing is None:
        return Outcome(Kind.NEW)
    outcome = Outcome(Kind.CHANGED, _facts(product, listing, category))
    if len(product.options) != len(listing.options):
        outcome.problems.append(Problem(product.line, "", _other_options(product, listing)))
        return outcome
    if not product.description and product.description is not None and listing.status == Listing.Status.PUBLISHED:
        message = _("“%(title)s” is in the shop and would lose its description. Write one, or leave the column out.")
        outcome.problems.append(Problem(product.line, "", message % {"title": listing.title}))
    if product.options:
        outcome.changes += _of_variants(product, listing, variants)
        outcome.problems += _too_many(product, variants)
    else:
        outcome.changes += _of_whole(product.offers[0], listing)
    if not outcome.changes:
        outcome.kind = Kind.UNCHANGED
    return outcome


def is_same(now: Outcome, kind: str, changes: list[Change]) -> bool:
    """Whether what would happen is what was previewed."""
    return now.kind == kind and not now.problems and _bare(now.changes) == _bare(changes)


def delivery_of(product: Product, listing: Listing | None) -> str:
    """How the buyer gets it."""
    said = product.delivery
    if listing is None:
        return Listing.Delivery.SHIPPED if said is None else Listing.Delivery.DIGITAL if said == UNSHIPPED else said
    if said is None or (said == UNSHIPPED and listing.delivery != Listing.Delivery.SHIPPED):
        return listing.delivery
    return Listing.Delivery.DIGITAL if said == UNSHIPPED else said


def addresses(product: Product) -> list[str]:
    """The addresses of its images."""
    return [address for address, _alt in product.images or ()]


def counted(offer: Offer, before: int | None) -> int | None:
    """What the file counts, to be remembered; None when it does not count."""
    if offer.quantity is None:
        return before
    return offer.quantity + (offer.mark or 0)


def difference(offer: Offer, before: int | None) -> int:
    """By how much the stock changes. `before` is what the last file counted: without one, nothing is known to have been
    counted anew, unless the file is an export of ours.
    """
    after = counted(offer, before)
    if offer.quantity is None or after is None or (before is None and offer.mark is None):
        return 0
    return after - (before or 0)


def variant_of(offer: Offer, variants: Sequence[Variant]) -> Variant | None:
    """The variant with the same values."""
    return next((variant for variant in variants if plain(variant.values) == list(offer.values)), None)


def plain(values: Sequence[str]) -> list[str]:
    """Values without the spaces around and between."""
    return [" ".join(value.split()) for value in values]


def _facts(product: Product, listing: Listing, category: Category | None) -> list[Change]:
    compared = [
        ("title", " ".join(listing.title.split()), product.title),
        ("delivery", listing.delivery, delivery_of(product, listing)),
    ]
    if product.description is not None:
        compared.append(("description", tidied(listing.description), product.description))
    if category is not None and category.pk != listing.category_id:
        compared.append(("category", listing.category.name, category.name))
    if product.options and len(product.options) == len(listing.options):
        compared.append(("options", " / ".join(plain(listing.options)), " / ".join(product.options)))
    if product.images is not None and addresses(product) != listing.image_addresses:
        return [*_differing(compared), _change("images", listing.image_addresses, addresses(product))]
    return _differing(compared)


def _differing(compared: Sequence[tuple[str, Any, Any]]) -> list[Change]:
    return [_change(what, before, after) for what, before, after in compared if before != after]


def _change(what: str, before: Any, after: Any, of: str = "") -> Change:
    return {"what": what, "of": of, "before": before, "after": after}


def _of_whole(offer: Offer, listing: Listing) -> list[Change]:
    return [
        *_differing([("price", listing.price, offer.price)]),
        *_stock(offer, listing.imported_quantity, listing.available),
    ]


def _stock(offer: Offer, before: int | None, available: int, of: str = "") -> list[Change]:
    by = difference(offer, before)
    return [{**_change("stock", available, max(0, available + by), of), "by": by}] if by else []


def _of_variants(product: Product, listing: Listing, variants: Sequence[Variant]) -> list[Change]:
    known = {tuple(plain(variant.values)): variant for variant in variants}
    found: list[Change] = []
    for offer in product.offers:
        name = " / ".join(offer.values)
        variant = known.get(offer.values)
        if variant is None:
            found.append(_change("variant", None, {"price": offer.price, "quantity": first_stock(offer)}, name))
            continue
        if not variant.is_offered:
            found.append(_change("offered", False, True, name))
        if variant.price != offer.price:
            found.append(_change("price", variant.price, offer.price, name))
        if offer.sku is not None and variant.sku.strip() != offer.sku:
            found.append(_change("sku", variant.sku, offer.sku, name))
        found += _stock(offer, variant.imported_quantity, variant.available, name)
    return found


def first_stock(offer: Offer) -> int:
    """How many there are of what is new: one, when nobody counted."""
    return 1 if offer.quantity is None else offer.quantity


def _too_many(product: Product, variants: Sequence[Variant]) -> list[Problem]:
    known = {tuple(plain(variant.values)) for variant in variants if variant.is_offered}
    total = len(known | {offer.values for offer in product.offers})
    if total <= MOST_OFFERS:
        return []
    message = _(
        "With the variants the listing has already there would be %(count)d; there is room for %(most)d. "
        "Withdraw some of them first."
    )
    return [Problem(product.line, "", message % {"count": total, "most": MOST_OFFERS})]


def _other_options(product: Product, listing: Listing) -> str:
    message = _(
        "The listing “%(title)s” has the options: %(before)s; the file has: %(after)s. A file cannot change that. "
        "Give the product another handle to make a new listing of it."
    )
    none = _("none")
    return message % {
        "title": listing.title,
        "before": ", ".join(listing.options) or none,
        "after": ", ".join(product.options) or none,
    }


def _bare(changes: list[Change]) -> list[Change]:
    return [
        {name: value for name, value in change.items() if name not in NOT_COMPARED.get(change["what"], ())}
        for change in changes
    ]
