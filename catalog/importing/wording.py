"""What a preview says of each product, in the reader's words."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.utils.text import Truncator
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from catalog.importing import plans
from catalog.models import ImportItem, ImportRun, Listing
from catalog.shopify import Product
from kit.money import format_money

SHOWN = 160
LABELS = {
    "title": gettext_lazy("Title"),
    "description": gettext_lazy("Description"),
    "category": gettext_lazy("Category"),
    "delivery": gettext_lazy("How the buyer gets it"),
    "options": gettext_lazy("Options"),
    "images": gettext_lazy("Images"),
    "price": gettext_lazy("Price"),
    "stock": gettext_lazy("In stock"),
    "sku": gettext_lazy("SKU"),
    "variant": gettext_lazy("New variant"),
    "offered": gettext_lazy("Offered"),
}


@dataclass(frozen=True, slots=True)
class Told:
    """One thing that changes: what, of which variant, before and after."""

    label: str
    of: str
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class Row:
    """One product of a preview."""

    item: ImportItem
    price: str
    stock: str
    variants: str
    images: str
    is_published: bool
    changes: list[Told]


def outcome(run: ImportRun) -> str:
    """What the file would do, or did, in numbers; of what does not happen nothing is said."""
    parts = [
        (run.new, ngettext("%(n)d new listing", "%(n)d new listings", run.new)),
        (run.changed, ngettext("%(n)d changed", "%(n)d changed", run.changed)),
        (run.unchanged, ngettext("%(n)d as it was", "%(n)d as they were", run.unchanged)),
        (run.published, ngettext("%(n)d published", "%(n)d published", run.published)),
    ]
    return " · ".join(said % {"n": count} for count, said in parts if count)


def row_of(item: ImportItem) -> Row:
    """A product as the page shows it."""
    product = Product.from_json(item.facts)
    return Row(
        item=item,
        price=_prices(product),
        stock=_in_stock(sum(plans.first_stock(offer) for offer in product.offers)),
        variants=_variants(product),
        images=_images(plans.addresses(product)),
        is_published=product.is_published,
        changes=[told(change, product.currency) for change in item.changes],
    )


def told(change: plans.Change, currency: str) -> Told:
    """One change in words."""
    word = WORDS.get(change["what"], _text)
    before, after = change["before"], change["after"]
    return Told(
        str(LABELS[change["what"]]),
        change["of"],
        "" if before is None else word(before, currency),
        word(after, currency),
    )


def _text(value: Any, _currency: str) -> str:
    return Truncator(str(value)).chars(SHOWN) or _("nothing")


def _delivery(value: Any, _currency: str) -> str:
    return str(Listing.Delivery(value).label)


def _money(value: Any, currency: str) -> str:
    return format_money(value, currency)


def _addresses(value: Any, _currency: str) -> str:
    return _images(value) or _("none")


def _offered(value: Any, _currency: str) -> str:
    return _("offered") if value else _("withdrawn")


def _variant(value: Any, currency: str) -> str:
    return f"{format_money(value['price'], currency)}, {_in_stock(value['quantity'])}"


WORDS: dict[str, Callable[[Any, str], str]] = {
    "delivery": _delivery,
    "price": _money,
    "images": _addresses,
    "offered": _offered,
    "variant": _variant,
}


def _prices(product: Product) -> str:
    prices = [offer.price for offer in product.offers]
    lowest = format_money(min(prices), product.currency)
    return lowest if len(set(prices)) == 1 else _("from %(price)s") % {"price": lowest}


def _in_stock(count: int) -> str:
    return ngettext("%(n)d in stock", "%(n)d in stock", count) % {"n": count}


def _variants(product: Product) -> str:
    if not product.options:
        return ""
    count = ngettext("%(n)d variant", "%(n)d variants", len(product.offers)) % {"n": len(product.offers)}
    return f"{count} ({', '.join(product.options)})"


def _images(addresses: list[str]) -> str:
    if not addresses:
        return ""
    return ngettext("%(n)d image address", "%(n)d image addresses", len(addresses)) % {"n": len(addresses)}
