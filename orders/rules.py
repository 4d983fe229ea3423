"""What has to be true of a basket before it can be checked out, each rule with its sentence for the buyer.

A basket is checked out a currency at a time: what keeps one from being paid keeps no other. Things of a shop that
cannot be paid at the moment, or is the buyer's own, stay in the basket and keep nothing else from being checked out.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts.models import ConnectedAccount
from catalog.models import Listing
from catalog.stock import Goods
from kit.money import LARGEST_AMOUNT, SMALLEST_CHARGE, format_money
from orders.baskets import contents, held_units
from orders.models import Basket, BasketLine

# Stripe's payment page shows no more lines than this (docs.stripe.com/api/checkout/sessions/create).
MOST_LINES = 100
# Rules about who trades with whom rather than about the things: what they name is left out of a checkout.
LEFT_OUT = frozenset({"own", "paused"})


@dataclass(frozen=True, slots=True)
class Problem:
    """Why something cannot be checked out. `line` is None when it is about everything in `currency`, or (without a
    currency) about the whole basket; `code` names the rule.
    """

    line: BasketLine | None
    message: str
    code: str
    currency: str = ""

    @property
    def blocks(self) -> bool:
        """Whether nothing in its currency can be checked out before it is mended."""
        return self.code not in LEFT_OUT


def problems(basket: Basket, currency: str | None = None) -> list[Problem]:
    """Everything that keeps this basket, or what it has in one currency, from being checked out whole."""
    return problems_of(contents(basket, currency), held_units(basket))


def problems_of(lines: Sequence[BasketLine], held: Mapping[Goods, int]) -> list[Problem]:
    """The same for what `orders.baskets.contents` read. `held` is set aside for the basket's own open purchases."""
    if not lines:
        return [Problem(None, _("Your basket is empty."), "empty")]
    sellers = {line.listing.seller_id for line in lines}
    own = {line.listing.seller_id for line in lines if getattr(line, "is_own", False)}
    paused = sellers - _able_to_be_paid(sellers)
    found = [problem for line in lines for problem in _of_line(line, held, own, paused)]
    going = buyable(lines, found)
    for currency in currencies(going):
        found += _of_whole([line for line in going if line.listing.currency == currency], currency)
    return found


def buyable(lines: Sequence[BasketLine], found: Sequence[Problem]) -> list[BasketLine]:
    """The lines that a checkout takes: those of shops that can be paid now and are not the buyer's own."""
    left_out = {problem.line.pk for problem in found if problem.line is not None and not problem.blocks}
    return [line for line in lines if line.pk not in left_out]


def currencies(lines: Sequence[BasketLine]) -> list[str]:
    """The currencies of the lines, in the order they were added."""
    return list(dict.fromkeys(line.listing.currency for line in lines))


def needs_address(lines: Sequence[BasketLine]) -> bool:
    """Whether something in the basket is shipped, so that it has to be known where to."""
    return any(line.listing.delivery == Listing.Delivery.SHIPPED for line in lines)


def _of_line(line: BasketLine, held: Mapping[Goods, int], own: set[int], paused: set[int]) -> list[Problem]:
    wrong = _wrong_with(line, line.available + held.get(line.goods, 0), own, paused)
    return [Problem(line, message, code, line.listing.currency) for code, message in wrong]


def _wrong_with(line: BasketLine, in_stock: int, own: set[int], paused: set[int]) -> list[tuple[str, str]]:
    """The first thing that is wrong with a line: the rule's code and its sentence."""
    listing = line.listing
    if listing.status != Listing.Status.PUBLISHED or (line.variant is not None and not line.variant.is_offered):
        return [("not_for_sale", _("No longer for sale. Remove it to go on."))]
    if listing.seller_id in own:
        return [
            ("own", _("This is from your own shop, and you cannot buy from yourself. It is left out of your order."))
        ]
    if listing.seller_id in paused:
        message = _("%(shop)s cannot take payments at the moment. Until it can, this is left out of your order.")
        return [("paused", message % {"shop": listing.seller.name})]
    if listing.options and line.variant is None:
        return [("no_variant", _("It comes in several variants now. Remove it, and choose one on its page."))]
    if in_stock <= 0:
        return [("sold_out", _("Sold out while it was in your basket. Remove it to go on."))]
    if in_stock < line.quantity:
        message = ngettext(
            "Only %(count)d is left. Change the quantity to go on.",
            "Only %(count)d are left. Change the quantity to go on.",
            in_stock,
        )
        return [("too_few", message % {"count": in_stock})]
    return []


def _of_whole(lines: Sequence[BasketLine], currency: str) -> list[Problem]:
    """Stripe's limits for one payment: all of these lines in one currency."""
    if len(lines) > MOST_LINES:
        message = _("One checkout carries at most %(count)d different things. Remove some to go on.")
        return [Problem(None, message % {"count": MOST_LINES}, "too_many", currency)]
    total = sum(line.quantity * line.price for line in lines)
    smallest = SMALLEST_CHARGE.get(currency, 1)
    if total < smallest:
        message = _("A payment has to be at least %(amount)s. Add something to go on.")
        return [Problem(None, message % {"amount": format_money(smallest, currency)}, "too_small", currency)]
    if total > LARGEST_AMOUNT:
        message = _("One payment can be at most %(amount)s. Remove something to go on.")
        return [Problem(None, message % {"amount": format_money(LARGEST_AMOUNT, currency)}, "too_large", currency)]
    return []


def _able_to_be_paid(sellers: set[int]) -> set[int]:
    """Those of the sellers whose Stripe account may receive money now."""
    accounts = ConnectedAccount.objects.filter(seller__in=sellers, closed_at=None)
    return {account.seller_id for account in accounts if account.can_receive_transfers}
