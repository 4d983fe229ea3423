"""How many orders were paid and refunded, by seller and by buyer: what the watches on refunds count."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from django.conf import settings
from django.db.models import Count, Exists, Min, OuterRef, Q, QuerySet, Sum

from kit.clock import now
from monitoring.arithmetic import Past
from payments.models import Refund, Share

# Whose orders: the path from a share to the row that is judged, and to what people call it.
SELLER = ("order__seller", "order__seller__name")
BUYER = ("order__purchase__customer", "order__purchase__customer__user__email")
# Neither the seller nor the buyer had a part in these.
OURS = (Refund.Reason.PLATFORM_FAULT, Refund.Reason.PAID_TOO_LATE)


@dataclass(slots=True)
class Counts:
    """One seller's or buyer's numbers. Each order counts once, however often some of it was refunded.

    `orders` were paid in the window, and so many of them were `refunded` since; `orders_before` and `refunded_before`
    are those of the history. `lately` counts orders by when they were refunded, whenever they were paid.
    """

    key: int
    name: str = ""
    orders: int = 0
    orders_before: int = 0
    refunded: int = 0
    refunded_before: int = 0
    lately: int = 0
    earlier: int = 0
    first_at: datetime | None = None
    amounts: dict[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Spans:
    """From when on each span counts: the history, the window at its end, and the last hours."""

    history: datetime
    window: datetime
    pace: datetime

    @classmethod
    def until(cls, moment: datetime) -> Spans:
        """As the settings have them."""
        window = moment - timedelta(days=settings.ALERTS["refund_window_days"])
        pace = moment - timedelta(hours=settings.ALERTS["refund_pace_hours"])
        return cls(window - timedelta(days=settings.ALERTS["refund_history_days"]), window, pace)

    def days_traded(self, one: Counts) -> int:
        """Days of somebody's history until the last hours."""
        return max(0, (self.pace - max(one.first_at or self.pace, self.history)).days)


def count(party: tuple[str, str], moment: datetime | None = None) -> tuple[list[Counts], Spans]:
    """Everybody's numbers, in three queries however many they are; and the spans they are of."""
    spans = Spans.until(moment or now())
    found: dict[int, Counts] = {}
    _orders(party, spans, found)
    _refunds(party, spans, found)
    return list(found.values()), spans


def refunded_before(found: list[Counts]) -> Past:
    """What is usual among all: refunded orders by orders."""
    return Past(sum(one.refunded_before for one in found), sum(one.orders_before for one in found))


def refunded_a_day(found: list[Counts], spans: Spans) -> Past:
    """What is usual among all: refunded orders by days that somebody traded."""
    return Past(sum(one.earlier for one in found), sum(spans.days_traded(one) for one in found))


def _made() -> QuerySet[Refund]:
    return Refund.objects.filter(replaces=None).exclude(status=Refund.Status.REFUSED).exclude(reason__in=OURS)


def _orders(party: tuple[str, str], spans: Spans, found: dict[int, Counts]) -> None:
    key, name = party
    was_refunded = Exists(_made().filter(share=OuterRef("pk")))
    paid = Share.objects.filter(opened_at__gte=spans.history).annotate(was_refunded=was_refunded).order_by()
    lately, back = Q(opened_at__gte=spans.window), Q(was_refunded=True)
    counted = paid.values(key, name).annotate(
        orders=Count("pk", filter=lately),
        before=Count("pk", filter=~lately),
        refunded=Count("pk", filter=lately & back),
        refunded_before=Count("pk", filter=~lately & back),
        first=Min("opened_at"),
    )
    for row in counted:
        found[row[key]] = Counts(
            key=row[key],
            name=row[name],
            orders=row["orders"],
            orders_before=row["before"],
            refunded=row["refunded"],
            refunded_before=row["refunded_before"],
            first_at=row["first"],
        )


def _refunds(party: tuple[str, str], spans: Spans, found: dict[int, Counts]) -> None:
    key, name = (f"share__{path}" for path in party)
    made = _made().filter(planned_at__gte=spans.history).order_by()
    lately = Q(planned_at__gte=spans.pace)
    counted = made.values(key, name).annotate(
        lately=Count("share", distinct=True, filter=lately), earlier=Count("share", distinct=True, filter=~lately)
    )
    for row in counted:
        counts = found.setdefault(row[key], Counts(key=row[key], name=row[name]))
        counts.lately, counts.earlier = row["lately"], row["earlier"]
    sums = made.filter(planned_at__gte=spans.window).values(key, "share__currency").annotate(total=Sum("amount"))
    for row in sums:
        found[row[key]].amounts[row["share__currency"]] = row["total"]
