"""What pages say about a purchase or an order: its pill, and its past and future as a timeline."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.utils.text import get_text_list
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from catalog.models import Listing
from kit.money import Money
from orders.given_back import given_back
from orders.models import DeliveredBy, Order, OrderMove, Purchase, Status

CANCELLED = Status.CANCELLED
# Not a status of an order: its buyer has everything they paid again, whatever became of the things.
GIVEN_BACK = "given_back"


@dataclass(frozen=True, slots=True)
class Pill:
    """A status as people see it: one of the five families of colour, and always a word."""

    kind: str
    label: str


@dataclass(frozen=True, slots=True)
class Step:
    """One line of a timeline; without `at` it is still to come. Shown by components/money_timeline.html."""

    label: str
    at: datetime | None = None
    actor: str = ""
    reason: str = ""

    @property
    def is_future(self) -> bool:
        """Whether it is still to come."""
        return self.at is None


@dataclass(frozen=True, slots=True)
class Turn:
    """One sentence about what happens next to some orders; `order` is the one the buyer may say something about."""

    sentence: str
    orders: list[Order]
    order: Order | None = None


def status_of(purchase: Purchase) -> str:
    """Where a purchase stands for its buyer: where the part that is least far stands, cancelled parts aside.

    A purchase stays paid when a seller cancels; it counts as cancelled here once every part is.
    """
    if purchase.status != Status.PAID:
        return purchase.status
    parts = {order.status for order in purchase.orders.all()}
    return next((status for status in (Status.PAID, Status.FULFILLED, Status.DELIVERED) if status in parts), CANCELLED)


def buyer_pill(purchase: Purchase) -> Pill:
    """The purchase's status as its buyer sees it."""
    status = status_of(purchase)
    going = [order for order in purchase.orders.all() if order.status != CANCELLED]
    return _buyers_pill(status, going)


def order_pill(order: Order) -> Pill:
    """One seller's part of it as the buyer sees it."""
    return _buyers_pill(order.status, [order])


def _buyers_pill(status: str, orders: list[Order]) -> Pill:
    if status == Status.AWAITING_PAYMENT:
        return Pill("needs-you", _("Awaiting payment"))
    if status == Status.PAID:
        return Pill("moving", _("Paid"))
    if status == Status.FULFILLED:
        return Pill("moving", _("On its way"))
    if status == Status.DELIVERED:
        return Pill("done", arrived_word(*orders))
    # Nothing is wrong with what was given up: no colour.
    return Pill("waiting", _("Cancelled"))


def turns(purchase: Purchase) -> list[Turn]:
    """Whose turn it is with a paid purchase, the buyer's first: shops that are at the same point share a sentence."""
    everything = list(purchase.orders.all())
    shipped = {order.pk: is_shipped(order) for order in everything}
    gone = _given_back_of(purchase)
    points: dict[tuple[str, bool], list[Order]] = {}
    for order in everything:
        if order.status == Status.FULFILLED and order.pk not in gone:
            continue
        point = GIVEN_BACK if order.pk in gone and order.status != CANCELLED else order.status
        points.setdefault((point, shipped[order.pk] and point != GIVEN_BACK), []).append(order)
    waiting = [order for order in everything if order.status == Status.FULFILLED and order.pk not in gone]
    ask = _("%(shops)s has sent your things. Tell us when you have them.")
    mine = [Turn(ask % {"shops": order.seller.name}, [order], order) for order in waiting]
    return mine + [Turn(_sentence(status, travels, orders), orders) for (status, travels), orders in points.items()]


def _given_back_of(purchase: Purchase) -> set[int]:
    """The orders whose buyer has everything they paid again."""
    return set(given_back().filter(purchase=purchase).values_list("pk", flat=True))


def _sentence(status: str, travels: bool, orders: list[Order]) -> str:
    n = len(orders)
    if status == Status.PAID and travels:
        words = ngettext(
            "You have paid. %(shops)s sends your things next, and we write to you when they are on their way.",
            "You have paid. %(shops)s send your things next, and we write to you when they are on their way.",
            n,
        )
    elif status == Status.PAID:
        words = ngettext(
            "You have paid. %(shops)s hands your things over next and will be in touch.",
            "You have paid. %(shops)s hand your things over next and will be in touch.",
            n,
        )
    elif status == GIVEN_BACK:
        words = _("You have all of your money for the order from %(shops)s again. There is nothing left for you to do.")
    elif status == Status.DELIVERED and travels:
        words = _("Your things from %(shops)s have arrived. There is nothing left for you to do here.")
    elif status == Status.DELIVERED:
        words = ngettext(
            "%(shops)s has handed your things over. There is nothing left for you to do here.",
            "%(shops)s have handed your things over. There is nothing left for you to do here.",
            n,
        )
    else:
        words = _("The order from %(shops)s was cancelled. You get %(amount)s back, to the card you paid with.")
    back = Money(sum(order.total for order in orders), orders[0].currency)
    return words % {"shops": get_text_list([order.seller.name for order in orders], _("and")), "amount": back}


