"""Rows about sales, disputes and warnings as they were at some time, without Stripe: for what is reckoned from many."""

from __future__ import annotations

from datetime import datetime
from itertools import count
from typing import Any

from accounts.models import ConnectedAccount, Seller
from disputes.models import Advice, FraudWarning
from orders.models import Order, Purchase
from payments.models import Dispute, DisputeMove, DisputeShare, Payment, Share
from tests.factories import ConnectedAccountFactory, CustomerFactory, SellerFactory

numbers = count(1)


def sold(at: datetime, *amounts: int, sellers: list[Seller] | None = None, currency: str = "eur") -> list[Share]:
    """One payment for an order of each seller, that many minor units each; held, and sent already."""
    sellers = sellers or [SellerFactory() for _amount in amounts]
    purchase = Purchase.objects.create(
        customer=CustomerFactory(), status="paid", currency=currency, total=sum(amounts), placed_at=at
    )
    payment = Payment.objects.create(
        purchase=purchase,
        status="paid",
        currency=currency,
        amount=sum(amounts),
        fee=0,
        funds_flow="held",
        charge_id=f"ch_{next(numbers)}",
        created_at=at,
        paid_at=at,
    )
    return [_share(payment, seller, amount, at) for seller, amount in zip(sellers, amounts, strict=True)]


def _share(payment: Payment, seller: Seller, amount: int, at: datetime) -> Share:
    account: ConnectedAccount = seller.connected_accounts.first() or ConnectedAccountFactory(seller=seller)
    order = Order.objects.create(
        purchase=payment.purchase,
        seller=seller,
        status="fulfilled",
        funds_flow="held",
        currency=payment.currency,
        total=amount,
        fee=0,
        placed_at=at,
        paid_at=at,
        fulfilled_at=at,
    )
    return Share.objects.create(
        order=order,
        payment=payment,
        account=account,
        funds_flow="held",
        currency=payment.currency,
        gross=amount,
        fee=0,
        opened_at=at,
        hold_deadline=at,
    )


def disputed(payment: Payment, status: str, at: datetime, **more: Any) -> Dispute:
    """What the bank asked of a payment, and how far it is; each order carries all that was paid for it."""
    values = {"reason": "fraudulent", "amount": payment.amount, "currency": payment.currency, "fee": 1500, **more}
    ended = status in Dispute.ENDED
    took = status not in (*Dispute.INQUIRIES, "prevented")
    row = Dispute.objects.create(
        stripe_id=f"du_{next(numbers)}",
        charge_id=str(payment.charge_id),
        payment=payment,
        status=status,
        stripe_status=status,
        line_currency=payment.currency if took else "",
        withdrawn=values["amount"] if took else 0,
        reinstated=values["amount"] if status == "won" else 0,
        opened_at=at,
        looked_at=at,
        settled_at=at if ended else None,
        closed_at=at if ended else None,
        **(values if took else {**values, "fee": 0}),
    )
    if took:
        for share in payment.shares.all():
            outcome = {"won": "returned", "lost": "open"}.get(status, "open")
            DisputeShare.objects.create(dispute=row, share=share, amount=share.gross, outcome=outcome)
    return row


def escalated(dispute: Dispute, at: datetime) -> None:
    """It had been an inquiry, and became a dispute then."""
    DisputeMove.objects.create(
        subject=dispute,
        from_status="warning_needs_response",
        to_status="needs_response",
        at=at,
        actor="test",
        reason="Said so.",
    )


def warned(payment: Payment, at: datetime, status: str = "open") -> FraudWarning:
    """The card's issuer warned of a payment."""
    return FraudWarning.objects.create(
        stripe_id=f"issfr_{next(numbers)}",
        payment=payment,
        status=status,
        fraud_type="made_with_stolen_card",
        actionable=status in FraudWarning.LIVE,
        warned_at=at,
        heard_at=at,
        ended_at=None if status in FraudWarning.LIVE else at,
    )


def advised(subject: Dispute | FraudWarning, **more: Any) -> Advice:
    """What had been advised, and what came of it."""
    is_warning = isinstance(subject, FraudWarning)
    values = {
        "kind": "warning" if is_warning else "dispute",
        "reason": "fraudulent",
        "band": "some",
        "currency": "eur",
        "amount": 1000,
        "facts": {"given": {"refundable": 1000, "goods": 600, "fee": 2000}, "believed": {}},
        "ways": [{"way": "refund", "value": -400, "lines": []}, {"way": "hold", "value": -900, "lines": []}],
        "best": "refund" if is_warning else "accept",
        "chance": 500_000,
        "made_at": subject.warned_at if is_warning else subject.opened_at,
        **more,
    }
    if values.get("outcome"):
        values.setdefault("ended_at", values["made_at"])
    return Advice.objects.create(
        dispute=None if is_warning else subject, warning=subject if is_warning else None, **values
    )
