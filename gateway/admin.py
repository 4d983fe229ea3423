"""Operations in the admin: what was asked of Stripe, by whom, why, and what came of it."""

from django.contrib import admin

from gateway.models import Operation, OperationMove
from kit.admin import ReadOnlyAdmin, ReadOnlyInline


class MoveInline(ReadOnlyInline):
    """What happened to an operation."""

    model = OperationMove


@admin.register(Operation)
class OperationAdmin(ReadOnlyAdmin):
    """What we asked of Stripe."""

    list_display = ("planned_at", "name", "key", "status", "object_id", "attempts", "actor", "error_message")
    list_filter = ("status", "name")
    search_fields = ("key", "object_id", "account", "stripe_request_id")
    date_hierarchy = "planned_at"
    inlines = (MoveInline,)
