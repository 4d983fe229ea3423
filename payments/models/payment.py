"""Payments: attempts to pay a purchase on Stripe's hosted page."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from accounts.models import ConnectedAccount
from kit.money import Money
from kit.transitions import MoveRecord, MoveTable
from orders.models import FundsFlow, Purchase


class Payment(models.Model):
    """One attempt to pay a purchase on Stripe's hosted page. `amount` and `fee` are minor units of `currency`.

    The row, and the operation that asks Stripe for the page, are committed before Stripe is called.
    """

    class Status(models.TextChoices):
        CREATED = "created", _("being prepared")
        OPEN = "open", _("waiting for the buyer")
        PROCESSING = "processing", _("waiting for the bank")
        PAID = "paid", _("paid")
        EXPIRED = "expired", _("expired")
        FAILED = "failed", _("refused")
        REVIEW = "review", _("needs a person: paid, but not as agreed")

    LIVE: ClassVar[tuple[str, ...]] = (Status.CREATED, Status.OPEN, Status.PROCESSING)
    MOVES: ClassVar[MoveTable] = {
        Status.CREATED: frozenset({Status.OPEN, Status.FAILED}),
        Status.OPEN: frozenset({Status.PROCESSING, Status.PAID, Status.EXPIRED, Status.FAILED, Status.REVIEW}),
        Status.PROCESSING: frozenset({Status.PAID, Status.FAILED, Status.REVIEW}),
        Status.PAID: frozenset(),
        Status.EXPIRED: frozenset(),
        Status.FAILED: frozenset(),
        Status.REVIEW: frozenset({Status.PAID}),
    }
    HISTORY: ClassVar[type[PaymentMove]]

    purchase = models.ForeignKey(Purchase, on_delete=models.PROTECT, related_name="payments")
    attempt = models.PositiveSmallIntegerField(default=1)
    status = models.CharField(max_length=16, choices=Status.choices, default=Status.CREATED)
    currency = models.CharField(max_length=3)
    amount = models.BigIntegerField()
    fee = models.BigIntegerField()
    funds_flow = models.CharField(max_length=16, choices=FundsFlow.choices, default=FundsFlow.DESTINATION)
    # The seller's account as it was when the payment was prepared: never another one later (fault F50). None in the
    # held flow, where the money stays with the platform and each share names its own account.
    destination = models.ForeignKey(
        ConnectedAccount, on_delete=models.PROTECT, null=True, blank=True, related_name="payments"
    )
    session_id = models.CharField(max_length=255, null=True, blank=True, unique=True)
    session_url = models.URLField(max_length=2000, blank=True)
    session_expires_at = models.DateTimeField(null=True, blank=True)
    payment_intent_id = models.CharField(max_length=255, null=True, blank=True, unique=True)
    charge_id = models.CharField(max_length=255, null=True, blank=True, unique=True)
    # The card it was paid with, as Stripe names it: the fingerprint finds other payments with the same card.
    card_brand = models.CharField(max_length=32, blank=True)
    card_last4 = models.CharField(max_length=4, blank=True)
    card_fingerprint = models.CharField(max_length=64, blank=True)
    review_reason = models.TextField(blank=True)
    created_at = models.DateTimeField()
    paid_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = _("payment")
        verbose_name_plural = _("payments")
        constraints = [
            models.CheckConstraint(
                condition=models.Q(amount__gt=0, fee__gte=0) & models.Q(fee__lte=models.F("amount")),
                name="payment_fee_within_amount",
            ),
            models.CheckConstraint(
                condition=models.Q(funds_flow="destination", destination__isnull=False)
                | models.Q(funds_flow="held", destination__isnull=True),
                name="payment_destination_by_flow",
            ),
            models.UniqueConstraint(fields=["purchase", "attempt"], name="payment_attempt"),
            # Two tabs cannot both have a page open that takes money (fault F26).
            models.UniqueConstraint(
                fields=["purchase"],
                condition=models.Q(status__in=["created", "open", "processing"]),
                name="one_live_payment_per_purchase",
            ),
            models.UniqueConstraint(
                fields=["purchase"],
                condition=models.Q(status__in=["paid", "review"]),
                name="one_paid_payment_per_purchase",
            ),
        ]
        indexes = [
            # Earlier payments with the same card are looked for when one of them is disputed.
            models.Index(
                fields=["card_fingerprint", "paid_at"],
                name="payment_by_card",
                condition=models.Q(status="paid") & ~models.Q(card_fingerprint=""),
            ),
            # Looked for every minute among all that ever were.
            models.Index(fields=["id"], name="payment_in_review", condition=models.Q(status="review")),
        ]

    def __str__(self) -> str:
        return f"{self.purchase} · {self.attempt}"

    @property
    def money(self) -> Money:
        """What the buyer is asked for."""
        return Money(self.amount, self.currency)


class PaymentMove(MoveRecord):
    """History of a payment's status."""

    subject = models.ForeignKey(Payment, on_delete=models.CASCADE, related_name="moves")


Payment.HISTORY = PaymentMove
