"""Dispute rates of the platform and of each seller: by month, and over the last 30 and 90 days (R56, B8).

What counts is what card networks count: each time a bank asked for money back, in the month it asked, whoever won
later. Inquiries and prevented disputes moved no money and do not count; fraud warnings are counted beside, because the
networks' fraud programmes add them up. Rates are millionths of the sales of the same time. The number of queries does
not depend on how much was sold.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any

from django.conf import settings
from django.db.models import Count, F, Min, OuterRef, Q, QuerySet, Subquery, Sum
from django.db.models.functions import Coalesce
from django.utils.formats import date_format
from django.utils.timezone import get_default_timezone, localtime
from django.utils.translation import gettext as _

from accounts.models import Seller
from disputes.economics import SURE
from disputes.models import Advice, FraudWarning
from kit.clock import now
from kit.money import Money
from payments.models import Dispute, DisputeMove, DisputeShare, Payment, Share

MONTHS = 6
ROLLING = (30, 90)
NOT_COUNTED = (*Dispute.INQUIRIES, Dispute.Status.PREVENTED)


@dataclass(frozen=True, slots=True)
class Window:
    """A time from `start` up to `end`."""

    label: str
    start: datetime
    end: datetime

    def holds(self, field: str) -> Q:
        """Whether a row's moment is in it."""
        return Q(**{f"{field}__gte": self.start, f"{field}__lt": self.end})


@dataclass(frozen=True, slots=True)
class Volume:
    """What was sold and what was disputed of it in one currency."""

    sold: Money
    disputed: Money

    @property
    def rate(self) -> int | None:
        """The disputed part, in millionths."""
        return part(self.disputed.amount, self.sold.amount)


@dataclass(frozen=True, slots=True)
class Rate:
    """What happened in one window. `before` is how many sales the month before had, for networks that divide by it."""

    window: Window
    sales: int
    disputes: int
    inquiries: int
    warnings: int
    volumes: tuple[Volume, ...]
    before: int | None = None

    @property
    def rate(self) -> int | None:
        """Disputes among the sales of the same time, in millionths; None without any sale."""
        return part(self.disputes, self.sales)

    @property
    def rate_over_month_before(self) -> int | None:
        """Disputes among the sales of the month before."""
        return None if self.before is None else part(self.disputes, self.before)

    @property
    def rate_with_warnings(self) -> int | None:
        """Disputes and fraud warnings together, as the networks' fraud programmes count them."""
        return part(self.disputes + self.warnings, self.sales)

    @property
    def level(self) -> str:
        """`network`, `act`, `watch` or nothing: the highest level it reaches. A handful of disputes reaches none."""
        return level(self.disputes, self.rate)


@dataclass(frozen=True, slots=True)
class Rates:
    """Somebody's rates: the last 30 and 90 days, and month by month, the latest first."""

    rolling: tuple[Rate, ...]
    months: tuple[Rate, ...]

    @property
    def level(self) -> str:
        """The highest level of the last 30 and 90 days."""
        found = {rate.level for rate in self.rolling}
        return next((name for name in ("network", "act", "watch") if name in found), "")


@dataclass(frozen=True, slots=True)
class SellerRate:
    """One seller's last 90 days, and 30."""

    seller: Seller
    last_30: Rate
    last_90: Rate


@dataclass(frozen=True, slots=True)
class WhatIf:
    """What refunding every warned payment that waits would do to the platform's last 30 days."""

    waiting: int
    expected: int
    rate_refunded: int | None
    rate_disputed: int | None


def part(some: int, of: int) -> int | None:
    """A part in millionths, rounded half up; None of nothing."""
    return (2 * some * SURE + of) // (2 * of) if of else None


def level(disputes: int, rate: int | None) -> str:
    """The name of the highest level that is reached."""
    if rate is None or disputes < settings.DISPUTE_RATE_FEWEST:
        return ""
    points: dict[str, int] = settings.DISPUTE_RATE_LEVELS
    reached = [name for name in ("watch", "act", "network") if rate >= points[name] * 100]
    return reached[-1] if reached else ""


