"""Sending people back to the platform's site: Chromium checks form-action on the redirect that answers a form."""

from collections.abc import Iterable
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.http import HttpResponse
from django.utils.csp import CSP


def origin(url: str) -> str | None:
    parts = urlsplit(url)
    if parts.scheme in ("http", "https") and parts.netloc:
        return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}"
    return None


def allow_returns(response: HttpResponse, urls: Iterable[str | None]) -> HttpResponse:
    """Let this page's forms end at these addresses' origins, and nowhere else."""
    origins = {found for url in urls if url and (found := origin(url))}
    policy: dict[str, Any] = {**settings.SECURE_CSP, "form-action": [CSP.SELF, *sorted(origins)]}
    setattr(response, "_csp_config", policy)  # noqa: B010 - the attribute Django's own csp_override sets
    return response


def send_to(url: str) -> HttpResponse:
    """303 to an address the platform gave, whatever its scheme (an app may use its own)."""
    response = HttpResponse(status=303)
    response["Location"] = url
    return response
