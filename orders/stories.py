"""What pages say about a purchase or an order: its pill, and its past and future as a timeline."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.utils.translation import gettext as _

from catalog.models import Listing
from orders.models import Order, Purchase, Status


@dataclass(frozen=True, slots=True)
class Pill:
    """A status as people see it: one of the five families of colour, and always a word."""

    kind: str
    label: str


@dataclass(frozen=True, slots=True)
class Step:
    """One line of a timeline; without `at` it is still to come."""

    label: str
    at: datetime | None = None
    actor: str = ""
    reason: str = ""


def status_of(purchase: Purchase) -> str:
    """Where a purchase stands for its buyer: paid until every seller has sent their part."""
    if purchase.status == Status.PAID and all(order.status == Status.FULFILLED for order in purchase.orders.all()):
        return Status.FULFILLED
    return purchase.status


def buyer_pill(purchase: Purchase) -> Pill:
    """The purchase's status as its buyer sees it."""
    status = status_of(purchase)
    if status == Status.AWAITING_PAYMENT:
        return Pill("needs-you", _("Awaiting payment"))
    if status == Status.PAID:
        return Pill("moving", _("Paid"))
    if status == Status.FULFILLED:
        return Pill("done", sent_word(*purchase.orders.all()))
    # Nothing is wrong with a purchase that was given up: no colour.
    return Pill("waiting", _("Cancelled"))


def seller_pill(order: Order) -> Pill:
    """The order's status as its seller sees it."""
    if order.status == Status.AWAITING_PAYMENT:
        return Pill("waiting", _("Awaiting payment"))
    if order.status == Status.PAID:
        return Pill("needs-you", _("To be shipped") if is_shipped(order) else _("To be handed over"))
    if order.status == Status.FULFILLED:
        return Pill("done", sent_word(order))
    return Pill("waiting", _("Cancelled"))


def buyer_steps(purchase: Purchase) -> list[Step]:
    """The purchase's past and what is still to come, in the buyer's words."""
    orders = list(purchase.orders.all())
    steps = [Step(_("You placed the order"), purchase.placed_at)]
    words = {Status.PAID: _("Your payment arrived"), Status.CANCELLED: _("Cancelled")}
    steps += [Step(words[Status(move.to_status)], move.at) for move in purchase.moves.all()]
    for order in orders:
        sent = [move for move in order.moves.all() if move.to_status == Status.FULFILLED]
        steps += [Step(sent_word(order), move.at) for move in sent]
    if purchase.status == Status.AWAITING_PAYMENT:
        steps.append(Step(_("Your payment arrives")))
    if purchase.status in (Status.AWAITING_PAYMENT, Status.PAID):
        steps += [Step(sent_word(order)) for order in orders if order.status != Status.FULFILLED]
    return steps


def seller_steps(order: Order) -> list[Step]:
    """The order's past with the reasons and who of the team acted, and what is still to come."""
    steps = [Step(_("Placed by the buyer"), order.placed_at)]
    words = {Status.PAID: _("Paid"), Status.CANCELLED: _("Cancelled"), Status.FULFILLED: sent_word(order)}
    for move in order.moves.all():
        # Only the seller's own team is named: whoever else acted may be the buyer, whose address is not the seller's.
        actor = move.actor if move.to_status == Status.FULFILLED else ""
        steps.append(Step(words[Status(move.to_status)], move.at, actor, move.reason))
    if order.status == Status.AWAITING_PAYMENT:
        steps.append(Step(_("Paid")))
    if order.status in (Status.AWAITING_PAYMENT, Status.PAID):
        steps.append(Step(sent_word(order)))
    return steps


def is_shipped(order: Order) -> bool:
    """Whether something in the order travels to the buyer."""
    return any(line.delivery == Listing.Delivery.SHIPPED for line in order.lines.all())


def sent_word(*orders: Order) -> str:
    """What it is called when these orders are fulfilled."""
    return _("Shipped") if any(is_shipped(order) for order in orders) else _("Handed over")
