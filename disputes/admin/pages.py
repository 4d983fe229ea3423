"""The pages of one dispute, and their addresses below it."""

from __future__ import annotations

from collections.abc import Callable

from django.http import HttpResponseBase

from disputes.admin.answer import AnswerPage
from disputes.admin.conceding import ConcedePage
from disputes.admin.desk import Desk
from disputes.admin.files import FilePage
from disputes.admin.reading import ReadingPage

PAGES: dict[str, str] = {
    "answer": "answer/",
    "preview": "answer/preview/",
    "concede": "accept-the-loss/",
    "file": "files/<int:file_id>/",
    "bank_file": "bank-files/<int:file_id>/",
}

_ANSWERS: dict[str, Callable[[Desk, int], HttpResponseBase]] = {
    "answer": lambda desk, _file: AnswerPage(desk).answer(),
    "preview": lambda desk, _file: ReadingPage(desk).answer(),
    "concede": lambda desk, _file: ConcedePage(desk).answer(),
    "file": lambda desk, file: FilePage(desk, file, is_banks=False).answer(),
    "bank_file": lambda desk, file: FilePage(desk, file, is_banks=True).answer(),
}


def answer(desk: Desk, page: str, file_id: int = 0) -> HttpResponseBase:
    """What a page says to this request."""
    return _ANSWERS[page](desk, file_id)
