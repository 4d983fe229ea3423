"""What the marketplace advised and what came of it, how good that was, and how often its sales are disputed."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from disputes import calibration, rates, words
from disputes.models import Advice
from kit.admin import ReadOnlyAdmin
from payments.models import Dispute

SELLERS = 50


@admin.register(Advice)
class AdviceAdmin(ReadOnlyAdmin):
    """Each time something was advised, with what came of it."""

    list_display = ("made_at", "about", "kind", "reason", "band", "at_stake", "best", "expected", "chances", "came_to")
    list_filter = ("kind", "best", "band", "happened", "in_hindsight", ("superseded_at", admin.EmptyFieldListFilter))
    search_fields = ("dispute__stripe_id", "warning__stripe_id", "reason")
    list_select_related = ("dispute", "warning")
    date_hierarchy = "made_at"
    fields = (
        "kind", "reason", "band", "amount", "currency", "best", "chance", "facts_in_words", "made_at", "superseded_at",
        "in_hindsight", "answered", "happened", "outcome", "real_value", "ended_at",
    )  # fmt: skip
    readonly_fields = ("facts_in_words",)
    change_list_template = "admin/disputes/advice/change_list.html"
    change_form_template = "admin/disputes/advice/change_form.html"

    def get_urls(self) -> list[URLPattern]:
        """The two pages about all of them."""
        wrap = self.admin_site.admin_view
        return [
            path("calibration/", wrap(self.calibration_view), name="disputes_calibration"),
            path("rates/", wrap(self.rates_view), name="disputes_rates"),
            *super().get_urls(),
        ]

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """With a title that says what is there."""
        title = _("What was advised, and what came of it")
        return super().changelist_view(request, {**(extra_context or {}), "title": title})

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """The arithmetic in words."""
        found = self.get_object(request, object_id)
        more: dict[str, Any] = {}
        if found is not None:
            more = {
                "title": _("Advice about a %(kind)s") % {"kind": found.get_kind_display()},
                "subtitle": None,
                "found": found,
                "subject_url": subject_url(found),
                "advice": {"ways": words.arithmetic(found), "sources": words.sources(found)},
            }
        return super().change_view(request, object_id, form_url, {**(extra_context or {}), **more})

    def calibration_view(self, request: HttpRequest) -> HttpResponse:
        """What was predicted against what happened."""
        self._require(request)
        titles = {
            Advice.Kind.DISPUTE: _("That an answered dispute is won"),
            Advice.Kind.INQUIRY: _("That an inquiry becomes a dispute"),
            Advice.Kind.WARNING: _("That a warned payment is disputed"),
        }
        kinds = [
            {
                "title": titles[Advice.Kind(found.kind)],
                "count": found.count,
                "score": None if found.score is None else words.score(found.score),
                "average": None if found.average_score is None else words.score(found.average_score),
                "bands": [
                    {
                        "range": _("%(low)s to %(high)s") % _percents(low=band.low, high=band.high),
                        "count": band.count,
                        **_percents(predicted=band.predicted, happened=band.happened),
                    }
                    for band in found.bands
                ],
            }
            for found in calibration.every_kind()
        ]
        return self._page(request, "calibration", _("How good the advice was"), {"kinds": kinds})

    def rates_view(self, request: HttpRequest) -> HttpResponse:
        """How often sales are disputed: the platform's, and every seller's."""
        self._require(request)
        platform = rates.of_platform()
        sellers = Paginator(rates.of_sellers(), SELLERS).get_page(request.GET.get("page"))
        what_if = rates.what_if(platform)
        shown = {
            "rates": words.rates(platform),
            "sellers": sellers,
            "rows": [
                {
                    "seller": row.seller,
                    "url": reverse("admin:accounts_seller_change", args=[row.seller.pk]),
                    "last_30": words.rate(row.last_30),
                    "last_90": words.rate(row.last_90),
                }
                for row in sellers
            ],
            "what_if": {
                "waiting": what_if.waiting,
                "expected": what_if.expected,
                **_percents(refunded=what_if.rate_refunded, disputed=what_if.rate_disputed),
            },
            "levels": words.levels(),
            "fewest": settings.DISPUTE_RATE_FEWEST,
            "moves": words.WHAT_MOVES_IT,
            "does_not": words.WHAT_DOES_NOT,
        }
        return self._page(request, "rates", _("Dispute rates"), shown)

    def _require(self, request: HttpRequest) -> None:
        if not self.has_view_permission(request):
            raise PermissionDenied

    def _page(self, request: HttpRequest, name: str, title: str, shown: dict[str, Any]) -> HttpResponse:
        page = {**self.admin_site.each_context(request), "title": title, "opts": self.model._meta, **shown}
        return TemplateResponse(request, f"admin/disputes/advice/{name}.html", page)

    @admin.display(description=gettext_lazy("About"))
    def about(self, advice: Advice) -> SafeString:
        """The dispute or warning."""
        return format_html('<a href="{}">{}</a>', subject_url(advice), advice.subject)

    @admin.display(description=gettext_lazy("Facts"))
    def facts_in_words(self, advice: Advice) -> SafeString:
        """What it was reckoned from, as it is stored."""
        return words.given(advice.facts["given"])

    @admin.display(description=gettext_lazy("At stake"), ordering="amount")
    def at_stake(self, advice: Advice) -> str:
        """With its currency."""
        return str(advice.money)

    @admin.display(description=gettext_lazy("Expected of it"))
    def expected(self, advice: Advice) -> str:
        """What the advised way was expected to come to."""
        return str(advice.best_value)

    @admin.display(description=gettext_lazy("Chance"), ordering="chance")
    def chances(self, advice: Advice) -> str:
        """As people write it."""
        return words.percent(advice.chance)

    @admin.display(description=gettext_lazy("Came to"))
    def came_to(self, advice: Advice) -> str:
        """The outcome and what it came to."""
        return words.came_to(advice)


def subject_url(advice: Advice) -> str:
    """Where the dispute or warning is."""
    name = "payments_dispute" if isinstance(advice.subject, Dispute) else "disputes_fraudwarning"
    return reverse(f"admin:{name}_change", args=[advice.subject.pk])


def _percents(**millionths: int | None) -> dict[str, str]:
    return {name: "–" if found is None else words.percent(found) for name, found in millionths.items()}
