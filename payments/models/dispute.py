"""Disputes: what a buyer's bank asks back, and each order's part of it."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from kit.money import Money
from kit.transitions import MoveRecord, MoveTable
from orders.models import OrderLine
from payments.models.payment import Payment
from payments.models.share import Share


class Dispute(models.Model):
    """One dispute or inquiry as Stripe has it. Amounts are minor units of `currency`, lines' of `line_currency`.

    A charge can have several. What it costs are the lines Stripe booked for it (`withdrawn`, `reinstated`, `fee`),
    never `amount`, which is only what the bank asks about (faults F45, F46). Without a payment nobody here knows its
    charge: what it cost stands in suspense (fault F47).
    """

    class Status(models.TextChoices):
        UNKNOWN = "unknown", _("not known here")
        WARNING_NEEDS_RESPONSE = "warning_needs_response", _("inquiry, waits for an answer")
        WARNING_UNDER_REVIEW = "warning_under_review", _("inquiry, answered")
        WARNING_CLOSED = "warning_closed", _("inquiry closed")
        PREVENTED = "prevented", _("prevented")
        NEEDS_RESPONSE = "needs_response", _("waits for an answer")
        UNDER_REVIEW = "under_review", _("the bank is looking at it")
        WON = "won", _("won")
        LOST = "lost", _("lost")
        APPEAL_NEEDS_RESPONSE = "appeal_needs_response", _("appealed, waits for an answer")
        APPEAL_UNDER_REVIEW = "appeal_under_review", _("appealed, the bank is looking at it")

    # How far each is: a status seen later than one that is further on is old news (fault F02).
    RANKS: ClassVar[dict[str, int]] = {
        Status.UNKNOWN: 0,
        Status.WARNING_NEEDS_RESPONSE: 1,
        Status.WARNING_UNDER_REVIEW: 2,
        Status.WARNING_CLOSED: 3,
        Status.NEEDS_RESPONSE: 4,
        Status.UNDER_REVIEW: 5,
        # Also of one that asked for an answer a moment ago.
        Status.PREVENTED: 6,
        Status.WON: 6,
        Status.LOST: 6,
        Status.APPEAL_NEEDS_RESPONSE: 7,
        Status.APPEAL_UNDER_REVIEW: 8,
    }
    APPEALS: ClassVar[frozenset[str]] = frozenset({Status.APPEAL_NEEDS_RESPONSE, Status.APPEAL_UNDER_REVIEW})
    # Forward by rank, from an appeal to its end, and from one end to another whose appeal nobody heard of.
    MOVES: ClassVar[MoveTable]
    HISTORY: ClassVar[type[DisputeMove]]

    # Nothing was taken, or all of it came back.
    ENDED_WELL: ClassVar[frozenset[str]] = frozenset({Status.WON, Status.WARNING_CLOSED, Status.PREVENTED})
    ENDED: ClassVar[frozenset[str]] = ENDED_WELL | {Status.LOST}
    INQUIRIES: ClassVar[frozenset[str]] = frozenset(
        {Status.WARNING_NEEDS_RESPONSE, Status.WARNING_UNDER_REVIEW, Status.WARNING_CLOSED}
    )
    NEEDS_ANSWER: ClassVar[frozenset[str]] = frozenset(
        {Status.WARNING_NEEDS_RESPONSE, Status.NEEDS_RESPONSE, Status.APPEAL_NEEDS_RESPONSE}
    )
    # The bank has the buyer's money or will have it: Stripe refuses refunds of the charge (fault F44).
    BARS_REFUNDS: ClassVar[frozenset[str]] = APPEALS | {Status.NEEDS_RESPONSE, Status.UNDER_REVIEW, Status.LOST}

    stripe_id = models.CharField(max_length=64, unique=True)
    charge_id = models.CharField(max_length=64, db_index=True)
    payment = models.ForeignKey(Payment, on_delete=models.PROTECT, null=True, blank=True, related_name="disputes")
    status = models.CharField(max_length=32, choices=Status.choices, default=Status.UNKNOWN)
    stripe_status = models.CharField(max_length=64, help_text=_("Stripe's word for it, also one we do not know yet."))
    reason = models.CharField(max_length=64)
    card_brand = models.CharField(max_length=32, blank=True)
    network_reason_code = models.CharField(max_length=32, blank=True, help_text=_("The card network’s own code."))
    case_type = models.CharField(max_length=32, blank=True)
    enhanced = models.JSONField(
        default=dict, blank=True, help_text=_("Which evidence of its own the network takes, and what that lacks.")
    )
    amount = models.BigIntegerField(help_text=_("What the bank asks about."))
    currency = models.CharField(max_length=3)
    line_currency = models.CharField(max_length=3, blank=True, help_text=_("Of the balance it was taken from."))
    withdrawn = models.BigIntegerField(default=0, help_text=_("Taken from our balance, without the fee."))
    reinstated = models.BigIntegerField(default=0, help_text=_("Given back to our balance, without the fee."))
    fee = models.BigIntegerField(default=0, help_text=_("What Stripe charges for it."))
    # Every line Stripe booked for it, as far as we know: amount and fee by its id. Lines are only ever added.
    lines = models.JSONField(default=dict, blank=True, editable=False)
    borne = models.BigIntegerField(default=0, help_text=_("Of what the bank has, booked against whoever bears it."))
    # How often its end was booked: each time is a fact of its own.
    bookings = models.PositiveSmallIntegerField(default=0, editable=False)
    beyond = models.BigIntegerField(default=0, help_text=_("Lost beyond what its orders carry; ours."))
    due_by = models.DateTimeField(null=True, blank=True, help_text=_("Until when the bank takes an answer."))
    has_evidence = models.BooleanField(default=False)
    submission_count = models.PositiveIntegerField(default=0)
    opened_at = models.DateTimeField()
    closed_at = models.DateTimeField(null=True, blank=True)
    # Nothing is left to do for it here: it ended, and what it took or gave back is with whoever bears it.
    settled_at = models.DateTimeField(null=True, blank=True)
    looked_at = models.DateTimeField()

    class Meta:
        ordering = ("-pk",)
        verbose_name = _("dispute")
        verbose_name_plural = _("disputes")
        constraints = [
            models.CheckConstraint(
                condition=models.Q(amount__gte=0, withdrawn__gte=0, reinstated__gte=0), name="dispute_amounts"
            )
        ]
        indexes = [
            models.Index(fields=["looked_at"], name="dispute_unsettled", condition=models.Q(settled_at=None)),
            models.Index(fields=["due_by", "id"], name="dispute_due"),
        ]

    def __str__(self) -> str:
        return self.stripe_id

    def is_ahead(self, status: str) -> bool:
        """Whether a status is later than this one, when no money has moved in between."""
        if self.status in self.APPEALS and status in (self.Status.WON, self.Status.LOST):
            return True
        return self.RANKS[status] > self.RANKS[self.status]

    @classmethod
    def bars_refunds(cls) -> models.Q:
        """Those of a charge that Stripe refuses to refund: the bank has its money, or will have it."""
        has_it = models.Q(settled_at=None, withdrawn__gt=models.F("reinstated"))
        return models.Q(status__in=cls.BARS_REFUNDS) | has_it

    @property
    def outstanding(self) -> int:
        """What the bank has of ours, in minor units of `line_currency`."""
        return self.withdrawn - self.reinstated

    @property
    def money(self) -> Money:
        """What the bank asks about."""
        return Money(self.amount, self.currency)


def _moves() -> MoveTable:
    ranks, appeals = Dispute.RANKS, Dispute.APPEALS
    ends = frozenset({Dispute.Status.WON, Dispute.Status.LOST})
    return {
        start: frozenset(
            to for to in ranks if ranks[to] > ranks[start] or (start in appeals | ends and to in ends - {start})
        )
        for start in ranks
    }


Dispute.MOVES = _moves()


class DisputeMove(MoveRecord):
    """History of a dispute's status."""

    subject = models.ForeignKey(Dispute, on_delete=models.CASCADE, related_name="moves")


