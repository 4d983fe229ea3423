"""What is taken must be what was agreed; anything else waits for a person (faults F24, F25, F27)."""

from dataclasses import replace
from typing import Any

import pytest
from django.db import transaction

from gateway.objects import CheckoutSession
from kit.clock import now
from ledger.models import Entry
from orders import progress
from orders.models import Order, Purchase
from payments import settlement
from payments.errors import NotYet
from payments.models import Payment
from tests.world import World

pytestmark = pytest.mark.django_db


def bought(world: World, **listing: str) -> CheckoutSession:
    """A session Stripe calls complete and paid; nothing of it is applied here yet."""
    client, _alice = world.buyer()
    world.check_out(client, world.listing(**listing))
    session_id = str(Payment.objects.get().session_id)
    world.pay(session_id)
    return settlement.fetch(session_id)


@pytest.fixture
def paid_at_stripe(world: World) -> CheckoutSession:
    """Something handed over: its money went to the seller at once."""
    return bought(world, delivery="pickup")


@pytest.fixture
def held_at_stripe(world: World) -> CheckoutSession:
    """Something shipped: its money is in our balance."""
    return bought(world)


def apply(session: CheckoutSession) -> Payment:
    with transaction.atomic():
        return settlement.apply(session, actor="test")


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"amount_total": 1}, "amount"),
        ({"currency": "usd"}, "amount"),
        ({"charge": {"amount_captured": 2399}}, "captured amount"),
        ({"charge": {"amount_refunded": 2400}}, "refunded"),
        ({"charge": {"destination": "acct_somebody"}}, "destination"),
        ({"charge": {"fee_amount": 0}}, "platform fee"),
    ],
)
def test_f24_what_differs_from_the_agreement_is_not_fulfilled(
    paid_at_stripe: CheckoutSession, change: dict[str, Any], named: str
) -> None:
    if "charge" in change:
        assert paid_at_stripe.charge is not None
        change = {"charge": replace(paid_at_stripe.charge, **change["charge"])}

    payment = apply(replace(paid_at_stripe, **change))

    assert payment.status == "review"
    assert named in payment.review_reason
    assert Order.objects.get().status == "awaiting_payment"
    assert not payment.shares.exclude(holds__kind="staff").exists()


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"amount_captured": 2399}, "captured amount"),
        ({"amount_refunded": 2400}, "refunded"),
        ({"destination": "acct_somebody"}, "destination"),
        ({"fee_amount": 240}, "platform fee"),
    ],
)
def test_f24_held_money_that_is_not_as_agreed_is_not_fulfilled(
    held_at_stripe: CheckoutSession, change: dict[str, Any], named: str
) -> None:
    assert held_at_stripe.charge is not None

    payment = apply(replace(held_at_stripe, charge=replace(held_at_stripe.charge, **change)))

    assert payment.status == "review"
    assert named in payment.review_reason
    assert not payment.shares.exclude(holds__kind="staff").exists()


def test_f51_money_stripe_put_into_a_balance_of_another_currency_is_not_held(held_at_stripe: CheckoutSession) -> None:
    charge = held_at_stripe.charge
    assert charge is not None
    assert charge.line is not None
    converted = replace(charge, line=replace(charge.line, amount=2600, fee=80, net=2520, currency="usd"))

    payment = apply(replace(held_at_stripe, charge=converted))

    assert payment.status == "review"
    assert "amount in our balance" in payment.review_reason
    assert Order.objects.get().status == "awaiting_payment"


def test_held_money_is_booked_once_stripe_has_booked_the_charge(held_at_stripe: CheckoutSession) -> None:
    charge = held_at_stripe.charge
    assert charge is not None

    with pytest.raises(NotYet):
        apply(replace(held_at_stripe, charge=replace(charge, line=None)))

    assert apply(held_at_stripe).status == "paid"


def test_f27_money_for_a_cancelled_purchase_is_booked_and_revives_nothing(paid_at_stripe: CheckoutSession) -> None:
    progress.cancel(Purchase.objects.get(), at=now(), actor="test", reason="A test.")

    payment = apply(paid_at_stripe)

    assert payment.status == "paid"
    assert payment.shares.get().gross == payment.amount
    assert (Order.objects.get().status, Purchase.objects.get().status) == ("cancelled", "cancelled")


def test_settling_again_changes_nothing(paid_at_stripe: CheckoutSession) -> None:
    apply(paid_at_stripe)
    booked = Entry.objects.count()

    apply(paid_at_stripe)

    assert Entry.objects.count() == booked
    assert Payment.objects.get().moves.count() == 2


def test_an_old_answer_never_undoes_a_newer_one(paid_at_stripe: CheckoutSession) -> None:
    apply(paid_at_stripe)

    apply(replace(paid_at_stripe, status="expired", payment_status="unpaid", charge=None))

    assert Payment.objects.get().status == "paid"
    assert Order.objects.get().status == "paid"


@pytest.mark.parametrize("missing", ["line", "transfer_line", "fee_line"])
def test_whatever_part_of_a_charge_stripe_books_last_is_waited_for(
    paid_at_stripe: CheckoutSession, missing: str
) -> None:
    assert paid_at_stripe.charge is not None

    with pytest.raises(NotYet):
        apply(replace(paid_at_stripe, charge=replace(paid_at_stripe.charge, **{missing: None})))

    assert Payment.objects.get().status == "open"


def test_a_sale_in_a_currency_our_balance_is_not_in_is_as_agreed(paid_at_stripe: CheckoutSession) -> None:
    charge = paid_at_stripe.charge
    assert charge is not None
    assert charge.line is not None
    assert charge.transfer_line is not None
    assert charge.fee_line is not None
    converted = replace(
        charge,
        line=replace(charge.line, amount=2600, fee=80, net=2520, currency="usd"),
        transfer_line=replace(charge.transfer_line, amount=-2600, net=-2600, currency="usd"),
        fee_line=replace(charge.fee_line, amount=260, net=260, currency="usd"),
    )

    payment = apply(replace(paid_at_stripe, charge=converted))

    assert payment.status == "paid"
    assert set(Entry.objects.values_list("currency", flat=True)) == {"usd"}


def test_a_page_that_is_complete_but_unpaid_waits_for_the_bank(paid_at_stripe: CheckoutSession) -> None:
    waiting = apply(replace(paid_at_stripe, payment_status="unpaid"))
    assert waiting.status == "processing"
    assert Order.objects.get().status == "awaiting_payment"

    assert apply(paid_at_stripe).status == "paid"


def test_f28_a_bank_that_refuses_days_later_ends_the_purchase_and_frees_the_stock(
    paid_at_stripe: CheckoutSession,
) -> None:
    waiting = replace(paid_at_stripe, payment_status="unpaid", payment_intent_status="processing", charge=None)
    assert apply(waiting).status == "processing"

    refused = apply(replace(waiting, payment_intent_status="requires_payment_method"))

    line = Order.objects.get().lines.get()
    assert refused.status == "failed"
    assert Purchase.objects.get().status == "cancelled"
    assert line.reservation.status == "released"
