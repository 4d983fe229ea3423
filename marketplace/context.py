"""What every template may use."""

from django.conf import settings
from django.http import HttpRequest


def site(request: HttpRequest) -> dict[str, object]:
    """The marketplace's name and whether this is the demo."""
    return {"site_name": settings.MARKETPLACE_NAME, "is_demo": settings.ENVIRONMENT == "demo"}
