"""Early fraud warnings: a card's issuer believes that a payment was not its owner's."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from kit.transitions import MoveRecord, MoveTable
from payments.models import Payment


class FraudWarning(models.Model):
    """One warning as Stripe has it, what was decided about the payment, and what came of it."""

    class Status(models.TextChoices):
        OPEN = "open", _("waits for a decision")
        HOLDING = "holding", _("held until it is clear")
        LET_GO = "let_go", _("let go on")
        REFUNDED = "refunded", _("refunded")
        DISPUTED = "disputed", _("became a dispute")
        OVER = "over", _("came to nothing")

    # What comes later is the truth about what was expected: a refunded part may be disputed all the same.
    MOVES: ClassVar[MoveTable] = {
        Status.OPEN: frozenset({Status.HOLDING, Status.LET_GO, Status.REFUNDED, Status.DISPUTED, Status.OVER}),
        Status.HOLDING: frozenset({Status.LET_GO, Status.REFUNDED, Status.DISPUTED, Status.OVER}),
        Status.LET_GO: frozenset({Status.HOLDING, Status.REFUNDED, Status.DISPUTED, Status.OVER}),
        Status.REFUNDED: frozenset({Status.DISPUTED}),
        Status.DISPUTED: frozenset(),
        Status.OVER: frozenset({Status.REFUNDED, Status.DISPUTED}),
    }
    HISTORY: ClassVar[type[FraudWarningMove]]

    # Somebody still has to decide, or the time in which a dispute may come is not over.
    LIVE: ClassVar[frozenset[str]] = frozenset({Status.OPEN, Status.HOLDING, Status.LET_GO})

    stripe_id = models.CharField(max_length=64, unique=True)
    payment = models.ForeignKey(Payment, on_delete=models.PROTECT, related_name="warnings")
    status = models.CharField(max_length=16, choices=Status.choices, default=Status.OPEN)
    fraud_type = models.CharField(max_length=64, blank=True, help_text=_("Stripe's word for what the issuer believes."))
    actionable = models.BooleanField(help_text=_("Whether a refund still helps, as Stripe says."))
    warned_at = models.DateTimeField(help_text=_("When Stripe had it."))
    heard_at = models.DateTimeField(help_text=_("When we heard of it."))
    decided_at = models.DateTimeField(null=True, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ("-pk",)
        verbose_name = _("fraud warning")
        verbose_name_plural = _("fraud warnings")
        indexes = [
            models.Index(
                fields=["id"],
                name="warning_live",
                condition=models.Q(status__in=["open", "holding", "let_go"]),
            ),
            models.Index(fields=["warned_at"], name="warning_when"),
        ]

    def __str__(self) -> str:
        return self.stripe_id


class FraudWarningMove(MoveRecord):
    """History of a warning's status."""

    subject = models.ForeignKey(FraudWarning, on_delete=models.CASCADE, related_name="moves")


FraudWarning.HISTORY = FraudWarningMove
