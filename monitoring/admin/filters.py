"""How the list of problems is narrowed."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from monitoring.models import Alert, Kind
from monitoring.watches import URGENT, permitted

Status = Alert.Status


class StateFilter(admin.SimpleListFilter):
    """What is open, unless something else is asked for."""

    title = gettext_lazy("status")
    parameter_name = "status"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        """Everything but the open ones, which need no choice."""
        return [
            ("snoozed", _("put off")),
            ("dismissed", _("closed by a person, still there")),
            ("closed", _("over")),
            ("all", _("all")),
        ]

    def choices(self, changelist: Any) -> Any:
        """The first one is not “all” but “open”."""
        first, *others = super().choices(changelist)
        yield {**first, "display": _("open")}
        yield from others

    def queryset(self, request: HttpRequest, queryset: QuerySet[Alert]) -> QuerySet[Alert]:
        """Those rows."""
        value = self.value()
        return queryset if value == "all" else queryset.filter(status=value or Status.OPEN)


class KindFilter(admin.SimpleListFilter):
    """The kinds somebody may see, and what is urgent."""

    title = gettext_lazy("kind")
    parameter_name = "kind"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        """In the order of the watches."""
        user: Any = request.user
        return [("urgent", _("everything urgent")), *((kind, Kind(kind).label) for kind in permitted(user))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Alert]) -> QuerySet[Alert]:
        """Those rows."""
        value = self.value()
        if value is None:
            return queryset
        return queryset.filter(kind__in=URGENT) if value == "urgent" else queryset.filter(kind=value)


class OwnerFilter(admin.SimpleListFilter):
    """Mine, nobody's, or somebody's."""

    title = gettext_lazy("owner")
    parameter_name = "owner"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        """Everybody who owns something now."""
        owners = Alert.objects.filter(status__in=Alert.LIVE, owner__isnull=False).order_by("owner__email")
        named = owners.values_list("owner", "owner__email").distinct()
        return [
            ("me", _("me")),
            ("nobody", _("all superusers")),
            *((str(pk), email) for pk, email in named if pk != request.user.pk),
        ]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Alert]) -> QuerySet[Alert]:
        """Those rows; nothing for somebody who is not there."""
        match self.value():
            case None:
                return queryset
            case "me":
                return queryset.filter(owner=request.user.pk)
            case "nobody":
                return queryset.filter(owner=None)
            case value:
                return queryset.filter(owner=int(value)) if value.isdecimal() else queryset.none()
