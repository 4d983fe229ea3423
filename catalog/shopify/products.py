"""What the rows of one product say, as one product: its facts, and what it can be bought as."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, Self

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from catalog.plain_text import from_html
from catalog.shopify import cells
from catalog.shopify.columns import COLUMNS, Header
from catalog.shopify.problems import Problem

OPTIONS = ("option1", "option2", "option3")
ONLY_OPTION, ONLY_VALUE = "title", "default title"
MOST_OFFERS, MOST_IMAGES = 100, 250
LONGEST_TITLE, LONGEST_KEY, LONGEST_BODY, LONGEST_SKU, LONGEST_OPTION, LONGEST_VALUE = 140, 255, 20_000, 100, 40, 60
LONGEST_ALT = 200
DELIVERIES = ("digital", "pickup", "shipped")
# What Shopify knows of it is only that it is not shipped: here that is digital, or picked up by the buyer.
UNSHIPPED = "unshipped"


@dataclass(frozen=True, slots=True)
class Row:
    """One row by our names for its columns."""

    line: int
    cells: dict[str, str]
    header: Header
    further: str = ""

    def __getitem__(self, column: str) -> str:
        return self.cells.get(column, "")

    def problem(self, column: str, message: str, *, is_note: bool = False) -> Problem:
        """Something about one of this row's cells."""
        return Problem(self.line, self.header.names.get(column, COLUMNS[column][0]), message, is_note)


@dataclass(frozen=True, slots=True)
class Offer:
    """What a product can be bought as; of one without options there is one, without values. `price` is in minor units
    of the product's currency. `quantity` is None when the file does not count; `mark` is what an export of ours says to
    add to it, so that sales since then are no difference (catalog.importing.plans); None in anybody else's file.
    """

    line: int
    values: tuple[str, ...]
    price: int
    quantity: int | None
    mark: int | None = None
    sku: str | None = None


@dataclass(frozen=True, slots=True)
class Product:
    """One product of a file. None is what the file has no column for: a listing keeps what it says."""

    line: int
    key: str
    title: str
    currency: str
    description: str | None
    delivery: str | None
    options: tuple[str, ...]
    images: tuple[tuple[str, str], ...] | None
    shelves: tuple[str, ...]
    is_published: bool
    listing: int | None
    offers: tuple[Offer, ...]

    def as_json(self) -> dict[str, Any]:
        """Everything, to be kept and read again by `from_json`."""
        return asdict(self)

    @classmethod
    def from_json(cls, kept: dict[str, Any]) -> Self:
        """The product that was kept."""
        offers = tuple(Offer(**{**offer, "values": tuple(offer["values"])}) for offer in kept["offers"])
        images = None if kept["images"] is None else tuple((address, alt) for address, alt in kept["images"])
        return cls(
            **{**kept, "offers": offers, "images": images}
            | {name: tuple(kept[name]) for name in ("options", "shelves")}
        )


