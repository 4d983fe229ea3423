"""What somebody means to buy."""

from __future__ import annotations

import uuid

from django.db import models
from django.utils import timezone

from catalog.models import Listing
from customers.models import Customer


class Basket(models.Model):
    """What somebody means to buy: found by the customer when signed in, by a token in the session before."""

    token = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    customer = models.OneToOneField(Customer, on_delete=models.CASCADE, null=True, blank=True, related_name="basket")
    updated_at = models.DateTimeField(default=timezone.now)

    def __str__(self) -> str:
        return f"Basket {self.pk}"


class BasketLine(models.Model):
    """Some units of one listing in a basket."""

    basket = models.ForeignKey(Basket, on_delete=models.CASCADE, related_name="lines")
    listing = models.ForeignKey(Listing, on_delete=models.CASCADE, related_name="+")
    quantity = models.PositiveIntegerField(default=1)
    added_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ("pk",)
        constraints = [
            models.UniqueConstraint(fields=["basket", "listing"], name="one_line_per_listing"),
            models.CheckConstraint(
                condition=models.Q(quantity__gte=1, quantity__lte=99), name="basket_quantity_in_range"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.quantity} × {self.listing}"
