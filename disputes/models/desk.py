"""What staff write down about a dispute for each other: notes, and what somebody is to be reminded of."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from payments.models import Dispute


class StaffNote(models.Model):
    """Words of one member of staff for the others. Neither buyer, seller nor bank ever sees them."""

    dispute = models.ForeignKey(Dispute, on_delete=models.PROTECT, related_name="notes")
    author = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    text = models.TextField()
    written_at = models.DateTimeField()

    class Meta:
        ordering = ("pk",)
        constraints = [models.CheckConstraint(condition=~models.Q(text=""), name="staff_note_says_something")]

    def __str__(self) -> str:
        return self.text[:40]


class Reminder(models.Model):
    """On `due_on` somebody is to look at a dispute again. It stays open until a person says that it is done."""

    dispute = models.ForeignKey(Dispute, on_delete=models.PROTECT, related_name="reminders")
    for_whom = models.ForeignKey(User, on_delete=models.PROTECT, related_name="dispute_reminders")
    asked_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    text = models.CharField(max_length=300, help_text=_("What there is to do."))
    due_on = models.DateField()
    made_at = models.DateTimeField()
    done_at = models.DateTimeField(null=True, blank=True)
    done_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, blank=True, related_name="+")

    class Meta:
        ordering = ("due_on", "pk")
        indexes = [models.Index(fields=["due_on"], name="reminder_open", condition=models.Q(done_at=None))]
        constraints = [
            # The form sent twice reminds once.
            models.UniqueConstraint(
                fields=["dispute", "for_whom", "due_on", "text"],
                condition=models.Q(done_at=None),
                name="reminder_once",
            ),
            models.CheckConstraint(
                condition=models.Q(done_at=None, done_by=None) | models.Q(done_at__isnull=False, done_by__isnull=False),
                name="reminder_done_by_somebody",
            ),
        ]

    def __str__(self) -> str:
        return self.text
