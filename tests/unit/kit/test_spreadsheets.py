"""What people wrote is text in a spreadsheet, also in one that splits our files where we do not."""

import csv
import io

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kit.spreadsheets import guarded, unguarded

BEGINS_FORMULA = ("=", "+", "-", "@", "＝", "\t", "\r")


def cells_as_split(line: str, separator: str) -> list[str]:
    """The cells a spreadsheet finds that splits at `separator`, however quotation marks stand."""
    return [cell.lstrip("\" '") if not cell.startswith("'") else cell for cell in line.split(separator)]


@pytest.mark.parametrize("text", ["=HYPERLINK(0)", " +1", '"=1', "Mug;=HYPERLINK(0)", 'a;"=1+1"', "a\t@sum", "a\n-1"])
@pytest.mark.parametrize("separator", [",", ";", "\t"])
def test_no_cell_is_a_formula_wherever_a_spreadsheet_splits_the_line(text: str, separator: str) -> None:
    out = io.StringIO()
    csv.writer(out).writerow(["handle", guarded(text), "9.99"])

    as_read = (
        next(csv.reader([out.getvalue().strip().replace("\n", " ")], delimiter=separator)) if separator == "," else []
    )
    as_split = [cell for part in out.getvalue().splitlines() for cell in cells_as_split(part, separator)]

    assert not [cell for cell in as_read if cell.lstrip().startswith(BEGINS_FORMULA)]
    assert separator == "," or not [cell for cell in as_split if cell.startswith(BEGINS_FORMULA)]


@pytest.mark.parametrize("text", ["plain", "a; b", "Size: 5; blue - green", "19.99", "1 - 2 = -1", "it's", ""])
def test_what_is_no_formula_stays_as_it_is(text: str) -> None:
    assert guarded(text) == text


@settings(max_examples=200)
@given(st.text(alphabet="'\"=+-@\t\r\n;＝ ab"))
def test_guarding_a_cell_can_always_be_undone_and_leaves_no_formula(written: str) -> None:
    cell = guarded(written)

    assert unguarded(cell) == written
    assert not cell.startswith(BEGINS_FORMULA)
    assert not [part for part in cell.split(";") if part.lstrip('" ').startswith(BEGINS_FORMULA)]
