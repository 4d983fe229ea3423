"""Headers every page carries, and the second factor staff need."""

from collections.abc import Callable
from functools import cache
from http import HTTPStatus
from zoneinfo import ZoneInfo, available_timezones

from allauth.mfa.utils import is_mfa_enabled
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.cache import patch_vary_headers

from accounts.languages import chosen_language
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


class LanguageMiddleware:
    """Speaks the language the person chose; else what the browser asks for, as Django's middleware before it found."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        # Without a cookie nobody is signed in: then the session is not even looked at.
        user = request.user if settings.SESSION_COOKIE_NAME in request.COOKIES else None
        if user is not None and user.is_authenticated and (code := chosen_language(user)):
            translation.activate(code)
            request.LANGUAGE_CODE = code
        response = self.get_response(request)
        if "immutable" not in response.headers.get("Cache-Control", ""):
            # The choice is in a cookie: the switch's own, or the session's.
            patch_vary_headers(response, ["Cookie"])
        return response


class TimeZoneMiddleware:
    """Shows dates in the time zone of whoever is signed in, if they chose one."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        # Photos are the same for everybody, and not worth a look at the session.
        if request.path.startswith(f"/{settings.MEDIA_URL.lstrip('/')}"):
            return self.get_response(request)
        chosen = getattr(request.user, "timezone", "")
        with timezone.override(ZoneInfo(chosen) if chosen and chosen in _zones() else None):
            return self.get_response(request)


@cache
def _zones() -> set[str]:
    # Looked up among the machine's files, which takes longer than many a page.
    return available_timezones()


class NotAllowedPageMiddleware:
    """Django answers who opens what only a button may use with an empty page; people get one with a way on."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        # Django's own names what is allowed; any other is somebody's page.
        is_djangos = response.status_code == HTTPStatus.METHOD_NOT_ALLOWED and "Allow" in response.headers
        if not is_djangos or request.method != "GET":
            return response
        page = errors.not_allowed(request)
        page.headers["Allow"] = response.headers["Allow"]
        return page


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
