"""What has to be true of a basket before it can be checked out, each rule with its sentence for the buyer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from django.utils.text import get_text_list
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts.models import ConnectedAccount, Membership
from catalog.models import Listing
from kit.money import SMALLEST_CHARGE, format_money
from orders.baskets import contents, held_units
from orders.models import Basket, BasketLine

# Stripe takes at most eight digits in one charge (docs.stripe.com/currencies).
LARGEST_CHARGE = 99_999_999
# Nor does its payment page show more lines than this (docs.stripe.com/api/checkout/sessions/create).
MOST_LINES = 100


@dataclass(frozen=True, slots=True)
class Problem:
    """Why a basket cannot be checked out. `line` is None when it is about the whole basket; `code` names the rule."""

    line: BasketLine | None
    message: str
    code: str


def problems(basket: Basket) -> list[Problem]:
    """Everything that keeps this basket from being checked out now; an empty list means that it can be placed."""
    return problems_of(basket, contents(basket), held_units(basket))


def problems_of(basket: Basket, lines: Sequence[BasketLine], held: Mapping[int, int]) -> list[Problem]:
    """The same for lines already read. `held` are units set aside for this basket's own open purchase."""
    if not lines:
        return [Problem(None, _("Your basket is empty."), "empty")]
    sellers = {line.listing.seller_id for line in lines}
    own = _sold_by(basket, sellers)
    paused = sellers - _able_to_be_paid(sellers)
    found = [problem for line in lines for problem in _of_line(line, held, own, paused)]
    return found + _of_whole(lines)


def needs_address(lines: Sequence[BasketLine]) -> bool:
    """Whether something in the basket is shipped, so that it has to be known where to."""
    return any(line.listing.delivery == Listing.Delivery.SHIPPED for line in lines)


def _of_line(line: BasketLine, held: Mapping[int, int], own: set[int], paused: set[int]) -> list[Problem]:
    listing = line.listing
    in_stock = listing.available + held.get(listing.pk, 0)
    if listing.status != Listing.Status.PUBLISHED:
        return [Problem(line, _("No longer for sale. Remove it to go on."), "not_for_sale")]
    if listing.seller_id in own:
        return [
            Problem(line, _("This is from your own shop, and you cannot buy from yourself. Remove it to go on."), "own")
        ]
    if listing.seller_id in paused:
        message = _("%(shop)s cannot take payments at the moment. Remove it to go on, or try again later.")
        return [Problem(line, message % {"shop": listing.seller.name}, "paused")]
    if in_stock <= 0:
        return [Problem(line, _("Sold out while it was in your basket. Remove it to go on."), "sold_out")]
    if in_stock < line.quantity:
        message = ngettext(
            "Only %(count)d is left. Change the quantity to go on.",
            "Only %(count)d are left. Change the quantity to go on.",
            in_stock,
        )
        return [Problem(line, message % {"count": in_stock}, "too_few")]
    return []


def _of_whole(lines: Sequence[BasketLine]) -> list[Problem]:
    if found := _mixed(lines):
        return found
    if len(lines) > MOST_LINES:
        message = _("One checkout carries at most %(count)d different things. Remove some to go on.")
        return [Problem(None, message % {"count": MOST_LINES}, "too_many")]
    currency = lines[0].listing.currency
    total = sum(line.quantity * line.listing.price for line in lines)
    smallest = SMALLEST_CHARGE.get(currency, 1)
    if total < smallest:
        message = _("A payment has to be at least %(amount)s. Add something to go on.")
        return [Problem(None, message % {"amount": format_money(smallest, currency)}, "too_small")]
    if total > LARGEST_CHARGE:
        message = _("One payment can be at most %(amount)s. Remove something to go on.")
        return [Problem(None, message % {"amount": format_money(LARGEST_CHARGE, currency)}, "too_large")]
    return []


def _mixed(lines: Sequence[BasketLine]) -> list[Problem]:
    shops = {line.listing.seller_id: line.listing.seller.name for line in lines}
    found = []
    if len(shops) > 1:
        message = _(
            "One checkout carries the things of one shop for now. Your basket has things from %(shops)s: "
            "keep one shop’s things and remove the others to go on."
        )
        found.append(Problem(None, message % {"shops": get_text_list(list(shops.values()), _("and"))}, "mixed_sellers"))
    offered = {(line.listing.seller_id, line.listing.currency) for line in lines}
    # Two shops with a currency each need no second sentence: keeping one shop's things settles it.
    if len(offered) > len(shops):
        currencies = dict.fromkeys(line.listing.currency.upper() for line in lines)
        message = _(
            "One checkout is paid in one currency for now. Your basket has prices in %(currencies)s: "
            "keep the things in one currency and remove the others to go on."
        )
        words = get_text_list(list(currencies), _("and"))
        found.append(Problem(None, message % {"currencies": words}, "mixed_currencies"))
    return found


def _sold_by(basket: Basket, sellers: set[int]) -> set[int]:
    """Those of the sellers whose team the basket's owner is on."""
    if basket.customer_id is None:
        return set()
    teams = Membership.objects.filter(user__customer=basket.customer_id, seller__in=sellers)
    return set(teams.values_list("seller_id", flat=True))


def _able_to_be_paid(sellers: set[int]) -> set[int]:
    """Those of the sellers whose Stripe account may receive money now."""
    accounts = ConnectedAccount.objects.filter(seller__in=sellers, closed_at=None)
    return {account.seller_id for account in accounts if account.can_receive_transfers}
