"""What happened before you came: purchases in every state money can be in, so that there is something to decide about.

Everything goes the way people would go: placed, paid, sent, received, and decided about in the admin's words.
"""

import time
from collections.abc import Callable, Sequence
from typing import Any

from django.db.models import QuerySet

from accounts.models import User
from catalog.models import Listing
from customers.profiles import customer_for
from kit.clock import now
from marketplace.demo import disputed
from marketplace.demo.emulator import CARD, CARD_AT_ONCE, Controls
from orders import baskets, progress, terms
from orders.facts import Circumstances
from orders.models import Basket, DeliveredBy, Order, Purchase
from orders.placing import place
from payments import checkout, decisions, settlement
from payments.decisions import Decider
from payments.models import MoneyAction, Payout, Refund, Share
from payments.policies import BY_REASON

ACTOR = "demo"
BROWSER = "Mozilla/5.0 (the demo)"
# How long the worker may take to hear of a payout.
SECONDS = 10.0
# Shops in one basket.
THREE = 3

Say = Callable[[str], object]
Kind = MoneyAction.Kind
Reason = Refund.Reason


def ensure(buyer: User, staff: User, controls: Controls, say: Say) -> None:
    """Every purchase that is missing. One that was begun is not begun again."""
    bought = customer_for(buyer).purchases.count()
    steps: list[tuple[str, Callable[[], object]]] = [
        ("something of three shops, to be sent", lambda: buy(buyer, _of_each_shop(0), controls)),
        ("something digital, which its seller was paid for at once", lambda: buy(buyer, _digital(), controls)),
        ("three orders: held, coming back, and a debt", lambda: three_stories(buyer, staff, controls)),
        ("many bags, whose refund waits for a second person", lambda: ask_for_approval(buyer, staff, controls)),
    ]
    steps += [
        (what, lambda story=story: story(buy(buyer, _mug(), controls), staff, controls))  # type: ignore[misc]
        for what, story in disputed.STORIES
    ]
    for what, happens in steps[bought:]:
        happens()
        say(f"{buyer.full_name} bought {what}")


def buy(buyer: User, chosen: Sequence[Listing], controls: Controls, *, quantity: int = 1, card: str = CARD) -> Purchase:
    """So many of each, placed and paid as a buyer would."""
    customer = customer_for(buyer)
    basket, _created = Basket.objects.get_or_create(customer=customer)
    for listing in chosen:
        baskets.add(basket, listing, quantity)
    purchase = place(
        customer=customer,
        basket=basket,
        currency=chosen[0].currency,
        address=customer.addresses.first(),
        placed_from="203.0.113.24",
        at=now(),
        how=Circumstances(BROWSER, f"demo-{customer.pk:017}", "en", terms.shown()),
    )
    payment = checkout.start(purchase, actor=buyer.email)
    controls.pay(str(payment.session_id), buyer.email, card)
    settlement.settle(str(payment.session_id), actor=ACTOR)
    return purchase


def three_stories(buyer: User, staff: User, controls: Controls) -> None:
    """One order that waits for its release date, one whose refund came back, and one refunded after the payout."""
    purchase = buy(buyer, _of_each_shop(1), controls, card=CARD_AT_ONCE)
    first, second, third = Share.objects.filter(order__purchase=purchase).order_by("order_id")
    waits_for_its_date(first, staff)
    comes_back(second, staff, controls)
    leaves_a_debt(third, staff, controls)


