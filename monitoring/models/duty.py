"""Duties: whose problems of a kind are, until somebody else takes one over."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from monitoring.models.alert import Kind


class Duty(models.Model):
    """Who answers for a kind of problem; without a kind, for every kind nobody else answers for."""

    kind = models.CharField(
        _("kind"),
        max_length=24,
        choices=Kind.choices,
        blank=True,
        unique=True,
        help_text=_("Empty: every kind that has no line of its own."),
    )
    user = models.ForeignKey(
        User,
        verbose_name=_("who"),
        on_delete=models.CASCADE,
        related_name="duties",
        limit_choices_to={"is_staff": True, "is_active": True},
    )

    class Meta:
        ordering = ("kind",)
        verbose_name = _("duty")
        verbose_name_plural = _("duties")

    def __str__(self) -> str:
        return f"{self.get_kind_display() or _('Everything else')}: {self.user}"
