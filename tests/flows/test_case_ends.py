"""How cases end: by silence, by the marketplace, by the bank; and who gets what then."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from cases import ending, offers, opening, sweeps, talking
from cases.errors import CaseError
from cases.models import Case, Party
from emulator import business
from kit.clock import fixed_at, now
from kit.models import Mail
from payments import decisions
from payments import sweeps as money_sweeps
from payments.decisions import Decider
from payments.models import MoneyAction, Share
from tests import invariants
from tests.casework import (
    after,
    answers,
    buyer_of,
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


def test_a_closed_case_is_not_opened_again_beside_a_newer_one(share: Share) -> None:
    first = opened(share)
    ending.withdraw(first, by=buyer_of(share))
    with after(days=40):
        second = opened(share)

        with pytest.raises(CaseError, match=second.number):
            opening.reopen(first, Party.STAFF, by=UserFactory(is_staff=True), text="The carrier wrote to us.")

    first.refresh_from_db()
    assert (first.status, second.status) == (Status.CLOSED, Status.WAITS_FOR_SELLER)


def test_every_step_is_told_to_both_sides(share: Share) -> None:
    case = opened(share)
    offer = offers.make(case, Party.SELLER, by=owner_of(share), percent=20)
    offers.withdraw(offer, Party.SELLER, by=owner_of(share))
    talking.call_in(case, Party.SELLER, by=owner_of(share))
    ending.withdraw(case, by=buyer_of(share))
    opening.reopen(case, Party.BUYER, by=buyer_of(share), text="It broke after all.")

    told = ["open", "An offer", "withdrawn", "We decide", "closed", "open again"]
    for person in (buyer_of(share), owner_of(share)):
        subjects = letters_to(person.email)
        assert all(
            word in subject or "something is wrong" in subject for word, subject in zip(told, subjects, strict=False)
        )
    assert all(mail.html and mail.text for mail in Mail.objects.filter(key__startswith="case:"))


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
    with after(days=99):
        assert (sweeps.follow_decisions(), sweeps.grant_unanswered(), sweeps.close_unanswered()) == (0, 0, 0)
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
    expected = (Status.CLOSED, 4000) if said == "yes" else (Status.WITH_STAFF, 0)
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


def test_f53_money_that_may_be_held_no_longer_goes_back_and_ends_the_case(world: World, share: Share) -> None:
    case = opened(share)
    talking.step_in(case, by=UserFactory(is_staff=True))

    with fixed_at(share.hold_deadline - timedelta(hours=1)):
        money_sweeps.watch_deadlines()
        assert sweeps.close_overtaken() == 1

    case.refresh_from_db()
    assert (case.outcome, fresh(share).refunded) == (Outcome.REFUNDED, 10_000)
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


def test_an_old_inquiry_does_not_hide_a_new_dispute(world: World, share: Share) -> None:
    business.move_dispute(world.emulator, disputed(world, share, inquiry=True), "warning_closed")
    world.settle()
    case = opened(share)
    assert sweeps.follow_bank() == 0

    disputed(world, share)

    assert sweeps.follow_bank() == 1
    case.refresh_from_db()
    assert case.status == Status.RESTING


def test_no_case_is_opened_while_the_bank_is_asked(world: World, share: Share) -> None:
    disputed(world, share)

    with pytest.raises(CaseError, match="bank is asked"):
        opened(share, asked=1)

    assert not Case.objects.exists()
