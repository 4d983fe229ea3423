"""Events in the admin: read everything, change nothing, replay with a reason."""

import json
from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from inbox.handle import replay
from inbox.models import StripeEvent, StripeEventMove
from inbox.nudge import nudge
from kit.admin import ReadOnlyAdmin, ReadOnlyInline
from kit.transitions import IllegalMove, LostRace


class MoveInline(ReadOnlyInline):
    """What happened to an event."""

    model = StripeEventMove


@admin.register(StripeEvent)
class StripeEventAdmin(ReadOnlyAdmin):
    """What Stripe told us."""

    list_display = ("received_at", "type", "status", "endpoint", "account", "object_id", "attempts", "last_error")
    list_filter = ("status", "endpoint", "type")
    search_fields = ("event_id", "object_id", "account", "type")
    date_hierarchy = "received_at"
    fields = (
        "event_id", "type", "status", "endpoint", "account", "object_id", "livemode", "api_version",
        "received_at", "handled_at", "attempts", "due_at", "claimed_until", "last_error", "body",
    )  # fmt: skip
    readonly_fields = fields
    inlines = (MoveInline,)
    actions = ("handle_again",)

    @admin.display(description=_("Body as signed"))
    def body(self, event: StripeEvent) -> SafeString:
        """The payload, indented."""
        return format_html("<pre>{}</pre>", json.dumps(json.loads(event.payload), indent=2, ensure_ascii=False))

    @admin.action(description=_("Handle again"), permissions=["replay"])
    def handle_again(self, request: HttpRequest, events: QuerySet[StripeEvent]) -> None:
        """Put the chosen events back in the queue. Handlers look at Stripe afresh, so this never does harm."""
        chosen = events.exclude(status=StripeEvent.Status.RECEIVED)
        put_back = sum(_replayed(event, str(request.user)) for event in chosen)
        nudge()
        sentence = ngettext("%d event will be handled again.", "%d events will be handled again.", put_back)
        self.message_user(request, sentence % put_back, messages.SUCCESS)

    def has_replay_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Whoever may see events may have them handled again."""
        return self.has_view_permission(request, obj)


def _replayed(event: StripeEvent, actor: str) -> bool:
    """Put one event back; False when somebody else did between the list being read and the button pressed."""
    try:
        replay(event, actor=actor, reason="Replayed in the admin.")
    except (IllegalMove, LostRace):
        return False
    return True
