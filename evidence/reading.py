"""Who looks at a dispute: every page and file of it that somebody opens leaves a row."""

from __future__ import annotations

from django.http import Http404, HttpResponse
from django.utils.csp import CSP
from django.utils.http import content_disposition_header
from django.utils.translation import gettext as _

from accounts.models import User
from evidence.models import EvidenceFile, Reading
from kit.clock import now
from payments.models import Dispute

Party = Reading.Party
# For `csp_override`: a file of somebody else's shows itself and does nothing.
SANDBOX: dict[str, list[str] | str] = {"default-src": [CSP.NONE], "sandbox": ""}


def note(dispute: Dispute, *, user: User, party: str, what: str, file: EvidenceFile | None = None) -> Reading:
    """Write down that somebody opened something of a dispute."""
    return Reading.objects.create(
        dispute=dispute, user=user, email=user.email, party=party, what=what[:200], file=file, at=now()
    )


def send(file: EvidenceFile, *, user: User, party: str) -> HttpResponse:
    """A file to somebody who may see it, written down; a picture to look at, a document to keep. Raises Http404 when
    the storage has lost it.

    Whoever calls has asked whether they may, and gives the answer a policy under which it can do nothing (SANDBOX).
    """
    try:
        with file.content.open() as stored:
            content = stored.read()
    except FileNotFoundError:
        raise Http404 from None
    note(file.pack.dispute, user=user, party=party, what=_("the file %(name)s") % {"name": file.name}, file=file)
    shown = content_disposition_header(as_attachment=not file.is_picture, filename=file.name)
    headers = {"Cache-Control": "no-store, private", "Content-Disposition": str(shown)}
    return HttpResponse(content, content_type=file.content_type, headers=headers)
