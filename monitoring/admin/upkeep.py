"""Who answers for which kind of problem, and whether what runs by itself did run."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from kit.admin import ReadOnlyAdmin
from kit.clock import machine_now
from kit.templatetags.ui import pill
from monitoring import duties, heartbeats
from monitoring.models import Duty, Heartbeat
from monitoring.watches import BY_KIND


class DutyForm(forms.ModelForm[Duty]):
    """A duty nobody could do is refused."""

    class Meta:
        model = Duty
        fields = ("kind", "user")

    def clean(self) -> dict[str, Any]:
        """Whoever answers for a kind can open the place where it is dealt with."""
        given: dict[str, Any] = super().clean() or {}
        kinds = [given["kind"]] if given.get("kind") else list(BY_KIND)
        user = given.get("user")
        if user is not None and not duties.may_own(user, kinds):
            self.add_error("user", _("This person lacks a permission to act on that. Give it to them first."))
        return given


@admin.register(Duty)
class DutyAdmin(admin.ModelAdmin[Duty]):
    """Whose problems of a kind are. Nobody: all superusers’."""

    form = DutyForm
    list_display = ("shown_kind", "user")
    list_select_related = ("user",)

    @admin.display(description=gettext_lazy("Kind"), ordering="kind")
    def shown_kind(self, duty: Duty) -> str:
        """In words."""
        return str(duty.get_kind_display() or _("Everything else"))


@admin.register(Heartbeat)
class HeartbeatAdmin(ReadOnlyAdmin):
    """Every periodic task: last run, next run, and whether it is late."""

    list_display = ("task", "stands", "shown_pace", "last_run_at", "shown_next", "shown_took", "last_error")
    fields = (
        "task", "stands", "shown_pace", "last_run_at", "last_ok_at", "shown_next", "shown_took", "failures",
        "last_error", "expected_since",
    )  # fmt: skip
    readonly_fields = fields

    def get_queryset(self, request: HttpRequest) -> QuerySet[Heartbeat]:
        """Those beat rings for; others were once."""
        return super().get_queryset(request).filter(task__in=heartbeats.schedule())

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """By the machine’s clock."""
        return super().changelist_view(request, {**(extra_context or {}), "title": _("What runs by itself")})

    @admin.display(description=gettext_lazy("Stands"))
    def stands(self, row: Heartbeat) -> SafeString:
        """Well, late, failing, or not yet."""
        if row.failures:
            return pill("problem", _("fails"))
        if heartbeats.is_late(row, machine_now()):
            return pill("problem", _("late"))
        return pill("done", _("well")) if row.last_run_at else pill("waiting", _("not yet"))

    @admin.display(description=gettext_lazy("Every"), ordering="every_seconds")
    def shown_pace(self, row: Heartbeat) -> str:
        """How often beat rings."""
        return _("%(seconds)d s") % {"seconds": row.every_seconds}

    @admin.display(description=gettext_lazy("Next run"))
    def shown_next(self, row: Heartbeat) -> Any:
        """When it is its turn again."""
        return row.next_run_at

    @admin.display(description=gettext_lazy("Took"))
    def shown_took(self, row: Heartbeat) -> str:
        """The last run."""
        return _("%(milliseconds)d ms") % {"milliseconds": row.took_ms} if row.last_run_at else ""
