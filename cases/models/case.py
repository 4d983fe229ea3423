"""A case: what a buyer says is wrong with an order, until both sides agree or somebody decides."""

from __future__ import annotations

import secrets
from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from kit.money import Money
from kit.transitions import MoveRecord, MoveTable
from orders.models import NUMBER_ALPHABET
from payments.models import MoneyAction, Refund, Share


def new_number() -> str:
    """A number people can read to each other, marked as a case's."""
    return "C" + "".join(secrets.choice(NUMBER_ALPHABET) for _position in range(9))


class Party(models.TextChoices):
    """Whose words or offer something is."""

    BUYER = "buyer", _("the buyer")
    SELLER = "seller", _("the seller")
    STAFF = "staff", _("the marketplace")

    @property
    def other(self) -> Party:
        """The other side of the two that trade."""
        return Party.SELLER if self == Party.BUYER else Party.BUYER


class Case(models.Model):
    """One complaint about one order. `asked` is what the buyer wants back, in minor units of the share's currency.

    While it is not closed a hold of the share names it, and the status says who is to answer, until `answer_by`. What
    happens when nobody does is stated from the start: a silent seller gives what the buyer asked for, a silent buyer
    closes the case.
    """

    class Status(models.TextChoices):
        WAITS_FOR_SELLER = "waits_for_seller", _("waits for the seller")
        WAITS_FOR_BUYER = "waits_for_buyer", _("waits for the buyer")
        WITH_STAFF = "with_staff", _("the marketplace decides")
        RESTING = "resting", _("rests: the buyer's bank decides")
        CLOSED = "closed", _("closed")

    class Reason(models.TextChoices):
        # Only of what was not sent yet: when the shop agrees the order is called off, and its things go back to stock.
        CANCEL = "cancel", _("I want to cancel it")
        NOT_RECEIVED = "not_received", _("It has not arrived")
        NOT_AS_DESCRIBED = "not_as_described", _("It is not as described")
        DAMAGED = "damaged", _("It is damaged or does not work")
        INCOMPLETE = "incomplete", _("Something is missing")
        CHANGED_MIND = "changed_mind", _("I want to send it back")
        OTHER = "other", _("Something else")

    class Outcome(models.TextChoices):
        AGREED = "agreed", _("both sides agreed")
        DECIDED = "decided", _("the marketplace decided")
        WITHDRAWN = "withdrawn", _("the buyer closed it")
        SELLER_SILENT = "seller_silent", _("the seller did not answer in time")
        BUYER_SILENT = "buyer_silent", _("the buyer did not answer in time")
        BANK = "bank", _("the buyer's bank decided")
        REFUNDED = "refunded", _("everything went back to the buyer")

    OPEN: ClassVar[frozenset[str]] = frozenset(
        {Status.WAITS_FOR_SELLER, Status.WAITS_FOR_BUYER, Status.WITH_STAFF, Status.RESTING}
    )
    # Both sides can talk and agree; while it rests the bank has the word.
    LIVE: ClassVar[frozenset[str]] = OPEN - {Status.RESTING}
    MOVES: ClassVar[MoveTable] = {
        Status.WAITS_FOR_SELLER: frozenset({Status.WAITS_FOR_BUYER, Status.WITH_STAFF, Status.RESTING, Status.CLOSED}),
        Status.WAITS_FOR_BUYER: frozenset({Status.WAITS_FOR_SELLER, Status.WITH_STAFF, Status.RESTING, Status.CLOSED}),
        Status.WITH_STAFF: frozenset({Status.WAITS_FOR_SELLER, Status.WAITS_FOR_BUYER, Status.RESTING, Status.CLOSED}),
        # The bank let it go, and it goes on; or the bank decided.
        Status.RESTING: frozenset({Status.WAITS_FOR_SELLER, Status.WAITS_FOR_BUYER, Status.WITH_STAFF, Status.CLOSED}),
        # Opened again when the facts changed.
        Status.CLOSED: frozenset({Status.WAITS_FOR_SELLER, Status.WAITS_FOR_BUYER, Status.WITH_STAFF}),
    }
    HISTORY: ClassVar[type[CaseMove]]

    number = models.CharField(max_length=12, unique=True, default=new_number, editable=False)
    share = models.ForeignKey(Share, on_delete=models.PROTECT, related_name="cases")
    opened_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    reason = models.CharField(max_length=20, choices=Reason.choices)
    status = models.CharField(max_length=20, choices=Status.choices, default=Status.WAITS_FOR_SELLER)
    asked = models.BigIntegerField(help_text=_("What the buyer wants back, in minor units."))
    opened_at = models.DateTimeField()
    # Until when whoever the status names answers; empty while it rests and once it is closed.
    answer_by = models.DateTimeField(null=True, blank=True)
    reminded_at = models.DateTimeField(null=True, blank=True)
    # Whether the seller has ever answered: before that nobody can call the marketplace in.
    answered_at = models.DateTimeField(null=True, blank=True)
    # Where it goes on when the bank has let it go.
    rested_from = models.CharField(max_length=20, choices=Status.choices, blank=True)
    # Each side can open it again once; after that it asks us.
    reopened_by_buyer = models.BooleanField(default=False)
    reopened_by_seller = models.BooleanField(default=False)
    closed_at = models.DateTimeField(null=True, blank=True)
    outcome = models.CharField(max_length=20, choices=Outcome.choices, blank=True)
    # What went back to the buyer when it was closed, and the decision and refund that did it.
    returned = models.BigIntegerField(default=0, help_text=_("What the buyer got back by it, in minor units."))
    action = models.ForeignKey(MoneyAction, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    refund = models.ForeignKey(Refund, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    # Since when the marketplace takes part: then an answer goes to it, and not to the other side.
    joined_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ("-pk",)
        verbose_name = _("case")
        verbose_name_plural = _("cases")
        constraints = [
            # Two clicks, or two windows, open one.
            models.UniqueConstraint(
                fields=["share"], condition=~models.Q(status="closed"), name="one_open_case_per_order"
            ),
            models.CheckConstraint(condition=models.Q(asked__gt=0, returned__gte=0), name="case_amounts"),
            models.CheckConstraint(
                condition=models.Q(status="closed", closed_at__isnull=False) & ~models.Q(outcome="")
                | ~models.Q(status="closed") & models.Q(closed_at=None, outcome=""),
                name="case_closed_says_how",
            ),
            models.CheckConstraint(
                condition=models.Q(status__in=["resting", "closed"]) | models.Q(answer_by__isnull=False),
                name="case_waits_until",
            ),
        ]
        indexes = [
            models.Index(fields=["answer_by", "id"], name="case_due", condition=~models.Q(status="closed")),
            models.Index(fields=["closed_at", "id"], name="case_closed"),
        ]
        permissions = [("answer_case", "Can write in cases and decide them")]

    def __str__(self) -> str:
        return self.number

    @property
    def is_open(self) -> bool:
        """Whether it still holds the order's money."""
        return self.status in self.OPEN

    @property
    def is_live(self) -> bool:
        """Whether both sides can write and offer."""
        return self.status in self.LIVE

    @property
    def is_held(self) -> bool:
        """Whether money of the order is still with us, so that the case keeps it from the seller."""
        return self.share.status == Share.Status.HELD and self.share.left > 0

    @property
    def asked_money(self) -> Money:
        """What the buyer wants back."""
        return self.share.money(self.asked)

    @property
    def returned_money(self) -> Money:
        """What the buyer got back by it."""
        return self.share.money(self.returned)

    @property
    def turn(self) -> Party | None:
        """Who is to answer; nobody while it rests or is closed."""
        turns = {
            self.Status.WAITS_FOR_SELLER: Party.SELLER,
            self.Status.WAITS_FOR_BUYER: Party.BUYER,
            self.Status.WITH_STAFF: Party.STAFF,
        }
        return turns.get(self.Status(self.status))

    @property
    def hold_ref(self) -> str:
        """What its hold of the share is called."""
        return f"case:{self.number}"


class CaseMove(MoveRecord):
    """History of a case's status."""

    subject = models.ForeignKey(Case, on_delete=models.CASCADE, related_name="moves")


Case.HISTORY = CaseMove
