"""A day of the platform: what buyers paid on it, by the books, and where each cent is now. Nothing here writes."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta

from django.db.models import Sum
from django.utils.timezone import get_default_timezone
from django.utils.translation import gettext as _

from kit.money import Money
from ledger.models import Account, Entry
from payments import bars
from payments.models import Share


@dataclass(frozen=True, slots=True)
class Takings:
    """One currency of a day: `paid` is what the ledger says came in for orders, in minor units; `bar` adds up to it."""

    paid: Money
    orders: int
    bar: list[tuple[str, str, Money]] = field(default_factory=list)


def of(day: date) -> list[Takings]:
    """Each currency in which something was paid on this day of the marketplace's calendar."""
    booked = _booked(day)
    found = Share.objects.filter(order__number__in=[number for number, _currency in booked])
    shares = {(share.order.number, share.currency): share for share in found.select_related("order")}
    takings = []
    for currency in sorted({currency for _number, currency in booked}):
        orders = {key: amount for key, amount in booked.items() if key[1] == currency}
        mine = [shares[key] for key in orders if key in shares]
        paid = Money(sum(orders.values()), currency)
        takings.append(Takings(paid, len(orders), _bar(mine, paid)))
    return takings


def _booked(day: date) -> dict[tuple[str, str], int]:
    """What was put aside for each order that day, minor units by order and currency."""
    begins = datetime.combine(day, time.min, get_default_timezone())
    ends = datetime.combine(day + timedelta(days=1), time.min, get_default_timezone())
    entries = Entry.objects.filter(account=Account.ORDER_HELD, posting__kind="charge")
    entries = entries.filter(posting__occurred_at__gte=begins, posting__occurred_at__lt=ends).order_by()
    sums = entries.values_list("ref", "currency").annotate(Sum("amount"))
    return {(ref, currency): -amount for ref, currency, amount in sums}


def _bar(shares: list[Share], paid: Money) -> list[tuple[str, str, Money]]:
    places = [bars.places(share) for share in shares]
    parts = [
        ("held", _("Held for sellers"), sum(place.held for place in places)),
        ("paid", _("Released to sellers"), sum(place.seller for place in places)),
        ("refunded", _("Refunded to buyers"), sum(place.refunded for place in places)),
        ("disputed", _("At buyers’ banks"), sum(place.disputed for place in places)),
        ("fees", _("Our fees"), sum(place.fee for place in places)),
    ]
    # What the books have and no share tells of would be a fault; it is shown, not left out.
    parts.append(("problem", _("Not explained"), max(0, paid.amount - sum(amount for _kind, _word, amount in parts))))
    return [(kind, word, Money(amount, paid.currency)) for kind, word, amount in parts]