def of_platform(at: datetime | None = None) -> Rates:
    """The platform's rates. Four queries."""
    sales = Payment.objects.filter(status=Payment.Status.PAID)
    return _rates(
        at or now(),
        sales=(sales, "paid_at", "amount", "currency"),
        disputes=(_counted(Dispute.objects), "asked_at", "amount", "currency"),
        inquiries=Dispute.objects.filter(status__in=Dispute.INQUIRIES),
        warnings=FraudWarning.objects.all(),
    )


def of_seller(seller: Seller, at: datetime | None = None) -> Rates:
    """One seller's rates: of several orders paid at once only theirs. Four queries."""
    parts = DisputeShare.objects.filter(share__order__seller=seller).annotate(asked_at=_asked_at("dispute"))
    theirs = Share.objects.filter(order__seller=seller).values("payment")
    return _rates(
        at or now(),
        sales=(Share.objects.filter(order__seller=seller), "opened_at", "gross", "currency"),
        disputes=(parts.exclude(dispute__status__in=NOT_COUNTED), "asked_at", "amount", "share__currency"),
        inquiries=Dispute.objects.filter(status__in=Dispute.INQUIRIES, payment__in=theirs),
        warnings=FraudWarning.objects.filter(payment__in=theirs),
    )


def of_sellers(at: datetime | None = None) -> list[SellerRate]:
    """Sellers whose sales were disputed or warned of in the last 90 days, the highest rate first. Four queries."""
    windows = _rolling(at or now())
    oldest = windows[-1].start
    parts = DisputeShare.objects.exclude(dispute__status__in=NOT_COUNTED).annotate(asked_at=_asked_at("dispute"))
    disputes = _by_seller(parts, "share__order__seller", "asked_at", windows)
    warned = FraudWarning.objects.filter(warned_at__gte=oldest)
    warnings = _by_seller(warned, "payment__shares__order__seller", "warned_at", windows)
    found = {seller for counts in (disputes, warnings) for seller, row in counts.items() if any(row)}
    sold = Share.objects.filter(order__seller__in=found, opened_at__gte=oldest)
    sales = _by_seller(sold, "order__seller", "opened_at", windows)
    sellers = Seller.objects.in_bulk(found)
    none = [0] * len(windows)
    rows = []
    for pk, seller in sellers.items():
        counts = zip(sales.get(pk, none), disputes.get(pk, none), warnings.get(pk, none), strict=True)
        last = [
            Rate(window, sales_, disputes_, 0, warnings_, ())
            for window, (sales_, disputes_, warnings_) in zip(windows, counts, strict=True)
        ]
        rows.append(SellerRate(seller, last[0], last[1]))
    return sorted(rows, key=lambda row: (-(row.last_90.rate or 0), -row.last_90.disputes, row.seller.name))


def what_if(rates: Rates) -> WhatIf:
    """Of the payments with a live warning: how many disputes are expected, and what they would make of the rate. The
    warnings themselves count with the networks whether the money goes back or not. One query.
    """
    live = Advice.objects.filter(
        kind=Advice.Kind.WARNING,
        superseded_at=None,
        warning__actionable=True,
        warning__status__in=[FraudWarning.Status.OPEN, FraudWarning.Status.HOLDING],
    )
    found = live.aggregate(waiting=Count("pk"), chance=Sum("chance"))
    expected = (found["chance"] or 0) // SURE + ((found["chance"] or 0) % SURE >= SURE // 2)
    month = rates.rolling[0]
    return WhatIf(found["waiting"], expected, month.rate, part(month.disputes + expected, month.sales))


