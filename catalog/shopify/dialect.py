"""How a file is written: in which encoding, with what between its cells. Found out by looking, before it is read."""

from __future__ import annotations

import codecs
import csv
import io
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import IO, Any

from django.utils.translation import gettext as _

from catalog.shopify.columns import understood
from catalog.shopify.problems import Problem

CHUNK = 1 << 20
SEPARATORS = (",", ";", "\t", "|")
# A cell longer than this is a quotation mark that was never closed; the csv module's own limit, said aloud.
LONGEST_CELL = 131_072
# Excel writes this line before the header where somebody asked it to.
SEPARATOR_LINE = re.compile(r"sep=([^\"])")
# Letters beyond ASCII as UTF-8 writes them: in a file that is not UTF-8 as a whole they tell that it was meant to be.
UTF8_LETTER = re.compile(rb"[\xc3-\xc5][\x80-\xbf]|[\xe2][\x80-\x9d][\x80-\xbf]")
BYTE_ORDER_MARKS = {codecs.BOM_UTF16_LE: "utf-16", codecs.BOM_UTF16_BE: "utf-16", codecs.BOM_UTF8: "utf-8-sig"}
# What people choose by mistake, by its first bytes.
SPREADSHEET = (b"PK\x03\x04", b"\xd0\xcf\x11\xe0")


class NotAProductFile(Exception):
    """The file cannot be read as text; `problem` says where and what to do."""

    def __init__(self, problem: Problem) -> None:
        self.problem = problem
        super().__init__(str(problem))


@dataclass(frozen=True, slots=True)
class Dialect:
    """Encoding, separator, and how many lines come before the header."""

    encoding: str
    separator: str = ","
    skip: int = 0

    @property
    def notes(self) -> list[Problem]:
        """What was guessed, for somebody to look at."""
        if self.encoding != "cp1252":
            return []
        message = _(
            "The file is not written in UTF-8, so it was read as Windows-1252, as older spreadsheets write it. "
            "Look whether letters such as “ä” and “é” are right; if not, save it as “CSV UTF-8” and upload it again."
        )
        return [Problem(0, "", message, is_note=True)]

    def lines(self, file: IO[bytes]) -> Iterator[str]:
        """The file's lines from the header on, read as they are asked for."""
        file.seek(0)
        text = io.TextIOWrapper(io.BufferedReader(_Borrowed(file)), encoding=self.encoding, newline="")
        for _each in range(self.skip):
            next(text, "")
        return iter(text)


class _Borrowed(io.RawIOBase):
    """A file that stays open when what reads it is thrown away."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        data = self._file.read(len(buffer))
        buffer[: len(data)] = data
        return len(data)


def look(file: IO[bytes]) -> Dialect:
    """How the file is written. It is read once, a piece at a time. Raises NotAProductFile."""
    file.seek(0)
    start = file.read(4)
    if start.startswith(SPREADSHEET):
        raise NotAProductFile(
            Problem(0, "", _("This is a spreadsheet, not a CSV file. Open it and save it as “CSV UTF-8”."))
        )
    encoding = _encoding(file, start)
    first = next(Dialect(encoding).lines(file), "")
    said = SEPARATOR_LINE.fullmatch(first.strip())
    if said:
        return Dialect(encoding, said[1], skip=1)
    return Dialect(encoding, max(SEPARATORS, key=lambda separator: _columns(first, separator)))


def _columns(line: str, separator: str) -> int:
    try:
        return understood(next(csv.reader([line], delimiter=separator), []))
    except csv.Error:
        return 0


def _encoding(file: IO[bytes], start: bytes) -> str:
    marked = next((name for mark, name in BYTE_ORDER_MARKS.items() if start.startswith(mark)), None)
    tried = marked or "utf-8"
    wrong = _first_fault(file, tried)
    if wrong is None:
        return tried
    if wrong.is_nul:
        raise NotAProductFile(
            Problem(wrong.line, "", _("There is a NUL character: this is not text, or damaged. Export the file again."))
        )
    if marked is None and not wrong.is_mixed and _first_fault(file, "cp1252") is None:
        return "cp1252"
    message = _("This is neither UTF-8 nor Windows-1252 text. Save the file as “CSV UTF-8” and try again.")
    if marked or wrong.is_mixed:
        message = _("This letter is damaged: the rest of the file is UTF-8. Export the file again as “CSV UTF-8”.")
    raise NotAProductFile(Problem(wrong.line, "", message))


@dataclass(frozen=True, slots=True)
class _Fault:
    line: int
    is_nul: bool
    is_mixed: bool


def _first_fault(file: IO[bytes], encoding: str) -> _Fault | None:
    """The first place that is not `encoding`, or a NUL; None for good text."""
    file.seek(0)
    decoder = codecs.getincrementaldecoder(encoding)("strict")
    line, mixed = 1, False
    while True:
        data = file.read(CHUNK)
        try:
            text = decoder.decode(data, final=not data)
        except UnicodeDecodeError as error:
            # What the error names includes what the decoder had kept of the piece before.
            whole = error.object
            nul = b"\x00" in whole and not encoding.startswith("utf-16")
            mixed = mixed or bool(UTF8_LETTER.search(whole))
            return _Fault(line + whole.count(b"\n", 0, error.start), nul, mixed)
        if "\x00" in text:
            return _Fault(line + text.count("\n", 0, text.index("\x00")), is_nul=True, is_mixed=mixed)
        if not data:
            return None
        mixed = mixed or bool(UTF8_LETTER.search(data))
        line += text.count("\n")
