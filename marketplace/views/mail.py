"""The demo's mail page: what was mailed, to whom, with links that work. Only routed while DEBUG is on."""

from pathlib import Path

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.middleware.csp import get_nonce
from django.shortcuts import render
from django.utils.csp import CSP
from django.views.decorators.clickjacking import xframe_options_sameorigin
from django.views.decorators.csp import csp_override
from django.views.decorators.http import require_safe

from kit.csp import POLICY
from marketplace import mailbox

FRAME_POLICY: dict[str, list[str]] = {
    "default-src": [CSP.NONE],
    "style-src": [CSP.NONCE],
    "img-src": [CSP.SELF, "data:"],
    "base-uri": [CSP.NONE],
    "form-action": [CSP.NONE],
    "frame-ancestors": [CSP.SELF],
    "sandbox": ["allow-popups", "allow-popups-to-escape-sandbox", "allow-top-navigation-by-user-activation"],
}


@require_safe
def mail_list(request: HttpRequest) -> HttpResponse:
    """All mail of the demo, newest first."""
    found = list(mailbox.letters(Path(settings.MAIL_DIR)))
    return render(request, "mailbox/list.html", {"letters": found})


@require_safe
@csp_override({**POLICY, "frame-src": [CSP.SELF]})
def mail_read(request: HttpRequest, key: str) -> HttpResponse:
    """One mail: its text, and its HTML in a frame."""
    return render(request, "mailbox/letter.html", {"letter": _find(key)})


@require_safe
@xframe_options_sameorigin
@csp_override(FRAME_POLICY)
def mail_html(request: HttpRequest, key: str) -> HttpResponse:
    """The HTML part alone, for the frame: no scripts, no forms, no requests to elsewhere."""
    return HttpResponse(mailbox.with_nonce(_find(key).html, str(get_nonce(request))))


def _find(key: str) -> mailbox.Letter:
    found = mailbox.letter(Path(settings.MAIL_DIR), key)
    if found is None:
        raise Http404
    return found
