"""Two earlier payments answer a claim of fraud, at the emulator."""

from __future__ import annotations

from contextlib import ExitStack
from typing import Any

import pytest
from django.test import Client

from catalog.models import Listing
from emulator import business
from evidence import compelling
from gateway import client as gateway
from orders import facts
from orders.models import PurchaseFacts
from payments import disputing
from payments.models import Dispute, Hold, Payment
from tests.world import World

pytestmark = pytest.mark.django_db(transaction=True)

MASTERCARD = "5555555555554444"


def buys(world: World, client: Client, listing: Listing, card: str = "4242424242424242") -> Payment:
    """One more purchase of the same person."""
    listing.refresh_from_db()
    purchase = world.check_out(client, listing)
    world.pay(str(purchase.payments.get().session_id), card)
    world.settle()
    paid: Payment = purchase.payments.get()
    return paid


def disputed(world: World, payment: Payment, *, inquiry: bool = False, reason: str = "fraudulent") -> Dispute:
    found = business.open_dispute(world.emulator, str(payment.charge_id), reason, inquiry=inquiry)
    world.settle()
    row: Dispute = Dispute.objects.get(stripe_id=found)
    return row


def three(world: World, *, card: str = "4242424242424242", gaps: tuple[int, int] = (40, 130)) -> list[Payment]:
    """Three purchases of one buyer in the same browser, so many days apart; the clock stays at the last one's."""
    client, _customer = world.buyer()
    listing = world.listing(price=2400, available=9)
    found = [buys(world, client, listing, card)]
    with ExitStack() as stack:
        for days in gaps:
            stack.enter_context(world.later(days=days))
            found.append(buys(world, client, listing, card))
    return found


def unmet(dispute: Dispute) -> list[str]:
    return [rule.key for rule in compelling.for_dispute(dispute).rules if not rule.met]


def test_two_undisputed_payments_of_the_same_browser_qualify_and_stripe_agrees(world: World) -> None:
    first, second, third = three(world)
    dispute = disputed(world, third)

    answer = compelling.for_dispute(dispute)
    sent: Any = {"evidence": {"enhanced_evidence": {compelling.TYPE: answer.parameters}}, "submit": False}
    told = gateway.post(f"/v1/disputes/{dispute.stripe_id}", sent, key="compelling").body

    assert (third.card_brand, third.card_last4) == ("visa", "4242")
    assert (dispute.card_brand, dispute.network_reason_code, dispute.case_type) == ("visa", "10.4", "chargeback")
    assert dispute.enhanced[compelling.TYPE]["status"] == "requires_action"
    assert [rule.words for rule in answer.rules if not rule.met] == []
    assert [one.charge for one in answer.earlier] == [second.charge_id, first.charge_id]
    assert told["evidence_details"]["enhanced_eligibility"][compelling.TYPE] == {
        "required_actions": [],
        "status": "qualified",
    }
    world.settle()
    assert Dispute.objects.get().enhanced[compelling.TYPE]["status"] == "qualified"


def test_an_earlier_payment_that_was_disputed_or_warned_of_does_not_count(world: World) -> None:
    first, second, third = three(world)
    disputed(world, second, reason="product_not_received")
    disputing.hold_all(first, ref="issfr_1", actor="test", kind=Hold.Kind.WARNING)
    dispute = disputed(world, third)

    answer = compelling.for_dispute(dispute)

    assert unmet(dispute) == ["undisputed", "matching"]
    assert f"{second.purchase.number}: Its bank asked about it too." in answer.why
    assert f"{first.purchase.number}: There were signs of fraud." in answer.why


def test_what_is_forgotten_answers_nothing_any_more(world: World) -> None:
    *_earlier, third = three(world)
    dispute = disputed(world, third)
    for kept in PurchaseFacts.objects.all():
        facts.forget(kept, at=kept.keep_until)

    answer = compelling.for_dispute(dispute)

    assert unmet(dispute) == ["undisputed", "matching"]
    assert "How it was ordered is not known any more." in answer.why


def test_payments_that_are_too_young_say_so(world: World) -> None:
    *_earlier, third = three(world, gaps=(40, 119))

    dispute = disputed(world, third)

    assert unmet(dispute) == ["in_time", "undisputed", "matching"]
    assert "1 of them was made 120 to 365 days before" in compelling.for_dispute(dispute).why


def test_another_card_an_inquiry_and_an_unknown_charge_do_not_qualify(world: World) -> None:
    *_earlier, third = three(world, card=MASTERCARD)
    foreign = Dispute(stripe_id="dp_1", charge_id="ch_1", status=Dispute.Status.NEEDS_RESPONSE)

    dispute = disputed(world, third, inquiry=True)

    assert unmet(dispute) == ["network", "chargeback", "invited"]
    assert "this one is mastercard, code 10.4" in compelling.for_dispute(dispute).why
    assert not compelling.for_dispute(foreign).qualifies
