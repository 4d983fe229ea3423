"""All addresses."""

from allauth.account.decorators import secure_admin_login
from django.conf import settings
from django.contrib import admin
from django.urls import include, path

from marketplace import health
from marketplace.views import languages, media, robots

admin.autodiscover()
admin.site.login = secure_admin_login(admin.site.login)  # type: ignore[method-assign]

urlpatterns = [
    path("healthz", health.healthz, name="healthz"),
    path("readyz", health.readyz, name="readyz"),
    path("robots.txt", robots.robots, name="robots"),
    path("language/", languages.choose, name="set_language"),
    path(f"{settings.MEDIA_URL.lstrip('/')}<path:name>", media.photo, name="photo"),
    path("admin/", admin.site.urls),
    path("accounts/", include("allauth.urls")),
    path("", include("accounts.urls")),
    path("", include("customers.urls")),
    path("", include("catalog.urls")),
    path("", include("orders.urls")),
    path("", include("payments.urls")),
    path("", include("cases.urls")),
    path("", include("evidence.urls")),
]

handler400 = "marketplace.views.errors.bad_request"
handler403 = "marketplace.views.errors.forbidden"
handler404 = "marketplace.views.errors.not_found"
handler429 = "marketplace.views.errors.too_many"
handler500 = "marketplace.views.errors.server_error"

if settings.DEBUG:
    urlpatterns += [path("", include("marketplace.dev_urls"))]
