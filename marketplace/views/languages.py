"""The language switch in the footer of every page."""

from urllib.parse import urlsplit

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_POST
from django.views.i18n import set_language

from accounts.languages import choose_language


@require_POST
def choose(request: HttpRequest) -> HttpResponse:
    """Speak the chosen language from now on, on the page the person was on; one we do not speak changes nothing."""
    answer = set_language(request)
    if request.user.is_authenticated:
        choose_language(request.user, request.POST.get("language", ""))
    return answer


def page_to_keep(request: HttpRequest) -> str:
    """Where the switch leads back to: this page, or, where a form was answered by this one, the page of the form."""
    if request.method in ("GET", "HEAD"):
        return request.get_full_path()
    referer = request.headers.get("Referer", "")
    if not url_has_allowed_host_and_scheme(referer, {request.get_host()}, require_https=request.is_secure()):
        return "/"
    page = urlsplit(referer)
    return page._replace(scheme="", netloc="", fragment="").geturl()


def languages() -> list[tuple[str, str]]:
    """Codes with their own names for themselves."""
    return [(code, str(name)) for code, name in settings.LANGUAGES]
