"""What is wrong with a file, by line and column, each with what to do about it."""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.translation import gettext as _


@dataclass(frozen=True, slots=True, order=True)
class Problem:
    """What is wrong with one cell, a whole line, or the file itself (line 0), and what to do about it.

    A note does not keep the file out: it tells what was made of something doubtful.
    """

    line: int
    column: str
    message: str
    is_note: bool = False

    def __str__(self) -> str:
        return f"{self.place}: {self.message}"

    @property
    def place(self) -> str:
        """Where it is, in words."""
        if not self.line:
            return _("file")
        if not self.column:
            return _("line %(line)d") % {"line": self.line}
        return _("line %(line)d, column “%(column)s”") % {"line": self.line, "column": self.column}
