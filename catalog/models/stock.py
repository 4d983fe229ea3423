"""Units set aside, and every change of what is in stock."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from catalog.models.listing import Listing
from catalog.models.variant import Variant
from kit.transitions import MoveRecord, MoveTable


class Reservation(models.Model):
    """Units of a listing set aside for one order line. It ends once: sold, or released back to stock (fault F30).

    What was sold and then cancelled is returned to stock, once as well.
    """

    class Status(models.TextChoices):
        HELD = "held", _("set aside")
        SOLD = "sold", _("sold")
        RELEASED = "released", _("back in stock")
        RETURNED = "returned", _("sold, then back in stock")

    MOVES: ClassVar[MoveTable] = {
        Status.HELD: frozenset({Status.SOLD, Status.RELEASED}),
        Status.SOLD: frozenset({Status.RETURNED}),
        Status.RELEASED: frozenset(),
        Status.RETURNED: frozenset(),
    }
    HISTORY: ClassVar[type[ReservationMove]]

    listing = models.ForeignKey(Listing, on_delete=models.PROTECT, related_name="reservations")
    variant = models.ForeignKey(Variant, on_delete=models.PROTECT, null=True, blank=True, related_name="reservations")
    quantity = models.PositiveIntegerField()
    status = models.CharField(max_length=16, choices=Status.choices, default=Status.HELD)
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        verbose_name = _("reservation")
        verbose_name_plural = _("reservations")

    def __str__(self) -> str:
        return f"{self.quantity} × {self.listing_id} ({self.status})"


class ReservationMove(MoveRecord):
    """History of a reservation's status."""

    subject = models.ForeignKey(Reservation, on_delete=models.CASCADE, related_name="moves")


Reservation.HISTORY = ReservationMove


class StockChange(models.Model):
    """A change of what is in stock that is no sale: of a variant, or of a listing without variants. Never edited."""

    class Reason(models.TextChoices):
        BY_HAND = "by_hand", _("Changed by hand")
        IMPORT = "import", _("Changed by an import")

    listing = models.ForeignKey(Listing, on_delete=models.CASCADE, related_name="stock_changes")
    variant = models.ForeignKey(Variant, on_delete=models.CASCADE, null=True, blank=True, related_name="stock_changes")
    delta = models.IntegerField()
    left = models.IntegerField(help_text=_("How many were in stock afterwards."))
    reason = models.CharField(max_length=16, choices=Reason.choices)
    note = models.CharField(max_length=200, blank=True)
    actor = models.CharField(max_length=200, blank=True)
    at = models.DateTimeField()

    class Meta:
        ordering = ("pk",)
        indexes = [models.Index(fields=["listing", "-id"], name="stock_change_of_listing")]

    def __str__(self) -> str:
        return f"{self.listing_id}: {self.delta:+d} → {self.left}"
