"""Baskets, purchases and orders in the admin: to be looked up and followed, never rewritten."""

from django.contrib import admin
from django.db.models import Count, QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from kit.admin import ReadOnlyAdmin, ReadOnlyInline
from orders.models import Basket, BasketLine, Order, OrderLine, OrderMove, Purchase, PurchaseMove


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
    )
    inlines = (OrderLineInline, OrderMoveInline)
