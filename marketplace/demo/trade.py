"""Three months of trade before you came: the clock begins in the past, and the street lives through it.

Every other week some buyers buy, the sellers send, parcels arrive, money is released and paid out, and now and then
something comes back. Everything goes through our own rooms and the emulator, as it would have gone then. An
interrupted seed goes on from where the clock stands.
"""

import random
from collections.abc import Callable, Sequence

from accounts.models import User
from catalog.models import Listing
from kit.clock import now
from marketplace.demo import history
from marketplace.demo.emulator import Controls
from orders import progress
from orders.models import DeliveredBy, Order
from payments.models import Refund, Share
from payments.tasks import act_on_held_money

ACTOR = "demo"
HOUR, DAY = 3600, 86_400
SEED = 92
STEP = 13 * DAY
PURCHASES_A_STEP = 3
LINES = 2
# One order in so many came back in part.
COMES_BACK = 6

Say = Callable[[str], object]


def live_through(buyers: Sequence[User], staff: User, controls: Controls, say: Say) -> None:
    """Trade until the clock has caught up with today."""
    chance = random.Random(SEED)  # noqa: S311 - what is bought is decoration
    while (behind := controls.seconds_behind()) > HOUR:
        bought = [_shop(buyer, chance, controls) for buyer in chance.sample(list(buyers), PURCHASES_A_STEP)]
        for order in Order.objects.filter(status="paid").order_by("pk"):
            _send(order)
        controls.advance(min(behind, STEP))
        for order in Order.objects.filter(status="fulfilled").order_by("pk"):
            _arrive(order)
        _regret(buyers, staff, chance)
        act_on_held_money()
        say(f"{now():%d %B}: {len(bought)} purchases")


def _shop(buyer: User, chance: random.Random, controls: Controls) -> object:
    """Two things of one currency, whoever sells them."""
    there = Listing.objects.filter(status="published", available__gt=2, currency="eur", price__lt=9000)
    there = there.filter(delivery__in=("shipped", "digital"), options=[])
    chosen = chance.sample(list(there.order_by("pk")), LINES)
    return history.buy(buyer, chosen, controls)


def _send(order: Order) -> None:
    """A parcel has a number; a download is handed over."""
    reason = "The seller said so."
    is_parcel = order.lines.filter(delivery=Listing.Delivery.SHIPPED).exists()
    sent = {"carrier": "DHL", "tracking_number": f"0034043416109402{order.pk:04d}"} if is_parcel else {}
    progress.fulfil(order, at=now(), actor=ACTOR, reason=reason, **sent)


def _arrive(order: Order) -> None:
    progress.deliver(order, at=now(), actor=ACTOR, reason="The carrier said so.", said_by=DeliveredBy.CARRIER)


def _regret(buyers: Sequence[User], staff: User, chance: random.Random) -> None:
    """Of what has just arrived something was not as described; the rest of the order is kept."""
    arrived = Share.objects.filter(status=Share.Status.HELD, order__status="delivered", refunds=None)
    for share in arrived.filter(order__purchase__customer__user__in=buyers).order_by("pk"):
        if chance.randrange(COMES_BACK) == 0:
            reason = "One of them had a chip. A fifth back, and they keep it."
            history.refund(share, staff, share.gross // 5, Refund.Reason.NOT_AS_DESCRIBED, reason)
