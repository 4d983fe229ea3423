"""Read a product export in Shopify's CSV format: one product over several rows, one row a variant or a further image.

Both header styles are understood (the older "Handle, Body (HTML), Variant Price" and the newer "URL handle,
Description, Price"), in any order, with columns missing or to spare. Nothing is stored here; what is wrong is said by
line and column.
"""

import csv
import io
from collections.abc import Iterator
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from django.utils.translation import gettext as _

from catalog.models import Listing
from catalog.plain_text import from_html
from kit.money import parse_amount

# What we call a column, and what Shopify has called it over the years.
COLUMNS: dict[str, tuple[str, ...]] = {
    "handle": ("Handle", "URL handle"),
    "title": ("Title",),
    "body": ("Body (HTML)", "Description"),
    "category": ("Product Category",),
    "type": ("Type",),
    "published": ("Published", "Published on online store"),
    "status": ("Status",),
    "option1": ("Option1 Value",),
    "option2": ("Option2 Value",),
    "option3": ("Option3 Value",),
    "tracker": ("Variant Inventory Tracker", "Inventory tracker"),
    "quantity": ("Variant Inventory Qty", "Inventory quantity"),
    "price": ("Variant Price", "Price"),
    "shipping": ("Variant Requires Shipping", "Requires shipping"),
    "image": ("Image Src", "Product image URL"),
    "variant_image": ("Variant Image", "Variant image URL"),
    "gift": ("Gift Card",),
}
NEEDED = ("handle", "title", "price")
OPTIONS = ("option1", "option2", "option3")
DEFAULT_OPTION = "Default Title"
MOST_IN_STOCK = 1_000_000
LONGEST_TITLE, LONGEST_KEY, LONGEST_BODY = 140, 255, 20_000
YES, NO = frozenset({"true", "yes", "1"}), frozenset({"false", "no", "0"})


@dataclass(frozen=True, slots=True, order=True)
class Problem:
    """What is wrong with one cell (or a whole line), and what to do about it. Line 0 is the file itself."""

    line: int
    column: str
    message: str

    def __str__(self) -> str:
        place = [_("line %d") % self.line] if self.line else [_("file")]
        if self.column:
            place.append(_("column “%s”") % self.column)
        return f"{', '.join(place)}: {self.message}"


@dataclass(frozen=True, slots=True)
class Item:
    """One listing-to-be. `price` is in minor units of the currency the file was read in."""

    line: int
    key: str
    title: str
    description: str
    price: int
    quantity: int
    delivery: str
    images: tuple[str, ...]
    shelves: tuple[str, ...]
    is_published: bool


@dataclass(slots=True)
class Reading:
    """What a file says: its items, or what is wrong with it."""

    items: list[Item] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Row:
    """One row by our names for its columns; `names` are the file's."""

    line: int
    cells: dict[str, str]
    names: dict[str, str]

    def __getitem__(self, column: str) -> str:
        return self.cells.get(column, "")

    def problem(self, column: str, message: str) -> Problem:
        """Something wrong with one of this row's cells."""
        return Problem(self.line, self.names.get(column, COLUMNS[column][0]), message)

    @property
    def options(self) -> tuple[str, ...]:
        """The variant's option values, none for a product without variants."""
        found = tuple(self[option] for option in OPTIONS if self[option])
        return () if found == (DEFAULT_OPTION,) else found


def read(data: bytes, currency: str) -> Reading:
    """The listings in a file, priced in `currency`; every problem that can be found in one go."""
    reading = Reading()
    text = _decoded(data, reading.problems)
    if text is None:
        return reading
    products: dict[str, list[Row]] = {}
    for row in _rows(text, reading.problems):
        if row["handle"]:
            products.setdefault(row["handle"], []).append(row)
        else:
            reading.problems.append(
                row.problem("handle", _("There is none. Give each product a handle, such as “linen-apron”."))
            )
    seen: dict[str, int] = {}
    for rows in products.values():
        reading.items.extend(_items(rows, currency, seen, reading.problems))
    if not (reading.items or reading.problems):
        reading.problems.append(Problem(0, "", _("There is no product in it. Export the products again.")))
    reading.problems.sort()
    return reading


def _decoded(data: bytes, problems: list[Problem]) -> str | None:
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        problems.append(Problem(line, "", _("This is not UTF-8 text. Save the file as “CSV UTF-8” and try again.")))
        return None
    if "\x00" in text:
        line = text.count("\n", 0, text.index("\x00")) + 1
        problems.append(Problem(line, "", _("There is a NUL character. Export the file again.")))
        return None
    return text


def _rows(text: str, problems: list[Problem]) -> Iterator[Row]:
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    line = 1
    try:
        header = next(reader, [])
        names = _names(header, problems)
        if names is None:
            return
        while True:
            line = reader.line_num + 1
            values = next(reader, None)
            if values is None:
                return
            if len(values) > len(header):
                problems.append(Problem(line, "", _too_many(len(values), len(header))))
            elif any(value.strip() for value in values):
                cells = {ours: values[at].strip() for ours, at in names.items() if at < len(values)}
                yield Row(line, cells, {ours: header[at].strip() for ours, at in names.items()})
    except csv.Error as error:
        problems.append(
            Problem(line, "", _("This cannot be read (%s). Look for a quotation mark that is not closed.") % error)
        )