def waits_for_its_date(share: Share, staff: User) -> None:
    """Delivered, and refunded in part before the release."""
    _send(share.order)
    progress.deliver(share.order, at=now(), actor=ACTOR, reason="The carrier said so.", said_by=DeliveredBy.CARRIER)
    refund(share, staff, share.gross // 10, Reason.GOODWILL, "It was a week late. A tenth back, at our cost.")


def comes_back(share: Share, staff: User, controls: Controls) -> None:
    """The buyer's bank returns the refund, and staff hold the rest back."""
    _send(share.order)
    refund(share, staff, share.gross // 4, Reason.NOT_AS_DESCRIBED, "A scratch, see the photo in the mail.")
    _decide(share, Kind.HOLD, {"until": None}, staff, "Two buyers wrote about scratches. Wait for the seller’s answer.")
    controls.send_back(str(share.refunds.get().stripe_id))


def leaves_a_debt(share: Share, staff: User, controls: Controls) -> None:
    """Released and paid out in part before the buyer got it refunded: what is missing is the seller's debt."""
    _send(share.order)
    progress.deliver(share.order, at=now(), actor=ACTOR, reason="The buyer said so.", said_by=DeliveredBy.BUYER)
    if Share.objects.get(pk=share.pk).status == Share.Status.HELD:
        _decide(share, Kind.RELEASE, {"amount": None}, staff, "The buyer has it, and the seller asked for it.")
    controls.pay_out(str(share.account.stripe_id), share.gross // 2)
    if _heard_of_payout(share):
        refund(share, staff, share.gross, Reason.NOT_AS_DESCRIBED, "It is a copy. The seller could not show otherwise.")


def ask_for_approval(buyer: User, staff: User, controls: Controls) -> None:
    """Staff ask for a refund above what one of them may decide."""
    dear = _shipped().filter(price__gte=7500, available__gte=7).order_by("pk")[:1]
    purchase = buy(buyer, list(dear), controls, quantity=7, card=CARD_AT_ONCE)
    share = Share.objects.get(order__purchase=purchase)
    refund(share, staff, share.gross, Reason.NOT_RECEIVED, "The carrier lost the parcel.")


def _send(order: Order) -> None:
    reason = "The seller said so."
    progress.fulfil(order, at=now(), actor=ACTOR, reason=reason, carrier="DHL", tracking_number="00340434161094022115")
    order.refresh_from_db()


def refund(share: Share, staff: User, amount: int, why: str, reason: str) -> None:
    """`amount` in minor units of the share's currency, borne as usual for what happened."""
    request = {"amount": amount, "reason": why, "policy": BY_REASON[why].name, "note": reason}
    _decide(share, Kind.REFUND, request, staff, reason)


def _decide(share: Share, kind: str, request: dict[str, Any], staff: User, reason: str) -> None:
    """Look at it, and confirm exactly that, as in the admin."""
    fresh = Share.objects.select_related("order__seller", "payment", "account").get(pk=share.pk)
    plan = decisions.preview(fresh, kind, request)
    by = Decider(staff.email, staff)
    decisions.confirm(fresh, kind, request, plan_hash=plan.hash, by=by, reason=reason)


def _heard_of_payout(share: Share) -> bool:
    """Whether the worker has booked the payout. Without a worker nobody hears of it, and there is no debt to show."""
    until = time.monotonic() + SECONDS
    while time.monotonic() < until:
        if Payout.objects.filter(connected_account=share.account).exists():
            return True
        time.sleep(0.1)
    return False


def _shipped() -> QuerySet[Listing]:
    return Listing.objects.filter(status="published", available__gt=1, currency="eur", delivery="shipped", options=[])


def _of_each_shop(place_in_shop: int) -> list[Listing]:
    """One thing that is shipped of each of the first shops: its first, its second …"""
    by_seller: dict[int, list[Listing]] = {}
    for listing in _shipped().order_by("seller_id", "pk"):
        by_seller.setdefault(listing.seller_id, []).append(listing)
    chosen = list(by_seller.values())[:THREE]
    return [listings[min(place_in_shop, len(listings) - 1)] for listings in chosen]


def _mug() -> list[Listing]:
    """Something small of the first shop."""
    return list(_shipped().filter(title__startswith="Stoneware mug"))


def _digital() -> list[Listing]:
    return list(Listing.objects.filter(status="published", currency="eur", delivery="digital").order_by("pk")[:1])
