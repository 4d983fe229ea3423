"""Addresses of cases: the same pages for the buyer and, on the desk, for the seller."""

from django.urls import URLPattern, path

from cases.models import Party
from cases.views import buyer, parties, seller

app_name = "cases"


def _pages(prefix: str, side: Party, name: str) -> list[URLPattern]:
    """A case's pages for one side. Every one asks whose the case is."""
    views = {
        "": ("case", parties.show),
        "say/": ("say", parties.say),
        "offer/": ("offer", parties.offer),
        "offers/<int:offer>/withdraw/": ("withdraw_offer", parties.withdraw_offer),
        "offers/<int:offer>/accept/": ("accept", parties.accept),
        "ask-us/": ("call_in", parties.call_in),
        "reopen/": ("reopen", parties.reopen),
        "photos/<uuid:photo>/<slug:size>/": ("photo", parties.photo),
    }
    return [
        path(f"{prefix}<slug:number>/{end}", view, {"side": side}, name=f"{name}{called}")
        for end, (called, view) in views.items()
    ]


urlpatterns = [
    path("cases/", buyer.cases, name="cases"),
    path("cases/new/<slug:number>/<slug:order>/", buyer.new, name="new"),
    path("desk/cases/", seller.cases, name="desk_cases"),
    path("cases/<slug:number>/close/", buyer.close, name="close"),
    *_pages("cases/", Party.BUYER, ""),
    *_pages("desk/cases/", Party.SELLER, "desk_"),
]
