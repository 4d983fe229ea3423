"""Headers every page carries, and the second factor staff need."""

from collections.abc import Callable
from http import HTTPStatus
from zoneinfo import ZoneInfo, available_timezones

from allauth.mfa.utils import is_mfa_enabled
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone

from marketplace.views import errors

GetResponse = Callable[[HttpRequest], HttpResponse]

PERMISSIONS_POLICY = "camera=(), geolocation=(), microphone=(), payment=(), usb=(), interest-cohort=()"


class SecurityHeadersMiddleware:
    """Adds the headers Django has no setting for, and keeps signed-in pages out of every cache."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        response.headers.setdefault("Permissions-Policy", PERMISSIONS_POLICY)
        response.headers.setdefault("Cross-Origin-Resource-Policy", "same-origin")
        if "immutable" in response.headers.get("Cache-Control", ""):
            # A public file: the same for everybody, and not worth a look at the session.
            return response
        user = getattr(request, "user", None)
        if user is not None and user.is_authenticated:
            response.headers["Cache-Control"] = "no-store, private"
        return response


class StaffSecondFactorMiddleware:
    """Sends staff who have no second factor to set one up before they see anything of the admin."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if settings.STAFF_NEEDS_SECOND_FACTOR and request.path.startswith(reverse("admin:index")):
            user = request.user
            if user.is_authenticated and user.is_staff and not is_mfa_enabled(user):
                return redirect("mfa_activate_totp")
        return self.get_response(request)


class TimeZoneMiddleware:
    """Shows dates in the time zone of whoever is signed in, if they chose one."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        # Photos are the same for everybody, and not worth a look at the session.
        if request.path.startswith(f"/{settings.MEDIA_URL.lstrip('/')}"):
            return self.get_response(request)
        chosen = getattr(request.user, "timezone", "")
        with timezone.override(ZoneInfo(chosen) if chosen in available_timezones() else None):
            return self.get_response(request)


class NotFoundPageMiddleware:
    """While DEBUG is on, Django answers an unknown address with a list of all of them; the demo shows our page."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        if response.status_code == HTTPStatus.NOT_FOUND and response.headers.get("Content-Type", "").startswith(
            "text/html"
        ):
            return errors.not_found(request)
        return response
