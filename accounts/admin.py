"""People, sellers and their Stripe accounts in the admin."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.contrib.auth.admin import UserAdmin as DjangoUserAdmin
from django.contrib.auth.forms import AdminUserCreationForm, UserChangeForm
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from accounts import guidelines
from accounts.models import ConnectedAccount, Guidelines, GuidelinesAcceptance, Membership, Seller, User
from accounts.onboarding import creation_key
from accounts.requirements import sentence
from kit.admin import ReadOnlyAdmin, ReadOnlyInline


class MembershipInline(admin.StackedInline):
    """The people of a shop, or the shops of a person. Stacked, because Django labels no field in a table's row."""

    model = Membership
    extra = 0
    autocomplete_fields = ("user", "seller")
    readonly_fields = ("created_at",)


class EmailUserCreationForm(AdminUserCreationForm):
    """A new person, by e-mail address."""

    def clean_email(self) -> str:
        """Lower-case, as everywhere."""
        return str(self.cleaned_data["email"]).lower()

    class Meta:
        model = User
        fields = ("email", "full_name")


class EmailUserChangeForm(UserChangeForm):
    """A person's data; the password is changed on its own page."""

    def clean_email(self) -> str:
        """Lower-case, as everywhere."""
        return str(self.cleaned_data["email"]).lower()

    class Meta:
        model = User
        fields = ("email", "full_name", "is_active", "is_staff", "is_superuser", "groups", "user_permissions")


@admin.register(User)
class UserAdmin(DjangoUserAdmin):
    """People who sign in."""

    form = EmailUserChangeForm
    add_form = EmailUserCreationForm
    list_display = ("email", "full_name", "is_active", "is_staff", "date_joined", "last_login")
    list_filter = ("is_active", "is_staff", "is_superuser")
    search_fields = ("email", "full_name")
    ordering = ("-pk",)
    readonly_fields = ("date_joined", "last_login")
    inlines = (MembershipInline,)
    fieldsets = (
        (None, {"fields": ("email", "full_name", "password")}),
        (
            gettext_lazy("What this person may do"),
            {"fields": ("is_active", "is_staff", "is_superuser", "groups", "user_permissions")},
        ),
        (gettext_lazy("Dates"), {"fields": ("date_joined", "last_login")}),
    )
    add_fieldsets = ((None, {"fields": ("email", "full_name", "usable_password", "password1", "password2")}),)

    def get_inlines(self, request: HttpRequest, obj: User | None) -> list[Any]:
        """Memberships only for somebody who exists."""
        return list(self.inlines) if obj else []


class ConnectedAccountInline(ReadOnlyInline):
    """A seller's accounts at Stripe, the newest first."""

    model = ConnectedAccount
    fields = ("version", "stripe_id", "transfers", "payouts", "refreshed_at", "closed_at")
    ordering = ("-version",)


