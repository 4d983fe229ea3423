"""Where a signed link leads: the file, what it is, and the button that takes it."""

from __future__ import annotations

from django.http import FileResponse, Http404, HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.utils.csp import CSP
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.csp import csp_override
from django.views.decorators.http import require_http_methods

from orders import downloads
from orders.visitors import address_of

# A file of a stranger's does nothing in the browser, whatever it is.
SANDBOX: dict[str, list[str] | str] = {"default-src": [CSP.NONE], "sandbox": ""}


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
def download(request: HttpRequest, token: str) -> HttpResponseBase:
    """GET shows what can be taken, POST takes it. 404 for what is no link of ours, 410 for one that is over."""
    try:
        ticket = downloads.read(token)
    except downloads.NoLink:
        raise Http404 from None
    except downloads.NotNow as over:
        page = {"purchase": over.order.purchase, "order": over.order, "sentence": _why(over)}
        return render(request, "orders/download_over.html", page, status=410)
    if request.method != "POST":
        page = {"ticket": ticket, "order": ticket.line.order, "purchase": ticket.line.order.purchase}
        return render(request, "orders/download.html", page)
    return _file(request, ticket)


@csp_override(SANDBOX)
def _file(request: HttpRequest, ticket: downloads.Ticket) -> HttpResponseBase:
    try:
        stored = ticket.file.content.open()
    except FileNotFoundError:
        raise Http404 from None
    agent = "".join(one for one in request.headers.get("User-Agent", "") if one.isprintable())[:500]
    downloads.take(ticket, ip=address_of(request), user_agent=agent)
    answer = FileResponse(stored, as_attachment=True, filename=ticket.file.name, content_type=ticket.file.content_type)
    answer["Cache-Control"] = "no-store, private"
    answer["X-Content-Type-Options"] = "nosniff"
    return answer


def _why(over: downloads.NotNow) -> str:
    if isinstance(over, downloads.Expired):
        return _("This link was good for a while, and that is over. Your order’s page has a fresh one.")
    if str(over) == "often":
        return _("This file was downloaded so often that we stopped. Write to the shop, and we will look into it.")
    if str(over) == "given back":
        return _("You have the money of this order back, so there is nothing to download any more.")
    return _("This order was cancelled, so there is nothing to download.")
