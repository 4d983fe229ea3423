"""What somebody typed into a form whose session had ended: kept while they sign in again, and put back.

It waits in the browser's new session for half an hour, for the person whose form it was: somebody else may sign in
there first. Files and passwords are not kept.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from functools import wraps
from typing import Any
from urllib.parse import urlsplit

from django.contrib import messages
from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse, QueryDict
from django.utils.crypto import salted_hmac
from django.utils.translation import gettext as _

from kit.clock import now

SESSION_KEY = "typed"
KEPT_FOR = timedelta(minutes=30)
# More than any of our forms holds; a session is a row in the database.
LARGEST = 128 * 1024
# The field of a form that says whose it is: {% typed_by %}.
BY = "typed_by"
NEVER = ("csrfmiddlewaretoken", "password")

View = Callable[..., HttpResponse]


def login_keeping(view: View) -> View:
    """Like login_required, and what was sent to the form by then is there again after signing in."""

    @wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if request.user.is_authenticated:
            return view(request, *args, **kwargs)
        return to_sign_in(request)

    return guarded


def to_sign_in(request: HttpRequest, *, back: str = "") -> HttpResponse:
    """Send somebody to sign in and back to this page (or to the path `back`), with what they typed kept."""
    if request.method == "POST":
        keep(request, signed_out=not back, path=back)
    return redirect_to_login(back or request.get_full_path())


def keep(request: HttpRequest, *, signed_out: bool = False, path: str = "") -> None:
    """Put what was sent to this page aside, for when it (or the page at `path`) is shown again."""
    given = request.POST.copy()
    by = given.pop(BY, [""])[-1]
    for name in list(given):
        if any(word in name for word in NEVER):
            del given[name]
    text = given.urlencode()
    if given and len(text) <= LARGEST:
        request.session[SESSION_KEY] = {
            "path": path or request.path,
            "text": text,
            "by": by,
            "at": now().isoformat(),
            "signed_out": signed_out,
        }


def back_to(request: HttpRequest, otherwise: str) -> str:
    """Where to return to after signing in: this page; after a change, the page with the form it came from, where what
    was typed waits if the form says whose it is (BY); `otherwise` when that page is not known.
    """
    if request.method in ("GET", "HEAD"):
        return request.get_full_path()
    came_from = urlsplit(request.headers.get("Referer", ""))
    if BY not in request.POST or came_from.netloc != request.get_host() or not came_from.path.startswith("/"):
        return otherwise
    keep(request, signed_out=True, path=came_from.path)
    return f"{came_from.path}?{came_from.query}" if came_from.query else came_from.path


def words_kept(request: HttpRequest) -> list[str]:
    """What was written into a form of this page before the session ended, once: for pages that do not put it back."""
    given = typed(request)
    return [] if given is None else [text for _name, texts in given.lists() for text in texts if len(text.split()) > 1]


def mark_of(request: HttpRequest) -> str:
    """What stands for who is signed in, in forms; "" for a visitor."""
    user = request.user
    return (
        salted_hmac("accounts.typed", str(user.pk), algorithm="sha256").hexdigest()[:16]
        if user.is_authenticated
        else ""
    )


def typed(request: HttpRequest) -> QueryDict | None:
    """What was typed into this page before, once. If the session ended, people are told that it is not saved yet."""
    kept = request.session.get(SESSION_KEY)
    if kept is None or request.method not in ("GET", "HEAD"):
        return None
    if now() - datetime.fromisoformat(kept["at"]) > KEPT_FOR:
        del request.session[SESSION_KEY]
        return None
    if kept["path"] != request.path:
        return None
    del request.session[SESSION_KEY]
    if kept.get("by", "") not in ("", mark_of(request)):
        return None
    if kept["signed_out"]:
        messages.warning(request, _("You had been signed out. What you typed is still here, but not saved yet."))
    return QueryDict(kept["text"])
