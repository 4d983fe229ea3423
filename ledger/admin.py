"""The books in the admin, to be read."""

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from kit.admin import ReadOnlyAdmin, ReadOnlyInline
from kit.money import format_money
from ledger.models import Checkpoint, Entry, Posting, Seal


class EntryInline(ReadOnlyInline):
    """The lines of a posting."""

    model = Entry
    fields = ("account", "ref", "shown_amount")
    readonly_fields = fields

    @admin.display(description=_("Amount"))
    def shown_amount(self, entry: Entry) -> str:
        """With its currency."""
        return format_money(entry.amount, entry.currency)


@admin.register(Posting)
class PostingAdmin(ReadOnlyAdmin):
    """What was booked."""

    list_display = ("occurred_at", "kind", "description", "order_number", "balance_transaction")
    list_filter = ("kind",)
    search_fields = ("key", "order_number", "balance_transaction")
    date_hierarchy = "occurred_at"
    inlines = (EntryInline,)


@admin.register(Entry)
class EntryAdmin(ReadOnlyAdmin):
    """Single lines, to search an account's."""

    list_display = ("posting", "account", "ref", "shown_amount")
    list_filter = ("account", "currency")
    search_fields = ("ref", "posting__key", "posting__order_number")
    list_select_related = ("posting",)

    @admin.display(description=_("Amount"))
    def shown_amount(self, entry: Entry) -> str:
        """With its currency."""
        return format_money(entry.amount, entry.currency)


@admin.register(Seal)
class SealAdmin(ReadOnlyAdmin):
    """The chain of seals; `manage.py ledger_verify` computes it anew."""

    list_display = ("number", "sealed_at", "postings", "entries", "hash")
    search_fields = ("number", "hash")
    fields = (
        "number",
        "previous",
        "below",
        "postings",
        "entries",
        "rows_hash",
        "checkpoints_hash",
        "sealed_at",
        "hash",
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[Seal]:
        """Without the leaves, which nobody reads and which are many."""
        return super().get_queryset(request).defer("leaves")


@admin.register(Checkpoint)
class CheckpointAdmin(ReadOnlyAdmin):
    """What stood on accounts when they were sealed."""

    list_display = ("seal", "account", "ref", "shown_balance")
    list_filter = ("account", "currency")
    search_fields = ("ref",)
    list_select_related = ("seal",)

    @admin.display(description=_("Balance"))
    def shown_balance(self, checkpoint: Checkpoint) -> str:
        """With its currency."""
        return format_money(checkpoint.balance, checkpoint.currency)
