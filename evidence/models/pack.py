"""Packs: everything a bank will be told about one dispute, until it is sent."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from evidence.models.fields import Field
from kit.transitions import MoveRecord, MoveTable
from payments.models import Dispute


class Pack(models.Model):
    """The answer to one dispute. A bank asks once, or again when an inquiry becomes a dispute: then a new round begins
    with what there is.
    """

    class Status(models.TextChoices):
        GATHERING = "gathering", _("being gathered")
        READY = "ready", _("ready to be sent")
        SUBMITTING = "submitting", _("being sent to the bank")
        SUBMITTED = "submitted", _("sent to the bank")
        CONCEDING = "conceding", _("loss being accepted")
        CONCEDED = "conceded", _("loss accepted")
        MISSED = "missed", _("the bank's date has passed")
        CLOSED = "closed", _("nothing to answer any more")

    # Out of a round that has ended there is one way: the bank asks again.
    _ENDED: ClassVar[frozenset[str]] = frozenset({Status.SUBMITTED, Status.CONCEDED, Status.MISSED, Status.CLOSED})
    MOVES: ClassVar[MoveTable] = {
        Status.GATHERING: frozenset({Status.READY, Status.SUBMITTING, Status.CONCEDING}) | _ENDED,
        Status.READY: frozenset({Status.GATHERING, Status.SUBMITTING, Status.CONCEDING}) | _ENDED,
        # Refused by Stripe, it goes back; or the date passed, or somebody else answered, at that moment.
        Status.SUBMITTING: frozenset({Status.READY}) | _ENDED,
        Status.CONCEDING: frozenset({Status.READY}) | _ENDED,
        Status.SUBMITTED: frozenset({Status.GATHERING}),
        Status.CONCEDED: frozenset({Status.GATHERING}),
        Status.MISSED: frozenset({Status.GATHERING, Status.SUBMITTED}),
        Status.CLOSED: frozenset({Status.GATHERING}),
    }
    HISTORY: ClassVar[type[PackMove]]

    OPEN: ClassVar[frozenset[str]] = frozenset({Status.GATHERING, Status.READY})
    UNDER_WAY: ClassVar[frozenset[str]] = frozenset({Status.SUBMITTING, Status.CONCEDING})

    dispute = models.OneToOneField(Dispute, on_delete=models.PROTECT, related_name="pack")
    status = models.CharField(max_length=16, choices=Status.choices, default=Status.GATHERING)
    round = models.PositiveSmallIntegerField(default=1, help_text=_("The bank asks again after an inquiry."))
    # Dispute.Status when this round began: what the bank asks later is another round.
    asked_as = models.CharField(max_length=32, blank=True)
    created_at = models.DateTimeField()
    assembled_at = models.DateTimeField(null=True, blank=True)
    # Since when Stripe knows that people answer, and never answers by itself.
    manual_at = models.DateTimeField(null=True, blank=True)
    # What stands at Stripe as a draft, which no bank sees (the hash of its preview).
    drafts = models.PositiveIntegerField(default=0)
    draft_hash = models.CharField(max_length=64, blank=True)
    draft_at = models.DateTimeField(null=True, blank=True)
    # Whom among the staff it is for, if anybody.
    assignee = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, blank=True, related_name="packs")
    # A second person looked over exactly this; it no longer counts once anything in it changed.
    looked_over_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    looked_over_at = models.DateTimeField(null=True, blank=True)
    looked_over_hash = models.CharField(max_length=64, blank=True)
    # Somebody does not want this to be sent by a rule: only a person may send it.
    objected_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    objected_at = models.DateTimeField(null=True, blank=True)
    objection = models.TextField(blank=True)
    # What became of it: Dispute.Status, kept when the bank decided.
    outcome = models.CharField(max_length=32, blank=True)
    outcome_at = models.DateTimeField(null=True, blank=True)
    # Why it could not be sent, or what Stripe said; empty once it was.
    trouble = models.TextField(blank=True)

    class Meta:
        ordering = ("-pk",)
        indexes = [
            models.Index(
                fields=["id"],
                name="pack_open",
                condition=models.Q(status__in=["gathering", "ready", "submitting", "conceding"]),
            )
        ]

    def __str__(self) -> str:
        return str(self.dispute)


class PackMove(MoveRecord):
    """History of a pack's status."""

    subject = models.ForeignKey(Pack, on_delete=models.CASCADE, related_name="moves")


Pack.HISTORY = PackMove


class PackText(models.Model):
    """The words in one field: as our rows give them, and as a person changed them. Assembling again leaves alone what
    somebody edited.
    """

    pack = models.ForeignKey(Pack, on_delete=models.CASCADE, related_name="texts")
    field = models.CharField(max_length=40, choices=Field.choices)
    assembled = models.TextField(blank=True, help_text=_("From our own records."))
    text = models.TextField(blank=True, help_text=_("What the bank will read."))
    edited_by = models.CharField(max_length=200, blank=True)
    edited_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ("field",)
        constraints = [models.UniqueConstraint(fields=["pack", "field"], name="pack_text_once")]

    def __str__(self) -> str:
        return f"{self.pack} {self.field}"

    @property
    def is_edited(self) -> bool:
        """Whether a person's words stand here."""
        return self.edited_at is not None


class PackEntry(models.Model):
    """What was done with a pack, by whom, in words: its history besides the status."""

    pack = models.ForeignKey(Pack, on_delete=models.CASCADE, related_name="entries")
    at = models.DateTimeField()
    actor = models.CharField(max_length=200, help_text=_("A person's e-mail, or the name of the job that acted."))
    what = models.TextField()

    class Meta:
        ordering = ("pk",)

    def __str__(self) -> str:
        return self.what
