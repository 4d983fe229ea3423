"""Error pages that say what happened, what it means and the way on."""

import sys
import uuid

import redis
import structlog
from django.conf import settings
from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.template.loader import render_to_string

log = structlog.get_logger(__name__)

# A neighbour of ours does not answer: that passes, and the page says so.
UNAVAILABLE = (OperationalError, InterfaceError, redis.ConnectionError, redis.TimeoutError)
RETRY_AFTER_SECONDS = 30


def bad_request(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """400: the browser sent something we could not read."""
    return render(request, "400.html", status=400)


def forbidden(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """403: the person may not do this."""
    return render(request, "403.html", status=403)


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """403 for a form that was opened too long ago, or elsewhere."""
    log.warning("csrf_refused", path=request.path, reason=reason)
    return render(request, "403_csrf.html", status=403)


def not_found(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """404: nothing here, or nothing this person may see."""
    return render(request, "404.html", status=404)


def not_allowed(request: HttpRequest) -> HttpResponse:
    """405: an address that only a button uses was opened, as after signing in on the way."""
    return render(request, "405.html", status=405)


def too_long(request: HttpRequest | None = None) -> HttpResponse:
    """414: an address longer than the web server reads; it knows neither request nor person."""
    return HttpResponse(_alone("414.html"), status=414)


def too_many(request: HttpRequest) -> HttpResponse:
    """429: too many tries in a short time."""
    return render(request, "429.html", status=429)


def server_error(request: HttpRequest) -> HttpResponse:
    """500, or 503 when the database or Redis is away. Needs neither of them, nor the person's session."""
    if isinstance(sys.exc_info()[1], UNAVAILABLE):
        return unavailable(request)
    reference = uuid.uuid4().hex[:8]
    log.error("page_failed", path=request.path, reference=reference)
    return HttpResponse(_alone("500.html", reference=reference), status=500)


def unavailable(request: HttpRequest) -> HttpResponse:
    """503 with a hint to browsers and crawlers when to come back."""
    response = HttpResponse(_alone("503.html"), status=503)
    response.headers["Retry-After"] = str(RETRY_AFTER_SECONDS)
    return response


def _alone(template: str, **context: str) -> str:
    return render_to_string(template, {"site_name": settings.MARKETPLACE_NAME, **context})
