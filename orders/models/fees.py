"""What the platform keeps of a sale."""

from __future__ import annotations

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.countries import percentage
from accounts.models import Seller
from catalog.models import Category


class FeeRule(models.Model):
    """What the platform keeps of a sale, in basis points of each line: for everything, or for a category, a seller, or
    a seller's things in a category. The most specific rule counts (orders.fees).

    `minimum` and `cap` are for one line, in minor units of `currency`; a rule with a currency is for that one only.
    """

    seller = models.ForeignKey(
        Seller, on_delete=models.CASCADE, null=True, blank=True, related_name="fee_rules",
        help_text=_("Leave empty for all sellers."),
    )  # fmt: skip
    category = models.ForeignKey(
        Category, on_delete=models.CASCADE, null=True, blank=True, related_name="fee_rules",
        help_text=_("Leave empty for all categories."),
    )  # fmt: skip
    basis_points = models.PositiveIntegerField(
        validators=[MaxValueValidator(10_000)], help_text=_("Hundredths of a percent: 1000 is 10%.")
    )
    currency = models.CharField(
        max_length=3, blank=True, help_text=_("Like eur. Leave empty for all; needed for a least or a most.")
    )
    minimum = models.BigIntegerField(_("at least"), null=True, blank=True)
    cap = models.BigIntegerField(_("at most"), null=True, blank=True)
    valid_from = models.DateTimeField(default=timezone.now)
    valid_until = models.DateTimeField(null=True, blank=True, help_text=_("Leave empty for no end."))
    note = models.CharField(max_length=200, blank=True, help_text=_("Why, for colleagues."))

    class Meta:
        ordering = ("-pk",)
        verbose_name = _("fee rule")
        verbose_name_plural = _("fee rules")
        constraints = [
            models.CheckConstraint(
                condition=models.Q(basis_points__gte=0, basis_points__lte=10_000), name="fee_rule_is_a_part"
            ),
            models.CheckConstraint(
                condition=(models.Q(minimum=None) | models.Q(minimum__gte=0))
                & (models.Q(cap=None) | models.Q(cap__gte=0))
                & (models.Q(minimum=None) | models.Q(cap=None) | models.Q(minimum__lte=models.F("cap"))),
                name="fee_rule_least_below_most",
            ),
            models.CheckConstraint(
                condition=models.Q(minimum=None, cap=None) | ~models.Q(currency=""), name="fee_rule_names_its_currency"
            ),
            models.CheckConstraint(
                condition=models.Q(valid_until=None) | models.Q(valid_until__gt=models.F("valid_from")),
                name="fee_rule_ends_after_it_begins",
            ),
        ]

    def __str__(self) -> str:
        whose = [str(part) for part in (self.seller, self.category) if part is not None]
        return " · ".join([percentage(self.basis_points), *whose])

    def clean(self) -> None:
        """What the constraints hold, said at the field it is about."""
        wrong: dict[str, object] = {}
        if self.currency and self.currency not in settings.MARKETPLACE_CURRENCIES:
            wrong["currency"] = _("Prices here are in %(list)s.") % {"list": ", ".join(settings.MARKETPLACE_CURRENCIES)}
        elif not self.currency and (self.minimum is not None or self.cap is not None):
            wrong["currency"] = _("Say in which currency the amounts below are.")
        if self.minimum is not None and self.cap is not None and self.cap < self.minimum:
            wrong["cap"] = _("The most cannot be less than the least.")
        if self.valid_until is not None and self.valid_from is not None and self.valid_until <= self.valid_from:
            wrong["valid_until"] = _("It has to end after it begins.")
        if wrong:
            raise ValidationError({field: str(words) for field, words in wrong.items()})
