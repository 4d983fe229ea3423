"""Open problems in the admin: by age, with whose they are, what is at stake, and the way to where it is done."""

from __future__ import annotations

import csv
from collections.abc import Iterable
from typing import Any

from django.conf import settings
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_POST

from accounts.models import User
from kit.admin import ReadOnlyAdmin
from kit.money import to_decimal
from kit.spreadsheets import guarded
from kit.templatetags.ui import money, pill, when
from monitoring import handling, sweeping
from monitoring.admin.filters import KindFilter, OwnerFilter, StateFilter
from monitoring.admin.forms import BulkForm, DealForm, deal
from monitoring.admin.history import history
from monitoring.handling import NotPossible
from monitoring.models import Alert
from monitoring.queries import in_words, owner_in_words, silent_since
from monitoring.watches import BY_KIND, WATCHES, permitted
from monitoring.watches.refunds import arithmetic

PILLS = {"open": "needs-you", "snoozed": "waiting", "dismissed": "done", "closed": "done"}


@admin.register(Alert)
class AlertAdmin(ReadOnlyAdmin):
    """What needs a person, the oldest first."""

    list_display = ("problem", "shown_kind", "at_stake", "shown_owner", "age", "shown_due", "place")
    list_display_links = None
    list_filter = (StateFilter, OwnerFilter, KindFilter)
    list_select_related = ("owner",)
    ordering = ("since", "pk")
    empty_value_display = ""
    action_form = BulkForm
    actions = ("take_over", "assign", "snooze", "close", "wake")
    change_form_template = "admin/monitoring/alert/change_form.html"
    change_list_template = "admin/monitoring/alert/change_list.html"

    # --- who ---

    def has_module_permission(self, request: HttpRequest) -> bool:
        """Whoever may see any kind."""
        return self.has_view_permission(request)

    def has_view_permission(self, request: HttpRequest, obj: Alert | None = None) -> bool:
        """Each kind has the permission of the place where it is dealt with."""
        user: Any = request.user
        kinds = permitted(user)
        return obj.kind in kinds if obj is not None else bool(kinds)

    def has_deal_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Putting off and closing is a permission of its own; so is taking over."""
        return bool(request.user.has_perm("monitoring.change_alert"))

    def get_queryset(self, request: HttpRequest) -> QuerySet[Alert]:
        """The kinds this person may see."""
        user: Any = request.user
        rows: QuerySet[Alert] = super().get_queryset(request)
        return rows.filter(kind__in=permitted(user))

    # --- the list ---

    @admin.display(description=gettext_lazy("What to do"))
    def problem(self, alert: Alert) -> SafeString:
        """The sentence, leading to the problem's own page."""
        line = in_words(alert)
        urgent = pill("problem", _("urgent")) if line.urgent else ""
        return format_html(
            '<a href="{}">{}</a> {}<br><span class="quiet">{}</span>', line.page, line.what, urgent, line.about[:160]
        )

    @admin.display(description=gettext_lazy("Kind"), ordering="kind")
    def shown_kind(self, alert: Alert) -> str:
        """In words."""
        return str(alert.get_kind_display())

    @admin.display(description=gettext_lazy("At stake"), ordering="amount")
    def at_stake(self, alert: Alert) -> str | SafeString:
        """With its currency."""
        return "" if alert.money is None else money(alert.money)

    @admin.display(description=gettext_lazy("Owner"), ordering="owner__email")
    def shown_owner(self, alert: Alert) -> str:
        """A name, or all superusers."""
        return owner_in_words(alert.owner)

    @admin.display(description=gettext_lazy("Since"), ordering="since")
    def age(self, alert: Alert) -> SafeString:
        """How long it has been so."""
        return when(alert.since)

    @admin.display(description=gettext_lazy("Too late"), ordering="due")
    def shown_due(self, alert: Alert) -> SafeString:
        """By when, where there is a day."""
        return when(alert.due)

    @admin.display(description=gettext_lazy("Where"))
    def place(self, alert: Alert) -> SafeString:
        """The place to act."""
        line = in_words(alert)
        return format_html(
            '<a href="{}">{}<span class="visually-hidden"> {}</span></a>', line.url, _("Go there"), line.what
        )

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """Without what was just dealt with, and with a warning where nobody looks any more."""
        user: Any = request.user
        sweeping.recheck(permitted(user))
        more = {
            "title": _("Open problems"),
            "silent_since": silent_since(),
            "may_deal": self.has_deal_permission(request),
        }
        return super().changelist_view(request, {**(extra_context or {}), **more})

    # --- many at once ---

    @admin.action(description=gettext_lazy("Take over"), permissions=["deal"])
    def take_over(self, request: HttpRequest, chosen: QuerySet[Alert]) -> None:
        """They become mine."""
        self._each("take_over", request, chosen)

    @admin.action(description=gettext_lazy("Give to somebody"), permissions=["deal"])
    def assign(self, request: HttpRequest, chosen: QuerySet[Alert]) -> None:
        """They become whose was chosen beside the action."""
        self._each("assign", request, chosen)

    @admin.action(description=gettext_lazy("Put off until a day"), permissions=["deal"])
    def snooze(self, request: HttpRequest, chosen: QuerySet[Alert]) -> None:
        """Nobody is reminded of them until then."""
        self._each("snooze", request, chosen)

    @admin.action(description=gettext_lazy("Close, although it may still be there"), permissions=["deal"])
    def close(self, request: HttpRequest, chosen: QuerySet[Alert]) -> None:
        """They keep quiet for a while, or until they are gone and come back."""
        self._each("close", request, chosen)

    @admin.action(description=gettext_lazy("Open again"), permissions=["deal"])
    def wake(self, request: HttpRequest, chosen: QuerySet[Alert]) -> None:
        """What was put off or closed by a person."""
        self._each("wake", request, chosen)

    def _each(self, what: str, request: HttpRequest, chosen: QuerySet[Alert]) -> None:
        user: Any = request.user
        form = DealForm(request.POST)
        if not form.is_valid():
            self.message_user(request, _("Choose a day as on a calendar, and somebody from the list."), messages.ERROR)
            return
        done, problems = 0, list[str]()
        for alert in chosen.order_by("pk"):
            try:
                deal(what, alert, user, form.cleaned_data)
            except NotPossible as error:
                problems.append(str(error))
            else:
                done += 1
        if done:
            self.message_user(
                request, ngettext("%d problem changed.", "%d problems changed.", done) % done, messages.SUCCESS
            )
        # The same reason for ten of them is one sentence.
        for sentence in dict.fromkeys(problems):
            count = problems.count(sentence)
            left = ngettext("%(n)d left as it is: %(why)s", "%(n)d left as they are: %(why)s", count)
            self.message_user(request, left % {"n": count, "why": sentence}, messages.WARNING)

    # --- one ---

    def get_urls(self) -> list[URLPattern]:
        """Dealing with one, looking now, and the list as a file."""
        view = self.admin_site.admin_view
        return [
            path("<int:alert_id>/deal/", view(self.deal_view), name="monitoring_alert_deal"),
            path("look/", view(require_POST(self.look_view)), name="monitoring_alert_look"),
            path("csv/", view(self.csv_view), name="monitoring_alert_csv"),
            *super().get_urls(),
        ]

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """One problem: what, where, whose, what was done about it."""
        alert = self.get_object(request, object_id)
        if alert is None or request.method != "GET" or not self.has_view_permission(request, alert):
            return super().change_view(request, object_id, form_url, extra_context)
        user: Any = request.user
        handling.seen(alert, user)
        return self._page(request, alert, DealForm())

    def deal_view(self, request: HttpRequest, alert_id: int) -> HttpResponse:
        """What the pressed button says; the page again, with what is wrong, when it cannot be."""
        alert = get_object_or_404(Alert.objects.select_related("owner"), pk=alert_id)
        if not (self.has_view_permission(request, alert) and self.has_deal_permission(request)):
            raise PermissionDenied
        page = reverse("admin:monitoring_alert_change", args=[alert.pk])
        if request.method != "POST":
            return redirect(page)
        user: Any = request.user
        form = DealForm(request.POST)
        if form.is_valid():
            try:
                deal(request.POST.get("what", ""), alert, user, form.cleaned_data)
            except NotPossible as error:
                form.add_error(error.field, str(error))
            else:
                messages.success(request, _("Done."))
                return redirect(page)
        return self._page(request, alert, form, status=422)

    def _page(self, request: HttpRequest, alert: Alert, form: DealForm, status: int = 200) -> HttpResponse:
        user: Any = request.user
        line = in_words(alert, user)
        page = {
            **self.admin_site.each_context(request),
            "opts": self.model._meta,
            "original": alert,
            "title": line.kind,
            "subtitle": None,
            "line": line,
            "standing": (PILLS[alert.status], alert.get_status_display()),
            "remedy": BY_KIND[alert.kind].remedy,
            "arithmetic": arithmetic(alert),
            "history": history(alert, user),
            "before": Alert.objects.filter(kind=alert.kind, subject=alert.subject)
            .exclude(pk=alert.pk)
            .order_by("-opened_at")[:10],
            "deal": form,
            "is_live": alert.status in Alert.LIVE,
            "may_deal": self.has_deal_permission(request),
        }
        return TemplateResponse(request, self.change_form_template, page, status=status)

    # --- all ---

    def look_view(self, request: HttpRequest) -> HttpResponse:
        """Look now, instead of within the minute."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        try:
            sweeping.sweep(WATCHES)
        except sweeping.WatchFailed as failed:
            messages.warning(request, _("Some could not be looked for: %(kinds)s.") % {"kinds": failed})
        else:
            messages.success(request, _("This is how it is now."))
        return redirect("admin:monitoring_alert_changelist")

    def csv_view(self, request: HttpRequest) -> HttpResponse:
        """The list as it is filtered, as a file for a spreadsheet."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        shown = self.get_changelist_instance(request).get_queryset(request)
        answer = HttpResponse(
            content_type="text/csv; charset=utf-8",
            headers={"Content-Disposition": 'attachment; filename="open-problems.csv"'},
        )
        writer = csv.writer(answer)
        writer.writerow(
            ["since", "due", "kind", "urgent", "what", "about", "amount", "currency", "owner", "status", "link"]
        )
        user: Any = request.user
        writer.writerows(_cells(alert, user) for alert in shown.select_related("owner"))
        return answer


def _cells(alert: Alert, user: User) -> Iterable[str]:
    line = in_words(alert, user)
    amount = "" if alert.amount is None else str(to_decimal(alert.amount, alert.currency))
    cells = [
        alert.since.isoformat(timespec="seconds"),
        alert.due.isoformat(timespec="seconds") if alert.due else "",
        alert.kind,
        "yes" if line.urgent else "no",
        line.what,
        line.about,
        amount,
        alert.currency.upper(),
        alert.owner.email if alert.owner else "",
        alert.status,
        settings.SITE_URL + line.url,
    ]
    return [guarded(cell) for cell in cells]
