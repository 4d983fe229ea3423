"""Cells of CSV files that a spreadsheet may open: what people wrote in them must not become a formula."""

from __future__ import annotations

import re

# What spreadsheets take for the beginning of a formula (OWASP, "CSV Injection"), the wide forms included, behind the
# quotation marks and spaces they drop.
_FORMULA = "['\" ]*[=+\\-@\t\r＝＋－＠]"
# Where semicolons separate lists, as in German, Excel opens a file with commas by splitting it at semicolons, tabs and
# line ends, and knows no quotation mark that does not begin what it takes for a cell. So a cell begins there as well.
_CELL = "(^|[;\t\r\n])"
DANGER = re.compile(f"{_CELL}(?={_FORMULA})")
GUARDED = re.compile(f"{_CELL}'(?={_FORMULA})")


def guarded(text: str) -> str:
    """The cell as a spreadsheet may open it: an apostrophe before what would be a formula makes it text."""
    return DANGER.sub(r"\1'", text)


def unguarded(text: str) -> str:
    """What a guarded cell said; any other cell as it is."""
    return GUARDED.sub(r"\1", text)
