"""Cases from the first complaint to their end, on real rows and the emulator: who gets what, and nothing else moves."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from cases import ending, offers, opening, sweeps, talking, words
from cases.errors import CaseError, OfferGone, OpenAlready
from cases.models import Case, Offer, Party
from cases.queries import open_case, thread_for_bank
from emulator import business
from gateway.errors import StripeRefused
from kit.clock import fixed_at, now
from kit.faults import armed
from kit.models import Mail
from orders import progress
from payments import decisions
from payments import sweeps as money_sweeps
from payments.decisions import Decider, PlanChanged
from payments.models import MoneyAction, Refund, Release, Share
from tests import invariants
from tests.casework import TEXT, buyer_of, opened, owner_of, photo
from tests.factories import UserFactory
from tests.world import World

pytestmark = pytest.mark.django_db

Status = Case.Status
Outcome = Case.Outcome


class Killed(BaseException):
    """The process died here."""


def die() -> None:
    raise Killed


@pytest.fixture
def share(world: World) -> Share:
    """Alice paid 100.00 EUR and has it; its release is due."""
    (share,) = world.bought((10_000,))
    world.delivered(share)
    money_sweeps.set_dates()
    return fresh(share)


def fresh(share: Share) -> Share:
    related = ("order__seller", "order__purchase", "payment", "account")
    found: Share = Share.objects.select_related(*related).get(pk=share.pk)
    return found


def accept(case: Case, party: Party = Party.SELLER) -> Case:
    """Look at what stands, and accept exactly that."""
    offer = offers.standing(case)
    assert offer is not None
    by = owner_of(case.share) if party == Party.SELLER else buyer_of(case.share)
    return offers.accept(offer, party, by=by, plan_hash=offers.preview(offer).hash)


def answers(case: Case, text: str = "It was whole when it left.") -> None:
    """The seller writes back."""
    talking.say(case, Party.SELLER, by=owner_of(case.share), text=text)


def after(**time: float) -> Any:
    return fixed_at(now() + timedelta(**time))


def letters_to(address: str) -> list[str]:
    return list(
        Mail.objects.filter(to=address, key__startswith="case:").order_by("pk").values_list("subject", flat=True)
    )


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


# --- silence ---


def test_a_silent_seller_gives_what_was_asked_for_and_is_reminded_before(world: World, share: Share) -> None:
    case = opened(share, asked=7000)

    with after(days=2, hours=1):
        assert (sweeps.remind(), sweeps.remind(), sweeps.grant_unanswered()) == (1, 0, 0)
    with after(days=3, minutes=1):
        assert (sweeps.grant_unanswered(), sweeps.grant_unanswered()) == (1, 0)
        world.settle()

    case.refresh_from_db()
    assert (case.outcome, case.returned, fresh(share).refunded) == (Outcome.SELLER_SILENT, 7000, 7000)
    assert sum("answer by" in subject for subject in letters_to(owner_of(share).email)) == 1
    invariants.check_at_rest(world.emulator)


def test_a_silent_buyer_closes_the_case_and_the_money_goes_its_way(world: World, share: Share) -> None:
    case = opened(share)
    answers(case)

    with after(days=3, minutes=1):
        assert sweeps.grant_unanswered() == 0
        assert sweeps.close_unanswered() == 1
        money_sweeps.release_due()
        world.settle()

    case.refresh_from_db()
    assert (case.outcome, fresh(share).status) == (Outcome.BUYER_SILENT, "released")
    invariants.check_at_rest(world.emulator)


def test_the_buyer_closes_it_and_opens_it_again_once(share: Share) -> None:
    case = opened(share)
    ending.withdraw(case, by=buyer_of(share))
    ending.withdraw(case, by=buyer_of(share))
    assert (case.outcome, share.holds.filter(ended_at=None).count()) == (Outcome.WITHDRAWN, 0)
    with pytest.raises(CaseError, match="go on there"):
        opened(share)

    opening.reopen(case, Party.BUYER, by=buyer_of(share), text="It broke after all.")
    assert (case.status, share.holds.filter(ended_at=None).count()) == (Status.WAITS_FOR_SELLER, 1)
    ending.withdraw(case, by=buyer_of(share))

    with pytest.raises(CaseError, match="once"):
        opening.reopen(case, Party.BUYER, by=buyer_of(share), text="And again.")
    opening.reopen(case, Party.SELLER, by=owner_of(share), text="I found the receipt.")
    assert case.status == Status.WAITS_FOR_BUYER
    with after(days=99):
        assert sweeps.close_unanswered() == 1
    case.refresh_from_db()
    with after(days=130), pytest.raises(CaseError, match="over"):
        opening.reopen(case, Party.BUYER, by=buyer_of(share), text="Now?")


# --- the marketplace ---


def staff(*permissions: str) -> Decider:
    user = UserFactory(is_staff=True, is_superuser=True)
    return Decider(user.email, user)


def decided(case: Case, amount: int, by: Decider, *, reason: str = "The photo shows it.") -> MoneyAction | None:
    plan = ending.preview(case, amount, policy="")
    return ending.decide(case, amount, policy="", by=by, reason=reason, plan_hash=plan.hash if plan else "")


def test_staff_are_called_in_once_both_have_written_and_decide_with_a_reason(world: World, share: Share) -> None:
    case = opened(share)
    with pytest.raises(CaseError, match="answered"):
        talking.call_in(case, Party.BUYER, by=buyer_of(share))
    answers(case)
    talking.call_in(case, Party.BUYER, by=buyer_of(share))
    talking.call_in(case, Party.BUYER, by=buyer_of(share))
    assert case.status == Status.WITH_STAFF

    decided(case, 4000, staff())
    world.settle()

    case.refresh_from_db()
    assert (case.outcome, case.returned, fresh(share).refunded) == (Outcome.DECIDED, 4000, 4000)
    for person in (buyer_of(share), owner_of(share)):
        letter = Mail.objects.get(to=person.email, key__contains="-closed-")
        assert "The photo shows it." in letter.text
    assert MoneyAction.objects.get().reason == "The photo shows it."
    invariants.check_at_rest(world.emulator)


def test_staff_decide_for_the_seller_and_the_money_is_released(world: World, share: Share) -> None:
    case = opened(share)

    assert decided(case, 0, staff()) is None
    money_sweeps.release_due()
    world.settle()

    assert (case.outcome, fresh(share).status) == (Outcome.DECIDED, "released")
    invariants.check_at_rest(world.emulator)


@pytest.mark.parametrize("said", ["yes", "no"])
def test_a_decision_above_the_limit_waits_for_a_second_person_and_the_case_with_it(
    world: World, share: Share, settings: Any, said: str
) -> None:
    settings.SECOND_PERSON_ABOVE = {"eur": 1000}
    case = opened(share)
    action = decided(case, 4000, staff())
    assert action is not None
    assert action.status == MoneyAction.Status.WAITING
    assert sweeps.follow_decisions() == 0
    case.refresh_from_db()
    with pytest.raises(CaseError, match="second person"):
        ending.need_decidable(case)

    second = UserFactory(is_staff=True)
    if said == "yes":
        decisions.approve(action, by=second)
    else:
        decisions.decline(action, by=second, reason="Ask the carrier first.")
    assert sweeps.follow_decisions() == 1
    world.settle()

    case.refresh_from_db()
    expected = (Status.CLOSED, 4000) if said == "yes" else (Status.WAITS_FOR_SELLER, 0)
    assert (case.status, fresh(share).refunded) == expected
    assert (case.refund is not None) is (said == "yes")
    invariants.check_at_rest(world.emulator)


def test_staff_ask_one_side_and_its_answer_comes_back_to_them(share: Share) -> None:
    case = opened(share)
    talking.step_in(case, by=UserFactory(is_staff=True))
    talking.answer_as_staff(case, by=UserFactory(is_staff=True), text="Show us the parcel.", ask=Party.BUYER)
    assert case.status == Status.WAITS_FOR_BUYER

    talking.say(case, Party.BUYER, by=buyer_of(share), text="Here it is.", files=[photo()])

    assert case.status == Status.WITH_STAFF


def test_what_went_back_another_way_closes_the_case(world: World, share: Share) -> None:
    case = opened(share)
    request = {"amount": 10_000, "reason": "goodwill", "policy": "platform"}
    decisions.by_itself(fresh(share), MoneyAction.Kind.REFUND, request, actor="staff", reason="Sorry.")

    assert sweeps.close_overtaken() == 1
    case.refresh_from_db()
    assert (case.outcome, case.is_open) == (Outcome.REFUNDED, False)
    invariants.check_at_rest(world.emulator)


# --- the bank ---


def disputed(world: World, share: Share, *, inquiry: bool = False) -> str:
    found = business.open_dispute(world.emulator, str(share.payment.charge_id), "product_not_received", inquiry=inquiry)
    world.settle()
    return found


@pytest.mark.parametrize("verdict", ["won", "lost"])
def test_a_dispute_puts_the_case_to_rest_until_the_bank_has_decided(world: World, share: Share, verdict: str) -> None:
    case = opened(share)
    dispute = disputed(world, share)

    assert sweeps.close_overtaken() == 0
    assert (sweeps.follow_bank(), sweeps.follow_bank()) == (1, 0)
    case.refresh_from_db()
    assert case.status == Status.RESTING
    with pytest.raises(CaseError, match="bank"):
        answers(case)
    with after(days=99):
        assert (sweeps.grant_unanswered(), sweeps.remind(), sweeps.close_overtaken()) == (0, 0, 0)

    business.move_dispute(world.emulator, dispute, verdict)
    world.settle()
    assert sweeps.follow_bank() == 1
    case.refresh_from_db()
    assert (case.status, case.outcome) == (Status.CLOSED, Outcome.BANK)
    assert not share.holds.filter(ended_at=None, kind="case").exists()
    world.finish()
    invariants.check_at_rest(world.emulator)


def test_a_case_goes_on_when_the_bank_only_asked(world: World, share: Share) -> None:
    case = opened(share)
    answers(case)
    dispute = disputed(world, share, inquiry=True)
    sweeps.follow_bank()

    business.move_dispute(world.emulator, dispute, "warning_closed")
    world.settle()
    assert sweeps.follow_bank() == 1

    case.refresh_from_db()
    assert case.status == Status.WAITS_FOR_BUYER
    assert case.answer_by is not None
    assert case.answer_by > now()


def test_no_case_is_opened_while_the_bank_is_asked(world: World, share: Share) -> None:
    disputed(world, share)

    with pytest.raises(CaseError, match="bank is asked"):
        opened(share, asked=1)

    assert not Case.objects.exists()
