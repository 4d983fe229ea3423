"""Placing: from a basket to a purchase with its orders, with prices and fee frozen and stock set aside."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from datetime import datetime

from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext as _

from catalog import stock
from catalog.models import Reservation
from customers.models import Address, Customer
from kit.faults import faultpoint
from kit.money import Money, allocate
from orders.baskets import contents, held_units
from orders.models import Basket, BasketLine, Order, OrderLine, Purchase, Status
from orders.rules import Problem, needs_address, problems_of

ADDRESS_FIELDS = ("name", "line1", "line2", "postal_code", "city", "region", "country", "phone")


class CannotPlace(Exception):
    """The basket cannot be checked out. `problems` say why, each with a sentence for the buyer."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        self.problems = list(problems)
        super().__init__(" ".join(problem.message for problem in problems))


class OpenPurchase(Exception):
    """This basket was placed before with other contents, and that purchase still awaits payment: end it first."""

    def __init__(self, purchase: Purchase) -> None:
        self.purchase = purchase
        super().__init__(f"Purchase {purchase.number} still awaits payment")


def place(
    *,
    customer: Customer,
    basket: Basket,
    address: Address | None,
    placed_from: str | None,
    at: datetime,
    seen: str | None = None,
) -> Purchase:
    """Turn the customer's basket into a purchase that awaits payment; one transaction, and no call to anybody.

    Amounts are minor units of the listings' one currency. The fee is `PLATFORM_FEE_BASIS_POINTS` of the total, rounded
    half up, and split over the lines so that the parts sum to it. Placing the same contents again returns the purchase
    that is open already (faults F26, F34). `seen` is `fingerprint(contents(basket))` as it was shown to the buyer.

    Raises CannotPlace (nothing is written then), OpenPurchase, ValueError for a basket or an address of someone else.
    """
    if basket.customer_id != customer.pk or (address is not None and address.customer_id != customer.pk):
        raise ValueError("The basket and the address have to be the customer's own.")
    with transaction.atomic():
        # Two tabs, or one button pressed twice: the second waits here, then finds what the first one placed.
        locked = _locked(basket)
        lines = contents(locked)
        ship_to = frozen_address(address) if needs_address(lines) else None
        opened = _open_purchase(locked)
        digest = _digest(lines, ship_to)
        if opened is not None and opened.basket_hash == digest:
            return opened
        _refuse_problems(locked, lines, ship_to, seen, opened)
        if opened is not None:
            raise OpenPurchase(opened)
        faultpoint("orders.place.checked")
        return _write(customer, locked, lines, ship_to, digest, placed_from, at)


def fingerprint(lines: Sequence[BasketLine]) -> str:
    """Names what is in a basket at which prices: the review page sends it along, so that nothing else is bought."""
    return _digest(lines, None)


def frozen_address(address: Address | None) -> dict[str, str] | None:
    """The address as the purchase keeps it: later edits of the buyer's address book do not reach it."""
    return {field: getattr(address, field) for field in ADDRESS_FIELDS} if address is not None else None


def _locked(basket: Basket) -> Basket:
    # What every change of the basket waits for, so that what is placed is what was read.
    return Basket.objects.select_for_update().get(pk=basket.pk)


def _open_purchase(basket: Basket) -> Purchase | None:
    # Locked, so that it is not cancelled or paid between being found here and being handed back.
    return Purchase.objects.select_for_update().filter(basket=basket, status=Status.AWAITING_PAYMENT).first()


def _digest(lines: Sequence[BasketLine], ship_to: dict[str, str] | None) -> str:
    bought = sorted(
        (line.listing_id, line.quantity, line.listing.price, line.listing.currency, line.listing.delivery)
        for line in lines
    )
    return hashlib.sha256(json.dumps([bought, ship_to], sort_keys=True).encode()).hexdigest()


def _refuse_problems(
    basket: Basket,
    lines: Sequence[BasketLine],
    ship_to: dict[str, str] | None,
    seen: str | None,
    opened: Purchase | None,
) -> None:
    found = problems_of(basket, lines, held_units(basket) if opened else {})
    if needs_address(lines) and ship_to is None:
        found.append(Problem(None, _("Say where your things should be sent."), "no_address"))
    if not found and seen is not None and seen != fingerprint(lines):
        message = _("Your basket or a price in it has changed meanwhile. Look at it again before you pay.")
        found.append(Problem(None, message, "changed"))
    if found:
        raise CannotPlace(found)


def _write(
    customer: Customer,
    basket: Basket,
    lines: Sequence[BasketLine],
    ship_to: dict[str, str] | None,
    digest: str,
    placed_from: str | None,
    at: datetime,
) -> Purchase:
    reserved = _reserve(lines)
    currency = lines[0].listing.currency
    amounts = [line.quantity * line.listing.price for line in lines]
    fee = Money(sum(amounts), currency).basis_points(settings.PLATFORM_FEE_BASIS_POINTS)
    purchase = Purchase.objects.create(
        customer=customer,
        basket=basket,
        basket_hash=digest,
        currency=currency,
        total=sum(amounts),
        address=ship_to,
        placed_at=at,
        placed_from=placed_from,
    )
    order = Order.objects.create(
        purchase=purchase,
        seller=lines[0].listing.seller,
        currency=currency,
        total=sum(amounts),
        fee=fee.amount,
        placed_at=at,
    )
    OrderLine.objects.bulk_create(
        OrderLine(
            order=order,
            listing=line.listing,
            reservation=reserved[line.listing_id],
            title=line.listing.title,
            delivery=line.listing.delivery,
            unit_price=line.listing.price,
            quantity=line.quantity,
            amount=amount,
            fee=part,
        )
        for line, amount, part in zip(lines, amounts, allocate(fee.amount, amounts), strict=True)
    )
    return purchase


def _reserve(lines: Sequence[BasketLine]) -> dict[int, Reservation]:
    """Set the units aside, by listing."""
    try:
        return stock.reserve_all({line.listing_id: line.quantity for line in lines})
    except stock.OutOfStock as error:
        short = next(line for line in lines if line.listing_id == error.listing_id)
        raise CannotPlace([Problem(short, _left(short, error.available), "sold_out")]) from error


def _left(line: BasketLine, available: int) -> str:
    title = line.listing.title
    if available == 0:
        return _("“%(title)s” was sold out a moment ago. Remove it to go on.") % {"title": title}
    return _("Fewer of “%(title)s” are left than you want: %(count)d. Change the quantity to go on.") % {
        "title": title,
        "count": available,
    }
