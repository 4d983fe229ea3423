"""Who comes to the checkout: the address they come from, and the browser they were seen with before.

Nothing here may keep anybody from buying: what a browser does not say, or says in a way that makes no sense, is left
out.
"""

from __future__ import annotations

import re
import secrets
from datetime import timedelta
from ipaddress import ip_address

from allauth.account.adapter import get_adapter
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured, PermissionDenied
from django.http import HttpRequest, HttpResponse

from orders.facts import Circumstances
from orders.terms import Shown

# 128 random bits: nothing of the device or the person is in it.
_DEVICE_BYTES = 16
_DEVICE = re.compile(r"[A-Za-z0-9_-]{22}")


def address_of(request: HttpRequest) -> str | None:
    """The visitor's address. Behind a proxy only what the proxy itself wrote counts, and nothing if that is none."""
    try:
        # A scope ("%eth0") means something on one machine only.
        return str(ip_address(get_adapter().get_client_ip(request).strip().partition("%")[0]))
    except (PermissionDenied, ImproperlyConfigured, ValueError):
        return None


def circumstances(request: HttpRequest, shown: Shown) -> Circumstances:
    """What the request says of the browser it comes from, shortened to what is kept."""
    return Circumstances(
        user_agent=_line(request.headers.get("User-Agent", ""), 500),
        device_id=device_of(request),
        language=_line(request.headers.get("Accept-Language", ""), 200),
        shown=shown,
    )


def device_of(request: HttpRequest) -> str:
    """The number this browser got from us at an earlier checkout; empty if it brought none back."""
    given = request.COOKIES.get(settings.DEVICE_COOKIE_NAME, "")
    return given if _DEVICE.fullmatch(given) else ""


def remember_device(request: HttpRequest, response: HttpResponse) -> None:
    """Give the browser a number to bring back, or let the one it has last as long again."""
    if settings.DEVICE_COOKIE_DAYS <= 0:
        return
    response.set_cookie(
        settings.DEVICE_COOKIE_NAME,
        device_of(request) or secrets.token_urlsafe(_DEVICE_BYTES),
        max_age=timedelta(days=settings.DEVICE_COOKIE_DAYS),
        secure=settings.DEVICE_COOKIE_SECURE,
        httponly=True,
        samesite="Lax",
    )


def _line(given: str, longest: int) -> str:
    """One line that PostgreSQL takes."""
    return " ".join("".join(sign if sign.isprintable() else " " for sign in given).split())[:longest]
