"""Releases, which send a share to its seller, and reversals, which fetch some of it back."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from kit.money import Money
from kit.transitions import MoveRecord, MoveTable
from payments.models.payout import Payout
from payments.models.refund import Refund
from payments.models.share import Share


class Release(models.Model):
    """One transfer to a seller: `amount` is sent, `netted` is kept against the seller's debt (minor units).

    Committed, with its operation, before Stripe is asked. The share's `released` counts it from that moment on.
    """

    class Status(models.TextChoices):
        PLANNED = "planned", _("being sent")
        SENT = "sent", _("sent")
        REFUSED = "refused", _("refused by Stripe")

    MOVES: ClassVar[MoveTable] = {
        Status.PLANNED: frozenset({Status.SENT, Status.REFUSED}),
        Status.SENT: frozenset(),
        Status.REFUSED: frozenset(),
    }
    HISTORY: ClassVar[type[ReleaseMove]]

    share = models.ForeignKey(Share, on_delete=models.PROTECT, related_name="releases")
    number = models.PositiveSmallIntegerField()
    status = models.CharField(max_length=16, choices=Status.choices, default=Status.PLANNED)
    amount = models.BigIntegerField()
    netted = models.BigIntegerField(default=0)
    transfer_id = models.CharField(max_length=64, null=True, blank=True, unique=True)
    # The payment on the seller's side that the transfer became; payouts list it.
    destination_payment = models.CharField(max_length=64, blank=True, db_index=True)
    available_on = models.DateTimeField(null=True, blank=True)
    payout = models.ForeignKey(Payout, on_delete=models.SET_NULL, null=True, blank=True, related_name="releases")
    planned_at = models.DateTimeField()
    sent_at = models.DateTimeField(null=True, blank=True)
    actor = models.CharField(max_length=200)
    reason = models.TextField()
    refusal = models.TextField(blank=True)

    class Meta:
        ordering = ("pk",)
        verbose_name = _("release")
        verbose_name_plural = _("releases")
        constraints = [
            models.CheckConstraint(
                condition=models.Q(amount__gte=0, netted__gte=0) & ~models.Q(amount=0, netted=0),
                name="release_of_something",
            ),
            models.UniqueConstraint(fields=["share", "number"], name="release_number"),
            # Sweep, staff and the buyer's word may all release at once: one release is under way (fault F35).
            models.UniqueConstraint(
                fields=["share"], condition=models.Q(status="planned"), name="one_live_release_per_share"
            ),
        ]
        # What is not yet available at Stripe stays few, however much was ever sent.
        indexes = [models.Index(fields=["available_on"], name="release_available")]

    def __str__(self) -> str:
        return f"{self.share.order.number}:{self.number}"

    @property
    def money(self) -> Money:
        """What is sent."""
        return Money(self.amount, self.share.currency)


class ReleaseMove(MoveRecord):
    """History of a release's status."""

    subject = models.ForeignKey(Release, on_delete=models.CASCADE, related_name="moves")


Release.HISTORY = ReleaseMove


class Reversal(models.Model):
    """Some of a release fetched back from the seller's Stripe balance: `amount` minor units."""

    class Status(models.TextChoices):
        PLANNED = "planned", _("being fetched back")
        DONE = "done", _("fetched back")
        REFUSED = "refused", _("refused by Stripe")

    MOVES: ClassVar[MoveTable] = {
        Status.PLANNED: frozenset({Status.DONE, Status.REFUSED}),
        Status.DONE: frozenset(),
        Status.REFUSED: frozenset(),
    }
    HISTORY: ClassVar[type[ReversalMove]]

    release = models.ForeignKey(Release, on_delete=models.PROTECT, related_name="reversals")
    number = models.PositiveSmallIntegerField()
    status = models.CharField(max_length=16, choices=Status.choices, default=Status.PLANNED)
    amount = models.BigIntegerField()
    refund = models.ForeignKey(Refund, on_delete=models.PROTECT, null=True, blank=True, related_name="reversals")
    # Fetched back because the buyer's bank took the money: held until the bank decides.
    dispute = models.ForeignKey(
        "payments.Dispute", on_delete=models.PROTECT, null=True, blank=True, related_name="reversals"
    )
    stripe_id = models.CharField(max_length=64, null=True, blank=True, unique=True)
    outside = models.BooleanField(default=False, help_text=_("Made in Stripe's Dashboard, not here."))
    planned_at = models.DateTimeField()
    done_at = models.DateTimeField(null=True, blank=True)
    actor = models.CharField(max_length=200)
    reason = models.TextField()
    refusal = models.TextField(blank=True)

    class Meta:
        ordering = ("pk",)
        verbose_name = _("reversal")
        verbose_name_plural = _("reversals")
        constraints = [
            models.CheckConstraint(condition=models.Q(amount__gt=0), name="reversal_of_something"),
            models.UniqueConstraint(fields=["release", "number"], name="reversal_number"),
        ]
        # Looked for every minute among all that ever were.
        indexes = [models.Index(fields=["id"], name="reversal_refused", condition=models.Q(status="refused"))]

    def __str__(self) -> str:
        return f"{self.release}:{self.number}"

    @property
    def money(self) -> Money:
        """What is fetched back."""
        return Money(self.amount, self.release.share.currency)


class ReversalMove(MoveRecord):
    """History of a reversal's status."""

    subject = models.ForeignKey(Reversal, on_delete=models.CASCADE, related_name="moves")


Reversal.HISTORY = ReversalMove
