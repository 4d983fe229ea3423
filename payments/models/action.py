"""What people and jobs did with money: one row each, with who, why, and the plan that was shown and carried out."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from kit.transitions import MoveRecord, MoveTable
from payments.models.share import Share


class MoneyAction(models.Model):
    """One decision about the money of one order (invariant I19). `plan` is what was shown before the click.

    `user` asked for it, or nobody: then `actor` names the job. What needs a second person waits until another member of
    staff approves; the database refuses an approver who is the requester, and a carrying out without one.
    """

    class Kind(models.TextChoices):
        RELEASE = "release", _("Release")
        REFUND = "refund", _("Refund")
        REVERSE = "reverse", _("Reversal")
        HOLD = "hold", _("Hold")
        END_HOLD = "end_hold", _("End of a hold")
        CANCEL = "cancel", _("Cancellation")
        DECIDE = "decide", _("Decision about a refund made outside")
        RETRY = "retry", _("Refund paid again")
        DISPUTE = "dispute", _("Dispute")

    class Status(models.TextChoices):
        WAITING = "waiting", _("waits for a second person")
        DONE = "done", _("carried out")
        DECLINED = "declined", _("declined")
        OUTDATED = "outdated", _("the facts changed before it was approved")

    MOVES: ClassVar[MoveTable] = {
        Status.WAITING: frozenset({Status.DONE, Status.DECLINED, Status.OUTDATED}),
        Status.DONE: frozenset(),
        Status.DECLINED: frozenset(),
        Status.OUTDATED: frozenset(),
    }
    HISTORY: ClassVar[type[MoneyActionMove]]

    kind = models.CharField(max_length=16, choices=Kind.choices)
    share = models.ForeignKey(Share, on_delete=models.PROTECT, related_name="actions")
    status = models.CharField(max_length=16, choices=Status.choices)
    request = models.JSONField(help_text=_("What was asked for."))
    plan = models.JSONField(help_text=_("What was shown and agreed to."))
    plan_hash = models.CharField(max_length=64)
    currency = models.CharField(max_length=3)
    amount = models.BigIntegerField(default=0)
    user = models.ForeignKey(User, on_delete=models.PROTECT, null=True, blank=True, related_name="money_actions")
    actor = models.CharField(max_length=200)
    reason = models.TextField()
    request_id = models.CharField(max_length=100, blank=True)
    needs_approval = models.BooleanField(default=False)
    approver = models.ForeignKey(User, on_delete=models.PROTECT, null=True, blank=True, related_name="approvals")
    created_at = models.DateTimeField()
    done_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ("-pk",)
        verbose_name = _("decision about money")
        verbose_name_plural = _("decisions about money")
        # Looked for every minute among all that ever were.
        indexes = [models.Index(fields=["id"], name="action_waiting", condition=models.Q(status="waiting"))]
        constraints = [
            models.CheckConstraint(condition=~models.Q(reason=""), name="action_has_reason"),
            # Two people above the limit, really two (invariant I19).
            models.CheckConstraint(
                condition=models.Q(approver=None) | ~models.Q(approver=models.F("user")), name="approver_is_another"
            ),
            models.CheckConstraint(
                condition=~models.Q(status="done", needs_approval=True) | models.Q(approver__isnull=False),
                name="approved_before_done",
            ),
            models.CheckConstraint(
                condition=models.Q(needs_approval=False) | models.Q(user__isnull=False), name="approval_asked_by_person"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.share}"


class MoneyActionMove(MoveRecord):
    """History of an action's status."""

    subject = models.ForeignKey(MoneyAction, on_delete=models.CASCADE, related_name="moves")


MoneyAction.HISTORY = MoneyActionMove
