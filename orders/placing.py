"""Placing: from a basket to a purchase with its orders, with prices and fees frozen and stock set aside.

One purchase takes what the basket has in one currency; each seller's part of it is an order.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from catalog import stock
from catalog.models import Reservation
from customers.models import Address, Customer
from kit.faults import faultpoint
from orders.baskets import contents, held_units
from orders.facts import Circumstances, freeze
from orders.fees import LineFee, fees_at_sale
from orders.models import Basket, BasketLine, FundsFlow, Order, OrderLine, Purchase, Status
from orders.rules import Problem, buyable, needs_address, problems_of

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
    currency: str,
    address: Address | None,
    placed_from: str | None,
    at: datetime,
    seen: str | None = None,
    how: Circumstances | None = None,
) -> Purchase:
    """Turn what the customer's basket has in `currency` into a purchase that awaits payment, with an order for each
    seller; the rest stays in the basket. One transaction, and no call to anybody.

    Amounts are minor units of `currency`. The fee of each line is what orders.fees says at this moment; an order's fee
    is the sum of its lines'. Placing the same contents again returns the purchase that is open already (faults F26,
    F34). `seen` is `fingerprint(…)` of the lines as they were shown to the buyer; `how` they came is kept as evidence.

    Raises CannotPlace (nothing is written then), OpenPurchase, ValueError for a basket or an address of someone else.
    """
    if basket.customer_id != customer.pk or (address is not None and address.customer_id != customer.pk):
        raise ValueError("The basket and the address have to be the customer's own.")
    with transaction.atomic():
        # Two tabs, or one button pressed twice: the second waits here, then finds what the first one placed.
        locked = _locked(basket)
        if locked.customer_id != customer.pk:
            # Another tab gave another address, or signed in, since it was read.
            raise CannotPlace([_changed()])
        opened = _open_purchase(locked, currency)
        in_basket = contents(locked, currency)
        found = problems_of(in_basket, held_units(locked) if opened else {})
        lines = buyable(in_basket, found)
        ship_to = frozen_address(address) if needs_address(lines) else None
        digest = _digest(lines, ship_to)
        # A guest's who became another guest, or signed in, is somebody else's: it is ended, not handed over.
        if opened is not None and opened.basket_hash == digest and opened.customer_id == customer.pk:
            return opened
        _refuse_problems(lines, found, ship_to, seen)
        if opened is not None:
            raise OpenPurchase(opened)
        faultpoint("orders.place.checked")
        purchase = Purchase(
            customer=customer,
            basket=locked,
            basket_hash=digest,
            currency=currency,
            address=ship_to,
            placed_at=at,
            placed_from=placed_from,
        )
        _write(purchase, lines)
        freeze(purchase, lines, how or Circumstances())
        return purchase


def funds_flow(lines: Sequence[BasketLine]) -> FundsFlow:
    """How the money of a purchase with these lines reaches its sellers; the same for each of its orders.

    At once, if one seller hands everything over at once. Whatever is shipped, or bought of several sellers, is held.
    """
    one_seller = len({line.listing.seller_id for line in lines}) == 1
    return FundsFlow.DESTINATION if one_seller and not needs_address(lines) else FundsFlow.HELD


def fingerprint(lines: Sequence[BasketLine]) -> str:
    """Names what is in a basket at which prices: the review page sends it along, so that nothing else is bought."""
    return _digest(lines, None)


def frozen_address(address: Address | None) -> dict[str, str] | None:
    """The address as the purchase keeps it: later edits of the buyer's address book do not reach it."""
    return {field: getattr(address, field) for field in ADDRESS_FIELDS} if address is not None else None


def _locked(basket: Basket) -> Basket:
    # What every change of the basket waits for, so that what is placed is what was read.
    return Basket.objects.select_for_update().get(pk=basket.pk)


