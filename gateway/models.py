"""The durable intent behind every call that changes something at Stripe, and the state of the line to Stripe."""

from __future__ import annotations

from typing import ClassVar

import pgtrigger
from django.db import models
from django.utils.translation import gettext_lazy as _

from gateway.priority import Priority
from kit.transitions import MoveRecord, MoveTable


class Operation(models.Model):
    """One intended change at Stripe, written before the socket opens (rule 1, promise 3).

    `key` is the business identity with its generation ("checkout:17:g1") and is the idempotency key. `request` is
    frozen: while the outcome is unknown, the same key goes with the same bytes. Rows are never deleted.

    Two clocks: `planned_at`, `first_sent_at` and `due_at` are business time, as the age of a key is at Stripe;
    `leased_until` and `last_sent_at` are the machine's, which a demo does not move.
    """

    class Status(models.TextChoices):
        PLANNED = "planned", _("planned")
        SUBMITTING = "submitting", _("being sent")
        UNKNOWN = "unknown", _("outcome unknown")
        SUCCEEDED = "succeeded", _("succeeded")
        FAILED = "failed", _("refused by Stripe")
        SUPERSEDED = "superseded", _("not at Stripe: asked again under a new key")
        STALE = "stale", _("nobody knows: a person has to look at Stripe")

    MOVES: ClassVar[MoveTable] = {
        Status.PLANNED: frozenset({Status.SUBMITTING, Status.FAILED}),
        Status.SUBMITTING: frozenset({Status.SUCCEEDED, Status.FAILED, Status.UNKNOWN}),
        Status.UNKNOWN: frozenset({Status.SUBMITTING, Status.SUCCEEDED, Status.SUPERSEDED, Status.STALE}),
        Status.STALE: frozenset({Status.SUCCEEDED, Status.SUPERSEDED, Status.FAILED}),
        Status.SUCCEEDED: frozenset(),
        Status.FAILED: frozenset(),
        Status.SUPERSEDED: frozenset(),
    }
    HISTORY: ClassVar[type[OperationMove]]

    key = models.CharField(max_length=200, unique=True)
    name = models.CharField(max_length=80, help_text=_("What is asked for, for example checkout.session.create."))
    business_key = models.CharField(max_length=180, db_index=True)
    generation = models.PositiveSmallIntegerField(default=1)
    priority = models.PositiveSmallIntegerField(choices=Priority.choices, db_default=Priority.PERSON)
    account = models.CharField(max_length=64, blank=True, help_text=_("The connected account it acts as, if any."))
    path = models.CharField(max_length=200)
    request = models.JSONField()
    request_hash = models.CharField(max_length=64)
    status = models.CharField(max_length=16, choices=Status.choices, default=Status.PLANNED)
    actor = models.CharField(max_length=200)
    reason = models.TextField()
    planned_at = models.DateTimeField()
    first_sent_at = models.DateTimeField(null=True, blank=True)
    # When Stripe may last have begun to act on it: a look-up soon afterwards proves nothing.
    last_sent_at = models.DateTimeField(null=True, blank=True)
    # While set and in the future, one process is sending; afterwards the sweeper may take over (fault F22).
    leased_until = models.DateTimeField(null=True, blank=True)
    due_at = models.DateTimeField(null=True, blank=True, help_text=_("When the sweeper tries (again)."))
    attempts = models.PositiveIntegerField(default=0)
    replays = models.PositiveIntegerField(
        db_default=0, help_text=_("How often in a row Stripe repeated a failure it had saved.")
    )
    object_id = models.CharField(max_length=255, blank=True, help_text=_("Stripe's id of what was made or changed."))
    adopted = models.BooleanField(
        db_default=False, help_text=_("Found at Stripe by looking, not by the answer to our call.")
    )
    # False for what only the caller may see, a single-use link say: such an operation is never finished for nobody.
    keeps_answer = models.BooleanField(db_default=True)
    response = models.JSONField(null=True, blank=True)
    error_code = models.CharField(max_length=100, blank=True)
    error_message = models.TextField(blank=True)
    stripe_request_id = models.CharField(max_length=100, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = _("operation")
        verbose_name_plural = _("operations")
        triggers = [
            # What goes with a key never changes, whoever tries (invariant I09, fault F14).
            pgtrigger.ReadOnly(
                name="operation_is_frozen",
                fields=[
                    "key", "name", "business_key", "generation", "account", "path", "request", "request_hash",
                    "keeps_answer",
                ],
            )
        ]  # fmt: skip
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
                fields=["priority", "due_at"],
                name="operation_due",
                condition=models.Q(status__in=["planned", "unknown"]),
            ),
            models.Index(fields=["leased_until"], name="operation_leased", condition=models.Q(status="submitting")),
            # Looked for every minute among all that ever were.
            models.Index(fields=["id"], name="operation_stale", condition=models.Q(status="stale")),
        ]

    def __str__(self) -> str:
        return self.key


class OperationMove(MoveRecord):
    """History of an operation's status."""

    subject = models.ForeignKey(Operation, on_delete=models.CASCADE, related_name="moves")


Operation.HISTORY = OperationMove


class Bucket(models.Model):
    """How many calls an account has left just now (fault F20). Shared by all processes; losing it costs nothing, so its
    table is not logged: after a crash of PostgreSQL it is empty, and every bucket full.
    """

    account = models.CharField(max_length=64, primary_key=True)
    # A number of calls, never of money; parts of one come back many times a second.
    tokens = models.FloatField()
    filled_at = models.DateTimeField()

    class Meta:
        verbose_name = _("pace of calls to Stripe")
        verbose_name_plural = _("pace of calls to Stripe")

    def __str__(self) -> str:
        return self.account or "platform"


class Breaker(models.Model):
    """Whether Stripe answers (fault F21). One row; machine time. Lost as harmlessly as a bucket."""

    name = models.CharField(max_length=20, primary_key=True)
    failures = models.PositiveIntegerField(default=0, help_text=_("In a row, with no answer in between."))
    last_failure_at = models.DateTimeField(null=True, blank=True)
    last_error = models.TextField(blank=True)
    opened_at = models.DateTimeField(null=True, blank=True, help_text=_("Since when Stripe is left alone."))
    open_until = models.DateTimeField(null=True, blank=True, help_text=_("When one call may try whether it answers."))
    probing_until = models.DateTimeField(null=True, blank=True)
    pauses = models.PositiveIntegerField(default=0)

    class Meta:
        verbose_name = _("line to Stripe")
        verbose_name_plural = _("line to Stripe")

    def __str__(self) -> str:
        return self.name
