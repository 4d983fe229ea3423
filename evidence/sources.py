"""Our own rows about a disputed payment, read once: what the texts and documents for the bank are made from."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.utils.timezone import localtime
from django.utils.translation import gettext as _

from cases import queries
from cases.queries import Said
from kit.money import Money
from orders.models import Order, OrderLine, Purchase, PurchaseFacts, Status
from orders.stories import is_shipped
from payments.models import Dispute, Payment, Refund, Share

# So many earlier purchases are told of; the newest say most.
MOST_EARLIER = 10
# Two payments this far apart are not taken for one.
TWIN_WITHIN = timedelta(days=30)


@dataclass(frozen=True, slots=True)
class Sources:
    """Everything about one payment that a bank may be told. Without a payment we know nothing (fault F47)."""

    dispute: Dispute
    payment: Payment | None = None
    purchase: Purchase | None = None
    facts: PurchaseFacts | None = None
    orders: tuple[Order, ...] = ()
    refunds: tuple[Refund, ...] = ()
    thread: tuple[tuple[Order, Said], ...] = ()
    earlier: tuple[Payment, ...] = ()
    twin: Payment | None = None

    @property
    def sent(self) -> list[Order]:
        """Orders that were given to a carrier."""
        return [order for order in self.orders if order.fulfilled_at and is_shipped(order)]

    @property
    def handed_over(self) -> list[Order]:
        """Orders that reached the buyer without a carrier."""
        return [order for order in self.orders if order.fulfilled_at and not is_shipped(order)]

    @property
    def refunded(self) -> Money | None:
        """What the buyer had back before the bank asked, or since; None if nothing."""
        total = sum(refund.amount for refund in self.refunds)
        return Money(total, self.payment.currency) if self.payment and total else None

    @property
    def email(self) -> str:
        """The buyer's address when they bought, or now."""
        if self.purchase is None:
            return ""
        return (self.facts.email if self.facts else "") or self.purchase.customer.user.email

    @property
    def ip(self) -> str:
        """From where it was bought; empty once forgotten."""
        if self.purchase is None:
            return ""
        return (self.facts.ip if self.facts else None) or self.purchase.placed_from or ""

    @property
    def buyer_name(self) -> str:
        """As given at checkout, or with the account."""
        if self.purchase is None:
            return ""
        return str((self.purchase.address or {}).get("name") or self.purchase.customer.user.full_name)

    @property
    def accepted(self) -> str:
        """Which terms and policy, by their titles and versions; empty if it was not written down."""
        both = (self.facts.terms, self.facts.refund_policy) if self.facts else ()
        return ", ".join(str(one) for one in both if one is not None)

    def timeline(self) -> list[tuple[datetime, str]]:
        """What happened, in order, in words."""
        return sorted(self._events(), key=lambda one: one[0])

    def _events(self) -> Iterator[tuple[datetime, str]]:
        if self.purchase is None or self.payment is None:
            return
        # Only what is written down is claimed.
        accepted = _("The buyer placed the order, and accepted %(terms)s by it.") % {"terms": self.accepted}
        yield self.purchase.placed_at, accepted if self.accepted else _("The buyer placed the order.")
        if self.payment.paid_at:
            yield self.payment.paid_at, _("The payment of %(amount)s was made.") % {"amount": self.payment.money}
        for order in self.orders:
            yield from _of_order(order)
        for refund in self.refunds:
            words = {"amount": refund.money, "order": refund.share.order.number}
            yield refund.planned_at, _("%(amount)s of order %(order)s were refunded to the buyer.") % words
        yield self.dispute.opened_at, _("The bank asked about the payment (%(id)s).") % {"id": self.dispute.stripe_id}


def read(dispute: Dispute) -> Sources:
    """The rows of this moment."""
    payment = dispute.payment
    if payment is None:
        return Sources(dispute)
    purchase = Purchase.objects.select_related("customer__user").get(pk=payment.purchase_id)
    orders = tuple(purchase.orders.select_related("seller").prefetch_related("lines", "moves").order_by("pk"))
    shares = Share.objects.filter(payment=payment).select_related("order__seller").order_by("pk")
    made = Refund.objects.filter(share__payment=payment, status__in=[Refund.Status.PENDING, Refund.Status.SUCCEEDED])
    others = _others(payment, purchase)
    return Sources(
        dispute=dispute,
        payment=payment,
        purchase=purchase,
        facts=PurchaseFacts.objects.filter(purchase=purchase).select_related("terms", "refund_policy").first(),
        orders=orders,
        refunds=tuple(made.select_related("share__order").order_by("pk")),
        thread=tuple((share.order, said) for share in shares for said in queries.thread_for_bank(share)),
        earlier=tuple(one for one in others if _at(one) < _at(payment))[:MOST_EARLIER],
        twin=_twin(payment, others),
    )


def deliveries(dispute: Dispute) -> set[str]:
    """In which ways the disputed things reached the buyer (Listing.Delivery)."""
    found = OrderLine.objects.filter(order__share__payment=dispute.payment_id).exclude(order__share__payment=None)
    return set(found.values_list("delivery", flat=True).distinct())


def moment(at: datetime) -> str:
    """As a bank reads it, wherever it is: local time with its offset."""
    return localtime(at).strftime("%Y-%m-%d %H:%M %z")


def day(at: datetime) -> str:
    """The date alone."""
    return localtime(at).strftime("%Y-%m-%d")


def marketplace() -> str:
    """Who answers."""
    return str(settings.MARKETPLACE_NAME)


def _others(payment: Payment, purchase: Purchase) -> list[Payment]:
    found = Payment.objects.filter(purchase__customer=purchase.customer, status=Payment.Status.PAID)
    wanted = found.exclude(pk=payment.pk).select_related("purchase")
    return list(wanted.prefetch_related("disputes", "shares__order").order_by("-paid_at")[: 5 * MOST_EARLIER])


def _twin(payment: Payment, others: list[Payment]) -> Payment | None:
    """The payment this one may be mistaken for: the same amount by the same buyer, the nearest in time."""
    same = [one for one in others if (one.amount, one.currency) == (payment.amount, payment.currency)]
    near = [one for one in same if abs(_at(one) - _at(payment)) <= TWIN_WITHIN]
    return min(near, key=lambda one: abs(_at(one) - _at(payment)), default=None)


def _at(payment: Payment) -> datetime:
    return payment.paid_at or payment.created_at


def _of_order(order: Order) -> Iterator[tuple[datetime, str]]:
    number, seller = order.number, order.seller.name
    if order.fulfilled_at and is_shipped(order):
        words = {"order": number, "seller": seller, "carrier": order.carrier or _("a carrier")}
        yield order.fulfilled_at, _("%(seller)s gave order %(order)s to %(carrier)s.") % words
    elif order.fulfilled_at:
        yield order.fulfilled_at, _("%(seller)s handed order %(order)s over.") % {"order": number, "seller": seller}
    if order.delivered_at:
        words = {"order": number, "who": order.get_delivered_by_display()}
        yield order.delivered_at, _("Order %(order)s was with the buyer, said %(who)s.") % words
    for move in order.moves.all():
        if move.to_status == Status.CANCELLED:
            yield move.at, _("Order %(order)s was cancelled.") % {"order": number}
