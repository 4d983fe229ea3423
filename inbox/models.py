"""What Stripe told us: every event, stored before anything is done about it."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from kit.transitions import MoveRecord, MoveTable


class StripeEvent(models.Model):
    """One event as it arrived. The row is the queue: workers claim it with a lease, and `handled_at` commits with
    the effect.
    """

    class Endpoint(models.TextChoices):
        PLATFORM = "platform", _("our own account")
        CONNECT = "connect", _("connected accounts")

    class Status(models.TextChoices):
        RECEIVED = "received", _("waiting")
        HANDLED = "handled", _("handled")
        IGNORED = "ignored", _("stored, nothing to do")
        DEAD = "dead", _("given up: needs a person")

    MOVES: ClassVar[MoveTable] = {
        Status.RECEIVED: frozenset({Status.HANDLED, Status.IGNORED, Status.DEAD}),
        Status.DEAD: frozenset({Status.RECEIVED}),
        Status.IGNORED: frozenset({Status.RECEIVED}),
        Status.HANDLED: frozenset({Status.RECEIVED}),
    }
    HISTORY: ClassVar[type[StripeEventMove]]

    endpoint = models.CharField(max_length=16, choices=Endpoint.choices)
    event_id = models.CharField(max_length=255)
    type = models.CharField(max_length=100)
    account = models.CharField(max_length=64, blank=True)
    livemode = models.BooleanField()
    api_version = models.CharField(max_length=40, blank=True)
    object_id = models.CharField(max_length=255, blank=True)
    payload = models.TextField(help_text=_("The body as signed."))
    received_at = models.DateTimeField(db_default=Now())
    status = models.CharField(max_length=16, choices=Status.choices, db_default=Status.RECEIVED)
    claimed_until = models.DateTimeField(null=True, blank=True)
    due_at = models.DateTimeField(db_default=Now())
    attempts = models.PositiveIntegerField(db_default=0)
    last_error = models.TextField(blank=True, db_default="")
    handled_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ("-pk",)
        verbose_name = _("event")
        verbose_name_plural = _("events")
        constraints = [models.UniqueConstraint(fields=["endpoint", "event_id"], name="one_row_per_event")]
        indexes = [
            models.Index(fields=["due_at", "id"], name="event_waiting", condition=models.Q(status="received")),
            # Looked for every minute among all that ever came.
            models.Index(fields=["id"], name="event_dead", condition=models.Q(status="dead")),
        ]

    def __str__(self) -> str:
        return f"{self.type} {self.event_id}"


class StripeEventMove(MoveRecord):
    """History of an event's status: kept for replays and for events a person dealt with."""

    subject = models.ForeignKey(StripeEvent, on_delete=models.CASCADE, related_name="moves")


StripeEvent.HISTORY = StripeEventMove
