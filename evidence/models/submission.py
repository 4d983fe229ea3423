"""What was sent to a bank: frozen, and kept."""

from __future__ import annotations

from typing import ClassVar

import pgtrigger
from django.db import models
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from evidence.models.pack import Pack
from kit.transitions import MoveRecord, MoveTable


class Submission(models.Model):
    """One answer to the bank: the texts and files exactly as they were, who sent them and why; or that the loss was
    accepted; or that somebody answered in Stripe's Dashboard. A round has one that stands.
    """

    class Kind(models.TextChoices):
        EVIDENCE = "evidence", _("evidence")
        CONCESSION = "concession", _("loss accepted")

    class Status(models.TextChoices):
        SENDING = "sending", _("being sent")
        SENT = "sent", _("with the bank")
        REFUSED = "refused", _("refused")

    MOVES: ClassVar[MoveTable] = {
        Status.SENDING: frozenset({Status.SENT, Status.REFUSED}),
        Status.SENT: frozenset(),
        Status.REFUSED: frozenset(),
    }
    HISTORY: ClassVar[type[SubmissionMove]]

    pack = models.ForeignKey(Pack, on_delete=models.PROTECT, related_name="submissions")
    kind = models.CharField(max_length=16, choices=Kind.choices, default=Kind.EVIDENCE)
    status = models.CharField(max_length=16, choices=Status.choices, default=Status.SENDING)
    round = models.PositiveSmallIntegerField()
    # Of the texts and files together (evidence.packs.Preview.hash).
    content_hash = models.CharField(max_length=64, blank=True)
    texts = models.JSONField(default=dict, help_text=_("Field to words."))
    files = models.JSONField(default=dict, help_text=_("Field to the file the bank got."))
    # Compelling evidence and the like, as sent to Stripe.
    enhanced = models.JSONField(default=dict, blank=True)
    # What of the checklist was there: 0 to 100.
    completeness = models.PositiveSmallIntegerField(default=0)
    user = models.ForeignKey(User, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    actor = models.CharField(max_length=200)
    reason = models.TextField()
    planned_at = models.DateTimeField()
    done_at = models.DateTimeField(null=True, blank=True)
    made_outside = models.BooleanField(default=False, help_text=_("In Stripe's Dashboard, not here."))
    refusal = models.TextField(blank=True)
    operation_key = models.CharField(max_length=200, blank=True)

    class Meta:
        ordering = ("-pk",)
        constraints = [
            # One answer for each time the bank asks, however many people press the button at once.
            models.UniqueConstraint(
                fields=["pack", "round"],
                condition=models.Q(status__in=["sending", "sent"]),
                name="one_submission_per_round",
            ),
            models.CheckConstraint(condition=~models.Q(reason=""), name="submission_has_reason"),
        ]
        triggers = [
            pgtrigger.ReadOnly(
                name="submission_is_frozen",
                fields=["pack", "kind", "round", "content_hash", "texts", "files", "enhanced", "actor", "reason"],
            )
        ]

    def __str__(self) -> str:
        return f"{self.pack} {self.round}"


class SubmissionMove(MoveRecord):
    """History of a submission's status."""

    subject = models.ForeignKey(Submission, on_delete=models.CASCADE, related_name="moves")


Submission.HISTORY = SubmissionMove
