"""The door carriers knock at. It believes signatures, not people: there is no session and no form behind it."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.views.decorators.csrf import csrf_exempt

from orders import carriers


# Signed by the carrier's secret instead: a browser's cookies count for nothing here.
@csrf_exempt
def news(request: HttpRequest, carrier: str) -> HttpResponse:
    """Keep one piece of news. 200 once it is stored, also when it was known; otherwise a sentence that says why not."""
    if request.method != "POST":
        return _answer(405, "News is sent by POST.", Allow="POST")
    if int(request.META.get("CONTENT_LENGTH") or 0) > carriers.LARGEST_BODY:
        return _answer(413, "This is larger than any news.")
    body = request.read(carriers.LARGEST_BODY + 1)
    try:
        is_new = carriers.accept(carrier, request.headers.get("Carrier-Signature", ""), body)
    except carriers.NotAccepted as refusal:
        return _answer(refusal.code, str(refusal))
    return _answer(200, "Stored." if is_new else "Known already.")


def _answer(status: int, sentence: str, **headers: str) -> HttpResponse:
    return HttpResponse(sentence + "\n", status=status, content_type="text/plain; charset=utf-8", headers=headers)
