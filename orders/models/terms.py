"""What buyers accept by ordering, in versions."""

from __future__ import annotations

import hashlib

import pgtrigger
from django.db import models
from django.utils.translation import gettext_lazy as _


class Terms(models.Model):
    """One version of the terms of buying, or of the refund policy. Published, its words never change again: what a
    buyer accepted has to be there as it was read.
    """

    class Kind(models.TextChoices):
        TERMS = "terms", _("terms of buying")
        REFUNDS = "refunds", _("refund policy")

    kind = models.CharField(max_length=16, choices=Kind.choices)
    version = models.PositiveIntegerField()
    title = models.CharField(max_length=200)
    body = models.TextField()
    published_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ("kind", "-version")
        verbose_name = _("terms")
        verbose_name_plural = _("terms")
        constraints = [models.UniqueConstraint(fields=["kind", "version"], name="terms_version")]
        triggers = [
            pgtrigger.Protect(
                name="published_terms_stay",
                operation=pgtrigger.Update | pgtrigger.Delete,
                condition=pgtrigger.Q(old__published_at__isnull=False),
            )
        ]

    def __str__(self) -> str:
        return f"{self.title} (version {self.version})"

    @property
    def digest(self) -> str:
        """SHA-256 of the words, so that it can be shown that they are the ones accepted."""
        return hashlib.sha256(f"{self.title}\n\n{self.body}".encode()).hexdigest()
