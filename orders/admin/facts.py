"""The terms in their versions, and what is kept of each purchase."""

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from catalog.models import Listing
from kit.admin import ReadOnlyAdmin
from kit.money import format_money
from orders import terms
from orders.models import PurchaseFacts, Terms


@admin.register(Terms)
class TermsAdmin(admin.ModelAdmin[Terms]):
    """Versions of the terms of buying and the refund policy: drafted, then published once and never changed again."""

    list_display = ("title", "kind", "version", "published_at", "short_digest")
    list_filter = ("kind",)
    fields = ("kind", "version", "title", "body", "published_at", "digest")
    readonly_fields = ("published_at", "digest")
    actions = ("publish",)

    def has_change_permission(self, request: HttpRequest, obj: Terms | None = None) -> bool:
        """Buyers accepted the very words of a published version."""
        return super().has_change_permission(request, obj) and (obj is None or obj.published_at is None)

    def has_delete_permission(self, request: HttpRequest, obj: Terms | None = None) -> bool:
        """Only drafts, one at a time."""
        return super().has_delete_permission(request, obj) and obj is not None and obj.published_at is None

    def formfield_for_dbfield(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> forms.Field | None:
        """Tell how the text is written."""
        field = super().formfield_for_dbfield(db_field, request, **kwargs)
        if field is not None and db_field.name == "body":
            field.help_text = _("## begins a section, an empty line a paragraph, - an item of a list.")
        return field

    @admin.action(description=gettext_lazy("Publish: whoever orders from now on accepts it"), permissions=["change"])
    def publish(self, request: HttpRequest, queryset: QuerySet[Terms]) -> None:
        """Publish the chosen drafts."""
        drafts = list(queryset.filter(published_at=None).order_by("version"))
        for draft in drafts:
            terms.publish(draft)
        self.message_user(request, _("%(count)d published.") % {"count": len(drafts)}, messages.SUCCESS)

    @admin.display(description=gettext_lazy("SHA-256"))
    def short_digest(self, version: Terms) -> str:
        """Enough of it to compare."""
        return version.digest[:12]


@admin.register(PurchaseFacts)
class PurchaseFactsAdmin(ReadOnlyAdmin):
    """What was known at the moment of a purchase; the bank hears of it when it asks."""

    list_display = ("purchase", "email", "ip", "shown_device", "keep_until", "forgotten_at")
    search_fields = ("=purchase__number", "=ip", "email", "=device_id")
    list_filter = (("forgotten_at", admin.EmptyFieldListFilter),)
    list_select_related = ("purchase",)
    ordering = ("-pk",)
    fields = (
        "purchase", "ip", "user_agent", "device_id", "language", "email", "account_id", "terms", "terms_digest",
        "refund_policy", "refund_policy_digest", "shown_bought", "keep_until", "forgotten_at",
    )  # fmt: skip

    @admin.display(description=gettext_lazy("device"))
    def shown_device(self, facts: PurchaseFacts) -> str:
        """Enough of it to compare."""
        return facts.device_id[:8]

    @admin.display(description=gettext_lazy("bought"))
    def shown_bought(self, facts: PurchaseFacts) -> SafeString:
        """What was bought, as it was shown then."""
        currency = facts.purchase.currency
        rows = (
            (
                f"{one['quantity']} × {one['title']}",
                format_money(one["unit_price"], currency),
                one["seller"],
                Listing.Delivery(one["delivery"]).label,
                one["description"],
            )
            for one in facts.bought
        )
        return format_html("<ul>{}</ul>", format_html_join("", "<li>{}, {}, {}, {}<br>{}</li>", rows))
