"""What a buyer wants to remember without buying it now."""

from __future__ import annotations

from django.db import models

from catalog.models import Listing, Variant
from customers.models import Customer


class SavedListing(models.Model):
    """A listing, or one variant of it, that a buyer saved for later. Nothing is set aside for it."""

    customer = models.ForeignKey(Customer, on_delete=models.CASCADE, related_name="saved_listings")
    listing = models.ForeignKey(Listing, on_delete=models.CASCADE, related_name="+")
    variant = models.ForeignKey(Variant, on_delete=models.CASCADE, null=True, blank=True, related_name="+")
    saved_at = models.DateTimeField()

    class Meta:
        ordering = ("-pk",)
        constraints = [
            models.UniqueConstraint(
                fields=["customer", "listing", "variant"], name="one_saved_row_per_listing", nulls_distinct=False
            )
        ]

    def __str__(self) -> str:
        return f"{self.listing.title} ({self.variant.name})" if self.variant else self.listing.title
