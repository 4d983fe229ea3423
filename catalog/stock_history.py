"""The history of what is in stock: sales and what came back from the reservations, the rest from StockChange."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import CharField, F, IntegerField, Q, QuerySet, Value
from django.db.models.functions import Cast
from django.utils.translation import gettext_lazy as _

from catalog.models import Listing, Reservation, ReservationMove, StockChange, Variant

REASONS = {
    "sale": _("Set aside for an order"),
    Reservation.Status.RELEASED: _("Not paid, back in stock"),
    Reservation.Status.RETURNED: _("Order cancelled, back in stock"),
    **dict(StockChange.Reason.choices),
}


@dataclass(frozen=True, slots=True)
class Change:
    """One change: by how many, why, of which variant; how many were left (None where variants are mixed)."""

    at: datetime
    delta: int
    reason: str
    note: str
    actor: str
    variant: str
    left: int | None

    @property
    def signed(self) -> str:
        """By how many, with its sign."""
        return f"+{self.delta}" if self.delta > 0 else f"−{-self.delta}"


class History:
    """A listing's changes, or a variant's, the newest first, a page at a time: what a Paginator asks for."""

    def __init__(self, listing: Listing, variant: Variant | None = None) -> None:
        self._rows = _rows(listing, variant)
        self._names = {each.pk: each.name for each in listing.variants.all()}
        self._now = variant.available if variant else None if listing.options else listing.available

    def count(self) -> int:
        """How many there are."""
        return self._rows.count()

    __len__ = count

    def __getitem__(self, part: slice) -> list[Change]:
        """Some of them. How many were left follows from how many there are now and what came after."""
        left = self._now
        if left is not None and part.start:
            left -= sum(row["delta"] for row in self._rows[: part.start])
        found = []
        for row in self._rows[part]:
            found.append(self._change(row, left))
            left = None if left is None else left - row["delta"]
        return found

    def _change(self, row: dict[str, Any], left: int | None) -> Change:
        return Change(
            at=row["at"],
            delta=row["delta"],
            reason=str(REASONS.get(row["why"], row["why"])),
            note=row["said"],
            actor=row["who"],
            variant=self._names.get(row["of"], ""),
            left=left,
        )


def _rows(listing: Listing, variant: Variant | None) -> QuerySet[Any, Any]:
    of = Q(listing=listing) if variant is None else Q(listing=listing, variant=variant)
    if variant is None and not listing.options:
        of &= Q(variant=None)
    nobody = Value("", output_field=CharField())
    changes = StockChange.objects.filter(of).order_by()
    sales = Reservation.objects.filter(of).order_by()
    back = ReservationMove.objects.filter(
        subject__in=sales, to_status__in=(Reservation.Status.RELEASED, Reservation.Status.RETURNED)
    ).order_by()
    quantity = Cast("subject__quantity", IntegerField())
    # Whoever buys is not named here: the order tells the seller what they may know.
    parts = (
        changes.values("at", "delta", why=F("reason"), said=F("note"), who=F("actor"), of=F("variant"), row=F("pk")),
        sales.values(
            at=F("created_at"), delta=-Cast("quantity", IntegerField()), why=Value("sale"), said=nobody, who=nobody,
            of=F("variant"), row=F("pk"),
        ),
        back.values(
            "at", delta=quantity, why=F("to_status"), said=nobody, who=nobody, of=F("subject__variant"), row=F("pk")
        ),
    )  # fmt: skip
    return parts[0].union(*parts[1:], all=True).order_by("-at", "-row")
