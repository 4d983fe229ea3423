"""Ways to look at the queue of disputes."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

from django.contrib import admin
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from disputes.reasons import reason_words
from kit.clock import now
from payments.models import Dispute

Status = Dispute.Status

OPEN = Q(settled_at=None)
WAITS = (
    OPEN
    & Q(status__in=Dispute.NEEDS_ANSWER)
    & ~Q(pack__status__in=("submitting", "submitted", "conceding", "conceded"))
)


class ShowFilter(admin.SimpleListFilter):
    """Which disputes: what is open unless somebody asks for more, or searches."""

    title = gettext_lazy("state")
    parameter_name = "show"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        """The ways, the first being what is shown unasked."""
        return [
            ("open", _("open")),
            ("ours", _("waiting for our answer")),
            ("mine", _("assigned to me")),
            ("unassigned", _("assigned to nobody")),
            ("inquiry", _("inquiries")),
            ("bank", _("with the bank")),
            ("won", _("won")),
            ("lost", _("lost")),
            ("person", _("needs a person")),
            ("all", _("all")),
        ]

    def chosen(self, request: HttpRequest) -> str:
        """What was asked for; a search looks everywhere."""
        return self.value() or ("all" if request.GET.get("q") else "open")

    def choices(self, changelist: Any) -> Iterator[Any]:
        """Every way as a link, without Django's own "all"."""
        chosen = self.value() or ("all" if changelist.query else "open")
        for lookup, title in self.lookup_choices:
            query = changelist.get_query_string({self.parameter_name: lookup})
            yield {"selected": chosen == str(lookup), "query_string": query, "display": title}

    def queryset(self, request: HttpRequest, queryset: QuerySet[Dispute]) -> QuerySet[Dispute]:
        """Those rows."""
        which: dict[str, Q] = {
            "open": OPEN,
            "ours": WAITS,
            "mine": OPEN & Q(pack__assignee=request.user.pk),
            "unassigned": OPEN & Q(pack__assignee=None),
            "inquiry": Q(status__in=Dispute.INQUIRIES),
            "bank": OPEN & ~WAITS,
            "won": Q(status__in=Dispute.ENDED_WELL),
            "lost": Q(status=Status.LOST),
            "person": Q(payment=None) | Q(beyond__gt=0) | Q(status=Status.UNKNOWN),
        }
        chosen = self.chosen(request)
        return queryset.filter(which[chosen]) if chosen in which else queryset


class DueFilter(admin.SimpleListFilter):
    """By when the bank wants an answer that was not given yet."""

    title = gettext_lazy("deadline")
    parameter_name = "due"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        """From the next day to too late."""
        return [("1", _("within a day")), ("3", _("within 3 days")), ("7", _("within a week")), ("over", _("missed"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Dispute]) -> QuerySet[Dispute]:
        """Those rows."""
        value = self.value()
        if value == "over":
            return queryset.filter(WAITS, due_by__lt=now())
        if value in ("1", "3", "7"):
            return queryset.filter(WAITS, due_by__gte=now(), due_by__lt=now() + timedelta(days=int(value)))
        return queryset


class ReasonFilter(admin.SimpleListFilter):
    """By what the buyer told their bank; of the reasons there are."""

    title = gettext_lazy("reason")
    parameter_name = "reason"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        """In words."""
        there = Dispute.objects.order_by("reason").values_list("reason", flat=True).distinct()
        return [(reason, reason_words(reason)) for reason in there]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Dispute]) -> QuerySet[Dispute]:
        """Those rows."""
        return queryset.filter(reason=self.value()) if self.value() else queryset
