"""The platform's fee on what is sold: which rule counts for a line, and what that comes to.

The most specific rule that is in force counts: seller and category before seller before category before everything; of
two with the same reach, one for the line's currency, then the one that began last. Without any, it is
`PLATFORM_FEE_BASIS_POINTS`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.conf import settings
from django.db.models import Q
from django.utils.translation import gettext as _

from accounts.countries import percentage
from kit.money import Money, allocate, format_money, step
from orders.models import BasketLine, FeeRule


@dataclass(frozen=True, slots=True)
class Terms:
    """What is kept: basis points of the amount; the least and the most for one line, in minor units."""

    basis_points: int
    minimum: int = 0
    cap: int | None = None


@dataclass(frozen=True, slots=True)
class LineFee:
    """The fee on one line, minor units of its currency, and the rule it comes from in words."""

    amount: int
    rule: str


def fees_on(amounts: Sequence[int], currency: str, terms: Terms) -> list[int]:
    """The fee on each of some lines under the same terms; everything in minor units of `currency`.

    The percentage is taken of all of them together, rounded half up, and split exactly (largest remainder), so that
    rounding neither grows nor shrinks with the number of lines. Then the least and the most of one line count, and a
    fee is never more than its line (fault F32).
    """
    whole, size = Money(sum(amounts), currency).basis_points(terms.basis_points).amount, step(currency)
    parts = allocate(whole, amounts, step=size)
    fees = [_within(part, amount, terms) for part, amount in zip(parts, amounts, strict=True)]
    # A least or a most in other units than Stripe takes counts as what it takes of it.
    return [fee - fee % size for fee in fees]


def fees_at_sale(lines: Sequence[BasketLine], *, at: datetime) -> list[LineFee]:
    """The fee on each line of one currency at this moment, to be frozen on its order. One query, however many lines."""
    rules = _rules_for(lines, at)
    # What falls under one rule is rounded together, but never across sellers: each order stands for itself.
    groups: dict[tuple[int, FeeRule | None], list[int]] = {}
    for place, line in enumerate(lines):
        groups.setdefault((line.listing.seller_id, _most_specific(rules, line)), []).append(place)
    found: dict[int, LineFee] = {}
    for (_seller, rule), places in groups.items():
        amounts = [lines[place].quantity * lines[place].price for place in places]
        fees = fees_on(amounts, lines[places[0]].listing.currency, _terms(rule))
        found |= {place: LineFee(fee, in_words(rule)) for place, fee in zip(places, fees, strict=True)}
    return [found[place] for place in range(len(lines))]


def in_words(rule: FeeRule | None) -> str:
    """A rule as it is kept with a sale: "8%, at least €0.30 (Ceramics)"."""
    if rule is None:
        return _("%(percent)s, for everything") % {"percent": percentage(settings.PLATFORM_FEE_BASIS_POINTS)}
    parts = [percentage(rule.basis_points)]
    if rule.minimum is not None:
        parts.append(_("at least %(amount)s") % {"amount": format_money(rule.minimum, rule.currency)})
    if rule.cap is not None:
        parts.append(_("at most %(amount)s") % {"amount": format_money(rule.cap, rule.currency)})
    return ", ".join([*parts, _reach(rule)])


def _reach(rule: FeeRule) -> str:
    if rule.seller is not None and rule.category is not None:
        return _("for %(shop)s in %(category)s") % {"shop": rule.seller.name, "category": rule.category.name}
    if rule.seller is not None:
        return _("for %(shop)s") % {"shop": rule.seller.name}
    if rule.category is not None:
        return _("for %(category)s") % {"category": rule.category.name}
    return _("for everything")


def _rules_for(lines: Sequence[BasketLine], at: datetime) -> list[FeeRule]:
    """Every rule in force that may be about one of the lines, the one that counts first for each of them first."""
    listings = [line.listing for line in lines]
    reach = (
        Q(seller=None) | Q(seller__in={listing.seller_id for listing in listings}),
        Q(category=None) | Q(category__in={listing.category_id for listing in listings}),
        Q(currency__in={"", *(listing.currency for listing in listings)}),
        Q(valid_until=None) | Q(valid_until__gt=at),
    )
    rules = FeeRule.objects.filter(*reach, valid_from__lte=at).select_related("seller", "category")
    return sorted(rules, key=_rank, reverse=True)


def _rank(rule: FeeRule) -> tuple[bool, bool, bool, datetime, int]:
    return rule.seller_id is not None, rule.category_id is not None, bool(rule.currency), rule.valid_from, rule.pk


def _most_specific(rules: Sequence[FeeRule], line: BasketLine) -> FeeRule | None:
    listing = line.listing
    return next(
        (
            rule
            for rule in rules
            if rule.seller_id in (None, listing.seller_id)
            and rule.category_id in (None, listing.category_id)
            and rule.currency in ("", listing.currency)
        ),
        None,
    )


def _terms(rule: FeeRule | None) -> Terms:
    if rule is None:
        return Terms(settings.PLATFORM_FEE_BASIS_POINTS)
    return Terms(rule.basis_points, rule.minimum or 0, rule.cap)


def _within(fee: int, amount: int, terms: Terms) -> int:
    fee = max(fee, terms.minimum)
    if terms.cap is not None:
        fee = min(fee, terms.cap)
    return min(fee, amount)
