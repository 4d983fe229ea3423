"""The bank's page for a payment or setup intent confirmed over the API."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from emulator.core import Emulator
from emulator.errors import HostedError
from emulator.hosted import intent_authenticate, intent_view
from emulator.types import Outcome
from emulator.web.returns import allow_returns, send_to
from emulator.web.runtime import current
from emulator.web.views import problems

RESULTS: dict[str, Callable[[], tuple[str, str]]] = {
    "paid": lambda: (_("Payment confirmed"), _("You can close this page.")),
    "complete": lambda: (_("Card confirmed"), _("You can close this page.")),
    "declined": lambda: (_("Not confirmed"), _("Nothing was charged. You can close this page.")),
}


@require_http_methods(["GET", "HEAD", "POST"])
def authenticate(request: HttpRequest, intent_id: str) -> HttpResponse:
    """next_action leads here. POST answer=complete or answer=fail."""
    emulator = current().emulator
    try:
        view = intent_view(emulator, intent_id)
        if request.method != "POST":
            return allow_returns(render(request, "hosted/authenticate.html", {"view": view}), [view["return_url"]])
        return after(request, answered(emulator, intent_id, request))
    except HostedError as error:
        title = _("Nothing to confirm") if error.status == 409 else _("There is no such payment")
        return problems.page(request, error.status, title, error.message)


def answered(emulator: Emulator, intent_id: str, request: HttpRequest) -> Outcome:
    return intent_authenticate(emulator, intent_id, succeed=request.POST.get("answer") == "complete")


def after(request: HttpRequest, outcome: Outcome) -> HttpResponse:
    """Back to the platform when it said where to; otherwise a page that says how it went."""
    if outcome.redirect_url:
        return send_to(outcome.redirect_url)
    title, message = RESULTS[outcome.kind]()
    return render(request, "hosted/message.html", {"title": title, "message": message})