def _open_purchase(basket: Basket, currency: str) -> Purchase | None:
    waiting = Purchase.objects.filter(basket=basket, currency=currency, status=Status.AWAITING_PAYMENT)
    # Locked, so that it is not cancelled or paid between being found here and being handed back.
    return waiting.select_for_update().first()


def _key(line: BasketLine) -> tuple[int, int]:
    return line.listing_id, line.variant_id or 0


def _digest(lines: Sequence[BasketLine], ship_to: dict[str, str] | None) -> str:
    bought = sorted(
        (*_key(line), line.quantity, line.price, line.listing.currency, line.listing.delivery) for line in lines
    )
    return hashlib.sha256(json.dumps([bought, ship_to], sort_keys=True).encode()).hexdigest()


def _changed() -> Problem:
    message = _("Your basket or a price in it has changed meanwhile. Look at it again before you pay.")
    return Problem(None, message, "changed")


def _refuse_problems(
    lines: Sequence[BasketLine], found: Sequence[Problem], ship_to: dict[str, str] | None, seen: str | None
) -> None:
    # What is left out of the checkout keeps it from happening only if nothing else is in it.
    wrong = [problem for problem in found if problem.blocks or not lines]
    if needs_address(lines) and ship_to is None:
        wrong.append(Problem(None, _("Say where your things should be sent."), "no_address"))
    if not wrong and seen is not None and seen != fingerprint(lines):
        wrong.append(_changed())
    if wrong:
        raise CannotPlace(wrong)


def _write(purchase: Purchase, lines: Sequence[BasketLine]) -> None:
    """The purchase with an order for each seller, in the order their things were added; all or nothing."""
    reserved = _reserve(lines)
    fees = fees_at_sale(lines, at=purchase.placed_at)
    purchase.total = sum(_amount(line) for line in lines)
    purchase.save()
    flow = funds_flow(lines)
    by_seller: dict[int, list[tuple[BasketLine, LineFee]]] = {}
    for line, fee in zip(lines, fees, strict=True):
        by_seller.setdefault(line.listing.seller_id, []).append((line, fee))
    orders = Order.objects.bulk_create(
        Order(
            purchase=purchase,
            seller_id=seller_id,
            funds_flow=flow,
            currency=purchase.currency,
            total=sum(_amount(line) for line, _fee in sold),
            fee=sum(fee.amount for _line, fee in sold),
            placed_at=purchase.placed_at,
        )
        for seller_id, sold in by_seller.items()
    )
    OrderLine.objects.bulk_create(
        _order_line(order, line, fee, reserved[line.goods])
        for order, sold in zip(orders, by_seller.values(), strict=True)
        for line, fee in sold
    )


def _order_line(order: Order, line: BasketLine, fee: LineFee, reservation: Reservation) -> OrderLine:
    return OrderLine(
        order=order,
        listing=line.listing,
        variant=line.variant,
        variant_name=line.variant_name,
        reservation=reservation,
        title=line.listing.title,
        delivery=line.listing.delivery,
        unit_price=line.price,
        quantity=line.quantity,
        amount=_amount(line),
        fee=fee.amount,
        fee_rule=fee.rule,
    )


def _amount(line: BasketLine) -> int:
    return line.quantity * line.price


def _reserve(lines: Sequence[BasketLine]) -> dict[stock.Goods, Reservation]:
    """Set the units aside."""
    try:
        return stock.reserve_all({line.goods: line.quantity for line in lines})
    except stock.OutOfStock as error:
        short = next(line for line in lines if line.goods == error.goods)
        raise CannotPlace([Problem(short, _left(short, error.available), "sold_out")]) from error


def _left(line: BasketLine, available: int) -> str:
    title = line.name
    if available == 0:
        return _("“%(title)s” was sold out a moment ago. Remove it to go on.") % {"title": title}
    return _("Fewer of “%(title)s” are left than you want: %(count)d. Change the quantity to go on.") % {
        "title": title,
        "count": available,
    }
