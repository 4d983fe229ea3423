"""A product as rows of Shopify's CSV, such that reading them gives the same product again."""

from __future__ import annotations

from collections.abc import Iterator
from html import escape

from catalog.plain_text import LOOKS_LIKE_HTML, tidied
from catalog.shopify.columns import COLUMNS
from catalog.shopify.products import Product
from kit.money import to_decimal
from kit.spreadsheets import guarded

# The older names: every shop that reads the format knows them.
WRITTEN = (
    "handle", "title", "body", "type", "published", "option1_name", "option1", "option2_name", "option2",
    "option3_name", "option3", "sku", "tracker", "quantity", "price", "shipping", "image", "image_position",
    "image_alt", "status", "listing", "currency", "delivery", "shelf", "counted",
)  # fmt: skip
HEADER = [COLUMNS[name][0] for name in WRITTEN]


def rows_of(product: Product, *, shelf: str, status: str, stock: list[tuple[int, int]]) -> Iterator[list[str]]:
    """The product's rows: one for each of its offers, and one for each further image.

    `shelf` is the category's address and `stock` what is in stock of each offer, with what the last import counted.
    """
    images = product.images or ()
    for at in range(max(len(product.offers), len(images))):
        cells: dict[str, str] = {"handle": product.key}
        if at == 0:
            cells |= _whole(product, shelf, status)
        if at < len(product.offers):
            cells |= _offer(product, at, *stock[at])
        if at < len(images):
            cells |= {"image": images[at][0], "image_position": str(at + 1), "image_alt": images[at][1]}
        yield [guarded(cells.get(name, "").strip()) for name in WRITTEN]


def to_html(text: str) -> str:
    """Plain text as HTML that catalog.plain_text.from_html reads as the same text."""
    tidy = tidied(text)
    if "\n" not in tidy and not LOOKS_LIKE_HTML.search(tidy):
        return tidy
    paragraphs = (escape(part, quote=False).replace("\n", "<br>") for part in tidy.split("\n\n"))
    return "".join(f"<p>{paragraph}</p>" for paragraph in paragraphs)


def _whole(product: Product, shelf: str, status: str) -> dict[str, str]:
    names = {f"option{at}_name": name for at, name in enumerate(product.options, 1)} or {"option1_name": "Title"}
    return {
        "title": product.title,
        "body": to_html(product.description or ""),
        "type": next(iter(product.shelves), ""),
        "published": "true" if product.is_published else "false",
        "status": status,
        "listing": str(product.listing),
        "currency": product.currency.upper(),
        "delivery": product.delivery or "",
        "shelf": shelf,
        **names,
    }


def _offer(product: Product, at: int, available: int, counted: int) -> dict[str, str]:
    offer = product.offers[at]
    values = {f"option{number}": value for number, value in enumerate(offer.values, 1)}
    return {
        "sku": offer.sku or "",
        "tracker": "shopify",
        "quantity": str(available),
        "price": str(to_decimal(offer.price, product.currency)),
        "shipping": "true" if product.delivery == "shipped" else "false",
        "counted": f"{available} of {counted}",
        **(values or {"option1": "Default Title"}),
    }
