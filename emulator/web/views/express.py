"""The seller's own dashboard, opened by a login link that works once."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from emulator.errors import HostedError, LinkDead
from emulator.hosted import dashboard_view
from emulator.web.runtime import current
from emulator.web.views import problems


@require_http_methods(["GET"])  # a HEAD must not use the link up
def dashboard(request: HttpRequest, account: str, token: str) -> HttpResponse:
    try:
        view = dashboard_view(current().emulator, token)
    except LinkDead:
        return problems.page(
            request,
            410,
            _("This link has been used"),
            _("Each link to your payouts opens once. Ask the shop for a new one from your seller pages."),
        )
    except HostedError as error:
        return problems.page(request, error.status, _("This link does not open anything"), error.message)
    return render(request, "hosted/express.html", {"view": view})
