"""What the columns are called: by us, by Shopify over the years, and the few of our own that an export adds."""

from __future__ import annotations

import re
from dataclasses import dataclass

from django.utils.translation import gettext as _

from catalog.shopify.problems import Problem

COLUMNS: dict[str, tuple[str, ...]] = {
    "handle": ("Handle", "URL handle"),
    "title": ("Title",),
    "body": ("Body (HTML)", "Description"),
    "category": ("Product Category", "Standardized Product Type", "Standard Product Type"),
    "type": ("Type", "Custom Product Type"),
    "published": ("Published", "Published on online store"),
    "status": ("Status",),
    "option1_name": ("Option1 Name",),
    "option1": ("Option1 Value",),
    "option2_name": ("Option2 Name",),
    "option2": ("Option2 Value",),
    "option3_name": ("Option3 Name",),
    "option3": ("Option3 Value",),
    "sku": ("Variant SKU", "SKU"),
    "tracker": ("Variant Inventory Tracker", "Inventory tracker"),
    "quantity": ("Variant Inventory Qty", "Inventory quantity", "Variant Inventory Quantity"),
    "price": ("Variant Price", "Price"),
    "shipping": ("Variant Requires Shipping", "Requires shipping"),
    "image": ("Image Src", "Product image URL"),
    "image_position": ("Image Position",),
    "image_alt": ("Image Alt Text",),
    "variant_image": ("Variant Image", "Variant image URL"),
    "gift": ("Gift Card",),
    # Ours, in our own exports only: what the format has no place for. Other shops leave them alone.
    "listing": ("Marketplace listing",),
    "currency": ("Marketplace currency",),
    "delivery": ("Marketplace delivery",),
    "shelf": ("Marketplace category",),
    "counted": ("Marketplace stock",),
}
NEEDED = ("title", "price")
FURTHER_OPTION = re.compile(r"option(\d+) (?:name|value)", re.IGNORECASE)
MOST_OPTIONS = 3


@dataclass(frozen=True, slots=True)
class Header:
    """Where our columns stand in a file. `names` are the file's, by ours; `further` are options beyond the third."""

    width: int
    places: dict[str, int]
    names: dict[str, str]
    further: dict[int, str]

    def __contains__(self, column: str) -> bool:
        return column in self.places


def understood(cells: list[str]) -> int:
    """How many of a would-be header's cells are names of columns."""
    known = {name.casefold() for names in COLUMNS.values() for name in names}
    return sum(cell.strip().casefold() in known for cell in cells)


def header_of(cells: list[str], line: int, problems: list[Problem]) -> Header | None:
    """Where each of our columns stands; None, with the problem, when the file is not such an export."""
    places: dict[str, list[int]] = {}
    for at, name in enumerate(cells):
        places.setdefault(name.strip().casefold(), []).append(at)
    found: dict[str, int] = {}
    before = len(problems)
    for ours, theirs in COLUMNS.items():
        there = next((places[name.casefold()] for name in theirs if name.casefold() in places), [])
        if len(there) > 1:
            message = _("This column is there twice. Remove one of them.")
            problems.append(Problem(line, cells[there[1]].strip(), message))
        if there:
            found[ours] = there[0]
    missing = [COLUMNS[ours][0] for ours in NEEDED if ours not in found]
    if len(missing) == len(NEEDED) and "handle" not in found:
        problems.append(Problem(line, "", _not_an_export()))
        return None
    advice = _("This column is missing. Export the products again, with all columns.")
    problems.extend(Problem(line, name, advice) for name in missing)
    if len(problems) > before:
        return None
    names = {ours: cells[at].strip() for ours, at in found.items()}
    return Header(len(cells), found, names, _further(cells))


def _further(cells: list[str]) -> dict[int, str]:
    matches = ((at, FURTHER_OPTION.fullmatch(name.strip())) for at, name in enumerate(cells))
    return {at: cells[at].strip() for at, match in matches if match and int(match[1]) > MOST_OPTIONS}


def _not_an_export() -> str:
    return _(
        "This is not a product export: its first line names none of the columns “Handle”, “Title” and “Variant Price”. "
        "Export the products from your other shop as a CSV file."
    )
