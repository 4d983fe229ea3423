"""The demo's guided page: what to try next, as whom, and buttons that move the clock.

Only routed while DEBUG is on, and only there in the demo: anybody may become any of its people.
"""

import os
from collections import Counter
from collections.abc import Callable
from functools import wraps
from typing import Any

import requests
from celery import current_app
from django.conf import settings
from django.contrib import messages
from django.contrib.auth import login
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_POST, require_safe

from accounts.models import User
from kit.clock import now
from marketplace.demo import tour
from marketplace.demo.emulator import Controls
from marketplace.demo.people import PEOPLE

DAY = 86_400
MOVES = ((1, gettext_lazy("One day on")), (7, gettext_lazy("One week on")), (30, gettext_lazy("One month on")))
BACKEND = "allauth.account.auth_backends.AuthenticationBackend"


def _in_the_demo(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    @wraps(view)
    def guarded(request: HttpRequest) -> HttpResponse:
        if settings.ENVIRONMENT != "demo":
            raise Http404
        return view(request)

    return guarded


@require_safe
@_in_the_demo
def page(request: HttpRequest) -> HttpResponse:
    """The steps, the clock and the people."""
    parts = [(part.title, [(step, step.path(), step.is_done()) for step in part.steps]) for part in tour.parts()]
    facts = {
        "parts": parts,
        "next": next((step for _title, steps in parts for step, _path, is_done in steps if not is_done), None),
        "people": PEOPLE,
        "now": now(),
        "moves": MOVES if _token() else (),
        "panel_url": f"{settings.STRIPE_API_BASE}/_emulator/" if settings.STRIPE_API_BASE else "",
    }
    return render(request, "tour/tour.html", facts)


@require_POST
@_in_the_demo
def move_clock(request: HttpRequest) -> HttpResponse:
    """So many days pass, here and at Stripe; then the workers do at once what they do every minute or two."""
    days = {str(days): days for days, _label in MOVES}.get(request.POST.get("days", ""))
    if days is None or not _token():
        raise Http404
    try:
        happened = Controls(settings.STRIPE_API_BASE, _token()).advance(days * DAY)
    except requests.RequestException:
        messages.error(request, _("The clock could not be moved: Stripe’s stand-in does not answer. Nothing changed."))
        return redirect("tour")
    for entry in current_app.conf.beat_schedule.values():
        current_app.send_task(entry["task"], expires=60)
    messages.success(request, _said(days, happened))
    return redirect("tour")


@require_POST
@_in_the_demo
def become(request: HttpRequest) -> HttpResponse:
    """Go on as one of the demo's people, without typing a password."""
    email = request.POST.get("email", "")
    if email not in {person.email for person in PEOPLE}:
        raise Http404
    login(request, get_object_or_404(User, email=email), backend=BACKEND)
    path = request.POST.get("next", "")
    safe = url_has_allowed_host_and_scheme(path, {request.get_host()}, require_https=request.is_secure())
    return redirect(path if safe else "tour")


def _token() -> str:
    return os.environ.get("EMULATOR_CONTROL_TOKEN", "") if settings.STRIPE_API_BASE else ""


def _said(days: int, happened: list[dict[str, Any]]) -> str:
    """What the clock's move brought, in a sentence."""
    moved = ngettext("The clock moved on by %(n)d day.", "The clock moved on by %(n)d days.", days) % {"n": days}
    what = Counter(str(entry["what"]) for entry in happened)
    paid = what["payout.paid"]
    if not paid:
        return moved
    reached = ngettext("%(n)d payout reached its bank.", "%(n)d payouts reached their banks.", paid) % {"n": paid}
    return f"{moved} {reached}"
