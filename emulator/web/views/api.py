"""The API itself: one view hands everything under /v1 and /v2 to the core."""

from django.http import HttpRequest, HttpResponse, HttpResponseBase, JsonResponse
from django.shortcuts import redirect
from django.views.decorators.csrf import csrf_exempt

from emulator.errors import ConnectionDropped
from emulator.web.runtime import current
from emulator.web.server import HangUp


@csrf_exempt
def answer(request: HttpRequest) -> HttpResponseBase:
    try:
        given = current().emulator.handle(
            request.method or "GET", request.get_full_path(), request.headers, request.body
        )
    except ConnectionDropped:
        return HangUp()
    return HttpResponse(given.body, status=given.status, headers=given.headers)


def healthz(request: HttpRequest) -> HttpResponse:
    return JsonResponse({"ok": True, "now": current().emulator.now()})


def front(request: HttpRequest) -> HttpResponse:
    return redirect("panel")
