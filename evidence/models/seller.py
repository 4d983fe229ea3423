"""The seller's part of an answer, what they were told, and who looked."""

from __future__ import annotations

import pgtrigger
from django.db import models
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from evidence.models.files import EvidenceFile
from payments.models import Dispute, Share


class SellerWords(models.Model):
    """What a seller says to one question about a disputed order. For staff, who decide what the bank gets to read."""

    dispute = models.ForeignKey(Dispute, on_delete=models.PROTECT, related_name="seller_words")
    share = models.ForeignKey(Share, on_delete=models.PROTECT, related_name="dispute_words")
    item = models.CharField(max_length=40, help_text=_("Which question (evidence.asking)."))
    text = models.TextField()
    written_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    written_at = models.DateTimeField()

    class Meta:
        ordering = ("pk",)
        verbose_name = _("what a seller wrote")
        verbose_name_plural = _("what sellers wrote")
        constraints = [models.UniqueConstraint(fields=["dispute", "share", "item"], name="seller_words_once")]

    def __str__(self) -> str:
        return f"{self.dispute} {self.item}"


class SellerLetter(models.Model):
    """That a seller was written to about a disputed order: once for each thing there is to say."""

    class Kind(models.TextChoices):
        INQUIRY = "inquiry", _("the bank asks")
        OPENED = "opened", _("the bank wants the money")
        APPEALED = "appealed", _("the bank asks again")
        REMINDED = "reminded", _("nothing came from the seller yet")
        ANSWERED = "answered", _("the bank was answered")
        WON = "won", _("won")
        LOST = "lost", _("lost")
        CLOSED = "closed", _("closed without a loss")

    dispute = models.ForeignKey(Dispute, on_delete=models.PROTECT, related_name="seller_letters")
    share = models.ForeignKey(Share, on_delete=models.PROTECT, related_name="dispute_letters")
    kind = models.CharField(max_length=16, choices=Kind.choices)
    # The bank may ask more than once (Pack.round), and each time is answered.
    round = models.PositiveSmallIntegerField(default=1)
    at = models.DateTimeField()

    class Meta:
        ordering = ("pk",)
        verbose_name = _("letter to a seller")
        verbose_name_plural = _("letters to sellers")
        constraints = [
            models.UniqueConstraint(fields=["dispute", "share", "kind", "round"], name="seller_letter_once"),
        ]

    def __str__(self) -> str:
        return f"{self.dispute} {self.kind}"


class Reading(models.Model):
    """Who opened the page or a file of a dispute, and when. Written with every look, and never changed."""

    class Party(models.TextChoices):
        SELLER = "seller", _("the seller’s team")
        STAFF = "staff", _("the marketplace")

    dispute = models.ForeignKey(Dispute, on_delete=models.PROTECT, related_name="readings")
    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    # As it was then: people change their address.
    email = models.CharField(max_length=254)
    party = models.CharField(max_length=8, choices=Party.choices)
    file = models.ForeignKey(EvidenceFile, on_delete=models.PROTECT, null=True, blank=True, related_name="readings")
    what = models.CharField(max_length=200, help_text=_("What was seen, in words."))
    at = models.DateTimeField()

    class Meta:
        ordering = ("-pk",)
        verbose_name = _("reading of the evidence")
        verbose_name_plural = _("readings of the evidence")
        triggers = [pgtrigger.Protect(name="readings_stay", operation=pgtrigger.Update | pgtrigger.Delete)]

    def __str__(self) -> str:
        return f"{self.email}: {self.what}"
