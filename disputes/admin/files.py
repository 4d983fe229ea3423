"""A file of the evidence, for staff alone: as somebody gave it, or as the bank gets it. Each look is written down."""

from __future__ import annotations

from typing import Any

from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404
from django.utils.http import content_disposition_header
from django.utils.translation import gettext as _

from disputes.admin.desk import Desk
from evidence import reading
from evidence.models import BankFile, EvidenceFile, Reading

# Whatever is in a file gets no rights on these pages.
SANDBOX = "default-src 'none'; sandbox"


class FilePage:
    """One request for a file."""

    def __init__(self, desk: Desk, file_id: int, *, is_banks: bool) -> None:
        self.desk, self.is_banks = desk, is_banks
        self.mine: dict[str, Any] = {"pk": file_id, "pack__dispute": desk.dispute}

    def answer(self) -> HttpResponse:
        """Its bytes: a picture to look at, a document to keep."""
        answer = self._banks() if self.is_banks else self._given()
        answer["Content-Security-Policy"] = SANDBOX
        return answer

    def _given(self) -> HttpResponse:
        file = get_object_or_404(EvidenceFile.objects.select_related("pack__dispute"), **self.mine)
        return reading.send(file, user=self.desk.person, party=Reading.Party.STAFF)

    def _banks(self) -> HttpResponse:
        file = get_object_or_404(BankFile, **self.mine)
        try:
            with file.content.open() as stored:
                content = stored.read()
        except FileNotFoundError:
            raise Http404 from None
        self.desk.seen(_("a file as the bank gets it"))
        is_picture = file.content_type != "application/pdf"
        shown = content_disposition_header(as_attachment=not is_picture, filename=str(file))
        headers = {"Cache-Control": "no-store, private", "Content-Disposition": str(shown)}
        return HttpResponse(content, content_type=file.content_type, headers=headers)
