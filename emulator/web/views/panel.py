"""The operator's panel: the clock, what exists, where the money is, what was sent, what will go wrong."""

import datetime as dt
import re
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST

from emulator import panel as store
from emulator.web.access import give_panel_cookie, operator_page, token_matches
from emulator.web.runtime import current

HOUR, DAY = 3600, 86400
MOVES = (
    (HOUR, gettext_lazy("Move 1 hour")),
    (DAY, gettext_lazy("Move 1 day")),
    (2 * DAY, gettext_lazy("Move 2 days")),
    (7 * DAY, gettext_lazy("Move 1 week")),
    (30 * DAY, gettext_lazy("Move 1 month")),
)
LONGEST_MOVE = 10 * 366 * DAY
PAGE = 50
STATUSES = (
    ("", gettext_lazy("All")),
    ("2xx", gettext_lazy("Done (2xx)")),
    ("4xx", gettext_lazy("Refused (4xx)")),
    ("5xx", gettext_lazy("Failed (5xx)")),
    ("402", gettext_lazy("Declined (402)")),
    ("409", gettext_lazy("In conflict (409)")),
    ("429", gettext_lazy("Too many (429)")),
    ("501", gettext_lazy("Not modelled (501)")),
)


def older_than(request: HttpRequest) -> int | None:
    """Where the page of older ones begins: ?before=."""
    before = request.GET.get("before", "")
    return int(before) if before.isdecimal() and len(before) < 16 else None


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
    emulator = current().emulator
    distance = asked_distance(request, emulator.now())
    if distance is None:
        trouble = _("Choose a day after today's on this clock, at most ten years away.")
        context = {"moves": MOVES, "trouble": trouble, "wanted": request.POST.get("to", "")}
        return show(request, "advanced", "panel", context)
    happened = emulator.advance(seconds=distance)
    current().ring()
    return show(request, "advanced", "panel", {"moves": MOVES, "happened": happened})


def asked_distance(request: HttpRequest, now: int) -> int | None:
    """How many seconds to move: those of a button, or to the start of the day given; None when that is no way."""
    seconds, to = request.POST.get("seconds", ""), request.POST.get("to", "").strip()
    if seconds:
        return int(seconds) if seconds.isdecimal() and int(seconds) in dict(MOVES) else None
    try:
        moment = dt.datetime.fromisoformat(to).replace(tzinfo=dt.UTC)
    except ValueError:
        return None
    distance = int(moment.timestamp()) - now
    return distance if 0 < distance <= LONGEST_MOVE else None


@operator_page
def ledger(request: HttpRequest, account: str = "") -> HttpResponse:
    emulator = current().emulator
    accounts = store.accounts(emulator)
    if not account:
        return show(request, "ledger", "panel-ledger", {"accounts": accounts})
    chosen = next((row for row in accounts if row["id"] == account), None)
    if chosen is None:
        raise Http404(account)
    rows = store.ledger(emulator, account, limit=PAGE + 1, before=older_than(request))
    more = rows[PAGE - 1]["number"] if len(rows) > PAGE else None
    object_id = emulator.platform_id if account == store.PLATFORM else account
    return show(
        request,
        "account",
        "panel-ledger",
        {"account": chosen, "rows": rows[:PAGE], "object_id": object_id, "more": more},
    )


@operator_page
def events(request: HttpRequest) -> HttpResponse:
    wanted = request.GET.get("type", "").strip()
    rows = store.events(current().emulator, type=wanted or None, limit=PAGE + 1, before=older_than(request))
    more = rows[PAGE - 1]["seq"] if len(rows) > PAGE else None
    return show(request, "events", "panel-events", {"events": rows[:PAGE], "wanted": wanted, "more": more})


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
def requests(request: HttpRequest) -> HttpResponse:
    asked = request.GET.get("status", "")
    status = asked if re.fullmatch(r"[1-5]xx|[1-5]\d\d", asked) else ""
    rows = store.requests(current().emulator, limit=100, status=status)
    return show(request, "requests", "panel-requests", {"rows": rows, "status": status, "choices": STATUSES})


@require_http_methods(["GET", "HEAD", "POST"])
def sign_in(request: HttpRequest) -> HttpResponse:
    """For operators on another machine: the control token opens the panel."""
    if request.method == "POST" and token_matches(request.POST.get("token", "")):
        response = redirect("panel")
        give_panel_cookie(response)
        return response
    return render(request, "panel/sign_in.html", {"wrong": request.method == "POST"})
