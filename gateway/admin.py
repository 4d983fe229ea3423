"""Operations in the admin: what was asked of Stripe, by whom and why, what came of it, and what a person may do."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.helpers import ActionForm
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.timesince import timesince
from django.utils.translation import gettext_lazy as _

from gateway import operations
from gateway.errors import StripeUnavailable
from gateway.models import Breaker, Bucket, Operation, OperationMove
from kit.admin import ReadOnlyAdmin, ReadOnlyInline
from kit.clock import now
from kit.transitions import IllegalMove, LostRace

Status = Operation.Status
OPEN = [Status.PLANNED, Status.SUBMITTING, Status.UNKNOWN, Status.STALE]
DONE = [Status.SUCCEEDED, Status.FAILED]


class MoveInline(ReadOnlyInline):
    """What happened to an operation."""

    model = OperationMove


class Age(admin.SimpleListFilter):
    """How long something has been waiting for an outcome."""

    title = _("waiting")
    parameter_name = "waiting"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        """A minute is usual, an hour is not, and after a day somebody should know why."""
        return [("0", _("for an outcome")), ("60", _("for more than an hour")), ("1440", _("for more than a day"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Operation]) -> QuerySet[Operation]:
        """Those without an outcome, planned so long ago."""
        if self.value() is None:
            return queryset
        longest = now() - timedelta(minutes=int(self.value() or 0))
        return queryset.filter(status__in=OPEN, planned_at__lte=longest)


class WithReason(ActionForm):
    """Whoever acts says why; it is kept in the history with their name."""

    reason = forms.CharField(label=_("Reason"), max_length=500, required=False)


@admin.register(Operation)
class OperationAdmin(ReadOnlyAdmin):
    """What we asked of Stripe."""

    list_display = (
        "planned_at", "name", "key", "status", "waiting", "object_id", "attempts", "priority", "actor", "error_message",
    )  # fmt: skip
    list_filter = ("status", Age, "name", "priority", "adopted")
    search_fields = ("key", "object_id", "account", "stripe_request_id")
    date_hierarchy = "planned_at"
    inlines = (MoveInline,)
    action_form = WithReason
    actions = ("look_up", "give_up")

    @admin.display(description=_("Waiting for"))
    def waiting(self, operation: Operation) -> str:
        """How long it has had no outcome."""
        return timesince(operation.planned_at, now(), depth=1) if operation.status in OPEN else ""

    @admin.action(description=_("Look up at Stripe and finish"), permissions=["resolve"])
    def look_up(self, request: HttpRequest, chosen: QuerySet[Operation]) -> None:
        """What is found there is adopted; what certainly is not there is sent under a new key."""
        self._each(request, chosen, operations.look_up)

    @admin.action(description=_("Give up, so that it can be asked for anew"), permissions=["resolve"])
    def give_up(self, request: HttpRequest, chosen: QuerySet[Operation]) -> None:
        """For what nobody can tell about, and only if it does no harm should it have happened after all."""
        self._each(request, chosen, _given_up)

    def has_resolve_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Not everybody who may look: what is sent anew may move money."""
        return request.user.has_perm("gateway.change_operation")

    def _each(self, request: HttpRequest, chosen: QuerySet[Operation], act: Callable[..., Operation]) -> None:
        reason = request.POST.get("reason", "").strip()
        if not reason:
            self.message_user(request, _("Please say why: write a reason next to the action."), messages.ERROR)
            return
        for operation in chosen.order_by("pk"):
            try:
                after = act(operation, actor=str(request.user), reason=reason)
            except (IllegalMove, LostRace, StripeUnavailable, ValueError) as error:
                self._say(request, operation, str(error), messages.WARNING)
            else:
                level = messages.SUCCESS if after.status in DONE else messages.WARNING
                self._say(request, after, after.get_status_display(), level)

    def _say(self, request: HttpRequest, operation: Operation, what: str, level: int) -> None:
        said = _("Operation %(key)s: %(what)s") % {"key": operation.key, "what": what}
        self.message_user(request, said, level)


@admin.register(Breaker)
class BreakerAdmin(ReadOnlyAdmin):
    """Whether Stripe answers. No row: it always has."""

    list_display = ("name", "left_alone_since", "next_try", "failures", "last_failure_at", "last_error")

    @admin.display(description=_("Left alone since"))
    def left_alone_since(self, line: Breaker) -> datetime | None:
        """Empty while calls are sent."""
        return line.opened_at

    @admin.display(description=_("Next try"))
    def next_try(self, line: Breaker) -> datetime | None:
        """When one call may find out whether Stripe answers."""
        return line.open_until


@admin.register(Bucket)
class BucketAdmin(ReadOnlyAdmin):
    """How many calls each account had left when it was last asked."""

    list_display = ("__str__", "tokens", "filled_at")
    search_fields = ("account",)


def _given_up(operation: Operation, *, actor: str, reason: str) -> Operation:
    operations.give_up(operation, reason=reason, actor=actor)
    return operation
