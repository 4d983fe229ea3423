"""What the marketplace advised about a dispute or warning, on which facts, and what came of it."""

from __future__ import annotations

from typing import Any, cast

from django.db import models
from django.utils.translation import gettext_lazy as _

from disputes.models.warning import FraudWarning
from kit.money import Money
from payments.models import Dispute


class Advice(models.Model):
    """The expected value of each way that is open, in minor units of `currency`, when it was made; written down again
    when the facts change, and with its outcome at the end. `chance` counts millionths.
    """

    class Kind(models.TextChoices):
        DISPUTE = "dispute", _("dispute")
        INQUIRY = "inquiry", _("inquiry")
        WARNING = "warning", _("fraud warning")

    class Band(models.TextChoices):
        """How much of what the bank wants to see is there."""

        LITTLE = "little", _("less than half")
        SOME = "some", _("half or more")
        ALL = "all", _("all of it")

    class Way(models.TextChoices):
        REFUND = "refund", _("refund now")
        FIGHT = "fight", _("answer with evidence")
        ACCEPT = "accept", _("accept the loss")
        HOLD = "hold", _("hold and wait")
        LET_GO = "let_go", _("let it go on")

    dispute = models.ForeignKey(Dispute, on_delete=models.PROTECT, null=True, blank=True, related_name="advice")
    warning = models.ForeignKey(FraudWarning, on_delete=models.PROTECT, null=True, blank=True, related_name="advice")
    kind = models.CharField(max_length=16, choices=Kind.choices)
    reason = models.CharField(max_length=64, blank=True)
    band = models.CharField(max_length=8, choices=Band.choices)
    currency = models.CharField(max_length=3)
    amount = models.BigIntegerField()
    facts = models.JSONField(help_text=_("What it was reckoned from."))
    facts_hash = models.CharField(max_length=64)
    # [{"way": …, "value": minor units, "lines": [{"code": …, "amount": minor units, "chance": millionths}]}]
    ways = models.JSONField()
    best = models.CharField(max_length=16, choices=Way.choices)
    # Of winning a dispute that is answered, of an inquiry or a warning becoming a dispute.
    chance = models.PositiveIntegerField(help_text=_("In millionths."))
    made_at = models.DateTimeField()
    superseded_at = models.DateTimeField(null=True, blank=True)
    # Made when it was over already: counts as history, not as a prediction.
    in_hindsight = models.BooleanField(default=False)
    outcome = models.CharField(max_length=32, blank=True)
    # Whether what `chance` is about happened; empty if nobody can know, because it was not tried.
    happened = models.BooleanField(null=True, blank=True)
    # Whether it was answered; of inquiries.
    answered = models.BooleanField(null=True, blank=True)
    real_value = models.BigIntegerField(null=True, blank=True, help_text=_("What it came to, in minor units."))
    ended_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ("-pk",)
        verbose_name = _("advice")
        verbose_name_plural = _("advice")
        constraints = [
            models.CheckConstraint(
                condition=models.Q(dispute=None, warning__isnull=False) | models.Q(dispute__isnull=False, warning=None),
                name="advice_is_about_one_thing",
            ),
            models.CheckConstraint(condition=models.Q(chance__lte=1_000_000), name="advice_chance_in_range"),
            models.UniqueConstraint(
                fields=["dispute"], condition=models.Q(superseded_at=None), name="one_advice_per_dispute"
            ),
            models.UniqueConstraint(
                fields=["warning"], condition=models.Q(superseded_at=None), name="one_advice_per_warning"
            ),
        ]
        indexes = [
            models.Index(
                fields=["kind", "reason", "band"], name="advice_known", condition=models.Q(happened__isnull=False)
            ),
            models.Index(fields=["id"], name="advice_not_ended", condition=models.Q(ended_at=None, superseded_at=None)),
        ]

    def __str__(self) -> str:
        return f"{self.subject}: {self.get_best_display()}"

    @property
    def subject(self) -> Dispute | FraudWarning:
        """The dispute or warning it is about."""
        found: Any = self.dispute if self.dispute_id is not None else self.warning
        return cast(Dispute | FraudWarning, found)

    @property
    def money(self) -> Money:
        """What is at stake."""
        return Money(self.amount, self.currency)

    def value_of(self, way: str) -> Money | None:
        """What a way is expected to come to; None if it is not open."""
        return next((Money(one["value"], self.currency) for one in self.ways if one["way"] == way), None)

    @property
    def best_value(self) -> Money:
        """What the advised way is expected to come to."""
        found: Any = self.value_of(self.best)
        return found or Money(0, self.currency)