def _rates(
    at: datetime,
    *,
    sales: tuple[QuerySet[Any], str, str, str],
    disputes: tuple[QuerySet[Any], str, str, str],
    inquiries: QuerySet[Any],
    warnings: QuerySet[Any],
) -> Rates:
    windows = [*_rolling(at), *_months(at)]
    sold, asked = _by_currency(*sales, windows), _by_currency(*disputes, windows)
    inquired, warned = _counts(inquiries, "opened_at", windows), _counts(warnings, "warned_at", windows)
    found = []
    for index, window in enumerate(windows):
        sales_, asked_ = (sum(row[index][0] for row in rows.values()) for rows in (sold, asked))
        volumes = tuple(
            Volume(Money(_amount(sold, currency, index), currency), Money(_amount(asked, currency, index), currency))
            for currency in sorted({*sold, *asked})
            if _amount(sold, currency, index) or _amount(asked, currency, index)
        )
        found.append(Rate(window, sales_, asked_, inquired[index], warned[index], volumes))
    months = found[len(ROLLING) :]
    with_before = [
        Rate(one.window, one.sales, one.disputes, one.inquiries, one.warnings, one.volumes, before.sales)
        for one, before in pairwise(months)
    ]
    return Rates(tuple(found[: len(ROLLING)]), tuple(with_before))


def _amount(rows: Mapping[str, Sequence[tuple[int, int]]], currency: str, index: int) -> int:
    return rows[currency][index][1] if currency in rows else 0


def _asked_at(prefix: str = "") -> Coalesce:
    """When the bank asked for the money: when it opened, or when the inquiry it was at first became a dispute."""
    path = f"{prefix}__" if prefix else ""
    moves = DisputeMove.objects.filter(subject=OuterRef(f"{path}pk"), from_status__in=Dispute.INQUIRIES)
    became = moves.exclude(to_status__in=NOT_COUNTED).order_by().values("subject").annotate(first=Min("at"))
    return Coalesce(Subquery(became.values("first")), F(f"{path}opened_at"))


def _counted(disputes: Any) -> QuerySet[Dispute]:
    """What counts. A word of Stripe's nobody here knows counts once money moved."""
    rows: QuerySet[Dispute] = disputes.exclude(status__in=NOT_COUNTED)
    return rows.exclude(status=Dispute.Status.UNKNOWN, withdrawn=0).annotate(asked_at=_asked_at())


def _rolling(at: datetime) -> list[Window]:
    return [Window(_("Last %(days)d days") % {"days": days}, at - timedelta(days=days), at) for days in ROLLING]


def _months(at: datetime) -> list[Window]:
    """The latest months, this one first, and one more for the sales before; in the marketplace's time."""
    start = localtime(at, get_default_timezone()).replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    found, end = [], at
    for _month in range(MONTHS + 1):
        found.append(Window(date_format(start, "F Y"), start, end))
        # The day before the first, and of that month the first again: months differ in length, days in a clock's.
        end, start = start, (start - timedelta(days=1)).replace(day=1)
    return found


def _by_currency(
    rows: QuerySet[Any], moment: str, amount: str, currency: str, windows: Sequence[Window]
) -> dict[str, list[tuple[int, int]]]:
    """Count and sum in each window, by currency."""
    oldest = min(window.start for window in windows)
    sums: dict[str, Any] = {}
    for index, window in enumerate(windows):
        sums[f"n{index}"] = Count("pk", filter=window.holds(moment))
        sums[f"v{index}"] = Coalesce(Sum(amount, filter=window.holds(moment)), 0)
    recent = rows.filter(**{f"{moment}__gte": oldest}).order_by().values(currency).annotate(**sums)
    return {row[currency]: [(row[f"n{index}"], row[f"v{index}"]) for index in range(len(windows))] for row in recent}


def _counts(rows: QuerySet[Any], moment: str, windows: Iterable[Window]) -> list[int]:
    sums = {f"n{index}": Count("pk", filter=window.holds(moment)) for index, window in enumerate(windows)}
    return list(rows.order_by().aggregate(**sums).values())


def _by_seller(rows: QuerySet[Any], seller: str, moment: str, windows: Sequence[Window]) -> dict[int, list[int]]:
    sums = {
        f"n{index}": Count("pk", filter=window.holds(moment), distinct=True) for index, window in enumerate(windows)
    }
    found = rows.order_by().values(seller).annotate(**sums)
    return {row[seller]: [row[f"n{index}"] for index in range(len(windows))] for row in found}
