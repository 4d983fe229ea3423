"""Buyers in the admin."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext_lazy

from accounts.countries import country_name
from customers.models import Address, Customer, SavedPaymentMethod
from kit.admin import ReadOnlyAdmin, ReadOnlyInline


class AddressInline(ReadOnlyInline):
    """A buyer's address book. The book is the buyer's: support reads it, the buyer changes it."""

    model = Address
    fields = (
        "name", "line1", "line2", "postal_code", "city", "region", "country", "phone", "is_default",
        "is_billing_default",
    )  # fmt: skip


class SavedPaymentMethodInline(ReadOnlyInline):
    """The buyer's saved cards, as Stripe last told. The buyer adds and removes them."""

    model = SavedPaymentMethod
    fields = ("kind", "brand", "last4", "exp_month", "exp_year", "wallet", "is_default", "stripe_id")


@admin.register(Customer)
class CustomerAdmin(admin.ModelAdmin):
    """Buyers' profiles with their mirror at Stripe."""

    list_display = ("user", "full_name", "is_guest", "phone", "stripe_id", "created_at")
    list_filter = ("user__is_guest",)
    search_fields = ("user__email", "user__full_name", "stripe_id", "phone")
    list_select_related = ("user",)
    fields = ("user", "phone", "stripe_id", "operations", "created_at")
    readonly_fields = ("user", "stripe_id", "operations", "created_at")
    inlines = (AddressInline, SavedPaymentMethodInline)

    def has_add_permission(self, request: HttpRequest) -> bool:
        """A profile comes with its person."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Purchases hang on it."""
        return False

    @admin.display(description=gettext_lazy("name"), ordering="user__full_name")
    def full_name(self, customer: Customer) -> str:
        """The person's name."""
        return customer.user.full_name

    @admin.display(description=gettext_lazy("guest"), ordering="user__is_guest", boolean=True)
    def is_guest(self, customer: Customer) -> bool:
        """Whether they bought without an account."""
        return customer.user.is_guest

    @admin.display(description=gettext_lazy("operations at Stripe"))
    def operations(self, customer: Customer) -> str:
        """A link to what was asked of Stripe for this buyer."""
        url = reverse("admin:gateway_operation_changelist")
        return format_html('<a href="{}?q=customer:{}">customer:{}</a>', url, customer.pk, customer.pk)


@admin.register(Address)
class AddressAdmin(ReadOnlyAdmin):
    """Addresses, to find a buyer by one. Buyers add, change and delete their own."""

    list_display = ("name", "line1", "postal_code", "city", "country_in_words", "customer", "is_default")
    list_filter = ("country",)
    search_fields = ("name", "line1", "city", "postal_code", "customer__user__email")
    list_select_related = ("customer__user",)

    @admin.display(description=gettext_lazy("country"), ordering="country")
    def country_in_words(self, address: Address) -> str:
        """The country by name."""
        return country_name(address.country)
