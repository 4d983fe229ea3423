"""Rules that act by themselves: what they say now and said before, and every time one acted, or would have."""

from __future__ import annotations

from typing import Any, ClassVar, cast

import pgtrigger
from django.db import models
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from disputes.models.warning import FraudWarning
from kit.money import Money
from kit.transitions import MoveRecord, MoveTable
from payments.models import Dispute


class RuleValues(models.Model):
    """What a rule says."""

    class Mode(models.TextChoices):
        OFF = "off", _("off")
        DRY = "dry", _("dry: writes down what it would do")
        ON = "on", _("on: acts by itself")

    mode = models.CharField(max_length=8, choices=Mode.choices, default=Mode.OFF)
    hours = models.PositiveSmallIntegerField(
        default=24, help_text=_("Hours before the bank's date, or hours of notice, as the rule says.")
    )
    # Minor units by currency; what is in another currency the rule leaves to people.
    limits = models.JSONField(default=dict, blank=True)
    version = models.PositiveIntegerField(default=1)

    class Meta:
        abstract = True


class Rule(RuleValues):
    """One rule as it is now. It is changed by disputes.rules alone, which keeps each version."""

    class Kind(models.TextChoices):
        FILE = "file", _("Send complete evidence before the bank's date")
        CONCEDE = "concede", _("Accept losses that are not worth an answer")
        WARNING = "warning", _("Refund, hold or let go after a fraud warning")

    kind = models.CharField(max_length=16, choices=Kind.choices, unique=True)

    class Meta:
        ordering = ("pk",)
        verbose_name = _("rule")
        verbose_name_plural = _("rules")
        constraints = [
            models.CheckConstraint(condition=models.Q(hours__gte=1, hours__lte=240), name="rule_hours_in_range")
        ]

    def __str__(self) -> str:
        return str(self.get_kind_display())


class RuleVersion(RuleValues):
    """What a rule said from a moment on, who said so and why. Never changed."""

    rule = models.ForeignKey(Rule, on_delete=models.PROTECT, related_name="versions")
    user = models.ForeignKey(User, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    at = models.DateTimeField()
    why = models.TextField()

    class Meta:
        ordering = ("-version",)
        verbose_name = _("version of a rule")
        verbose_name_plural = _("versions of a rule")
        constraints = [
            models.UniqueConstraint(fields=["rule", "version"], name="rule_version_once"),
            models.CheckConstraint(condition=~models.Q(why=""), name="rule_version_says_why"),
        ]
        triggers = [pgtrigger.Protect(name="rule_versions_stay", operation=pgtrigger.Update | pgtrigger.Delete)]

    def __str__(self) -> str:
        return f"{self.rule} · {self.version}"


class Act(models.Model):
    """One time a rule acted, will act, or would have: by which version, on which facts, and what came of it.

    Notice is given by writing it down; whoever moves it from `noticed` to `acting` carries it out, and nobody else.
    """

    class Status(models.TextChoices):
        NOTICED = "noticed", _("will be done, unless somebody stops it")
        ACTING = "acting", _("being done")
        DONE = "done", _("done")
        STOPPED = "stopped", _("stopped by somebody")
        OVERTAKEN = "overtaken", _("not done: the facts changed")
        MISSED = "missed", _("not done: the bank's date had passed")
        FAILED = "failed", _("not done: refused")
        DRY = "dry", _("would have been done")

    MOVES: ClassVar[MoveTable] = {
        Status.NOTICED: frozenset({Status.ACTING, Status.STOPPED, Status.OVERTAKEN, Status.MISSED}),
        # Stripe did not answer, and nothing was asked of it: the same again later.
        Status.ACTING: frozenset({Status.NOTICED, Status.DONE, Status.OVERTAKEN, Status.MISSED, Status.FAILED}),
        Status.DONE: frozenset(),
        Status.STOPPED: frozenset(),
        Status.OVERTAKEN: frozenset(),
        Status.MISSED: frozenset(),
        Status.FAILED: frozenset(),
        Status.DRY: frozenset(),
    }
    HISTORY: ClassVar[type[ActMove]]

    LIVE: ClassVar[frozenset[str]] = frozenset({Status.NOTICED, Status.ACTING})

    rule = models.ForeignKey(Rule, on_delete=models.PROTECT, related_name="acts")
    version = models.PositiveIntegerField(help_text=_("Of the rule."))
    dispute = models.ForeignKey(Dispute, on_delete=models.PROTECT, null=True, blank=True, related_name="acts")
    warning = models.ForeignKey(FraudWarning, on_delete=models.PROTECT, null=True, blank=True, related_name="acts")
    status = models.CharField(max_length=16, choices=Status.choices)
    # What the rule decided: send, concede, refund, hold or let go.
    what = models.CharField(max_length=16)
    because = models.CharField(max_length=40, help_text=_("Which part of the rule it was."))
    facts = models.JSONField(help_text=_("What it was decided on, with the arithmetic."))
    currency = models.CharField(max_length=3)
    amount = models.BigIntegerField(help_text=_("What it is about, in minor units."))
    noticed_at = models.DateTimeField()
    due_at = models.DateTimeField(help_text=_("When it is done, unless somebody stops it."))
    claimed_until = models.DateTimeField(null=True, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)
    stopped_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    # Ids of what it decided about money (payments.MoneyAction).
    actions = models.JSONField(default=list, blank=True)
    result = models.TextField(blank=True)

    class Meta:
        ordering = ("-pk",)
        verbose_name = _("act of a rule")
        verbose_name_plural = _("acts of rules")
        constraints = [
            models.CheckConstraint(
                condition=models.Q(dispute=None, warning__isnull=False) | models.Q(dispute__isnull=False, warning=None),
                name="act_is_about_one_thing",
            ),
            # Two rules never wait to do two things about one dispute, nor one rule twice.
            models.UniqueConstraint(
                fields=["dispute"],
                condition=models.Q(status__in=["noticed", "acting"]),
                name="one_live_act_per_dispute",
            ),
            models.UniqueConstraint(
                fields=["warning"],
                condition=models.Q(status__in=["noticed", "acting"]),
                name="one_live_act_per_warning",
            ),
            models.UniqueConstraint(
                fields=["rule", "version", "dispute", "what"],
                condition=models.Q(status="dry"),
                name="one_dry_act_per_dispute",
            ),
            models.UniqueConstraint(
                fields=["rule", "version", "warning", "what"],
                condition=models.Q(status="dry"),
                name="one_dry_act_per_warning",
            ),
        ]
        indexes = [
            models.Index(fields=["due_at"], name="act_due", condition=models.Q(status__in=["noticed", "acting"]))
        ]

    def __str__(self) -> str:
        return f"{self.rule} · {self.subject}"

    @property
    def subject(self) -> Dispute | FraudWarning:
        """The dispute or warning it is about."""
        found: Any = self.dispute if self.dispute_id is not None else self.warning
        return cast(Dispute | FraudWarning, found)

    @property
    def money(self) -> Money:
        """What it is about."""
        return Money(self.amount, self.currency)


class ActMove(MoveRecord):
    """History of an act's status."""

    subject = models.ForeignKey(Act, on_delete=models.CASCADE, related_name="moves")


Act.HISTORY = ActMove
