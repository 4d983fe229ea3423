"""Mail waiting to be sent."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class Mail(models.Model):
    """One mail to one person, written in the transaction of the fact it tells; sent afterwards by a task.

    `key` names the fact ("order-paid-buyer:17"), so that a fact handled twice is told once (invariant I15).
    """

    key = models.CharField(max_length=200, unique=True)
    to = models.EmailField()
    subject = models.CharField(max_length=300)
    text = models.TextField()
    html = models.TextField()
    created_at = models.DateTimeField()
    claimed_until = models.DateTimeField(null=True, blank=True)
    attempts = models.PositiveIntegerField(default=0)
    last_error = models.TextField(blank=True)
    sent_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ("-pk",)
        verbose_name = _("mail")
        verbose_name_plural = _("mail")
        indexes = [models.Index(fields=["claimed_until"], name="mail_waiting", condition=models.Q(sent_at=None))]

    def __str__(self) -> str:
        return f"{self.subject} ({self.to})"
