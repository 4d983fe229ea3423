"""Payments and payouts in the admin."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from accounts.models import Membership
from kit.admin import ReadOnlyAdmin, ReadOnlyInline
from kit.templatetags import ui
from payments import payout_pages
from payments.models import Payment, PaymentMove, Payout, PayoutMove
from payments.payout_failures import failure


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

    list_display = ("created_at", "seller", "shown_status", "shown_amount", "arrives_on", "why")
    list_filter = ("status", "currency")
    search_fields = ("stripe_id", "connected_account__stripe_id", "connected_account__seller__name")
    list_select_related = ("connected_account__seller",)
    date_hierarchy = "created_at"
    inlines = (PayoutMoveInline,)
    change_form_template = "admin/payments/payout/change_form.html"

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """Every payout, whoever's it is."""
        return super().changelist_view(request, {**(extra_context or {}), "title": _("Payouts to sellers’ banks")})

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Where it is, why it came back and what can be done, above the facts."""
        payout = self.get_object(request, object_id)
        more = {} if payout is None else _shown(payout)
        return super().change_view(request, object_id, form_url, {**(extra_context or {}), **more})

    @admin.display(description=_("Seller"), ordering="connected_account__seller__name")
    def seller(self, payout: Payout) -> str:
        """Whose it is."""
        return payout.connected_account.seller.name

    @admin.display(description=_("Status"), ordering="status")
    def shown_status(self, payout: Payout) -> SafeString:
        """As its seller sees it."""
        return ui.pill(payout_pages.PILLS[Payout.Status(payout.status)], payout.get_status_display())

    @admin.display(description=_("Amount"), ordering="amount")
    def shown_amount(self, payout: Payout) -> str:
        """With its currency."""
        return str(payout.money)

    @admin.display(description=_("Why it came back"))
    def why(self, payout: Payout) -> str:
        """In words; nothing unless a bank returned it."""
        return str(failure(payout).reason) if payout.status == Payout.Status.FAILED else ""


def _shown(payout: Payout) -> dict[str, Any]:
    seller = payout.connected_account.seller
    return {
        "title": _("A payout to %(seller)s") % {"seller": seller.name},
        "subtitle": None,
        "pill": payout_pages.PILLS[Payout.Status(payout.status)],
        "sentence": payout_pages.for_staff(payout),
        "waits": payout_pages.turn(payout).needs_you,
        "why": failure(payout) if payout.status == Payout.Status.FAILED else None,
        "totals": payout_pages.totals(payout),
        "seller": seller,
        "owner": seller.memberships.filter(role=Membership.Role.OWNER).select_related("user").first(),
    }
