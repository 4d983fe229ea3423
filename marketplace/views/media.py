"""Uploaded photos, served by us where no web server or storage service does.

Every file was re-encoded by us and has a random name, so it may be cached for ever; the policy still lets nothing
in it run.
"""

import mimetypes
from pathlib import Path

from django.core.exceptions import SuspiciousFileOperation
from django.core.files.storage import default_storage
from django.http import FileResponse, Http404, HttpRequest
from django.utils.csp import CSP
from django.views.decorators.csp import csp_override
from django.views.decorators.http import require_safe

A_YEAR = 365 * 24 * 3600


@csp_override({"default-src": [CSP.NONE], "sandbox": ""})
@require_safe
def photo(_request: HttpRequest, name: str) -> FileResponse:
    """One stored photo. 404 for anything that is not an image of ours."""
    kind = mimetypes.guess_type(name)[0] or ""
    if not kind.startswith("image/") or kind == "image/svg+xml":
        raise Http404
    try:
        file = default_storage.open(name)
    except (FileNotFoundError, IsADirectoryError, SuspiciousFileOperation, ValueError):
        # ValueError: a name with NUL in it, which no file can have.
        raise Http404 from None
    response = FileResponse(file, content_type=kind, filename=Path(name).name)
    response.headers["Cache-Control"] = f"public, max-age={A_YEAR}, immutable"
    return response
