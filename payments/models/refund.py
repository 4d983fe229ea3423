"""Refunds: money back to the buyer, with who bears it written down when it is decided."""

from __future__ import annotations

import uuid
from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from kit.money import Money
from kit.transitions import MoveRecord, MoveTable
from orders.models import OrderLine
from payments.models.share import Share


class Refund(models.Model):
    """One refund of (part of) one order. Amounts are minor units of the share's currency.

    The buyer gets `amount` = `from_seller` + `from_fee` + `from_platform`. `processing` is the part of Stripe's
    processing fee the seller bears on top. Of what the seller bears, `absorbed` comes out of what was still held for
    them, and `owed` has to be fetched back.
    """

    class Status(models.TextChoices):
        PLANNED = "planned", _("being sent")
        PENDING = "pending", _("on its way to the buyer")
        SUCCEEDED = "succeeded", _("sent to the buyer's bank")
        FAILED = "failed", _("returned by the buyer's bank")
        REFUSED = "refused", _("refused by Stripe")

    class Reason(models.TextChoices):
        CHANGED_MIND = "changed_mind", _("The buyer changed their mind")
        NOT_RECEIVED = "not_received", _("It did not arrive")
        NOT_AS_DESCRIBED = "not_as_described", _("It is not as described")
        SELLER_CANCELLED = "seller_cancelled", _("The seller cannot deliver")
        NOT_SHIPPED = "not_shipped", _("It was not sent in time")
        PLATFORM_FAULT = "platform_fault", _("The marketplace made a mistake")
        GOODWILL = "goodwill", _("Goodwill of the marketplace")
        FRAUD = "fraud", _("The card was used without permission")
        PAID_TOO_LATE = "paid_too_late", _("It was paid after the order was cancelled")
        OUTSIDE = "outside", _("Made in Stripe's Dashboard")

    # Sent and yet returned by the buyer's bank weeks later (fault F43).
    MOVES: ClassVar[MoveTable] = {
        Status.PLANNED: frozenset({Status.PENDING, Status.SUCCEEDED, Status.FAILED, Status.REFUSED}),
        Status.PENDING: frozenset({Status.SUCCEEDED, Status.FAILED}),
        Status.SUCCEEDED: frozenset({Status.FAILED}),
        Status.FAILED: frozenset(),
        Status.REFUSED: frozenset(),
    }
    HISTORY: ClassVar[type[RefundMove]]

    # Names the refund at Stripe: two equal refunds of one order are two refunds (fault F16).
    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    share = models.ForeignKey(Share, on_delete=models.PROTECT, related_name="refunds")
    status = models.CharField(max_length=16, choices=Status.choices, default=Status.PLANNED)
    amount = models.BigIntegerField()
    from_seller = models.BigIntegerField(default=0)
    from_fee = models.BigIntegerField(default=0)
    from_platform = models.BigIntegerField(default=0)
    processing = models.BigIntegerField(default=0)
    absorbed = models.BigIntegerField(default=0)
    owed = models.BigIntegerField(default=0)
    # How much of what is owed is fetched back once the buyer's refund is accepted; the rest is the seller's debt.
    to_reverse = models.BigIntegerField(default=0)
    reason = models.CharField(max_length=20, choices=Reason.choices)
    note = models.TextField(blank=True)
    policy = models.CharField(max_length=40, help_text=_("Who bears the fee and the processing fee."))
    # One refund made outside may be for several orders: then it has a row for each.
    stripe_id = models.CharField(max_length=64, null=True, blank=True, db_index=True)  # noqa: DJ001 - none yet is none
    outside = models.BooleanField(default=False, help_text=_("Made in Stripe's Dashboard, not here."))
    # Whose it is was not said yet: nothing is taken from the seller until a person decides.
    undecided = models.BooleanField(default=False)
    # A refund that failed is paid again by others, which change nobody's part. They name the first one, also when one
    # of them failed as well.
    replaces = models.ForeignKey("self", on_delete=models.PROTECT, null=True, blank=True, related_name="replaced_by")
    # The bank took it by a dispute that was lost, so that nothing has to be sent any more.
    paid_by = models.ForeignKey(
        "payments.Dispute", on_delete=models.PROTECT, null=True, blank=True, related_name="paid_refunds"
    )
    failure = models.TextField(blank=True)
    actor = models.CharField(max_length=200)
    planned_at = models.DateTimeField()
    done_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ("pk",)
        verbose_name = _("refund")
        verbose_name_plural = _("refunds")
        constraints = [
            models.CheckConstraint(
                condition=models.Q(amount__gt=0, from_seller__gte=0, from_fee__gte=0, from_platform__gte=0)
                & models.Q(processing__gte=0, absorbed__gte=0, owed__gte=0)
                & models.Q(to_reverse__gte=0, to_reverse__lte=models.F("owed")),
                name="refund_parts_not_negative",
            ),
            models.CheckConstraint(
                condition=models.Q(undecided=True)
                | models.Q(replaces__isnull=False)
                | models.Q(amount=models.F("from_seller") + models.F("from_fee") + models.F("from_platform")),
                name="refund_parts_sum",
            ),
            models.CheckConstraint(
                condition=models.Q(from_seller=models.F("absorbed") + models.F("owed") - models.F("processing")),
                name="refund_seller_part_sum",
            ),
            models.UniqueConstraint(
                fields=["stripe_id", "share", "replaces"],
                condition=models.Q(stripe_id__isnull=False),
                nulls_distinct=False,
                name="refund_once_for_an_order",
            ),
            models.UniqueConstraint(
                fields=["stripe_id"], condition=models.Q(outside=False), name="refund_made_here_has_one_row"
            ),
        ]
        indexes = [
            models.Index(
                fields=["id"], name="refund_unfinished", condition=models.Q(status__in=["planned", "pending"])
            ),
            # Looked for every minute among all that ever were.
            models.Index(fields=["id"], name="refund_undecided", condition=models.Q(undecided=True)),
            models.Index(fields=["id"], name="refund_failed", condition=models.Q(status="failed")),
            models.Index(fields=["planned_at"], name="refund_planned"),
        ]

    def __str__(self) -> str:
        return f"{self.share.order.number} {self.money}"

    @property
    def money(self) -> Money:
        """What the buyer gets back."""
        return Money(self.amount, self.share.currency)


class RefundMove(MoveRecord):
    """History of a refund's status."""

    subject = models.ForeignKey(Refund, on_delete=models.CASCADE, related_name="moves")


Refund.HISTORY = RefundMove


class RefundLine(models.Model):
    """The part of a refund that is for one line of the order, with the fee given up on it (minor units)."""

    refund = models.ForeignKey(Refund, on_delete=models.PROTECT, related_name="lines")
    line = models.ForeignKey(OrderLine, on_delete=models.PROTECT, related_name="refunds")
    amount = models.BigIntegerField()
    from_fee = models.BigIntegerField()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=models.Q(amount__gt=0, from_fee__gte=0) & models.Q(from_fee__lte=models.F("amount")),
                name="refund_line_parts",
            ),
            models.UniqueConstraint(fields=["refund", "line"], name="refund_line_once"),
        ]

    def __str__(self) -> str:
        return f"{self.line} {self.amount}"
