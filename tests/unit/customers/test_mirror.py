"""The buyer's Customer at Stripe: one, whatever happens in between."""

from datetime import timedelta

import pytest

from accounts.models import User
from customers import mirror
from customers.models import Customer
from customers.profiles import save_profile
from emulator.core import Emulator
from gateway import operations
from gateway.errors import StripeRefused, StripeUnavailable
from gateway.models import Operation
from kit import clock, faults


class ProcessDied(BaseException):
    """What kill -9 looks like from inside a test."""


def die() -> None:
    raise ProcessDied


def customers_at_stripe(emulator: Emulator) -> list[str]:
    return [row.id for row in emulator.store.find("customer", account=None)]


def test_a_buyer_is_mirrored_with_name_mail_and_our_number(buyer: Customer, stripe_emulator: Emulator):
    made = mirror.ensure_stripe_customer(buyer, "alice@example.com")

    asked = Operation.objects.get().request
    buyer.refresh_from_db()
    assert buyer.stripe_id == made
    assert customers_at_stripe(stripe_emulator) == [made]
    assert (asked["email"], asked["name"]) == ("alice@example.com", "Alice Archer")
    assert asked["metadata"] == {"customer": str(buyer.pk)}


def test_a_phone_number_goes_to_stripe_in_the_twenty_characters_it_takes(buyer: Customer, stripe_emulator: Emulator):
    buyer.phone = "+49 (0) 30 / 90 18 20 - 33"
    buyer.save()

    mirror.ensure_stripe_customer(buyer, "alice@example.com")

    assert Operation.objects.get().request["phone"] == "+49030901820" + "33"


def test_f18_an_error_stripe_repeats_for_a_day_does_not_lock_the_buyer_out(buyer: Customer, stripe_emulator: Emulator):
    stripe_emulator.faults.add("error_before", match="POST /v1/customers", status=500)
    with pytest.raises(StripeUnavailable):
        mirror.ensure_stripe_customer(buyer, "alice@example.com")

    with clock.fixed_at(clock.now() + timedelta(hours=21)):
        operations.finish_due()
        made = mirror.ensure_stripe_customer(buyer, "alice@example.com")

    assert customers_at_stripe(stripe_emulator) == [made]
    assert [operation.status for operation in Operation.objects.order_by("pk")] == ["superseded", "succeeded"]


def test_asking_twice_asks_stripe_once(buyer: Customer, stripe_emulator: Emulator):
    first = mirror.ensure_stripe_customer(buyer, "alice@example.com")

    second = mirror.ensure_stripe_customer(Customer.objects.get(), "alice@example.com")

    assert first == second
    assert Operation.objects.count() == 1


@pytest.mark.parametrize(
    "place", ["operation.claimed", "operation.answered", "operation.settled", "customer.created_at_stripe"]
)
def test_f22_a_crash_on_the_way_makes_no_second_customer(buyer: Customer, stripe_emulator: Emulator, place: str):
    with faults.armed(place, die), pytest.raises(ProcessDied):
        mirror.ensure_stripe_customer(buyer, "alice@example.com")
    buyer.refresh_from_db()
    assert buyer.stripe_id is None

    with clock.fixed_at(clock.now() + timedelta(minutes=5)):
        operations.finish_due()
        adopted = mirror.ensure_stripe_customer(buyer, "alice@example.com")

    assert customers_at_stripe(stripe_emulator) == [adopted]


def test_f13_a_lost_answer_is_finished_with_the_same_key(buyer: Customer, stripe_emulator: Emulator):
    stripe_emulator.faults.add("lost_response", match="POST /v1/customers")
    with pytest.raises(StripeUnavailable):
        mirror.ensure_stripe_customer(buyer, "alice@example.com")

    adopted = mirror.ensure_stripe_customer(buyer, "alice@example.com")

    assert customers_at_stripe(stripe_emulator) == [adopted]
    assert Operation.objects.count() == 1


def test_changing_the_name_meanwhile_changes_nothing_that_was_asked(
    buyer: Customer, alice: User, stripe_emulator: Emulator
):
    with faults.armed("operation.answered", die), pytest.raises(ProcessDied):
        mirror.ensure_stripe_customer(buyer, "alice@example.com")
    save_profile(buyer, full_name="Another Name", phone="")

    with clock.fixed_at(clock.now() + timedelta(minutes=5)):
        adopted = mirror.ensure_stripe_customer(Customer.objects.get(), "alice@example.com")

    assert customers_at_stripe(stripe_emulator) == [adopted]


def test_a_refusal_reaches_the_caller_and_may_be_tried_again(buyer: Customer, stripe_emulator: Emulator):
    stripe_emulator.faults.add(
        "error_before", match="POST /v1/customers", status=400, code="email_invalid", message="No."
    )
    with pytest.raises(StripeRefused, match=r"No\."):
        mirror.ensure_stripe_customer(buyer, "alice@example.com")

    made = mirror.ensure_stripe_customer(buyer, "alice@example.com")

    assert customers_at_stripe(stripe_emulator) == [made]
