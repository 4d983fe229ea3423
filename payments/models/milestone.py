"""Milestones: an order's money released in parts, as its seller and its buyer agreed."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from kit.transitions import MoveRecord, MoveTable
from payments.models.release import Release
from payments.models.share import Share


class MilestoneAgreement(models.Model):
    """The parts one seller proposed for one order's money. While it is agreed, nothing is released by date.

    An order has one that is proposed or agreed; a new one can be proposed once that is over.
    """

    class Status(models.TextChoices):
        PROPOSED = "proposed", _("waits for the buyer")
        AGREED = "agreed", _("agreed")
        DECLINED = "declined", _("declined by the buyer")
        WITHDRAWN = "withdrawn", _("withdrawn by the seller")
        OVER = "over", _("over")

    MOVES: ClassVar[MoveTable] = {
        Status.PROPOSED: frozenset({Status.AGREED, Status.DECLINED, Status.WITHDRAWN, Status.OVER}),
        Status.AGREED: frozenset({Status.OVER}),
        Status.DECLINED: frozenset(),
        Status.WITHDRAWN: frozenset(),
        Status.OVER: frozenset(),
    }
    HISTORY: ClassVar[type[MilestoneAgreementMove]]
    LIVE: ClassVar[tuple[str, ...]] = (Status.PROPOSED, Status.AGREED)

    share = models.ForeignKey(Share, on_delete=models.PROTECT, related_name="agreements")
    status = models.CharField(max_length=16, choices=Status.choices, default=Status.PROPOSED)
    proposed_at = models.DateTimeField()
    proposed_by = models.CharField(max_length=200)
    answered_at = models.DateTimeField(null=True, blank=True)
    answer = models.TextField(blank=True, help_text=_("Why the buyer declined."))

    class Meta:
        ordering = ("pk",)
        verbose_name = _("agreement on milestones")
        verbose_name_plural = _("agreements on milestones")
        constraints = [
            # Proposed twice by a double click, or in two windows: one of them counts.
            models.UniqueConstraint(
                fields=["share"],
                condition=models.Q(status__in=["proposed", "agreed"]),
                name="one_live_agreement_per_share",
            )
        ]

    def __str__(self) -> str:
        return f"{self.share}: {self.get_status_display()}"


class MilestoneAgreementMove(MoveRecord):
    """History of an agreement's status."""

    subject = models.ForeignKey(MilestoneAgreement, on_delete=models.CASCADE, related_name="moves")


MilestoneAgreement.HISTORY = MilestoneAgreementMove


class Milestone(models.Model):
    """One part: `amount` minor units of the seller's money, as agreed.

    What is sent for it is its part of what is held at that moment: refunds make every part that is left smaller
    (payments.milestone_parts).
    """

    class Status(models.TextChoices):
        OPEN = "open", _("to be done")
        DONE = "done", _("done, says the seller")
        CONFIRMED = "confirmed", _("confirmed")

    MOVES: ClassVar[MoveTable] = {
        Status.OPEN: frozenset({Status.DONE}),
        # Back to open: the buyer says that it is not done.
        Status.DONE: frozenset({Status.CONFIRMED, Status.OPEN}),
        Status.CONFIRMED: frozenset(),
    }
    HISTORY: ClassVar[type[MilestoneMove]]

    agreement = models.ForeignKey(MilestoneAgreement, on_delete=models.PROTECT, related_name="milestones")
    number = models.PositiveSmallIntegerField()
    name = models.CharField(max_length=120)
    amount = models.BigIntegerField()
    status = models.CharField(max_length=16, choices=Status.choices, default=Status.OPEN)
    done_at = models.DateTimeField(null=True, blank=True)
    # When it counts as confirmed if the buyer says nothing; never before they were warned.
    due_at = models.DateTimeField(null=True, blank=True)
    warned_at = models.DateTimeField(null=True, blank=True)
    objection = models.TextField(blank=True, help_text=_("Why the buyer said last that it is not done."))
    release = models.OneToOneField(
        Release, on_delete=models.PROTECT, null=True, blank=True, related_name="milestone", help_text=_("What sent it.")
    )

    class Meta:
        ordering = ("agreement", "number")
        verbose_name = _("milestone")
        verbose_name_plural = _("milestones")
        constraints = [
            models.CheckConstraint(condition=models.Q(amount__gt=0), name="milestone_of_something"),
            models.UniqueConstraint(fields=["agreement", "number"], name="milestone_number"),
            # Nothing is sent for what nobody confirmed.
            models.CheckConstraint(
                condition=models.Q(release=None) | models.Q(status="confirmed"), name="milestone_released_confirmed"
            ),
        ]
        indexes = [
            models.Index(fields=["due_at", "id"], name="milestone_due", condition=models.Q(status="done")),
            models.Index(fields=["id"], name="milestone_confirmed", condition=models.Q(status="confirmed")),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def is_released(self) -> bool:
        """Whether a release for it was written down that Stripe has not refused."""
        return self.release is not None and self.release.status != Release.Status.REFUSED


class MilestoneMove(MoveRecord):
    """History of a milestone's status."""

    subject = models.ForeignKey(Milestone, on_delete=models.CASCADE, related_name="moves")


Milestone.HISTORY = MilestoneMove
