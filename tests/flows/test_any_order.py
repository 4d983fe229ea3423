"""Events of one story in any order, each twice: the end is the same, to the last row and posting (I11, F01, F02).

Everything has happened at Stripe when the first event is handled, so what differs is only what we are told of first.
Each order begins from the same rows, by a savepoint; what is compared is a hash of all money rows and balances.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Sequence
from datetime import datetime
from difflib import unified_diff
from typing import Any

import pytest
from django.db import transaction
from django.db.models import Model
from django.db.models.functions import Now

from emulator import business
from inbox.handle import handle
from inbox.models import StripeEvent
from inbox.routes import ROUTES
from kit.clock import fixed_at, now
from orders.models import Order
from payments import settlement, sweeps
from payments.models import (
    Dispute,
    DisputeLine,
    DisputeShare,
    Hold,
    Payment,
    Refund,
    RefundLine,
    Release,
    Reversal,
    Share,
)
from tests import invariants
from tests.factories import ListingFactory
from tests.invariants import read_books
from tests.world import World

pytestmark = [pytest.mark.django_db, pytest.mark.slow]

# What is no different story: when and under which number our rows were made.
NOT_COMPARED = {"id", "uuid", "refund", "release", "share", "line", "payment", "replaces", "dispute", "part"}
ROWS: tuple[type[Model], ...] = (
    Payment, Order, Share, Hold, Release, Reversal, Refund, RefundLine, Dispute, DisputeShare, DisputeLine,
)  # fmt: skip


def one_payment(world: World, *prices: int) -> Payment:
    """Alice paid several sellers on one page; nobody told us yet."""
    client, _customer = world.buyer()
    for number, price in enumerate(prices):
        shop = world.seller(f"Shop {number}", email=f"shop{number}@example.org")
        client.post("/basket/add/", {"listing": ListingFactory(seller=shop, price=price).pk, "quantity": 1})
    # What was told of the shops is no part of the story.
    world.settle()
    assert world.press_pay(client).status_code == 303
    payment: Payment = Payment.objects.get()
    world.pay(str(payment.session_id))
    return payment


def told(world: World) -> list[StripeEvent]:
    """The events we act on, each stored twice under ids of its own, none handled."""
    world.deliver()
    waiting = StripeEvent.objects.filter(status="received").order_by("pk")
    ours = [event for event in waiting if (event.endpoint, event.type) in ROUTES]
    for event in ours:
        StripeEvent.objects.create(
            endpoint=event.endpoint,
            event_id=f"{event.event_id}_again",
            type=event.type,
            account=event.account,
            livemode=event.livemode,
            object_id=event.object_id,
            payload=event.payload,
        )
    return ours


def walk(left: Sequence[str], before: tuple[str, ...], ends: dict[str, tuple[str, ...]]) -> int:
    """Handle the events that are left in every order, each twice in a row; what each order ends in is noted in `ends`.
    How many orders there were. What two orders begin with alike is handled once for both.
    """
    if not left:
        ends.setdefault(end_of(before), before)
        return 1
    orders = 0
    for event_id in left:
        point = transaction.savepoint_create()
        try:
            for each in (event_id, f"{event_id}_again"):
                handle(StripeEvent.objects.get(event_id=each))
            orders += walk([other for other in left if other != event_id], (*before, event_id), ends)
        finally:
            transaction.savepoint_rollback(point)
    return orders


def end_of(handled: Sequence[str]) -> str:
    """The state once what had to wait was handled as well, and all of it once more the other way round."""
    ours = [*handled, *(f"{event_id}_again" for event_id in handled)]
    for _round in range(5):
        left = list(StripeEvent.objects.filter(status="received", event_id__in=ours).order_by("-pk"))
        StripeEvent.objects.filter(pk__in=[event.pk for event in left]).update(due_at=Now())
        for event in left:
            handle(event)
    assert not StripeEvent.objects.filter(event_id__in=ours).exclude(status="handled").exists()
    return state()


def state() -> str:
    """Every money row and every balance, and their hash in front."""
    rows = {model.__name__: sorted(_row(row) for row in model._default_manager.all()) for model in ROWS}
    books = sorted([*name, amount] for name, amount in read_books().items() if amount)
    whole = json.dumps([rows, books], default=str, indent=1)
    return f"{hashlib.sha256(whole.encode()).hexdigest()}\n{whole}"


def _row(row: Model) -> str:
    found: dict[str, Any] = {}
    for field in row._meta.concrete_fields:
        value = getattr(row, field.attname)
        if field.name in NOT_COMPARED:
            continue
        found[field.attname] = value.isoformat() if isinstance(value, datetime) else value
        if field.name == "ref":
            found["ref"] = re.sub(r"reversal:\d+", "reversal:…", str(value))
    return json.dumps(found, sort_keys=True, default=str)


def all_orders_end_alike(events: Sequence[StripeEvent]) -> int:
    """How many orders were tried."""
    ends: dict[str, tuple[str, ...]] = {}
    with fixed_at(now()):
        tried = walk([event.event_id for event in events], (), ends)
    if len(ends) > 1:
        one, other = list(ends)[:2]
        differ = "\n".join(unified_diff(one.splitlines(), other.splitlines(), lineterm="", n=0))
        pytest.fail(f"I11: {len(ends)} different ends; {ends[one]} and {ends[other]}:\n{differ}")
    return tried


def test_i11_a_sale_that_is_refunded_reversed_and_disputed_ends_the_same_in_any_order(world: World) -> None:
    payment = one_payment(world, 1000, 2500)
    settlement.settle(str(payment.session_id), actor="return page")
    share = Share.objects.earliest("pk")
    world.delivered(share)
    sweeps.set_dates()
    sweeps.release_due()
    payment.refresh_from_db()
    world.in_the_dashboard("POST /v1/refunds", {"charge": payment.charge_id, "amount": 400})
    transfer = Release.objects.get().transfer_id
    world.in_the_dashboard(f"POST /v1/transfers/{transfer}/reversals", {"amount": 300})
    business.warn_of_fraud(world.emulator, str(payment.charge_id))
    business.open_dispute(world.emulator, str(payment.charge_id), amount=500)
    events = told(world)
    # The other events of the same objects (refund.updated, dispute.funds_withdrawn) make us look at the same: one of
    # each keeps the number of orders small.
    chosen = list({event.object_id: event for event in reversed(events)}.values())

    tried = all_orders_end_alike(chosen)

    print(f"\n{tried} orders of {sorted(event.type for event in chosen)}, each twice")  # noqa: T201
    assert {"checkout.session.completed", "refund.created", "transfer.reversed"} <= {event.type for event in chosen}
    for event in events:
        handle(event)
    invariants.check_at_rest(world.emulator)


def test_i11_a_payment_nobody_settled_that_is_refunded_and_disputed_ends_the_same_in_any_order(world: World) -> None:
    payment = one_payment(world, 1000)
    charge = world.emulator.store.find("charge")[0].id
    world.in_the_dashboard("POST /v1/refunds", {"charge": charge, "amount": 400})
    business.open_dispute(world.emulator, charge, inquiry=True)
    events = told(world)

    chosen = list({event.object_id: event for event in reversed(events)}.values())

    tried = all_orders_end_alike(chosen)

    print(f"\n{tried} orders of {sorted(event.type for event in chosen)}, each twice")  # noqa: T201
    payment.refresh_from_db()
    assert payment.status == "open"
