"""What a page is about, for search engines and for those who show links: schema.org as JSON-LD, and Open Graph."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from django.conf import settings
from django.core.files.storage import default_storage
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from accounts.models import Seller
from catalog.models import Category, Listing
from kit.money import to_decimal

Thing = dict[str, Any]

# JSON inside HTML: as escapes these mean the same to JSON and nothing to HTML, so "</script>" cannot end the script.
UNSAFE = {ord("<"): "\\u003C", ord(">"): "\\u003E", ord("&"): "\\u0026", 0x2028: "\\u2028", 0x2029: "\\u2029"}


def absolute(path: str) -> str:
    """An address of ours as others see it."""
    return path if path.startswith(("http://", "https://")) else f"{settings.SITE_URL}{path}"


def as_script(things: Sequence[Thing]) -> SafeString:
    """The data as an element of the page. It is not a script that runs, so no policy stands against it."""
    data = {"@context": "https://schema.org", "@graph": list(things)}
    return format_html('<script type="application/ld+json">{}</script>', SafeString(_as_json(data)))


def site() -> list[Thing]:
    """The home page: the marketplace, and how it is searched."""
    target = f"{absolute(reverse('catalog:browse'))}?q={{search_term_string}}"
    search = {
        "@type": "SearchAction",
        "target": {"@type": "EntryPoint", "urlTemplate": target},
        "query-input": "required name=search_term_string",
    }
    return [{"@type": "WebSite", "name": settings.MARKETPLACE_NAME, "url": absolute("/"), "potentialAction": search}]


def listing(found: Listing, gallery: Sequence[Mapping[str, Any]]) -> list[Thing]:
    """A listing as a Product with its Offer, and where it is in the shop."""
    product: Thing = {
        "@type": "Product",
        "name": found.title,
        "url": absolute(found.get_absolute_url()),
        "sku": str(found.pk),
        "category": found.category.label,
        "offers": _offer(found),
    }
    if found.description:
        product["description"] = found.description[:5000]
    if gallery:
        product["image"] = [photo_address(photo["large"]) for photo in gallery]
    return [product, _trail(_of_category(found.category), (found.title, found.get_absolute_url()))]


def category(shelf: Category) -> list[Thing]:
    """Where a category is in the shop."""
    return [_trail(_of_category(shelf))]


def shop(seller: Seller) -> list[Thing]:
    """A seller's shop."""
    address = reverse("catalog:shop", args=[seller.slug])
    store: Thing = {
        "@type": "Store",
        "name": seller.name,
        "url": absolute(address),
        "address": {"@type": "PostalAddress", "addressCountry": seller.country},
    }
    if seller.about:
        store["description"] = seller.about
    return [store, _trail((seller.name, address))]


def photo_address(name: str) -> str:
    """A stored photo as others reach it."""
    return absolute(default_storage.url(name))


def _offer(found: Listing) -> Thing:
    price = str(to_decimal(found.price, found.currency))
    in_stock = "https://schema.org/InStock" if found.available else "https://schema.org/SoldOut"
    offer: Thing = {
        "@type": "Offer",
        "url": absolute(found.get_absolute_url()),
        "priceCurrency": found.currency.upper(),
        "price": price,
        "availability": in_stock,
        "seller": {"@type": "Organization", "name": found.seller.name},
    }
    if found.highest_price is not None and found.highest_price > found.price:
        offer.pop("price")
        highest = str(to_decimal(found.highest_price, found.currency))
        offer |= {"@type": "AggregateOffer", "lowPrice": price, "highPrice": highest}
    return offer


def _of_category(shelf: Category) -> tuple[str, str]:
    return shelf.label, reverse("catalog:category", args=[shelf.slug])


def _trail(*steps: tuple[str, str]) -> Thing:
    whole = [(_("Everything"), reverse("catalog:browse")), *steps]
    items = [
        {"@type": "ListItem", "position": position, "name": name, "item": absolute(path)}
        for position, (name, path) in enumerate(whole, 1)
    ]
    return {"@type": "BreadcrumbList", "itemListElement": items}


def _as_json(data: Thing) -> str:
    return json.dumps(data, ensure_ascii=False).translate(UNSAFE)
