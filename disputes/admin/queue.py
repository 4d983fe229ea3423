"""The queue of disputes: what is due first, what is at stake, who sees to it, and what is next."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from disputes import standing
from disputes.admin import bulk, export, rows
from disputes.admin.case import CasePage
from disputes.admin.desk import Desk
from disputes.admin.filters import DueFilter, ReasonFilter, ShowFilter
from disputes.admin.pages import PAGES, answer
from disputes.reasons import reason_words
from kit.admin import ReadOnlyAdmin
from kit.templatetags.ui import money, pill
from payments.models import Dispute


@admin.register(Dispute)
class DisputeAdmin(ReadOnlyAdmin):
    """What buyers' banks ask back: the queue, and the pages of one dispute."""

    list_display = ("due", "about", "at_stake", "state", "sellers", "evidence", "advice", "assignee", "next_step")
    list_filter = (ShowFilter, DueFilter, ReasonFilter, "currency")
    search_fields = (
        "stripe_id", "charge_id", "payment__purchase__number", "payment__shares__order__number",
        "payment__shares__order__seller__name", "payment__purchase__customer__user__email",
    )  # fmt: skip
    actions = ("assign", "remind_sellers", "look_over", "export_chosen")
    change_list_template = "admin/disputes/queue.html"

    def get_queryset(self, request: HttpRequest) -> QuerySet[Dispute]:
        """With everything the columns show."""
        found: QuerySet[Dispute] = super().get_queryset(request)
        return rows.read_together(found)

    def get_ordering(self, request: HttpRequest) -> Any:
        """What waits for our answer first, by its deadline; then the others, the newest first."""
        return rows.DEADLINE.asc(nulls_last=True), "-pk"

    def get_urls(self) -> list[URLPattern]:
        """The export, and the pages of one dispute."""
        wrap = self.admin_site.admin_view
        own = [path("export/", wrap(self.export_view), name="disputes_export")]
        for name, address in PAGES.items():
            own.append(
                path(f"<int:dispute_id>/{address}", wrap(self.page_view), {"page": name}, name=f"disputes_{name}")
            )
        return [*own, *super().get_urls()]

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> Any:
        """The queue, with a way to take all of what is shown along."""
        query = request.GET.urlencode()
        more = {"title": _("Disputes"), "export_query": f"?{query}" if query else ""}
        return super().changelist_view(request, {**(extra_context or {}), **more})

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """The case page."""
        if not object_id.isdecimal():
            raise Http404
        return CasePage(Desk(self, request, int(object_id))).answer()

    def page_view(self, request: HttpRequest, dispute_id: int, page: str, file_id: int = 0) -> HttpResponseBase:
        """One of the pages of a dispute."""
        return answer(Desk(self, request, dispute_id), page, file_id)

    def export_view(self, request: HttpRequest) -> StreamingHttpResponse:
        """Everything the queue shows with these filters and this search, on all its pages."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        found = self.get_changelist_instance(request).get_queryset(request)
        return export.answer(found.iterator(chunk_size=200))

    # --- permissions ---

    def has_answer_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Working on the answer: evidence, notes, who sees to it."""
        return bool(request.user.has_perm("payments.change_dispute"))

    def has_send_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Sending the answer to the bank, or accepting the loss: neither can be taken back."""
        return self.has_answer_permission(request) and bool(request.user.has_perm("evidence.add_submission"))

    # --- what is done with several ---

    @admin.action(description=gettext_lazy("Assign to somebody"), permissions=["answer"])
    def assign(self, request: HttpRequest, disputes: QuerySet[Dispute]) -> TemplateResponse | None:
        """Ask for whom, then write it down."""
        page = {**self.admin_site.each_context(request), "opts": self.opts}
        return bulk.assign(request, disputes, page)

    @admin.action(description=gettext_lazy("Remind the sellers"), permissions=["answer"])
    def remind_sellers(self, request: HttpRequest, disputes: QuerySet[Dispute]) -> None:
        """A letter to the sellers who can still add something."""
        bulk.remind_sellers(request, disputes)

    @admin.action(description=gettext_lazy("Mark the evidence as looked over"), permissions=["answer"])
    def look_over(self, request: HttpRequest, disputes: QuerySet[Dispute]) -> None:
        """The second look of another person."""
        bulk.look_over(request, disputes)

    @admin.action(description=gettext_lazy("Export as CSV"), permissions=["view"])
    def export_chosen(self, request: HttpRequest, disputes: QuerySet[Dispute]) -> StreamingHttpResponse:
        """The chosen ones as a table."""
        return export.answer(disputes.iterator(chunk_size=200))

    # --- the columns ---

    @admin.display(description=gettext_lazy("Answer until"), ordering=rows.DEADLINE)
    def due(self, dispute: Dispute) -> str:
        """The deadline, while there is one."""
        return standing.short_deadline(dispute)

    @admin.display(description=gettext_lazy("About"))
    def about(self, dispute: Dispute) -> SafeString:
        """Which orders, and what the buyer told the bank."""
        numbers = ", ".join(rows.orders(dispute)) or dispute.charge_id
        return format_html('{}<br><span class="quiet">{}</span>', numbers, reason_words(dispute.reason))

    @admin.display(description=gettext_lazy("At stake"), ordering="amount")
    def at_stake(self, dispute: Dispute) -> str:
        """What the bank asks about."""
        return str(dispute.money)

    @admin.display(description=gettext_lazy("State"), ordering="status")
    def state(self, dispute: Dispute) -> SafeString:
        """As a pill."""
        return pill(*standing.pill(dispute))

    @admin.display(description=gettext_lazy("Seller"))
    def sellers(self, dispute: Dispute) -> str:
        """Whose orders they are."""
        names = rows.sellers(dispute)
        if len(names) > 2:
            return _("%(name)s and %(n)d more") % {"name": names[0], "n": len(names) - 1}
        return ", ".join(names) or "–"

    @admin.display(description=gettext_lazy("Evidence"))
    def evidence(self, dispute: Dispute) -> str:
        """How much of what the bank wants to see is there."""
        done = rows.completeness(dispute)
        if done is None:
            return "–"
        return _("%(there)d of %(all)d") % {"there": len(done.present), "all": len(done.present) + len(done.missing)}

    @admin.display(description=gettext_lazy("Advice"))
    def advice(self, dispute: Dispute) -> str | SafeString:
        """What pays best, and what it is expected to come to."""
        found = rows.advice(dispute)
        if found is None or found.ended_at is not None:
            return "–"
        return format_html("{}<br>{}", str(found.get_best_display()).capitalize(), money(found.best_value))

    @admin.display(description=gettext_lazy("Assigned to"), ordering="pack__assignee__email")
    def assignee(self, dispute: Dispute) -> str:
        """Who sees to it."""
        pack = standing.pack_of(dispute)
        return str(pack.assignee) if pack and pack.assignee else "–"

    @admin.display(description=gettext_lazy("Next step"))
    def next_step(self, dispute: Dispute) -> str:
        """In a few words."""
        done = rows.completeness(dispute)
        return standing.next_step(dispute, len(done.missing) if done else 0)
