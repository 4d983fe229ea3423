"""Rows as they lie in the database when something is wrong, without the way there."""

from datetime import datetime, timedelta
from itertools import count
from typing import Any

from accounts.models import ConnectedAccount, Seller
from catalog.models import Reservation
from customers.models import Customer
from gateway.models import Operation
from inbox.models import StripeEvent
from kit.clock import now
from orders.models import Order, OrderLine, Purchase
from payments.models import Dispute, Payment, Payout, Refund, Share
from tests.factories import ConnectedAccountFactory, CustomerFactory, ListingFactory, SellerFactory

_numbers = count(1)


def a_share(seller: Seller | None = None, customer: Customer | None = None, **changes: Any) -> Share:
    """An order of 24.00 EUR that was paid and is held, since `opened_at`."""
    n = next(_numbers)
    seller = seller or SellerFactory()
    account = ConnectedAccount.objects.filter(seller=seller).first() or ConnectedAccountFactory(seller=seller)
    at: datetime = changes.pop("opened_at", now())
    purchase = Purchase.objects.create(
        customer=customer or CustomerFactory(), basket_hash=f"{n}", status="paid", currency="eur", total=2400,
        placed_at=at,
    )  # fmt: skip
    order = Order.objects.create(
        purchase=purchase, seller=seller, status="paid", funds_flow="held", currency="eur", total=2400, fee=240,
        placed_at=at, paid_at=at,
    )  # fmt: skip
    listing = ListingFactory(seller=seller)
    OrderLine.objects.create(
        order=order, listing=listing, reservation=Reservation.objects.create(listing=listing, quantity=1),
        title=listing.title, delivery=listing.delivery, unit_price=2400, quantity=1, amount=2400, fee=240,
    )  # fmt: skip
    payment = Payment.objects.create(
        purchase=purchase, status=changes.pop("payment_status", "paid"), currency="eur", amount=2400, fee=240,
        funds_flow="held", charge_id=f"ch_{n}", created_at=at, paid_at=at,
    )  # fmt: skip
    share: Share = Share.objects.create(
        **{
            "order": order,
            "payment": payment,
            "account": account,
            "funds_flow": "held",
            "currency": "eur",
            "gross": 2400,
            "fee": 240,
            "opened_at": at,
            "hold_deadline": at + timedelta(days=90),
            **changes,
        }
    )
    return share


def a_refund(share: Share, at: datetime | None = None, **changes: Any) -> Refund:
    """10.00 EUR back to the buyer, borne by the seller."""
    moment = at or now()
    refund: Refund = Refund.objects.create(
        **{
            "share": share,
            "status": "succeeded",
            "amount": 1000,
            "from_seller": 1000,
            "absorbed": 1000,
            "reason": "not_as_described",
            "policy": "seller",
            "stripe_id": f"re_{next(_numbers)}",
            "actor": "dana@example.org",
            "planned_at": moment,
            "done_at": moment,
            **changes,
        }
    )
    return refund


def a_dispute(**changes: Any) -> Dispute:
    """A bank asks 24.00 EUR back, and there are ten days to answer."""
    n = next(_numbers)
    dispute: Dispute = Dispute.objects.create(
        **{
            "stripe_id": f"du_{n}",
            "charge_id": f"ch_of_{n}",
            "status": "needs_response",
            "stripe_status": "needs_response",
            "reason": "fraudulent",
            "amount": 2400,
            "currency": "eur",
            "opened_at": now(),
            "looked_at": now(),
            "due_by": now() + timedelta(days=10),
            **changes,
        }
    )
    return dispute


def an_operation(**changes: Any) -> Operation:
    """A call to Stripe that was planned just now."""
    n = next(_numbers)
    operation: Operation = Operation.objects.create(
        **{
            "key": f"refund:{n}:g1",
            "name": "refund.create",
            "business_key": f"refund:{n}",
            "path": "/v1/refunds",
            "request": {},
            "request_hash": "x",
            "actor": "test",
            "reason": "test",
            "planned_at": now(),
            **changes,
        }
    )
    return operation


def an_event(**changes: Any) -> StripeEvent:
    """An event that came just now."""
    event: StripeEvent = StripeEvent.objects.create(
        **{
            "endpoint": "platform",
            "event_id": f"evt_{next(_numbers)}",
            "type": "refund.updated",
            "livemode": False,
            "payload": "{}",
            "received_at": now(),
            **changes,
        }
    )
    return event


def a_payout(**changes: Any) -> Payout:
    """50.00 EUR on their way to a seller's bank."""
    if "connected_account" not in changes:
        changes["connected_account"] = ConnectedAccountFactory()
    payout: Payout = Payout.objects.create(
        **{
            "stripe_id": f"po_{next(_numbers)}",
            "currency": "eur",
            "amount": 5000,
            "arrives_on": now().date(),
            "created_at": now(),
            **changes,
        }
    )
    return payout
