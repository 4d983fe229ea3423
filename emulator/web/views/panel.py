"""The operator's panel: the clock, what exists, where the money is, what was sent, what will go wrong."""

import re
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST

from emulator import panel as store
from emulator.faults import KINDS
from emulator.web.access import give_panel_cookie, operator_page, token_matches
from emulator.web.runtime import current

HOUR, DAY = 3600, 86400
MOVES = (
    (HOUR, gettext_lazy("Move 1 hour")),
    (DAY, gettext_lazy("Move 1 day")),
    (2 * DAY, gettext_lazy("Move 2 days")),
    (7 * DAY, gettext_lazy("Move 1 week")),
)
PAGE = 50


def show(request: HttpRequest, template: str, here: str, context: dict[str, Any]) -> HttpResponse:
    return render(
        request, f"panel/{template}.html", {"here": here, "clock": current().emulator.clock_state()} | context
    )


@operator_page
def home(request: HttpRequest) -> HttpResponse:
    emulator = current().emulator
    return show(
        request,
        "home",
        "panel",
        {
            "moves": MOVES,
            "kinds": store.kinds(emulator),
            "events": store.events(emulator, limit=8),
            "accounts": store.accounts(emulator)[:8],
        },
    )


@operator_page
@require_POST
def advance(request: HttpRequest) -> HttpResponse:
    """Move the clock and say what fell due on the way."""
    asked = request.POST.get("seconds", "")
    if int(asked or 0) not in dict(MOVES):
        raise Http404(asked)
    happened = current().emulator.advance(seconds=int(asked))
    return show(request, "advanced", "panel", {"moves": MOVES, "happened": happened, "moved": dict(MOVES)[int(asked)]})


@operator_page
def objects(request: HttpRequest, kind: str = "") -> HttpResponse:
    emulator = current().emulator
    before = request.GET.get("before", "")
    rows = (
        store.objects(emulator, kind, limit=PAGE + 1, before=int(before) if before.isdigit() else None) if kind else []
    )
    context = {
        "kinds": store.kinds(emulator),
        "kind": kind,
        "rows": rows[:PAGE],
        "more": rows[PAGE - 1]["seq"] if len(rows) > PAGE else None,
    }
    return show(request, "objects", "panel-objects", context)


@operator_page
def one_object(request: HttpRequest, id: str) -> HttpResponse:
    found = store.one_object(current().emulator, id)
    if found is None:
        raise Http404(id)
    return show(request, "object", "panel-objects", {"object": found, "id": id})


@operator_page
def ledger(request: HttpRequest, account: str = "") -> HttpResponse:
    emulator = current().emulator
    accounts = store.accounts(emulator)
    if not account:
        return show(request, "ledger", "panel-ledger", {"accounts": accounts})
    chosen = next((row for row in accounts if row["id"] == account), None)
    if chosen is None:
        raise Http404(account)
    rows = store.ledger(emulator, account, limit=200)
    return show(request, "account", "panel-ledger", {"account": chosen, "rows": rows})


@operator_page
def events(request: HttpRequest) -> HttpResponse:
    wanted = request.GET.get("type", "").strip()
    rows = store.events(current().emulator, type=wanted or None, limit=100)
    return show(request, "events", "panel-events", {"events": rows, "wanted": wanted})


@operator_page
def one_event(request: HttpRequest, id: str) -> HttpResponse:
    found = store.one_event(current().emulator, id)
    if found is None:
        raise Http404(id)
    return show(request, "event", "panel-events", {"event": found})


@operator_page
@require_POST
def resend(request: HttpRequest, id: str) -> HttpResponse:
    if not store.resend(current().emulator, request.POST.get("delivery") or id):
        raise Http404(id)
    return redirect("panel-event", id)


@operator_page
@require_http_methods(["GET", "HEAD", "POST"])
def faults(request: HttpRequest) -> HttpResponse:
    planned = current().emulator.faults
    trouble = ""
    if request.method == "POST" and "clear" in request.POST:
        planned.clear()
        return redirect("panel-faults")
    if request.method == "POST":
        try:
            planned.add(request.POST.get("kind", ""), **fault_form(request))
            return redirect("panel-faults")
        except (ValueError, re.error) as error:
            trouble = str(error)
    context = {"kinds": KINDS, "planned": planned.list(), "trouble": trouble, "values": request.POST}
    return show(request, "faults", "panel-faults", context)


def fault_form(request: HttpRequest) -> dict[str, Any]:
    """Raises ValueError when a number is not one."""
    form = request.POST
    given: dict[str, Any] = {"match": form.get("match") or ".*", "account": form.get("account") or None}
    for name in ("nth", "times"):
        given[name] = whole(form.get(name) or "1")
    for name in ("status", "seconds", "copies"):
        if form.get(name):
            given[name] = whole(form[name])
    return given


def whole(text: str) -> int:
    if not text.strip().isdigit():
        raise ValueError(_("%(text)s is not a whole number.") % {"text": text})
    return int(text)


@operator_page
def requests(request: HttpRequest) -> HttpResponse:
    return show(request, "requests", "panel-requests", {"rows": store.requests(current().emulator, limit=100)})


@require_http_methods(["GET", "HEAD", "POST"])
def sign_in(request: HttpRequest) -> HttpResponse:
    """For operators on another machine: the control token opens the panel."""
    if request.method == "POST" and token_matches(request.POST.get("token", "")):
        response = redirect("panel")
        give_panel_cookie(response)
        return response
    return render(request, "panel/sign_in.html", {"wrong": request.method == "POST"})
