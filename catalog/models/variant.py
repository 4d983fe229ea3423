"""What a listing can be bought as."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from catalog.models.listing import Listing
from kit.money import Money


class Variant(models.Model):
    """One of the things a listing with options can be bought as: the blue one in M. `price` is in minor units of the
    listing's currency.

    What was sold once stays as a row: a variant the seller no longer offers is withdrawn, and offered again later.
    """

    listing = models.ForeignKey(Listing, on_delete=models.CASCADE, related_name="variants")
    position = models.PositiveSmallIntegerField(default=0)
    # One value for each of the listing's options, in their order.
    values = models.JSONField()
    sku = models.CharField(_("SKU"), max_length=100, blank=True)
    price = models.BigIntegerField(_("price"))
    available = models.IntegerField(_("in stock"), default=0)
    withdrawn_at = models.DateTimeField(null=True, blank=True)
    # As the listing has them (catalog.models.listing).
    import_key = models.CharField(max_length=255, null=True, blank=True)  # noqa: DJ001
    imported_quantity = models.IntegerField(null=True, blank=True)

    class Meta:
        ordering = ("position", "pk")
        verbose_name = _("variant")
        verbose_name_plural = _("variants")
        constraints = [
            models.UniqueConstraint(fields=["listing", "values"], name="one_variant_per_values"),
            models.UniqueConstraint(fields=["listing", "import_key"], name="one_variant_per_imported_row"),
            models.CheckConstraint(condition=models.Q(price__gt=0), name="variant_price_positive"),
            models.CheckConstraint(condition=models.Q(available__gte=0), name="variant_available_not_negative"),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def name(self) -> str:
        """Its values as people read them: "M / Blue"."""
        return " / ".join(self.values)

    @property
    def money(self) -> Money:
        """The price of one."""
        return Money(self.price, self.listing.currency)

    @property
    def is_offered(self) -> bool:
        """Whether it can be bought while it is in stock."""
        return self.withdrawn_at is None
