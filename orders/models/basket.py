"""What somebody means to buy."""

from __future__ import annotations

import uuid

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from catalog.models import Listing, Variant
from catalog.stock import Goods
from customers.models import Customer
from kit.money import Money


class Basket(models.Model):
    """What somebody means to buy: found by the customer when signed in, by a token in the session before."""

    token = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    customer = models.OneToOneField(Customer, on_delete=models.CASCADE, null=True, blank=True, related_name="basket")
    updated_at = models.DateTimeField(default=timezone.now)

    class Meta:
        verbose_name = _("basket")
        verbose_name_plural = _("baskets")

    def __str__(self) -> str:
        return f"Basket {self.pk}"


class BasketLine(models.Model):
    """Some units of one listing, or of one variant of it, in a basket."""

    basket = models.ForeignKey(Basket, on_delete=models.CASCADE, related_name="lines")
    listing = models.ForeignKey(Listing, on_delete=models.CASCADE, related_name="+")
    variant = models.ForeignKey(Variant, on_delete=models.CASCADE, null=True, blank=True, related_name="+")
    quantity = models.PositiveIntegerField(default=1)
    added_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ("pk",)
        verbose_name = _("thing in it")
        verbose_name_plural = _("things in it")
        constraints = [
            models.UniqueConstraint(
                fields=["basket", "listing", "variant"], name="one_line_per_listing", nulls_distinct=False
            ),
            models.CheckConstraint(
                condition=models.Q(quantity__gte=1, quantity__lte=99), name="basket_quantity_in_range"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.quantity} × {self.name}"

    @property
    def goods(self) -> Goods:
        """What it is a line of."""
        return Goods(self.listing_id, self.variant_id)

    @property
    def variant_name(self) -> str:
        """Which variant: "M / Blue"; nothing without one."""
        return self.variant.name if self.variant else ""

    @property
    def name(self) -> str:
        """The listing's title with the variant."""
        return f"{self.listing.title} ({self.variant_name})" if self.variant else self.listing.title

    @property
    def price(self) -> int:
        """What one costs now, in minor units of the listing's currency."""
        return self.variant.price if self.variant else self.listing.price

    @property
    def money(self) -> Money:
        """What one costs now."""
        return Money(self.price, self.listing.currency)

    @property
    def available(self) -> int:
        """How many are in stock."""
        return self.variant.available if self.variant else self.listing.available
