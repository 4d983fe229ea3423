"""Alerts: something that is wrong and will not mend itself, from the moment it is found until it is gone."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from kit.money import Money
from kit.transitions import MoveRecord, MoveTable


class Kind(models.TextChoices):
    """What can be wrong. Each has a watch, which finds it (monitoring/watches), and a line in docs/operations.md."""

    DISPUTE_DUE = "dispute_due", _("Dispute, nearly too late")
    DISPUTE_OPEN = "dispute_open", _("Dispute to answer")
    DISPUTE_UNKNOWN = "dispute_unknown", _("Dispute of an unknown charge")
    DISPUTE_RATE = "dispute_rate", _("Many disputes")
    WARNING = "warning", _("Fraud warning to decide")
    ACT = "act", _("Rule that could not act")
    REMINDER = "reminder", _("Reminder")
    CASE = "case", _("Case past its date")
    APPROVAL = "approval", _("Second person")
    UNDECIDED = "undecided", _("Outside refund")
    RETURNED = "returned", _("Refund came back")
    REVIEW = "review", _("Payment not as agreed")
    HOLDING = "holding", _("Holding deadline")
    PAYOUT = "payout", _("Failed payout")
    REVERSAL = "reversal", _("Not fetched back")
    DEBT = "debt", _("Old debt of a seller")
    SELLER_REFUNDS = "seller_refunds", _("Seller: many refunds")
    SELLER_PACE = "seller_pace", _("Seller: refunds in a row")
    BUYER_REFUNDS = "buyer_refunds", _("Buyer: many refunds")
    BUYER_PACE = "buyer_pace", _("Buyer: refunds in a row")
    STALE = "stale", _("Operation nobody can tell about")
    STUCK = "stuck", _("Operation without an outcome")
    SILENT = "silent", _("Stripe does not answer")
    DEAD = "dead", _("Event given up")
    WAITING = "waiting", _("Events not handled")
    UNSENT = "unsent", _("Mail not sent")
    JOB = "job", _("Job that did not run")


class Alert(models.Model):
    """One open problem: a kind and whom or what it is about, with an owner. A problem has one live alert.

    A sweep opens it, keeps its facts current, and closes it when its cause is gone; when the cause returns there is a
    new one. Stored are facts; the words are made when somebody reads them. `amount` is what is at stake, in minor
    units of `currency`, where there is one.
    """

    class Status(models.TextChoices):
        OPEN = "open", _("open")
        SNOOZED = "snoozed", _("put off")
        DISMISSED = "dismissed", _("closed by a person, still there")
        CLOSED = "closed", _("over")

    class Closed(models.TextChoices):
        BY_ITSELF = "by_itself", _("by itself: its cause is gone")
        BY_HAND = "by_hand", _("by a person")

    LIVE: ClassVar[tuple[str, ...]] = (Status.OPEN, Status.SNOOZED, Status.DISMISSED)
    MOVES: ClassVar[MoveTable] = {
        Status.OPEN: frozenset({Status.SNOOZED, Status.DISMISSED, Status.CLOSED}),
        # Put off again, while it is.
        Status.SNOOZED: frozenset({Status.SNOOZED, Status.OPEN, Status.DISMISSED, Status.CLOSED}),
        # Nothing is hidden for ever: what is still there after a while comes back.
        Status.DISMISSED: frozenset({Status.OPEN, Status.CLOSED}),
        Status.CLOSED: frozenset(),
    }
    HISTORY: ClassVar[type[AlertMove]]

    kind = models.CharField(_("kind"), max_length=24, choices=Kind.choices)
    subject = models.CharField(max_length=120, help_text=_("What it is about: the key of a row, or a name."))
    status = models.CharField(_("status"), max_length=16, choices=Status.choices, default=Status.OPEN)
    facts = models.JSONField(help_text=_("What its words are made of."))
    currency = models.CharField(max_length=3, blank=True)
    amount = models.BigIntegerField(null=True, blank=True)
    since = models.DateTimeField(_("since"), help_text=_("When the problem began, not when it was found."))
    due = models.DateTimeField(_("due"), null=True, blank=True, help_text=_("When it is too late."))
    # Nobody: it is the superusers', all of them.
    owner = models.ForeignKey(
        User, verbose_name=_("owner"), on_delete=models.PROTECT, null=True, blank=True, related_name="alerts"
    )
    opened_at = models.DateTimeField(_("found"))
    # Found, or back after it had been put off: what its owner's time counts from.
    active_since = models.DateTimeField()
    told_at = models.DateTimeField(_("told"), null=True, blank=True, help_text=_("When its owner got mail about it."))
    seen_at = models.DateTimeField(_("seen"), null=True, blank=True)
    escalated_at = models.DateTimeField(_("escalated"), null=True, blank=True)
    quiet_until = models.DateTimeField(
        _("quiet until"), null=True, blank=True, help_text=_("Put off, or closed by a person though still there.")
    )
    closed_at = models.DateTimeField(_("closed"), null=True, blank=True)
    closed_how = models.CharField(_("closed how"), max_length=16, choices=Closed.choices, blank=True)

    class Meta:
        ordering = ("since", "pk")
        verbose_name = _("problem")
        verbose_name_plural = _("open problems")
        constraints = [
            # Two sweeps that find a problem at once open one alert.
            models.UniqueConstraint(
                fields=["kind", "subject"],
                condition=models.Q(status__in=["open", "snoozed", "dismissed"]),
                name="one_live_alert_per_problem",
            ),
            models.CheckConstraint(
                condition=~models.Q(status__in=["snoozed", "dismissed"]) | models.Q(quiet_until__isnull=False),
                name="quiet_alert_has_an_end",
            ),
            models.CheckConstraint(
                condition=models.Q(amount=None) | ~models.Q(currency=""), name="alert_amount_has_currency"
            ),
        ]
        indexes = [
            models.Index(fields=["since", "id"], name="alert_live", condition=~models.Q(status="closed")),
            models.Index(fields=["owner", "told_at"], name="alert_told"),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.subject}"

    @property
    def money(self) -> Money | None:
        """What is at stake."""
        return None if self.amount is None else Money(self.amount, self.currency)


class AlertMove(MoveRecord):
    """History of an alert's status."""

    subject = models.ForeignKey(Alert, on_delete=models.CASCADE, related_name="moves")


Alert.HISTORY = AlertMove


class Remark(models.Model):
    """What people wrote on an alert, and whose it became."""

    alert = models.ForeignKey(Alert, on_delete=models.CASCADE, related_name="remarks")
    at = models.DateTimeField()
    actor = models.CharField(max_length=200)
    text = models.TextField()

    class Meta:
        ordering = ("pk",)

    def __str__(self) -> str:
        return f"{self.actor}: {self.text}"
