"""The style sheets and the icon, from memory, cached for good under an address that changes with their content."""

import hashlib
from functools import cache
from pathlib import Path

from django.http import Http404, HttpRequest, HttpResponse

FOLDER = Path(__file__).resolve().parent.parent / "static"
KINDS = {".css": "text/css; charset=utf-8", ".svg": "image/svg+xml"}


@cache
def load() -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in FOLDER.iterdir() if path.suffix in KINDS}


@cache
def version(name: str) -> str:
    return hashlib.sha256(load()[name]).hexdigest()[:12]


def asset(request: HttpRequest, name: str) -> HttpResponse:
    content = load().get(name)
    if content is None:
        raise Http404(name)
    response = HttpResponse(content, content_type=KINDS[Path(name).suffix])
    fresh = request.GET.get("v") == version(name)
    response["Cache-Control"] = "public, max-age=31536000, immutable" if fresh else "no-cache"
    return response


def favicon(request: HttpRequest) -> HttpResponse:
    return asset(request, "icon.svg")
