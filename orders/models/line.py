"""What was bought, as it was offered at that moment."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from catalog.models import Listing, Reservation, Variant
from kit.money import Money
from orders.models.order import Order


class OrderLine(models.Model):
    """One listing in an order, as it was offered at that moment. Amounts are minor units of the order's currency."""

    order = models.ForeignKey(Order, on_delete=models.PROTECT, related_name="lines")
    listing = models.ForeignKey(Listing, on_delete=models.PROTECT, related_name="+")
    variant = models.ForeignKey(Variant, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    # Which variant, in the words it had at the sale: "M / Blue"; empty for a listing without variants.
    variant_name = models.CharField(max_length=400, blank=True)
    reservation = models.OneToOneField(Reservation, on_delete=models.PROTECT, related_name="+")
    title = models.CharField(max_length=140)
    delivery = models.CharField(max_length=16, choices=Listing.Delivery.choices)
    unit_price = models.BigIntegerField()
    quantity = models.PositiveIntegerField()
    amount = models.BigIntegerField()
    fee = models.BigIntegerField()
    # The rule the fee comes from, in the words it had at the sale: rules change, what was agreed does not.
    fee_rule = models.CharField(max_length=300, blank=True)

    class Meta:
        ordering = ("pk",)
        verbose_name = _("thing ordered")
        verbose_name_plural = _("things ordered")
        constraints = [
            models.CheckConstraint(
                condition=models.Q(amount=models.F("unit_price") * models.F("quantity")), name="order_line_adds_up"
            ),
            models.CheckConstraint(
                condition=models.Q(fee__gte=0) & models.Q(fee__lte=models.F("amount")), name="order_line_fee_in_amount"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.quantity} × {self.name}"

    @property
    def name(self) -> str:
        """The title with the variant, as on a receipt."""
        return f"{self.title} ({self.variant_name})" if self.variant_name else self.title

    @property
    def money(self) -> Money:
        """What the buyer pays for the line."""
        return Money(self.amount, self.order.currency)

    @property
    def unit_money(self) -> Money:
        """What one costs."""
        return Money(self.unit_price, self.order.currency)

    @property
    def fee_money(self) -> Money:
        """The line's part of the order's fee."""
        return Money(self.fee, self.order.currency)
