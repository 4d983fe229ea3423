"""The project's addresses with the developers' pages, which tests do not get otherwise: DEBUG is off in them."""

from django.urls import include, path

from marketplace.urls import handler400, handler403, handler404, handler429, handler500, urlpatterns

__all__ = ["handler400", "handler403", "handler404", "handler429", "handler500", "urlpatterns"]

urlpatterns = [*urlpatterns, path("", include("marketplace.dev_urls"))]