def _names(header: list[str], problems: list[Problem]) -> dict[str, int] | None:
    """Where each of our columns stands; None, with the problem, when the file is not such an export."""
    places: dict[str, list[int]] = {}
    for at, name in enumerate(header):
        places.setdefault(name.strip().casefold(), []).append(at)
    found: dict[str, int] = {}
    for ours, theirs in COLUMNS.items():
        matches = [at for name in theirs for at in places.get(name.casefold(), [])]
        if len(matches) > 1:
            problems.append(
                Problem(1, header[matches[1]].strip(), _("This column is there twice. Remove one of them."))
            )
        if matches:
            found[ours] = matches[0]
    missing = [COLUMNS[ours][0] for ours in NEEDED if ours not in found]
    advice = _("This column is missing. Export the products again as a CSV file with commas.")
    problems.extend(Problem(1, name, advice) for name in missing)
    return None if missing else found


def _too_many(cells: int, columns: int) -> str:
    return _(
        "There are %(cells)d cells, but %(columns)d columns. Put quotation marks around text that has a comma in it."
    ) % {"cells": cells, "columns": columns}


def _items(rows: list[Row], currency: str, seen: dict[str, int], problems: list[Problem]) -> Iterator[Item]:
    """The listings of one product: one for each row that is a variant."""
    product = next((row for row in rows if row["title"]), None)
    if product is None:
        problems.append(rows[0].problem("title", _("The product has none. Write one in its first row.")))
        return
    if _says(product, "gift", problems, unsaid=False):
        problems.append(product.problem("gift", _("Gift cards cannot be sold here. Remove the product from the file.")))
        return
    images = _images(rows, problems)
    description = from_html(product["body"])
    if len(description) > LONGEST_BODY:
        problems.append(product.problem("body", _("This is longer than 20,000 characters. Shorten it.")))
    for row in rows:
        if row is rows[0] or row["price"] or row.options:
            item = _item(row, product, description, images, currency, problems)
            if item.key in seen:
                problems.append(
                    row.problem(
                        "handle", _("Line %d has the same handle and options. Remove one of them.") % seen[item.key]
                    )
                )
            seen.setdefault(item.key, row.line)
            yield item


def _item(
    row: Row, product: Row, description: str, images: tuple[str, ...], currency: str, problems: list[Problem]
) -> Item:
    key = "/".join((row["handle"], *row.options))
    title = " ".join(product["title"].split())
    if row.options:
        title = f"{title} - {' / '.join(row.options)}"
    if len(title) > LONGEST_TITLE:
        problems.append(
            row.problem("title", _("With its options the title is longer than 140 characters. Shorten it."))
        )
    if len(key) > LONGEST_KEY:
        problems.append(row.problem("handle", _("With the options it is longer than 255 characters. Shorten it.")))
    own = (row["variant_image"],) if row["variant_image"] else ()
    ships = _says(row, "shipping", problems, unsaid=True)
    return Item(
        line=row.line,
        key=key,
        title=title,
        description=description,
        price=_price(row, currency, problems),
        quantity=_quantity(row, problems),
        delivery=Listing.Delivery.SHIPPED if ships else Listing.Delivery.DIGITAL,
        images=tuple(dict.fromkeys(own + images)),
        shelves=tuple(
            part.strip() for part in (product["type"], *reversed(product["category"].split(">"))) if part.strip()
        ),
        is_published=_says(product, "published", problems, unsaid=True) and product["status"].lower() in ("", "active"),
    )


def _price(row: Row, currency: str, problems: list[Problem]) -> int:
    if not row["price"]:
        problems.append(row.problem("price", _("There is no price. Enter an amount like 19.99.")))
        return 0
    try:
        price = parse_amount(row["price"], currency)
    except ValueError as error:
        problems.append(row.problem("price", f"“{row['price']}”: {error}"))
        return 0
    if price == 0:
        problems.append(row.problem("price", _("Nothing can be sold for nothing. Enter a price of more than zero.")))
    return price


def _quantity(row: Row, problems: list[Problem]) -> int:
    """How many there are. Without a number: none of a thing that is counted, one of a thing that is not."""
    said = row["quantity"]
    if not said:
        return 0 if row["tracker"] else 1
    if not said.removeprefix("-").isdecimal() or len(said) > 10:
        problems.append(row.problem("quantity", _("“%s” is not a whole number. Enter how many there are.") % said[:40]))
        return 0
    # Shopify counts below zero when it has sold more than there were: none are left to sell here.
    quantity = max(0, int(said))
    if quantity > MOST_IN_STOCK:
        problems.append(row.problem("quantity", _("At most 1,000,000 can be in stock. Enter fewer.")))
    return quantity


def _says(row: Row, column: str, problems: list[Problem], *, unsaid: bool) -> bool:
    said = row[column].lower()
    if said and said not in YES | NO:
        problems.append(row.problem(column, _("“%s” is neither true nor false. Write one of them.") % row[column][:40]))
    return said in YES if said else unsaid


def _images(rows: list[Row], problems: list[Problem]) -> tuple[str, ...]:
    """The product's image addresses in the order of the file; each variant's own is checked with them."""
    advice = _("This is not an address that begins with https://. Mend or remove it.")
    problems.extend(
        row.problem(column, advice)
        for row in rows
        for column in ("image", "variant_image")
        if row[column] and not _is_address(row[column])
    )
    return tuple(dict.fromkeys(row["image"] for row in rows if row["image"]))


def _is_address(text: str) -> bool:
    try:
        parts = urlsplit(text)
    except ValueError:
        return False
    return parts.scheme in ("https", "http") and bool(parts.hostname) and len(text) <= 2000
