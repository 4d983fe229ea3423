"""What is said, shown and offered in a case."""

from __future__ import annotations

import uuid
from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from cases.models.case import Case, Party
from kit import private
from kit.money import Money
from kit.transitions import MoveRecord, MoveTable


class Offer(models.Model):
    """A division of what was paid: `amount` minor units go back to the buyer, the rest stays with the seller.

    `percent` is how it was said, if it was; the amount counts.
    """

    class Status(models.TextChoices):
        STANDS = "stands", _("stands")
        ACCEPTED = "accepted", _("accepted")
        WITHDRAWN = "withdrawn", _("withdrawn")
        COUNTERED = "countered", _("answered by another offer")
        LAPSED = "lapsed", _("over: the case was closed without it")

    MOVES: ClassVar[MoveTable] = {
        Status.STANDS: frozenset({Status.ACCEPTED, Status.WITHDRAWN, Status.COUNTERED, Status.LAPSED}),
        Status.ACCEPTED: frozenset(),
        Status.WITHDRAWN: frozenset(),
        Status.COUNTERED: frozenset(),
        Status.LAPSED: frozenset(),
    }
    HISTORY: ClassVar[type[OfferMove]]

    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="offers")
    party = models.CharField(max_length=8, choices=Party.choices)
    status = models.CharField(max_length=16, choices=Status.choices, default=Status.STANDS)
    amount = models.BigIntegerField()
    percent = models.PositiveSmallIntegerField(null=True, blank=True)
    made_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ("pk",)
        verbose_name = _("offer")
        verbose_name_plural = _("offers")
        constraints = [
            # Nothing is accepted beside what both sides look at.
            models.UniqueConstraint(
                fields=["case"], condition=models.Q(status="stands"), name="one_offer_stands_per_case"
            ),
            models.CheckConstraint(condition=models.Q(amount__gt=0), name="offer_of_something"),
            models.CheckConstraint(condition=models.Q(party__in=["buyer", "seller"]), name="offer_by_buyer_or_seller"),
        ]

    def __str__(self) -> str:
        return f"{self.case}: {self.money}"

    @property
    def money(self) -> Money:
        """What goes back to the buyer."""
        return self.case.share.money(self.amount)


class OfferMove(MoveRecord):
    """History of an offer's status."""

    subject = models.ForeignKey(Offer, on_delete=models.CASCADE, related_name="moves")


Offer.HISTORY = OfferMove


class CaseMessage(models.Model):
    """One entry of a case's thread: somebody's words, or what happened.

    `is_private` is a note for staff, which neither side ever sees. Entries of kind `event` were written by nobody: the
    text is ours.
    """

    class Kind(models.TextChoices):
        WORDS = "words", _("words")
        OFFER = "offer", _("an offer")
        EVENT = "event", _("what happened")

    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="messages")
    kind = models.CharField(max_length=8, choices=Kind.choices, default=Kind.WORDS)
    party = models.CharField(max_length=8, choices=Party.choices, blank=True, help_text=_("Empty for what happened."))
    author = models.ForeignKey(User, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    text = models.TextField(blank=True)
    offer = models.OneToOneField(Offer, on_delete=models.PROTECT, null=True, blank=True, related_name="message")
    is_private = models.BooleanField(default=False)
    written_at = models.DateTimeField()

    class Meta:
        ordering = ("pk",)
        constraints = [
            models.CheckConstraint(
                condition=models.Q(is_private=False) | models.Q(party="staff", kind="words"), name="notes_are_staffs"
            ),
            models.CheckConstraint(
                condition=models.Q(kind="offer", offer__isnull=False) | ~models.Q(text="") & ~models.Q(kind="offer"),
                name="message_says_something",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.case}: {self.text[:40]}"


class CasePhoto(models.Model):
    """A picture shown in a case, drawn anew by us; only both sides and staff may fetch it."""

    message = models.ForeignKey(CaseMessage, on_delete=models.PROTECT, related_name="photos")
    # Names it in addresses: who may not see the case cannot guess it either.
    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    image = models.FileField(upload_to="cases/%Y/%m/", storage=private.storage)
    small = models.FileField(upload_to="cases/%Y/%m/", storage=private.storage)
    width = models.PositiveIntegerField()
    height = models.PositiveIntegerField()

    class Meta:
        ordering = ("pk",)

    def __str__(self) -> str:
        return self.image.name or ""
