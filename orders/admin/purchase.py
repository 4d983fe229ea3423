"""Baskets, purchases and orders in the admin: to be looked up and followed, never rewritten."""

from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import Count, QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from kit.admin import ReadOnlyAdmin, ReadOnlyInline
from kit.money import parse_amount, to_decimal
from orders.fees import in_words
from orders.models import Basket, BasketLine, FeeRule, Order, OrderLine, OrderMove, Purchase, PurchaseMove


class BasketLineInline(ReadOnlyInline):
    """What somebody means to buy."""

    model = BasketLine
    show_change_link = False


@admin.register(Basket)
class BasketAdmin(ReadOnlyAdmin):
    """Baskets belong to their people: staff look, people change them."""

    list_display = ("pk", "customer", "shown_lines", "updated_at")
    search_fields = ("customer__user__email", "=pk")
    list_select_related = ("customer__user",)
    ordering = ("-pk",)
    inlines = (BasketLineInline,)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Basket]:
        """With the number of lines."""
        return super().get_queryset(request).annotate(line_count=Count("lines"))

    @admin.display(description=_("Lines"))
    def shown_lines(self, basket: Basket) -> int:
        """How many different things are in it."""
        count: int = basket.line_count  # type: ignore[attr-defined]
        return count


class OrderAmounts:
    """An order's three amounts, with their currency."""

    @admin.display(description=_("Total"))
    def shown_total(self, order: Order) -> str:
        """What the buyer pays."""
        return str(order.money)

    @admin.display(description=_("Our fee"))
    def shown_fee(self, order: Order) -> str:
        """What the platform keeps."""
        return str(order.fee_money)

    @admin.display(description=_("Seller’s share"))
    def shown_share(self, order: Order) -> str:
        """What is left for the seller."""
        return str(order.seller_money)


class OrderInline(OrderAmounts, ReadOnlyInline):
    """The sellers' parts of a purchase."""

    model = Order
    fields = ("number", "seller", "status", "funds_flow", "shown_total", "shown_fee", "shown_share")
    readonly_fields = fields


class PurchaseMoveInline(ReadOnlyInline):
    """What happened to a purchase."""

    model = PurchaseMove
    show_change_link = False


@admin.register(Purchase)
class PurchaseAdmin(ReadOnlyAdmin):
    """Each checkout of a buyer."""

    list_display = ("number", "customer", "status", "shown_total", "placed_at")
    list_filter = ("status", "currency")
    search_fields = ("=number", "=orders__number", "customer__user__email")
    list_select_related = ("customer__user",)
    ordering = ("-pk",)
    fields = (
        "number",
        "customer",
        "status",
        "shown_total",
        "shown_address",
        "placed_at",
        "placed_from",
        "basket",
        "basket_hash",
    )
    inlines = (OrderInline, PurchaseMoveInline)

    @admin.display(description=_("Total"))
    def shown_total(self, purchase: Purchase) -> str:
        """What the buyer pays."""
        return str(purchase.money)

    @admin.display(description=_("Address"))
    def shown_address(self, purchase: Purchase) -> str:
        """As on a parcel."""
        return ", ".join(purchase.address_lines) or "-"


class OrderLineInline(ReadOnlyInline):
    """What was bought, as it was offered then."""

    model = OrderLine
    fields = (
        "title",
        "listing",
        "delivery",
        "quantity",
        "shown_unit_price",
        "shown_amount",
        "shown_fee",
        "fee_rule",
        "reservation",
    )
    readonly_fields = fields
    show_change_link = False

    def get_queryset(self, request: HttpRequest) -> QuerySet[OrderLine]:
        """With what the rows name."""
        return super().get_queryset(request).select_related("order", "listing", "reservation__listing")

    @admin.display(description=_("Price of one"))
    def shown_unit_price(self, line: OrderLine) -> str:
        """With its currency."""
        return str(line.unit_money)

    @admin.display(description=_("Amount"))
    def shown_amount(self, line: OrderLine) -> str:
        """With its currency."""
        return str(line.money)

    @admin.display(description=_("Fee part"))
    def shown_fee(self, line: OrderLine) -> str:
        """The line's part of the order's fee."""
        return str(line.fee_money)


class OrderMoveInline(ReadOnlyInline):
    """What happened to an order."""

    model = OrderMove
    show_change_link = False


@admin.register(Order)
class OrderAdmin(OrderAmounts, ReadOnlyAdmin):
    """Each seller's part of a purchase."""

    list_display = ("number", "purchase", "seller", "status", "shown_total", "shown_fee", "shown_share", "placed_at")
    list_filter = ("status", "funds_flow", "currency")
    search_fields = ("=number", "=purchase__number", "seller__name", "purchase__customer__user__email")
    list_select_related = ("purchase", "seller")
    ordering = ("-pk",)
    fields = (
        "number",
        "purchase",
        "seller",
        "status",
        "funds_flow",
        "shown_total",
        "shown_fee",
        "shown_share",
        "placed_at",
        "paid_at",
        "ship_by",
        "fulfilled_at",
        "carrier",
        "tracking_number",
        "delivered_at",
        "delivered_by",
    )
    inlines = (OrderLineInline, OrderMoveInline)


class FeeRuleForm(forms.ModelForm[FeeRule]):
    """A rule with its amounts as people write them, like 0.30, in the rule's currency."""

    minimum = forms.CharField(label=_("At least, for each line"), required=False, help_text=_("Like 0.30."))
    cap = forms.CharField(label=_("At most, for each line"), required=False, help_text=_("Like 25."))

    class Meta:
        model = FeeRule
        fields = (
            "seller",
            "category",
            "basis_points",
            "currency",
            "minimum",
            "cap",
            "valid_from",
            "valid_until",
            "note",
        )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for field in ("minimum", "cap"):
            amount = self.initial.get(field)
            if amount is not None:
                self.initial[field] = str(to_decimal(amount, self.initial["currency"]))

    def clean_currency(self) -> str:
        """As Stripe writes it."""
        return str(self.cleaned_data["currency"]).strip().lower()

    def clean(self) -> dict[str, Any]:
        """Amounts in minor units, so that the model can check the rest."""
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        for field in ("minimum", "cap"):
            cleaned[field] = self._amount(cleaned.get(field) or "", field)
        return cleaned

    def _amount(self, text: str, field: str) -> int | None:
        currency = self.cleaned_data.get("currency")
        if not text:
            return None
        if not currency:
            self.add_error("currency", _("Say in which currency the amounts below are."))
            return None
        try:
            return parse_amount(text, currency)
        except ValueError as error:
            self.add_error(field, str(error))
            return None


@admin.register(FeeRule)
class FeeRuleAdmin(admin.ModelAdmin[FeeRule]):
    """What the platform keeps of sales from now on. What is sold keeps the fee it was sold with."""

    form = FeeRuleForm
    list_display = ("shown_rule", "seller", "category", "valid_from", "valid_until", "note")
    list_filter = ("currency", "category")
    list_select_related = ("seller", "category")
    search_fields = ("seller__name", "category__name", "note")
    raw_id_fields = ("seller",)
    ordering = ("-pk",)

    @admin.display(description=_("Rule"))
    def shown_rule(self, rule: FeeRule) -> str:
        """As it is kept with a sale."""
        return in_words(rule)