Dispute.HISTORY = DisputeMove


class DisputeShare(models.Model):
    """One order's part of a dispute: `amount` minor units of the share's currency.

    While it is `open` the share counts it as disputed. Lost, `amount` = `from_seller` + `from_fee` + `from_platform`;
    `processing` is the part of the dispute fee the seller bears on top, and of what the seller bears `absorbed` came
    out of what was held for them and `owed` is their debt.
    """

    class Outcome(models.TextChoices):
        OPEN = "open", _("open")
        RETURNED = "returned", _("the money stays here")
        LOST = "lost", _("the buyer has it")

    dispute = models.ForeignKey(Dispute, on_delete=models.PROTECT, related_name="shares")
    share = models.ForeignKey(Share, on_delete=models.PROTECT, related_name="disputes")
    outcome = models.CharField(max_length=16, choices=Outcome.choices, default=Outcome.OPEN)
    amount = models.BigIntegerField()
    # What the seller had already, and could not be fetched back when the bank took the money.
    short = models.BigIntegerField(default=0)
    withdrawn_at = models.DateTimeField(null=True, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)
    policy = models.CharField(max_length=40, blank=True)
    from_seller = models.BigIntegerField(default=0)
    from_fee = models.BigIntegerField(default=0)
    from_platform = models.BigIntegerField(default=0)
    processing = models.BigIntegerField(default=0)
    absorbed = models.BigIntegerField(default=0)
    owed = models.BigIntegerField(default=0)

    class Meta:
        ordering = ("pk",)
        constraints = [
            models.UniqueConstraint(fields=["dispute", "share"], name="dispute_once_for_a_share"),
            models.CheckConstraint(
                condition=models.Q(amount__gt=0, short__gte=0, absorbed__gte=0, owed__gte=0, processing__gte=0),
                name="dispute_share_amounts",
            ),
            # Every cent of a loss has somebody who bears it (invariant I03).
            models.CheckConstraint(
                condition=~models.Q(outcome="lost")
                | models.Q(
                    amount=models.F("from_seller") + models.F("from_fee") + models.F("from_platform"),
                    absorbed=models.F("from_seller") + models.F("processing") - models.F("owed"),
                ),
                name="dispute_loss_is_borne",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.dispute} {self.share}"

    @property
    def money(self) -> Money:
        """What of this order is disputed."""
        return self.share.money(self.amount)


class DisputeLine(models.Model):
    """The part of a lost dispute that is for one line of the order, with the fee given up on it (minor units)."""

    part = models.ForeignKey(DisputeShare, on_delete=models.PROTECT, related_name="lines")
    line = models.ForeignKey(OrderLine, on_delete=models.PROTECT, related_name="disputes")
    amount = models.BigIntegerField()
    from_fee = models.BigIntegerField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["part", "line"], name="dispute_line_once")]

    def __str__(self) -> str:
        return f"{self.line} {self.amount}"
