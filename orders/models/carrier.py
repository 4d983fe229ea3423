"""What carriers tell us about parcels, kept as it came."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from kit.transitions import MoveRecord, MoveTable


class CarrierNews(models.Model):
    """One carrier's word about one parcel. Stored first, handled afterwards; never deleted by handling."""

    class Status(models.TextChoices):
        WAITING = "waiting", _("waits for its parcel")
        HANDLED = "handled", _("handled")
        REFUSED = "refused", _("cannot be true")

    MOVES: ClassVar[MoveTable] = {
        Status.WAITING: frozenset({Status.HANDLED, Status.REFUSED}),
        Status.HANDLED: frozenset(),
        Status.REFUSED: frozenset(),
    }
    HISTORY: ClassVar[type[CarrierNewsMove]]

    carrier = models.CharField(max_length=80)
    tracking_number = models.CharField(max_length=100, db_index=True)
    says = models.CharField(max_length=16, help_text=_("What became of the parcel."))
    at = models.DateTimeField(help_text=_("When, as the carrier says."))
    status = models.CharField(max_length=16, choices=Status.choices, default=Status.WAITING)
    received_at = models.DateTimeField()
    # Of the request that brought it first: the same request again is a replay.
    signature = models.CharField(max_length=64, unique=True)

    class Meta:
        verbose_name = _("carrier's news")
        verbose_name_plural = _("carriers' news")
        constraints = [
            # The same news under a new signature is the same news.
            models.UniqueConstraint(fields=["carrier", "tracking_number", "says", "at"], name="carrier_news_once")
        ]
        indexes = [models.Index(fields=["id"], name="carrier_news_waiting", condition=models.Q(status="waiting"))]

    def __str__(self) -> str:
        return f"{self.carrier} {self.tracking_number}"


class CarrierNewsMove(MoveRecord):
    """History of a piece of news."""

    subject = models.ForeignKey(CarrierNews, on_delete=models.CASCADE, related_name="moves")


CarrierNews.HISTORY = CarrierNewsMove
