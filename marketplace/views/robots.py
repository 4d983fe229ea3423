"""What crawlers may read: the shop, not people's own pages."""

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.views.decorators.http import require_safe

PRIVATE = ("/account/", "/accounts/", "/admin/", "/basket/", "/checkout/", "/desk/", "/orders/", "/webhooks/")


@require_safe
def robots(request: HttpRequest) -> HttpResponse:
    """/robots.txt; everything is closed outside production."""
    closed = PRIVATE if settings.IN_PRODUCTION else ("/",)
    lines = ["User-agent: *", *(f"Disallow: {path}" for path in closed)]
    if settings.IN_PRODUCTION:
        lines += ["", f"Sitemap: {settings.SITE_URL}{reverse('catalog:sitemap')}"]
    return HttpResponse("\n".join(lines) + "\n", content_type="text/plain; charset=utf-8")
