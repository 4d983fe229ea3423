"""Cases from the first complaint to their end, on real rows and the emulator: who gets what, and nothing else moves."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from cases import offers, sweeps, talking, words
from cases.errors import CaseError, OfferGone, OpenAlready
from cases.models import Case, Offer, Party
from cases.queries import open_case, thread_for_bank
from gateway.errors import StripeRefused
from kit.clock import fixed_at, now
from kit.faults import armed
from kit.models import Mail
from orders import progress
from payments import decisions
from payments import sweeps as money_sweeps
from payments.decisions import PlanChanged
from payments.models import MoneyAction, Refund, Release, Share
from tests import invariants
from tests.casework import (
    TEXT,
    Killed,
    accept,
    after,
    answers,
    buyer_of,
    die,
    fresh,
    letters_to,
    opened,
    owner_of,
    photo,
)
from tests.factories import UserFactory
from tests.world import World

pytestmark = pytest.mark.django_db

Status = Case.Status
Outcome = Case.Outcome


@pytest.fixture
def share(world: World) -> Share:
    """Alice paid 100.00 EUR and has it; its release is due."""
    (share,) = world.bought((10_000,))
    world.delivered(share)
    money_sweeps.set_dates()
    return fresh(share)


# --- opening ---


@pytest.mark.parametrize("state", ["paid", "fulfilled", "delivered", "released", "at_once"])
def test_a_case_is_opened_from_every_paid_state_and_stops_the_release(world: World, state: str) -> None:
    if state == "at_once":
        share = world.bought_at_once(10_000)
    else:
        (share,) = world.bought((10_000,))
    if state == "fulfilled":
        progress.fulfil(share.order, at=now(), actor="seller", reason="Sent.")
    if state in ("delivered", "released"):
        world.delivered(share)
        money_sweeps.set_dates()
    if state == "released":
        money_sweeps.release_due()

    case = opened(fresh(share))
    released = Release.objects.count()
    with after(days=1):
        money_sweeps.set_dates()
        money_sweeps.release_due()

    assert open_case(share) == case
    assert [hold.ref for hold in share.holds.filter(ended_at=None)] == [f"case:{case.number}"]
    assert Release.objects.count() == released
    invariants.check_at_rest(world.emulator)


def test_r39_opening_calls_off_a_release_that_was_not_sent_yet(world: World, share: Share) -> None:
    with armed("decision.committed", die), pytest.raises(Killed):
        money_sweeps.release_due()

    opened(fresh(share))
    world.finish()

    assert (Release.objects.get().status, len(world.emulator.store.find("transfer"))) == ("refused", 0)
    assert fresh(share).left == 9000
    invariants.check_at_rest(world.emulator)


def test_both_sides_and_nobody_else_hear_of_it(share: Share) -> None:
    opened(share)

    assert len(letters_to(buyer_of(share).email)) == len(letters_to(owner_of(share).email)) == 1
    mail = Mail.objects.get(key__startswith="case:", to=owner_of(share).email)
    assert TEXT in mail.text
    assert TEXT in mail.html
    assert "If you do not answer by then" in mail.text


@pytest.mark.parametrize("asked", [0, 10_001])
def test_only_what_was_paid_can_be_asked_for(share: Share, asked: int) -> None:
    with pytest.raises(CaseError) as refused:
        opened(share, asked=asked)

    assert refused.value.field == "amount"
    assert not Case.objects.exists()


def test_a_second_case_is_the_first(share: Share) -> None:
    first = opened(share)

    with pytest.raises(OpenAlready) as already:
        opened(share)

    assert already.value.case == first


def test_no_case_after_the_window(share: Share) -> None:
    with after(days=181), pytest.raises(CaseError, match="180 days"):
        opened(share)


def test_photos_are_drawn_anew_and_kept_where_nobody_finds_them(share: Share, settings: Any) -> None:
    case = opened(share, files=[photo()])

    shown = case.messages.exclude(photos=None).get().photos.get()
    with shown.image.open() as file:
        data = file.read()
    assert b"Nosy" not in data
    assert data[8:12] == b"WEBP"
    assert str(settings.PRIVATE_ROOT) in shown.image.path


@pytest.mark.parametrize(
    ("name", "data"),
    [("a.svg", b"<svg onload='x'/>"), ("a.jpg", b"MZ\x90\x00 a program"), ("a.png", b""), ("a.pdf", b"%PDF-1.7")],
)
def test_what_is_no_photo_is_refused_with_its_name(share: Share, name: str, data: bytes) -> None:
    file = photo(name)
    file.file.seek(0)
    file.file.truncate()
    file.file.write(data)
    file.file.seek(0)

    with pytest.raises(CaseError, match=name) as refused:
        opened(share, files=[file])

    assert refused.value.field == "photos"
    assert not Case.objects.exists()


# --- talking ---


def test_an_answer_passes_the_turn_on_and_mere_nagging_does_not(share: Share) -> None:
    case = opened(share)
    until = case.answer_by

    with after(hours=5):
        talking.say(case, Party.BUYER, by=buyer_of(share), text="Hello?")
    assert (case.status, case.answer_by) == (Status.WAITS_FOR_SELLER, until)

    answers(case)
    assert case.status == Status.WAITS_FOR_BUYER
    assert any("wrote to you" in subject for subject in letters_to(buyer_of(share).email))


def test_f34_a_message_sent_twice_is_one_and_the_same_words_count_again_later(share: Share) -> None:
    case = opened(share)
    answers(case)
    answers(case)
    assert (case.messages.count(), case.status) == (2, Status.WAITS_FOR_BUYER)

    with after(minutes=1):
        answers(case)
    assert case.messages.count() == 3


def test_a_photo_forgotten_at_first_is_taken_with_the_same_words(share: Share) -> None:
    case = opened(share)
    talking.say(case, Party.BUYER, by=buyer_of(share), text="See the photo.")

    again = talking.say(case, Party.BUYER, by=buyer_of(share), text="See the photo.", files=[photo()])
    pressed_twice = talking.say(case, Party.BUYER, by=buyer_of(share), text="See the photo.", files=[photo()])

    assert (again.photos.count(), pressed_twice) == (1, again)


def test_a_flood_of_messages_is_stopped_and_goes_on_later(share: Share) -> None:
    case = opened(share)
    for number in range(19):
        talking.say(case, Party.BUYER, by=buyer_of(share), text=f"And {number}")

    with pytest.raises(CaseError, match="within an hour"):
        talking.say(case, Party.BUYER, by=buyer_of(share), text="And one more")
    answers(case)
    with after(hours=1, minutes=1):
        talking.say(case, Party.BUYER, by=buyer_of(share), text="Later")


def test_the_bank_reads_what_both_said_and_no_notes(share: Share) -> None:
    case = opened(share, files=[photo()])
    answers(case)
    talking.note(case, by=UserFactory(is_staff=True), text="She sounds odd.")

    said = " ".join(str(line) for line in thread_for_bank(share))

    assert TEXT in said
    assert "It was whole when it left." in said
    assert "1 photos" in said
    assert "odd" not in said


# --- offers ---


def test_b6_a_counter_offer_is_accepted_and_divides_the_held_money_exactly(world: World, share: Share) -> None:
    case = opened(share)
    offers.make(case, Party.SELLER, by=owner_of(share), percent=30, text="It is still a fine bowl.")
    offers.make(case, Party.BUYER, by=buyer_of(share), percent=60)
    assert case.status == Status.WAITS_FOR_SELLER

    case = accept(case)
    world.settle()
    money_sweeps.release_due()
    world.settle()

    share = fresh(share)
    assert (case.status, case.outcome, case.returned) == (Status.CLOSED, Outcome.AGREED, 6000)
    assert (share.refunded, share.fee_returned, share.status) == (6000, 600, "released")
    transfer = Release.objects.get(amount__gt=0)
    processing = Refund.objects.get().processing
    assert transfer.amount == 10_000 - 6000 - (1000 - 600) - processing
    assert [offer.status for offer in case.offers.all()] == ["countered", "countered", "accepted"]
    assert not share.holds.filter(ended_at=None).exists()
    invariants.check_at_rest(world.emulator)


def test_an_offer_after_the_payout_is_fetched_back_or_becomes_a_debt(world: World, share: Share) -> None:
    money_sweeps.release_due()
    case = opened(fresh(share), asked=5000)

    accept(case)
    world.finish()

    assert fresh(share).refunded == 5000
    invariants.check_at_rest(world.emulator)


def test_everything_back_for_what_was_not_sent_cancels_the_order(world: World) -> None:
    (share,) = world.bought((10_000,))
    case = opened(fresh(share), reason="not_received")

    accept(case)
    world.settle()

    share = fresh(share)
    assert (share.order.status, share.refunded, share.status) == ("cancelled", 10_000, "returned")
    invariants.check_at_rest(world.emulator)


def test_a_part_back_for_what_was_not_sent_leaves_the_seller_time_to_send_the_rest(world: World) -> None:
    (share,) = world.bought((10_000,))
    case = opened(fresh(share), asked=4000)
    late = share.order.ship_by + timedelta(hours=1)

    with fixed_at(late):
        money_sweeps.cancel_unsent()
        offers.make(case, Party.SELLER, by=owner_of(share), amount=3000)
        offers.make(case, Party.BUYER, by=buyer_of(share), amount=3500)
        accept(case)
        money_sweeps.cancel_unsent()

    share = fresh(share)
    assert (share.order.status, share.refunded) == ("paid", 3500)
    assert share.order.ship_by > late + timedelta(days=6)
    invariants.check_at_rest(world.emulator)


def test_what_changed_is_not_accepted_unseen(share: Share) -> None:
    case = opened(share, asked=6000)
    offer = offers.standing(case)
    assert offer is not None
    seen = offers.preview(offer)
    refund = {"amount": 1000, "reason": "goodwill", "policy": "platform"}
    decisions.by_itself(fresh(share), MoneyAction.Kind.REFUND, refund, actor="staff", reason="Sorry.")

    with pytest.raises(PlanChanged) as changed:
        offers.accept(offer, Party.SELLER, by=owner_of(share), plan_hash=seen.hash)

    assert words.changes(words.seen(seen), changed.value.plan) == ["Meanwhile €10.00 in all went back to the buyer."]
    assert Case.objects.get().is_open
    assert Refund.objects.count() == 1


def test_an_offer_that_was_countered_is_not_accepted(share: Share) -> None:
    case = opened(share)
    offer = offers.standing(case)
    assert offer is not None
    plan = offers.preview(offer)
    offers.make(case, Party.BUYER, by=buyer_of(share), amount=5000)

    with pytest.raises(OfferGone, match="another offer"):
        offers.accept(offer, Party.SELLER, by=owner_of(share), plan_hash=plan.hash)

    assert not Refund.objects.exists()


def test_nobody_accepts_their_own_offer_or_a_withdrawn_one(share: Share) -> None:
    case = opened(share)
    offer = offers.standing(case)
    assert offer is not None
    plan = offers.preview(offer)

    with pytest.raises(OfferGone):
        offers.accept(offer, Party.BUYER, by=buyer_of(share), plan_hash=plan.hash)
    offers.withdraw(offer, Party.BUYER, by=buyer_of(share))
    with pytest.raises(OfferGone, match="withdrawn"):
        offers.accept(offer, Party.SELLER, by=owner_of(share), plan_hash=plan.hash)

    assert not Refund.objects.exists()
    assert not MoneyAction.objects.exists()


@pytest.mark.parametrize("given", [{"amount": 0}, {"amount": 10_001}, {"percent": 0}, {"percent": 101}])
def test_an_offer_is_of_something_there_is(share: Share, given: dict[str, int]) -> None:
    case = opened(share)

    with pytest.raises(CaseError):
        offers.make(case, Party.SELLER, by=owner_of(share), **given)

    assert Offer.objects.count() == 1


def test_f44_stripe_refuses_the_refund_and_the_case_is_open_again(world: World, share: Share) -> None:
    case = opened(share)
    world.emulator.faults.add("error_before", match="POST /v1/refunds", status=400, code="charge_already_refunded")

    with pytest.raises(StripeRefused):
        accept(case)
    sweeps.reopen_refused()

    case.refresh_from_db()
    assert (case.status, case.returned, case.refund) == (Status.WITH_STAFF, 0, None)
    assert fresh(share).holds.filter(ended_at=None, ref=case.hold_ref).exists()
    invariants.check_at_rest(world.emulator)


@pytest.mark.parametrize("point", ["decision.committed", "operation.claimed", "operation.answered", "refund.answered"])
def test_f22_killed_after_the_acceptance_the_buyer_gets_it_once(world: World, share: Share, point: str) -> None:
    case = opened(share, asked=6000)
    with armed(point, die), pytest.raises(Killed):
        accept(case)
    case.refresh_from_db()
    assert case.outcome == Outcome.AGREED

    world.finish()

    assert (fresh(share).refunded, len(world.emulator.store.find("refund"))) == (6000, 1)
    invariants.check_at_rest(world.emulator)


def test_f05_killed_before_the_commit_nothing_was_agreed(world: World, share: Share) -> None:
    case = opened(share, asked=6000)
    with armed("case.closing", die), pytest.raises(Killed):
        accept(case)
    world.finish()

    case.refresh_from_db()
    assert (case.is_open, fresh(share).refunded, Refund.objects.count()) == (True, 0, 0)
    accept(case)
    assert fresh(share).refunded == 6000
