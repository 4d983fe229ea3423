"""Payments and payouts in the admin."""

from django.contrib import admin
from django.utils.translation import gettext_lazy as _

from kit.admin import ReadOnlyAdmin, ReadOnlyInline
from payments.models import Payment, PaymentMove, Payout, PayoutMove


class PaymentMoveInline(ReadOnlyInline):
    """What happened to a payment."""

    model = PaymentMove


@admin.register(Payment)
class PaymentAdmin(ReadOnlyAdmin):
    """Each attempt to pay a purchase."""

    list_display = ("created_at", "purchase", "attempt", "status", "shown_amount", "shown_operation", "charge_id")
    list_filter = ("status", "currency")
    search_fields = (
        "purchase__number", "purchase__orders__number", "session_id", "payment_intent_id", "charge_id",
        "purchase__customer__user__email",
    )  # fmt: skip
    list_select_related = ("purchase",)
    date_hierarchy = "created_at"
    inlines = (PaymentMoveInline,)

    @admin.display(description=_("Amount"))
    def shown_amount(self, payment: Payment) -> str:
        """With its currency."""
        return str(payment.money)

    @admin.display(description=_("Operation"))
    def shown_operation(self, payment: Payment) -> str:
        """The key of the operation that opened the page."""
        return f"checkout:{payment.pk}"


class PayoutMoveInline(ReadOnlyInline):
    """What happened to a payout."""

    model = PayoutMove


@admin.register(Payout)
class PayoutAdmin(ReadOnlyAdmin):
    """Money on its way to sellers' banks."""

    list_display = ("created_at", "connected_account", "status", "shown_amount", "arrives_on", "failure_code")
    list_filter = ("status", "currency")
    search_fields = ("stripe_id", "connected_account__stripe_id", "connected_account__seller__name")
    list_select_related = ("connected_account",)
    date_hierarchy = "created_at"
    inlines = (PayoutMoveInline,)

    @admin.display(description=_("Amount"))
    def shown_amount(self, payout: Payout) -> str:
        """With its currency."""
        return str(payout.money)
