"""Heartbeats: proof that what should run by itself did run."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import models
from django.utils.translation import gettext_lazy as _


class Heartbeat(models.Model):
    """One periodic task: how often it is to run, and when it last did. All by the machine's clock, as beat counts."""

    task = models.CharField(_("task"), max_length=100, primary_key=True)
    every_seconds = models.PositiveIntegerField(_("every"), default=0)
    # What never ran is late counted from here, not from the beginning of time.
    expected_since = models.DateTimeField()
    last_run_at = models.DateTimeField(_("last run"), null=True, blank=True)
    last_ok_at = models.DateTimeField(_("last run without an error"), null=True, blank=True)
    took_ms = models.PositiveIntegerField(default=0)
    failures = models.PositiveIntegerField(_("failures in a row"), default=0)
    last_error = models.TextField(_("last error"), blank=True)

    class Meta:
        ordering = ("task",)
        verbose_name = _("job")
        verbose_name_plural = _("jobs")

    def __str__(self) -> str:
        return self.task

    @property
    def next_run_at(self) -> datetime:
        """When it is to run next."""
        return (self.last_run_at or self.expected_since) + timedelta(seconds=self.every_seconds)
