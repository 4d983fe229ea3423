"""Goes through a product file twice, a line at a time: to see which products' rows stand apart, and to read.

What is kept in memory is the product being read, the handles, and those rows that stand apart from their product.
"""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import IO

from django.utils.text import slugify
from django.utils.translation import gettext as _

from catalog.shopify import columns
from catalog.shopify.columns import Header
from catalog.shopify.dialect import Dialect
from catalog.shopify.problems import Problem
from catalog.shopify.products import Builder, Product, Row
from kit.spreadsheets import unguarded

MOST_LINES = 50_000

CurrencyOf = Callable[[str, str], str]


@dataclass(slots=True)
class Reader:
    """Reads one file. `problems` grows while `products` are asked for; `currency_of` says by a product's handle and
    listing number which currency its prices are in.
    """

    file: IO[bytes]
    dialect: Dialect
    currency_of: CurrencyOf
    problems: list[Problem] = field(default_factory=list)
    rows: int = 0
    line: int = 0
    _apart: set[str] = field(default_factory=set)

    def survey(self) -> int:
        """How many rows there are. To be called first; finds the products whose rows stand apart."""
        seen: set[str] = set()
        last = ""
        for row in self._rows([]):
            self.rows += 1
            handle = row["handle"]
            if handle != last and handle in seen:
                self._apart.add(handle)
            seen.add(handle)
            last = handle
            if self.rows > MOST_LINES:
                message = _("There are more than 50,000 rows. Split the file, and keep a product's rows together.")
                self.problems.append(Problem(row.line, "", message))
                break
        return self.rows

    def products(self) -> Iterator[Product]:
        """The products that have no problem; the others' are said by then. A file without any says so."""
        self.problems.extend(self.dialect.notes)
        if self.rows > MOST_LINES:
            return
        found = False
        for rows in self._grouped():
            builder = Builder(rows, self.currency_of(rows[0]["handle"], rows[0]["listing"]))
            product = builder.product()
            self.problems.extend(builder.problems)
            if product is not None and all(problem.is_note for problem in builder.problems):
                found = True
                yield product
        if not found and all(problem.is_note for problem in self.problems):
            self.problems.append(Problem(0, "", _("There is no product in it. Export the products again.")))

    def _grouped(self) -> Iterator[list[Row]]:
        """The rows of each product; where they stand apart, when all of them have been seen."""
        group: list[Row] = []
        apart: dict[str, list[Row]] = {}
        for row in self._rows(self.problems):
            self.line = row.line
            handle = row["handle"]
            if not handle:
                message = _("There is none. Give each product a handle, such as “linen-apron”.")
                self.problems.append(row.problem("handle", message))
                continue
            if handle in self._apart:
                apart.setdefault(handle, []).append(row)
                continue
            if group and group[0]["handle"] != handle:
                yield group
                group = []
            group.append(row)
        if group:
            yield group
        yield from apart.values()

    def _rows(self, problems: list[Problem]) -> Iterator[Row]:
        csv.field_size_limit(131_072)
        reader = csv.reader(self.dialect.lines(self.file), delimiter=self.dialect.separator, strict=True)
        line, broken = 1 + self.dialect.skip, 0
        try:
            header = columns.header_of(next(reader, []), line, problems)
            while header is not None:
                line = reader.line_num + 1 + self.dialect.skip
                values = next(reader, None)
                if values is None:
                    return
                if any(value.strip() for value in values[header.width :]):
                    problems.append(Problem(line, "", _too_many(len(values), header.width)))
                    broken += 1
                    if broken > MOST_LINES:
                        # Nobody reads on, and what is said of millions of rows would fill the memory.
                        return
                elif any(value.strip() for value in values):
                    yield _row(values, line, header)
        except csv.Error as error:
            message = _("This cannot be read (%(reason)s). Look for a quotation mark that is not closed.")
            problems.append(Problem(line, "", message % {"reason": error}))


def _row(values: list[str], line: int, header: Header) -> Row:
    cells = {ours: unguarded(values[at].strip()) for ours, at in header.places.items() if at < len(values)}
    if "handle" not in header and cells.get("title"):
        # Shopify makes the handle of a new product from its title; so do we where the file has no column for it.
        cells["handle"] = slugify(cells["title"]) or cells["title"]
    further = next((name for at, name in header.further.items() if at < len(values) and values[at].strip()), "")
    return Row(line, cells, header, further)


def _too_many(cells: int, width: int) -> str:
    return _(
        "There are %(cells)d cells, but %(columns)d columns. Put quotation marks around text that has a comma in it."
    ) % {"cells": cells, "columns": width}