def seller_pill(order: Order) -> Pill:
    """The order's status as its seller sees it."""
    if order.status == Status.AWAITING_PAYMENT:
        return Pill("waiting", _("Awaiting payment"))
    if order.status == Status.PAID:
        return Pill("needs-you", _("To be shipped") if is_shipped(order) else _("To be handed over"))
    if order.status == Status.FULFILLED:
        return Pill("moving", sent_word(order))
    if order.status == Status.DELIVERED:
        return Pill("done", arrived_word(order))
    return Pill("waiting", _("Cancelled"))


def buyer_steps(purchase: Purchase) -> list[Step]:
    """The purchase's past and what is still to come, in the buyer's words; the shop is named when there are several."""
    orders = list(purchase.orders.all())
    steps = [Step(_("You placed the order"), purchase.placed_at)]
    words = {Status.PAID: _("Your payment arrived"), Status.CANCELLED: _("Cancelled")}
    steps += [Step(words[Status(move.to_status)], move.at) for move in purchase.moves.all()]
    several = len(orders) > 1
    done = [(move, order) for order in orders for move in order.moves.all() if _is_news(move, purchase)]
    for move, order in sorted(done, key=lambda pair: (pair[0].at, pair[0].pk)):
        steps.append(Step(_named(_news(order)[Status(move.to_status)], order, several), move.at))
    if purchase.status == Status.AWAITING_PAYMENT:
        steps.append(Step(_("Your payment arrives")))
    if purchase.status != CANCELLED:
        # Of several shops only what comes next, each: the page tells a story, not a schedule.
        gone = _given_back_of(purchase)
        open_ = [order for order in orders if order.pk not in gone]
        coming = [(order, word) for order in open_ for word in _to_come(order)[: 1 if several else None]]
        steps += [Step(_named(word, order, several)) for order, word in coming]
    return steps


def seller_steps(order: Order) -> list[Step]:
    """The order's past with the reasons and who of the team acted, and what is still to come."""
    steps = [Step(_("Placed by the buyer"), order.placed_at)]
    words = {Status.PAID: _("Paid"), **_news(order)}
    # What is handed over is with the buyer in the same moment: one line, not two.
    shipped = is_shipped(order)
    for move in order.moves.all():
        if move.to_status == Status.DELIVERED and not shipped:
            continue
        # Only the seller's own team is named: whoever else acted may be the buyer, whose address is not the seller's.
        by_team = move.to_status == Status.FULFILLED or (
            move.to_status == Status.DELIVERED and order.delivered_by == DeliveredBy.SELLER
        )
        steps.append(Step(words[Status(move.to_status)], move.at, move.actor if by_team else "", move.reason))
    if order.status == Status.AWAITING_PAYMENT:
        steps.append(Step(_("Paid")))
    return steps + [Step(word) for word in _to_come(order)]


def _is_news(move: OrderMove, purchase: Purchase) -> bool:
    """Whether a move of an order is told besides those of its purchase."""
    if move.to_status == Status.CANCELLED:
        # An unpaid purchase is cancelled as a whole.
        return purchase.status == Status.PAID
    if move.to_status == Status.DELIVERED:
        return is_shipped(move.subject)
    return move.to_status == Status.FULFILLED


def _news(order: Order) -> dict[Status, str]:
    return {
        Status.FULFILLED: sent_word(order),
        Status.DELIVERED: arrived_word(order),
        Status.CANCELLED: _("Cancelled"),
    }


def _to_come(order: Order) -> list[str]:
    """What has still to happen to an order that nobody cancels."""
    to_come = []
    if order.status in (Status.AWAITING_PAYMENT, Status.PAID):
        to_come.append(sent_word(order))
    if is_shipped(order) and order.status in (Status.AWAITING_PAYMENT, Status.PAID, Status.FULFILLED):
        to_come.append(arrived_word(order))
    return to_come


def _named(word: str, order: Order, several: bool) -> str:
    return f"{order.seller.name}: {word}" if several else word


def is_shipped(order: Order) -> bool:
    """Whether something in the order travels to the buyer."""
    return any(line.delivery == Listing.Delivery.SHIPPED for line in order.lines.all())


def sent_word(*orders: Order) -> str:
    """What it is called when these orders are fulfilled."""
    return _("Shipped") if any(is_shipped(order) for order in orders) else _("Handed over")


def arrived_word(*orders: Order) -> str:
    """What it is called when these orders are with the buyer."""
    return _("Delivered") if any(is_shipped(order) for order in orders) else _("Handed over")
