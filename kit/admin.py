"""Admin pages for rows that are history: to be read, searched and linked, never changed by hand. And the mail."""

from typing import Any

from django.contrib import admin, messages
from django.db.models import Model, QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext, pgettext_lazy

from kit.models import Mail
from kit.transitions import MoveRecord

# The history of a status, and the columns that say in words what two of its fields store.
HISTORY = ("from_status", "to_status", "at", "actor", "reason")
IN_WORDS = {"from_status": "from_in_words", "to_status": "to_in_words"}


class ReadOnlyAdmin(admin.ModelAdmin[Any]):
    """Look, search, follow links; no adding, changing or deleting."""

    list_per_page = 50
    show_full_result_count = False

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Rows are made by the marketplace itself."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """History is not rewritten."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Nor removed."""
        return False


class ReadOnlyInline(admin.TabularInline[Any, Any]):
    """Rows that belong to the one shown, to be read."""

    template = "admin/_read_only_inline.html"
    extra = 0
    can_delete = False
    show_change_link = True

    def __init__(self, parent_model: type[Model], admin_site: admin.AdminSite) -> None:
        super().__init__(parent_model, admin_site)
        if issubclass(self.model, MoveRecord):
            # The history of a status is called the same wherever it stands.
            self.verbose_name, self.verbose_name_plural = _("step"), _("What happened")

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        """As named; of a status's history the statuses in words instead of as they are stored."""
        if not issubclass(self.model, MoveRecord):
            return super().get_fields(request, obj)
        return [IN_WORDS.get(str(name), name) for name in self.fields or HISTORY]

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        """Also what is no field of the row's, but said in words."""
        named = super().get_readonly_fields(request, obj)
        return (*named, *IN_WORDS.values()) if issubclass(self.model, MoveRecord) else named

    @admin.display(description=pgettext_lazy("column", "from"))
    def from_in_words(self, move: MoveRecord) -> str:
        """Where it stood before."""
        return _status_in_words(move, move.from_status)

    @admin.display(description=pgettext_lazy("column", "to"))
    def to_in_words(self, move: MoveRecord) -> str:
        """Where it stands since."""
        return _status_in_words(move, move.to_status)

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Rows are made by the marketplace itself."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """History is not rewritten."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Nor removed."""
        return False


def _status_in_words(move: MoveRecord, status: str) -> str:
    """A status as its own page calls it; one that no longer exists, as it was written down."""
    meta: Any = type(move)._meta
    return str(dict(meta.get_field("subject").related_model._meta.get_field("status").flatchoices).get(status, status))


@admin.register(Mail)
class MailAdmin(ReadOnlyAdmin):
    """What was written to whom, and whether it went out."""

    list_display = ("created_at", "to", "subject", "sent_at", "attempts", "last_error")
    list_filter = (("sent_at", admin.EmptyFieldListFilter),)
    search_fields = ("to", "subject", "key")
    date_hierarchy = "created_at"
    fields = ("key", "to", "subject", "text", "created_at", "sent_at", "attempts", "claimed_until", "last_error")
    actions = ("try_again",)

    @admin.action(description=_("Try to send again"), permissions=["resend"])
    def try_again(self, request: HttpRequest, mails: QuerySet[Mail]) -> None:
        """Give mails that could not be sent their attempts back. One that was sent is never sent twice."""
        count = mails.filter(sent_at=None).update(attempts=0, claimed_until=None)
        sentence = ngettext("%d mail will be tried again.", "%d mails will be tried again.", count)
        self.message_user(request, sentence % count, messages.SUCCESS)

    def has_resend_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Whoever may see mails may have them tried again."""
        return self.has_view_permission(request, obj)
