"""Shares: one order's part of a payment, from the moment it is paid until all of it is with whom it belongs to."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from accounts.models import ConnectedAccount
from kit.money import Money
from kit.transitions import MoveRecord, MoveTable
from orders.models import FundsFlow, Order
from payments.models.payment import Payment


class Share(models.Model):
    """The money of one order. All amounts are minor units of `currency`.

    `left` is what the platform still holds for the seller: it can be released or refunded from. The database refuses
    any change that would make it negative, so nothing is released twice (invariant I05) however many processes try.
    """

    class Status(models.TextChoices):
        HELD = "held", _("held")
        RELEASED = "released", _("released to the seller")
        RETURNED = "returned", _("returned to the buyer")

    class Basis(models.TextChoices):
        """What the release date counts from."""

        RECEIVED = "received", _("the buyer said it was received")
        DELIVERED = "delivered", _("it was delivered")
        SHIPPED = "shipped", _("it was shipped, and nobody objected")
        STAFF = "staff", _("the marketplace set the date")

    MOVES: ClassVar[MoveTable] = {
        Status.HELD: frozenset({Status.RELEASED, Status.RETURNED}),
        # A transfer reversed in Stripe's Dashboard brings the money back to us.
        Status.RELEASED: frozenset({Status.HELD}),
        # What was sent to the seller before the refund comes back to us later, and pays what they owe.
        Status.RETURNED: frozenset({Status.HELD}),
    }
    HISTORY: ClassVar[type[ShareMove]]

    order = models.OneToOneField(Order, on_delete=models.PROTECT, related_name="share")
    payment = models.ForeignKey(Payment, on_delete=models.PROTECT, related_name="shares")
    # The seller's account when the money came in: money is never sent to another one (fault F50).
    account = models.ForeignKey(ConnectedAccount, on_delete=models.PROTECT, related_name="shares")
    funds_flow = models.CharField(max_length=16, choices=FundsFlow.choices)
    status = models.CharField(max_length=16, choices=Status.choices, default=Status.HELD)
    currency = models.CharField(max_length=3)
    gross = models.BigIntegerField(help_text=_("What the buyer paid for the order."))
    fee = models.BigIntegerField(help_text=_("The platform's fee, frozen at the sale."))
    processing = models.BigIntegerField(default=0, help_text=_("This order's part of Stripe's processing fee."))
    refunded = models.BigIntegerField(default=0, help_text=_("Refunds to the buyer, sent or on their way."))
    disputed = models.BigIntegerField(default=0, help_text=_("Asked back by the buyer's bank, or lost to it."))
    fee_returned = models.BigIntegerField(default=0, help_text=_("The part of the fee given up in refunds."))
    taken = models.BigIntegerField(default=0, help_text=_("Taken for refunds from what was held for the seller."))
    released = models.BigIntegerField(default=0, help_text=_("Sent to the seller, or set off against their debt."))
    restored = models.BigIntegerField(
        default=0, help_text=_("The seller's again: they had paid it off for a dispute that was won after all.")
    )
    fee_earned = models.BooleanField(default=False, help_text=_("Whether the fee is booked as earned."))
    opened_at = models.DateTimeField()
    release_at = models.DateTimeField(null=True, blank=True, help_text=_("When it is released if nothing stops it."))
    release_basis = models.CharField(max_length=16, choices=Basis.choices, blank=True)
    release_warned_at = models.DateTimeField(null=True, blank=True)
    ship_warned_at = models.DateTimeField(null=True, blank=True)
    # How long money may be held for a seller of this country at most (fault F53).
    hold_deadline = models.DateTimeField()
    deadline_warned_at = models.DateTimeField(null=True, blank=True)
    # A worker of the release sweep has it on its list; by the machine's clock (payments.claims).
    claimed_until = models.DateTimeField(null=True, blank=True, editable=False)

    class Meta:
        verbose_name = _("share")
        verbose_name_plural = _("shares")
        constraints = [
            models.CheckConstraint(
                condition=models.Q(gross__gt=0, fee__gte=0, refunded__gte=0, fee_returned__gte=0)
                & models.Q(taken__gte=0, released__gte=0, restored__gte=0),
                name="share_amounts_not_negative",
            ),
            models.CheckConstraint(
                condition=models.Q(refunded__lte=models.F("gross") - models.F("disputed"), disputed__gte=0)
                & models.Q(fee_returned__lte=models.F("fee")),
                name="share_refunded_within_gross",
            ),
            # What is left for the seller is never less than nothing (invariants I03, I05).
            models.CheckConstraint(
                condition=models.Q(
                    gross__gte=models.F("fee") + models.F("taken") + models.F("released") - models.F("restored")
                ),
                name="share_left_not_negative",
            ),
            models.CheckConstraint(
                condition=~models.Q(status="released") | models.Q(fee_earned=True), name="share_released_fee_earned"
            ),
        ]
        indexes = [
            models.Index(fields=["release_at", "id"], name="share_due", condition=models.Q(status="held")),
            # Sweeps walk through what is held by id, and never through all that ever was.
            models.Index(fields=["id"], name="share_held", condition=models.Q(status="held")),
            models.Index(fields=["hold_deadline"], name="share_deadline", condition=models.Q(status="held")),
            # What is odd is told from a season's orders, among all that ever were.
            models.Index(fields=["opened_at"], name="share_opened"),
        ]

    def __str__(self) -> str:
        return self.order.number

    @property
    def left(self) -> int:
        """Still held for the seller, in minor units of `currency`."""
        return self.gross - self.fee - self.taken - self.released + self.restored

    @property
    def refundable(self) -> int:
        """What can still be given back to the buyer, in minor units of `currency`."""
        return self.gross - self.refunded - self.disputed

    def money(self, amount: int) -> Money:
        """An amount in this share's currency."""
        return Money(amount, self.currency)


class ShareMove(MoveRecord):
    """History of a share's status."""

    subject = models.ForeignKey(Share, on_delete=models.CASCADE, related_name="moves")


Share.HISTORY = ShareMove


class Hold(models.Model):
    """One reason why a share is not released, for as long as it is open. It says what would end it."""

    class Kind(models.TextChoices):
        CASE = "case", _("an open case")
        DISPUTE = "dispute", _("a dispute at the bank")
        WARNING = "warning", _("a fraud warning")
        RESTRICTION = "restriction", _("the seller cannot be paid")
        STAFF = "staff", _("the marketplace is checking it")

    share = models.ForeignKey(Share, on_delete=models.PROTECT, related_name="holds")
    kind = models.CharField(max_length=16, choices=Kind.choices)
    ref = models.CharField(max_length=100, blank=True, help_text=_("Which case, dispute or warning."))
    reason = models.TextField()
    ends_when = models.CharField(max_length=200, help_text=_("What ends it, in words."))
    until = models.DateTimeField(null=True, blank=True, help_text=_("When it ends by itself, if it does."))
    actor = models.CharField(max_length=200)
    opened_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True, blank=True)
    ended_by = models.CharField(max_length=200, blank=True)
    end_reason = models.TextField(blank=True)

    class Meta:
        ordering = ("pk",)
        verbose_name = _("hold")
        verbose_name_plural = _("holds")
        constraints = [
            # The same dispute told of twice holds the share once.
            models.UniqueConstraint(
                fields=["share", "kind", "ref"], condition=models.Q(ended_at=None), name="one_open_hold_per_reason"
            )
        ]

    def __str__(self) -> str:
        return f"{self.share}: {self.get_kind_display()}"
