"""The durable intent behind every call that changes something at Stripe."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from kit.transitions import MoveRecord, MoveTable


class Operation(models.Model):
    """One intended change at Stripe, written before the socket opens (rule 1, promise 3).

    `key` is the business identity with its generation ("checkout:17:g1") and is the idempotency key. `request` is
    frozen:
    while the outcome is unknown, the same key goes with the same bytes. Rows are never deleted.
    """

    class Status(models.TextChoices):
        PLANNED = "planned", _("planned")
        SUBMITTING = "submitting", _("being sent")
        UNKNOWN = "unknown", _("outcome unknown")
        SUCCEEDED = "succeeded", _("succeeded")
        FAILED = "failed", _("refused by Stripe")
        STALE = "stale", _("too old to send again: look it up at Stripe")

    MOVES: ClassVar[MoveTable] = {
        Status.PLANNED: frozenset({Status.SUBMITTING}),
        Status.SUBMITTING: frozenset({Status.SUCCEEDED, Status.FAILED, Status.UNKNOWN}),
        Status.UNKNOWN: frozenset({Status.SUBMITTING, Status.STALE}),
        Status.STALE: frozenset({Status.FAILED}),
        Status.SUCCEEDED: frozenset(),
        Status.FAILED: frozenset(),
    }
    HISTORY: ClassVar[type[OperationMove]]

    key = models.CharField(max_length=200, unique=True)
    name = models.CharField(max_length=80, help_text=_("What is asked for, for example checkout.session.create."))
    business_key = models.CharField(max_length=180, db_index=True)
    generation = models.PositiveSmallIntegerField(default=1)
    account = models.CharField(max_length=64, blank=True, help_text=_("The connected account it acts as, if any."))
    path = models.CharField(max_length=200)
    request = models.JSONField()
    request_hash = models.CharField(max_length=64)
    status = models.CharField(max_length=16, choices=Status.choices, default=Status.PLANNED)
    actor = models.CharField(max_length=200)
    reason = models.TextField()
    planned_at = models.DateTimeField()
    first_sent_at = models.DateTimeField(null=True, blank=True)
    # While set and in the future, one process is sending; afterwards the sweeper may take over (fault F22).
    leased_until = models.DateTimeField(null=True, blank=True)
    due_at = models.DateTimeField(null=True, blank=True, help_text=_("When the sweeper tries (again)."))
    attempts = models.PositiveIntegerField(default=0)
    object_id = models.CharField(max_length=255, blank=True, help_text=_("Stripe's id of what was made or changed."))
    # False for what only the caller may see, a single-use link say: such an operation is never finished for nobody.
    keeps_answer = models.BooleanField(db_default=True)
    response = models.JSONField(null=True, blank=True)
    error_code = models.CharField(max_length=100, blank=True)
    error_message = models.TextField(blank=True)
    stripe_request_id = models.CharField(max_length=100, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["business_key", "generation"], name="operation_generation"),
            models.UniqueConstraint(
                fields=["business_key"],
                condition=models.Q(status__in=["planned", "submitting", "unknown", "stale"]),
                name="one_live_operation_per_business_key",
            ),
        ]
        indexes = [
            models.Index(
                fields=["due_at"],
                name="operation_due",
                condition=models.Q(status__in=["planned", "submitting", "unknown"]),
            )
        ]

    def __str__(self) -> str:
        return self.key


class OperationMove(MoveRecord):
    """History of an operation's status."""

    subject = models.ForeignKey(Operation, on_delete=models.CASCADE, related_name="moves")


Operation.HISTORY = OperationMove