@dataclass(slots=True)
class Builder:
    """Puts the rows of one product together; what is wrong goes to `problems`."""

    rows: Sequence[Row]
    currency: str
    problems: list[Problem] = field(default_factory=list)

    def product(self) -> Product | None:
        """The product; None when it cannot be one at all."""
        first = next((row for row in self.rows if row["title"]), None)
        if first is None:
            self._say(self.rows[0], "title", _("The product has none. Write one in its first row."))
            return None
        if self._read(first, "gift", lambda text: cells.is_yes(text, unsaid=False), False):
            self._say(first, "gift", _("Gift cards cannot be sold here. Remove the product from the file."))
            return None
        self._check(first)
        currency = self._currency(first)
        options, offers = self._offers(first, currency)
        return Product(
            line=self.rows[0].line,
            key=first["handle"],
            title=" ".join(first["title"].split()),
            currency=currency,
            description=self._description(first),
            delivery=self._delivery(first),
            options=options,
            images=self._images(),
            shelves=_shelves(first),
            is_published=self._read(first, "published", lambda text: cells.is_yes(text, unsaid=True), False)
            and first["status"].casefold() in ("", "active"),
            listing=int(first["listing"]) if first["listing"].isdecimal() and len(first["listing"]) < 18 else None,
            offers=offers,
        )

    def _say(self, row: Row, column: str, message: str, *, is_note: bool = False) -> None:
        self.problems.append(row.problem(column, message, is_note=is_note))

    def _read[Found](self, row: Row, column: str, reading: Callable[[str], Found], otherwise: Found) -> Found:
        try:
            return reading(row[column])
        except ValueError as error:
            self._say(row, column, str(error))
            return otherwise

    def _check(self, first: Row) -> None:
        """What concerns the product as a whole."""
        title = first["title"]
        if len(" ".join(title.split())) > LONGEST_TITLE:
            self._say(first, "title", _("The title is longer than 140 characters. Shorten it."))
        if len(first["handle"]) > LONGEST_KEY:
            self._say(first, "handle", _("This is longer than 255 characters. Shorten it."))
        for row in self.rows:
            if row["title"] and row["title"] != title:
                message = _(
                    "Line %(line)d has the same handle and another title, “%(title)s”. "
                    "Give each product a handle of its own."
                )
                self._say(row, "title", message % {"line": first.line, "title": title[:60]})
            if row.further:
                message = _("There are more than three options. A listing has three at most: put two of them into one.")
                self.problems.append(Problem(row.line, row.further, message))

    def _currency(self, first: Row) -> str:
        said = first["currency"].lower()
        if said and said != self.currency:
            message = _("“%(text)s” is not the currency of this listing. Leave this column as it was exported.")
            self._say(first, "currency", message % {"text": first["currency"][:40]})
        return self.currency

    def _description(self, first: Row) -> str | None:
        if "body" not in first.header:
            return None
        found = from_html(first["body"])
        if len(found) > LONGEST_BODY:
            self._say(first, "body", _("This is longer than 20,000 characters. Shorten it."))
        return found

    def _delivery(self, first: Row) -> str | None:
        if first["delivery"] in DELIVERIES:
            return first["delivery"]
        if "shipping" not in first.header:
            return None
        ships = self._read(first, "shipping", lambda text: cells.is_yes(text, unsaid=True), True)
        return "shipped" if ships else UNSHIPPED

    def _images(self) -> tuple[tuple[str, str], ...] | None:
        """Every image address once, in the file's own order of images, with what the file says it shows."""
        header = self.rows[0].header
        if "image" not in header and "variant_image" not in header:
            return None
        placed: list[tuple[int, str, str]] = []
        for row in self.rows:
            for column in ("image", "variant_image"):
                address = row[column]
                if address and not cells.is_address(address):
                    self._say(row, column, _("This is not an address that begins with https://. Mend or remove it."))
                elif address:
                    placed.append((_place(row) if column == "image" else MOST_IMAGES, address, row["image_alt"]))
        placed.sort(key=lambda image: image[0])
        found: dict[str, str] = {}
        for _at, address, alt in placed:
            found.setdefault(address, alt[:LONGEST_ALT])
        if len(found) > MOST_IMAGES:
            message = _("There are %(count)d images; a product has 250 at most. Remove some.")
            self._say(self.rows[0], "image", message % {"count": len(found)})
        return tuple(found.items())

    def _offers(self, first: Row, currency: str) -> tuple[tuple[str, ...], tuple[Offer, ...]]:
        options = self._option_names(first)
        rows = [row for row in self.rows if row is self.rows[0] or row["price"] or any(_values(row))]
        if len(rows) > MOST_OFFERS:
            message = ngettext(
                "There are %(count)d variants; a listing has room for %(most)d. Split the product in two.",
                "There are %(count)d variants; a listing has room for %(most)d. Split the product in two.",
                len(rows),
            )
            self._say(rows[MOST_OFFERS], "option1", message % {"count": len(rows), "most": MOST_OFFERS})
            return options, ()
        seen: dict[tuple[str, ...], int] = {}
        offers = []
        for row in rows:
            offer = self._offer(row, len(options), currency)
            if offer.values in seen:
                message = _("Line %(line)d has the same handle and options. Remove one of them.")
                self._say(row, "handle", message % {"line": seen[offer.values]})
            seen.setdefault(offer.values, row.line)
            offers.append(offer)
        return options, tuple(offers)

    def _option_names(self, first: Row) -> tuple[str, ...]:
        """The names of the options that have values in any row; none for a product that comes in one way only."""
        used = [at for at, option in enumerate(OPTIONS) if any(row[option] for row in self.rows)]
        if used == [0] and all(row["option1"].casefold() in ("", ONLY_VALUE) for row in self.rows):
            return ()
        names = []
        for at in range(max(used, default=-1) + 1):
            column = f"{OPTIONS[at]}_name"
            name = next((row[column] for row in (first, *self.rows) if row[column]), "")
            if len(name) > LONGEST_OPTION:
                self._say(first, column, _("The name of an option has 40 characters at most. Shorten it."))
            names.append(name or _("Option %(number)d") % {"number": at + 1})
        if len({name.casefold() for name in names}) < len(names):
            self._say(first, "option1_name", _("Two options have the same name. Give each a name of its own."))
        return tuple(names)

    def _offer(self, row: Row, options: int, currency: str) -> Offer:
        values = _values(row)[:options]
        for at, value in enumerate(values):
            if not value:
                self._say(row, OPTIONS[at], _("The value of this option is missing. Write one, such as “Medium”."))
            elif len(value) > LONGEST_VALUE:
                self._say(row, OPTIONS[at], _("A value has 60 characters at most. Shorten it."))
        if len(row["sku"]) > LONGEST_SKU:
            self._say(row, "sku", _("This is longer than 100 characters. Shorten it."))
        return Offer(
            line=row.line,
            values=values,
            price=self._read(row, "price", lambda text: cells.price(text, currency), 0),
            quantity=self._quantity(row),
            mark=self._read(row, "counted", cells.counted, None),
            sku=row["sku"] if "sku" in row.header else None,
        )

    def _quantity(self, row: Row) -> int | None:
        """Without a number: none of a thing that is counted, one of a thing that is not."""
        if "quantity" not in row.header:
            return None
        if not row["quantity"]:
            return 0 if row["tracker"] else 1
        found, note = self._read(row, "quantity", cells.quantity, (0, ""))
        if note:
            self._say(row, "quantity", note, is_note=True)
        return found


def _values(row: Row) -> tuple[str, ...]:
    return tuple(" ".join(row[option].split()) for option in OPTIONS)


def _place(row: Row) -> int:
    said = row["image_position"]
    return int(said) if said.isdecimal() and len(said) < 6 else 0


def _shelves(first: Row) -> tuple[str, ...]:
    """The names a category may have, the closest first."""
    named: Iterator[str] = iter((first["shelf"], first["type"], *reversed(first["category"].split(">"))))
    return tuple(dict.fromkeys(name.strip() for name in named if name.strip()))
