"""Events of one story in any order, each twice: the end is the same, to the last row and posting (I11, F01, F02).

Everything has happened at Stripe when the first event is handled, so what differs is only what we are told of first.
Each order begins from the same rows, by a savepoint; what is compared is a hash of all money rows and balances.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator, Sequence
from datetime import datetime
from difflib import unified_diff
from itertools import permutations
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


def orders_of(events: Sequence[StripeEvent]) -> Iterator[list[str]]:
    """Every order of the events: each twice in a row, and all of them again the other way round."""
    for order in permutations([event.event_id for event in events]):
        again = [f"{event_id}_again" for event_id in order]
        yield [each for pair in zip(order, again, strict=True) for each in pair]
        yield [*order, *reversed(again)]


def end_of(order: Sequence[str]) -> str:
    """The hash of the state once these events are handled in this order, and what had to wait after them."""
    before = transaction.savepoint_create()
    try:
        for event_id in order:
            handle(StripeEvent.objects.get(event_id=event_id))
        for _round in range(5):
            left = list(StripeEvent.objects.filter(status="received", event_id__in=order).order_by("pk"))
            StripeEvent.objects.filter(pk__in=[event.pk for event in left]).update(due_at=Now())
            for event in left:
                handle(event)
        assert not StripeEvent.objects.filter(event_id__in=order).exclude(status="handled").exists()
        return state()
    finally:
        transaction.savepoint_rollback(before)


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
    with fixed_at(now()):
        ends = {tuple(order): end_of(order) for order in orders_of(events)}
    different = {end: order for order, end in ends.items()}
    if len(different) > 1:
        one, other = list(different)[:2]
        differ = "\n".join(unified_diff(one.splitlines(), other.splitlines(), lineterm="", n=0))
        pytest.fail(f"I11: {len(different)} different ends; {different[one]} and {different[other]}:\n{differ}")
    return len(ends)


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
