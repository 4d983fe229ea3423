"""What would give a buyer the same money twice in a case, or show them what is not theirs to read."""

from __future__ import annotations

from typing import Any

import pytest

from cases import ending, offers, opening, sweeps, talking, words
from cases.errors import CaseError
from cases.models import Case, CaseMessage, Party
from kit.clock import now
from kit.models import Mail
from payments import decisions
from payments import sweeps as money_sweeps
from payments.decisions import Decider
from payments.models import MoneyAction, Share
from tests import invariants
from tests.casework import accept, after, buyer_of, fresh, opened, owner_of
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


def refunded_by_staff(share: Share, amount: int) -> None:
    request = {"amount": amount, "reason": "goodwill", "policy": "platform"}
    decisions.by_itself(fresh(share), MoneyAction.Kind.REFUND, request, actor="staff", reason="Sorry.")


@pytest.mark.parametrize(("meanwhile", "more", "told"), [(1000, 2000, "€20.00"), (3000, 0, "already")])
def test_what_came_back_another_way_is_not_given_again_by_silence(
    world: World, share: Share, meanwhile: int, more: int, told: str
) -> None:
    case = opened(share, asked=3000)
    refunded_by_staff(share, meanwhile)
    case = Case.objects.get(pk=case.pk)
    assert told in words.now_line(case, Party.SELLER).silence

    with after(days=3, minutes=1):
        assert (sweeps.grant_unanswered(), sweeps.grant_unanswered()) == (1, 0)
        world.settle()

    case.refresh_from_db()
    assert (case.outcome, case.returned, fresh(share).refunded) == (Outcome.SELLER_SILENT, more, meanwhile + more)
    assert not share.holds.filter(ended_at=None).exists()
    invariants.check_at_rest(world.emulator)


def test_what_was_agreed_on_is_not_given_again_when_the_case_goes_on(world: World, share: Share) -> None:
    case = opened(share, asked=3000)
    accept(case)
    case.refresh_from_db()
    opening.reopen(case, Party.BUYER, by=buyer_of(share), text="It broke once more.")
    assert "already" in Mail.objects.get(to=owner_of(share).email, key__contains="reopened").text

    with after(days=3, minutes=1):
        assert sweeps.grant_unanswered() == 1
        world.settle()

    assert fresh(share).refunded == 3000
    invariants.check_at_rest(world.emulator)


def test_what_the_buyer_asks_for_anew_counts_from_then(world: World, share: Share) -> None:
    case = opened(share, asked=3000)
    refunded_by_staff(share, 3000)
    offers.make(case, Party.BUYER, by=buyer_of(share), amount=500)

    with after(days=3, minutes=1):
        assert sweeps.grant_unanswered() == 1
        world.settle()

    assert fresh(share).refunded == 3500
    invariants.check_at_rest(world.emulator)


@pytest.mark.parametrize("asks", [Party.SELLER, Party.BUYER])
def test_nobodys_silence_decides_while_a_second_person_is_asked(share: Share, settings: Any, asks: Party) -> None:
    settings.SECOND_PERSON_ABOVE = {"eur": 1000}
    case = opened(share)
    talking.step_in(case, by=UserFactory(is_staff=True))
    user = UserFactory(is_staff=True, is_superuser=True)
    plan = ending.preview(case, 4000, policy="")
    assert plan is not None
    ending.decide(case, 4000, policy="", by=Decider(user.email, user), reason="Seen.", plan_hash=plan.hash)

    case = Case.objects.get(pk=case.pk)
    with pytest.raises(CaseError, match="second person"):
        talking.answer_as_staff(case, by=user, text="One more question.", ask=asks)
    # Even where a side has the turn: they were asked before the decision was.
    Case.objects.filter(pk=case.pk).update(
        status=Status.WAITS_FOR_SELLER if asks == Party.SELLER else "waits_for_buyer"
    )
    with after(days=99):
        assert (sweeps.grant_unanswered(), sweeps.close_unanswered()) == (0, 0)

    case.refresh_from_db()
    assert (case.is_open, fresh(share).refunded) == (True, 0)


def test_f34_staff_who_press_twice_write_once_and_a_note_of_the_same_words_is_none(share: Share) -> None:
    case = opened(share)
    by = UserFactory(is_staff=True)
    text = "Show us the parcel."
    talking.step_in(case, by=by)
    talking.note(case, by=by, text=text)

    first = talking.answer_as_staff(case, by=by, text=text, ask=Party.BUYER)
    again = talking.answer_as_staff(case, by=by, text=text, ask=Party.BUYER)

    assert (first.is_private, again) == (False, first)
    assert Mail.objects.filter(to=buyer_of(share).email, text__contains=text).count() == 1
    assert Case.objects.get(pk=case.pk).status == Status.WAITS_FOR_BUYER


def test_a_note_written_at_that_moment_is_in_nobodys_letter(share: Share) -> None:
    case = opened(share)
    # Somebody of staff writes a note while the case is being closed: its number is the highest.
    CaseMessage.objects.create(
        pk=10**9, case=case, party=Party.STAFF, text="The buyer lies.", is_private=True, written_at=now()
    )

    ending.withdraw(case, by=buyer_of(share))

    told = Mail.objects.filter(key__contains="-closed-")
    assert told.count() == 2
    assert not any("lies" in mail.text or "lies" in mail.html for mail in told)
    assert all("The buyer closed the case." in mail.text for mail in told)
