"""When something is wrong with the request: the same calm page, or JSON where a program asked."""

import re

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.utils.translation import gettext as _


def page(request: HttpRequest, status: int, title: str, message: str) -> HttpResponse:
    return render(request, "hosted/message.html", {"title": title, "message": message}, status=status)


def not_found(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    if request.path.startswith("/_emulator/") and "text/html" not in request.headers.get("Accept", ""):
        return JsonResponse({"error": {"message": f"There is nothing at {request.path}."}}, status=404)
    if re.match(r"/v[0-9]", request.path):
        message = f"Unrecognized request URL ({request.method}: {request.path})."
        return JsonResponse({"error": {"message": message, "type": "invalid_request_error"}}, status=404)
    return page(
        request,
        404,
        _("There is nothing here"),
        _("The address may be cut short. Go back to the shop and follow the link again."),
    )


def bad_request(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    if request.path.startswith(("/v1/", "/v2/")):
        message = "This request cannot be read, or is too large."
        return JsonResponse({"error": {"type": "invalid_request_error", "message": message}}, status=400)
    return page(
        request, 400, _("This request cannot be answered"), _("Open the page again from the shop that sent you.")
    )


def server_error(request: HttpRequest) -> HttpResponse:
    if request.path.startswith(("/v1/", "/v2/")):
        message = "The emulator failed; its log says more. Nothing of this call was kept."
        return JsonResponse({"error": {"type": "api_error", "message": message}}, status=500)
    return page(
        request,
        500,
        _("The emulator failed"),
        _("This is a fault of the emulator, not of your shop. Its log says more. Nothing was charged by this step."),
    )


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    return page(
        request,
        403,
        _("This form has gone stale"),
        _("Go back, load the page again and send the form once more. The emulator needs cookies for its forms."),
    )
