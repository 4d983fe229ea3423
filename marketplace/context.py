"""What every template may use."""

from django.conf import settings
from django.http import HttpRequest

from marketplace.views.languages import languages, page_to_keep


def site(request: HttpRequest) -> dict[str, object]:
    """The marketplace's name, whether this is the demo, and what the language switch needs."""
    return {
        "site_name": settings.MARKETPLACE_NAME,
        "is_demo": settings.ENVIRONMENT == "demo",
        "languages": languages(),
        "home_language": settings.LANGUAGE_CODE,
        "page_to_keep": page_to_keep(request),
    }
