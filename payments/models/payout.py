"""Payouts: money on its way from sellers' Stripe balances to their banks."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from accounts.models import ConnectedAccount
from kit.money import Money
from kit.transitions import MoveRecord, MoveTable


class Payout(models.Model):
    """Money on its way from a seller's Stripe account to their bank, as Stripe last described it."""

    class Status(models.TextChoices):
        PENDING = "pending", _("being prepared")
        IN_TRANSIT = "in_transit", _("on its way to the bank")
        PAID = "paid", _("paid")
        FAILED = "failed", _("returned by the bank")
        CANCELED = "canceled", _("cancelled")

    # "Paid" is provisional: a bank may still return it within days (fault F48).
    MOVES: ClassVar[MoveTable] = {
        Status.PENDING: frozenset({Status.IN_TRANSIT, Status.PAID, Status.FAILED, Status.CANCELED}),
        Status.IN_TRANSIT: frozenset({Status.PAID, Status.FAILED, Status.CANCELED}),
        Status.PAID: frozenset({Status.FAILED}),
        Status.FAILED: frozenset(),
        Status.CANCELED: frozenset(),
    }
    HISTORY: ClassVar[type[PayoutMove]]

    connected_account = models.ForeignKey(ConnectedAccount, on_delete=models.PROTECT, related_name="payouts_made")
    stripe_id = models.CharField(max_length=64, unique=True)
    status = models.CharField(max_length=16, choices=Status.choices, default=Status.PENDING)
    currency = models.CharField(max_length=3)
    amount = models.BigIntegerField()
    arrives_on = models.DateField()
    created_at = models.DateTimeField()
    failure_code = models.CharField(max_length=100, blank=True)
    failure_message = models.TextField(blank=True)
    # False: somebody asked for it at Stripe, which then does not say what it is made of.
    automatic = models.BooleanField(default=True)

    class Meta:
        ordering = ("-created_at", "-pk")
        verbose_name = _("payout")
        verbose_name_plural = _("payouts")
        # Looked for every minute among all that ever were.
        indexes = [
            models.Index(fields=["id"], name="payout_failed", condition=models.Q(status="failed")),
            models.Index(fields=["connected_account", "-created_at", "-id"], name="payout_of_account"),
        ]

    def __str__(self) -> str:
        return self.stripe_id

    @property
    def money(self) -> Money:
        """What arrives at the bank."""
        return Money(self.amount, self.currency)


class PayoutMove(MoveRecord):
    """History of a payout's status."""

    subject = models.ForeignKey(Payout, on_delete=models.CASCADE, related_name="moves")


Payout.HISTORY = PayoutMove
