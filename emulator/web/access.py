"""Who may turn the knobs: people and programs on this machine, and holders of the control token."""

import hmac
import ipaddress
import json
from collections.abc import Callable
from functools import wraps
from typing import Any

from django.conf import settings
from django.core import signing
from django.http import HttpRequest, HttpResponse, HttpResponseBase, JsonResponse
from django.shortcuts import redirect
from django.views.decorators.csrf import csrf_exempt

View = Callable[..., HttpResponseBase]

PANEL_COOKIE = "emulator_panel"
PANEL_SALT = "emulator.panel"


def from_loopback(request: HttpRequest) -> bool:
    return ipaddress.ip_address(request.META.get("REMOTE_ADDR", "")).is_loopback


def token_matches(token: str) -> bool:
    return hmac.compare_digest(token.encode(), settings.CONTROL_TOKEN.encode())


def bears_token(request: HttpRequest) -> bool:
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    return scheme.lower() == "bearer" and token_matches(token.strip())


def refusal(request: HttpRequest) -> JsonResponse | None:
    """Why this control call is refused, if it is.

    Without the token a call must come from this machine, and must not be one a web page elsewhere could cause:
    a foreign page can neither rebind its host name past get_host() nor send JSON here without a preflight.
    """
    if bears_token(request):
        return None
    if not from_loopback(request):
        return problem(401, "Send the control token: Authorization: Bearer <EMULATOR_CONTROL_TOKEN>.")
    request.get_host()
    # a page elsewhere cannot PUT at all without a preflight, whatever the content
    if request.method not in ("GET", "PUT") and request.content_type != "application/json":
        return problem(415, "Send JSON (Content-Type: application/json), or the control token.")
    return None


def problem(status: int, message: str) -> JsonResponse:
    return JsonResponse({"error": {"message": message}}, status=status)


def control(*methods: str) -> Callable[[View], View]:
    """A JSON control: the methods it answers, who may call it, no CSRF token (see `refusal`)."""

    def wrap(view: View) -> View:
        @csrf_exempt
        @wraps(view)
        def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
            if request.method not in methods:
                answer = problem(405, f"Use {' or '.join(methods)} here.")
                answer["Allow"] = ", ".join(methods)
                return answer
            return refusal(request) or view(request, *args, **kwargs)

        return guarded

    return wrap


def json_body(request: HttpRequest) -> dict[str, Any]:
    """The request's JSON object ({} for an empty body). Raises ValueError with a sentence for people."""
    if not request.body:
        return {}
    try:
        body = json.loads(request.body)
    except json.JSONDecodeError as error:
        raise ValueError(f"The body is not JSON: {error}.") from error
    if not isinstance(body, dict):
        raise ValueError("The body must be a JSON object.")
    return body


def operator_page(view: View) -> View:
    """A panel page: open on this machine, behind the control token elsewhere."""

    @wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        request.get_host()
        if from_loopback(request) or holds_panel_cookie(request):
            return view(request, *args, **kwargs)
        return redirect("panel-sign-in")

    return guarded


def holds_panel_cookie(request: HttpRequest) -> bool:
    try:
        return bool(signing.loads(request.COOKIES.get(PANEL_COOKIE, ""), salt=PANEL_SALT) == "operator")
    except signing.BadSignature:
        return False


def give_panel_cookie(response: HttpResponse) -> None:
    value = signing.dumps("operator", salt=PANEL_SALT)
    response.set_cookie(PANEL_COOKIE, value, httponly=True, samesite="Strict")