@admin.register(Seller)
class SellerAdmin(admin.ModelAdmin):
    """Shops."""

    list_display = ("name", "slug", "country", "currency", "transfers", "created_at")
    list_filter = ("country", "currency")
    search_fields = ("name", "slug", "memberships__user__email", "connected_accounts__stripe_id")
    # A photo comes in by the shop's own page alone, where it is checked and drawn anew.
    exclude = ("portrait",)
    readonly_fields = ("shown_portrait", "created_at")
    inlines = (MembershipInline, ConnectedAccountInline)
    actions = ("take_photo_away",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Seller]:
        """With their accounts, in one query."""
        return super().get_queryset(request).prefetch_related("connected_accounts")

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Sales hang on a seller; one who leaves is closed, not deleted."""
        return False

    @admin.action(description=gettext_lazy("Take the shop's photo away"), permissions=["change"])
    def take_photo_away(self, request: HttpRequest, queryset: QuerySet[Seller]) -> None:
        """Of shops whose photo is not fit to be shown."""
        found = list(queryset.exclude(portrait=""))
        for seller in found:
            seller.portrait.delete(save=False)
            seller.save(update_fields=["portrait"])
            self.log_change(request, seller, [{"changed": {"fields": ["portrait"]}}])
        said = ngettext("%(n)d photo was taken away.", "%(n)d photos were taken away.", len(found))
        self.message_user(request, said % {"n": len(found)}, messages.SUCCESS)

    @admin.display(description=gettext_lazy("photo of the owner or the shop"))
    def shown_portrait(self, seller: Seller) -> str:
        """As buyers see it."""
        if not seller.portrait:
            return ""
        shown = '<img class="avatar" src="{}" alt="{}" width="48" height="48" loading="lazy">'
        return format_html(shown, seller.portrait_url, _("The shop’s photo"))

    @admin.display(description=gettext_lazy("transfers"))
    def transfers(self, seller: Seller) -> str:
        """What Stripe says about paying the shop."""
        in_use = [account for account in seller.connected_accounts.all() if account.closed_at is None]
        return in_use[0].get_transfers_display() if in_use else _("not started")


@admin.register(ConnectedAccount)
class ConnectedAccountAdmin(ReadOnlyAdmin):
    """Stripe accounts of sellers, as Stripe last described them."""

    list_display = ("__str__", "seller", "version", "transfers", "payouts", "refreshed_at", "closed_at")
    list_filter = ("transfers", "payouts", ("closed_at", admin.EmptyFieldListFilter))
    search_fields = ("stripe_id", "seller__name", "seller__memberships__user__email")
    list_select_related = ("seller",)
    fields = (
        "seller", "version", "stripe_id", "transfers", "payouts", "asked_for", "operations",
        "created_at", "started_at", "refreshed_at", "closed_at",
    )  # fmt: skip
    readonly_fields = ("asked_for", "operations")

    @admin.display(description=gettext_lazy("what Stripe asks for"))
    def asked_for(self, account: ConnectedAccount) -> str:
        """Each requirement in words with its code, who must act, and by when."""
        lines = [
            f"{sentence(entry['code'])} ({entry['code']}): "
            f"{entry['owner']}, {entry['status']}, {entry['deadline'] or _('no date')}"
            for entry in account.requirements
        ]
        return "\n".join(lines) or _("nothing")

    @admin.display(description=gettext_lazy("operations at Stripe"))
    def operations(self, account: ConnectedAccount) -> str:
        """A link to what was asked of Stripe for this account."""
        url = reverse("admin:gateway_operation_changelist")
        return format_html('<a href="{}?q={}">{}</a>', url, creation_key(account), creation_key(account))


@admin.register(Guidelines)
class GuidelinesAdmin(admin.ModelAdmin):
    """Versions of the seller guidelines: drafted, then published once and never changed again."""

    list_display = ("title", "version", "published_at", "acceptance_count")
    readonly_fields = ("published_at",)
    actions = ("publish",)

    def has_change_permission(self, request: HttpRequest, obj: Guidelines | None = None) -> bool:
        """People accepted the very words of a published version."""
        return super().has_change_permission(request, obj) and (obj is None or obj.published_at is None)

    def has_delete_permission(self, request: HttpRequest, obj: Guidelines | None = None) -> bool:
        """Only drafts, one at a time."""
        return super().has_delete_permission(request, obj) and obj is not None and obj.published_at is None

    def formfield_for_dbfield(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> forms.Field | None:
        """Tell how the text is written."""
        field = super().formfield_for_dbfield(db_field, request, **kwargs)
        if field is not None and db_field.name == "body":
            field.help_text = _("## begins a section, an empty line a paragraph, - an item of a list.")
        return field

    @admin.action(description=gettext_lazy("Publish: every seller has to accept it"), permissions=["change"])
    def publish(self, request: HttpRequest, queryset: QuerySet[Guidelines]) -> None:
        """Publish the chosen drafts."""
        drafts = list(queryset.filter(published_at=None).order_by("version"))
        for draft in drafts:
            guidelines.publish(draft)
        self.message_user(request, _("%(count)d published.") % {"count": len(drafts)}, messages.SUCCESS)

    @admin.display(description=gettext_lazy("accepted by"))
    def acceptance_count(self, version: Guidelines) -> int:
        """How many sellers accepted it."""
        return version.acceptances.count()


@admin.register(GuidelinesAcceptance)
class GuidelinesAcceptanceAdmin(ReadOnlyAdmin):
    """Who accepted what, when and from where."""

    list_display = ("seller", "guidelines", "user", "accepted_at", "ip_address")
    list_filter = ("guidelines",)
    search_fields = ("seller__name", "user__email")
    list_select_related = ("seller", "guidelines", "user")
    date_hierarchy = "accepted_at"
