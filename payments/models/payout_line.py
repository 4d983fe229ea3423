"""What payouts are made of: lines of sellers' balances at Stripe, each of which one payout took along."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from kit.money import Money
from payments.models.payout import Payout
from payments.models.release import Release, Reversal


class PayoutLine(models.Model):
    """One line of a seller's balance, in the payout that took it along: `amount` - `fee` = `net`.

    Minor units of the payout's currency. Written down as Stripe says it and never changed: a line that failed to arrive
    comes back as a new one, in a later payout (docs.stripe.com/api/balance_transactions).
    """

    class Kind(models.TextChoices):
        """Stripe's types, as far as a seller's balance has them here. Another one is kept as it is, and shown."""

        SALE = "payment", _("Sale")
        TAKEN_BACK = "payment_refund", _("Fetched back")
        FEE_RETURNED = "application_fee_refund", _("Fee given back")
        PAYOUT = "payout", _("Payout asked for")
        CAME_BACK = "payout_failure", _("Payout that came back")
        CALLED_OFF = "payout_cancel", _("Payout called off")
        KEPT = "payout_minimum_balance_hold", _("Kept in your balance")
        FREED = "payout_minimum_balance_release", _("Kept before, now yours")
        ADJUSTMENT = "adjustment", _("Adjustment by Stripe")
        STRIPE_FEE = "stripe_fee", _("Fee of Stripe")

    payout = models.ForeignKey(Payout, on_delete=models.PROTECT, related_name="lines")
    stripe_id = models.CharField(max_length=64, unique=True)
    kind = models.CharField(max_length=64)
    source = models.CharField(max_length=255, blank=True, help_text=_("What made it, by Stripe's id."))
    amount = models.BigIntegerField()
    fee = models.BigIntegerField(default=0)
    net = models.BigIntegerField()
    at = models.DateTimeField(help_text=_("When Stripe booked it."))
    release = models.ForeignKey(Release, on_delete=models.PROTECT, null=True, blank=True, related_name="payout_lines")
    reversal = models.ForeignKey(Reversal, on_delete=models.PROTECT, null=True, blank=True, related_name="payout_lines")

    class Meta:
        ordering = ("pk",)
        constraints = [
            models.CheckConstraint(
                condition=models.Q(net=models.F("amount") - models.F("fee")), name="payout_line_adds_up"
            )
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.net}"

    def money(self, amount: int) -> Money:
        """An amount in the payout's currency."""
        return Money(amount, self.payout.currency)

    @property
    def word(self) -> str:
        """What it is, for people; Stripe's own word for what nothing here models."""
        known = self.Kind(self.kind).label if self.kind in self.Kind.values else ""
        return str(known or self.kind.replace("_", " ").capitalize())
