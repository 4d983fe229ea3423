"""Two sides, staff and sweeps at one case at once. Twins with the share's lock off show that the races are real."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.db import IntegrityError

from cases import ending, offers, opening, sweeps, talking
from cases.errors import CaseError
from cases.models import Case, Offer, Party
from gateway.errors import GatewayError
from kit.clock import fixed_at, now
from kit.transitions import LostRace
from payments import shares
from payments import sweeps as money_sweeps
from payments.consequences import Refused
from payments.decisions import PlanChanged
from payments.models import MoneyAction, Refund, Release, Share
from tests import invariants
from tests.casework import buyer_of, opened, owner_of
from tests.together import at_once, rival
from tests.world import World

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]

# What whoever came second is told; anything else is a defect.
ANSWERS = (CaseError, Refused, PlanChanged, GatewayError)


@pytest.fixture
def share(world: World) -> Share:
    """Alice paid 100.00 EUR and has it; its release is due."""
    (share,) = world.bought((10_000,))
    world.delivered(share)
    money_sweeps.set_dates()
    return fresh(share)


@pytest.fixture
def unlocked(monkeypatch: pytest.MonkeyPatch) -> None:
    """The share's lock is off: everybody reads as they like."""

    def read(share_id: int) -> Share:
        related = ("order__purchase", "order__seller", "payment", "account")
        found: Share = Share.objects.select_related(*related).get(pk=share_id)
        return found

    monkeypatch.setattr(shares, "locked", read)
    monkeypatch.setattr(shares, "locked_with_debt", read)


def fresh(share: Share) -> Share:
    found: Share = Share.objects.select_related("order__seller", "order__purchase", "payment", "account").get(
        pk=share.pk
    )
    return found


def only_answers(results: list[object]) -> bool:
    return all(isinstance(result, ANSWERS) or not isinstance(result, Exception) for result in results)


def accepting(case: Case) -> Callable[[], Case]:
    """The seller, looking at what stands now; the press of the button."""
    offer = Offer.objects.select_related("case__share__order__seller").get(case=case, status="stands")
    seen = offers.preview(offer).hash
    by = owner_of(case.share)

    def press() -> Case:
        found = Offer.objects.select_related("case__share__order__seller", "case__share__payment").get(pk=offer.pk)
        return offers.accept(found, Party.SELLER, by=by, plan_hash=seen)

    return press


def test_f34_an_offer_accepted_twice_is_carried_out_once(world: World, share: Share) -> None:
    case = opened(share, asked=6000)
    press = accepting(case)

    results = at_once(press, press, press, press)
    world.finish()

    assert only_answers(results), results
    assert (Refund.objects.count(), MoneyAction.objects.count(), fresh(share).refunded) == (1, 1, 6000)
    assert Case.objects.get().outcome == "agreed"
    invariants.check_at_rest(world.emulator)


@pytest.mark.usefixtures("unlocked")
def test_f34_without_the_lock_only_the_offers_status_is_left_to_stop_the_second(world: World, share: Share) -> None:
    case = opened(share, asked=6000)
    press = accepting(case)

    with rival("decision.planned", press), pytest.raises((LostRace, CaseError, IntegrityError)):
        press()
    world.finish()

    # The second had planned the same refund over the first one's: what is undone with it is all of its own rows.
    assert Refund.objects.count() == 1


@pytest.mark.usefixtures("unlocked")
def test_f34_without_the_lock_and_the_offers_status_the_buyer_is_paid_twice(
    world: World, share: Share, monkeypatch: pytest.MonkeyPatch
) -> None:
    case = opened(share, asked=5000)
    press = accepting(case)
    monkeypatch.setattr(ending, "paid_back", lambda *_args, **_more: None)
    monkeypatch.setattr(offers, "move", lambda *_args, **_more: None)

    with rival("decision.planned", press):
        press()

    assert (Refund.objects.count(), fresh(share).refunded) == (2, 5000)
    with pytest.raises(AssertionError, match="I03"):
        invariants.check(world.emulator)


def test_f37_opening_waits_for_a_release_that_is_being_decided(world: World, share: Share) -> None:
    with rival("decision.planned", lambda: opened(fresh(share))) as came:
        money_sweeps.release_due()
    world.finish()

    assert only_answers(came), came
    assert Case.objects.get().is_open
    assert Release.objects.get().status in ("sent", "refused")
    invariants.check_at_rest(world.emulator)


def test_f37_a_release_waits_for_a_case_that_is_being_opened(world: World, share: Share) -> None:
    with rival("case.opened", money_sweeps.release_due):
        opened(share)
    world.finish()

    assert not Release.objects.exists()
    invariants.check_at_rest(world.emulator)


@pytest.mark.usefixtures("unlocked")
def test_f37_without_the_lock_a_release_is_decided_on_beside_the_case(world: World, share: Share) -> None:
    with rival("case.opened", money_sweeps.release_due):
        opened(share)

    # The hold was not committed yet when the release was planned: nothing stopped it.
    assert Release.objects.count() == 1


def test_f34_two_clicks_open_one_case(world: World, share: Share) -> None:
    results = at_once(*[lambda: opened(fresh(share))] * 4)

    assert only_answers(results), results
    assert (Case.objects.count(), share.holds.filter(ended_at=None).count()) == (1, 1)


@pytest.mark.usefixtures("unlocked")
def test_f34_without_the_lock_the_database_refuses_the_second_case(world: World, share: Share) -> None:
    with rival("case.opened", lambda: opened(fresh(share))) as came:
        opened(share)

    assert isinstance(came[0], IntegrityError)
    assert Case.objects.count() == 1


def test_acceptance_counter_offer_withdrawal_decision_and_sweeps_at_once_end_in_one_way(
    world: World, share: Share
) -> None:
    case = opened(share, asked=6000)
    press = accepting(case)
    alice, bob = buyer_of(share), owner_of(share)
    standing = Offer.objects.get()

    with fixed_at(now() + timedelta(days=3, minutes=1)):
        results = at_once(
            press,
            lambda: offers.make(Case.objects.get(), Party.SELLER, by=bob, amount=2000),
            lambda: offers.withdraw(standing, Party.BUYER, by=alice),
            lambda: ending.withdraw(Case.objects.get(), by=alice),
            lambda: talking.say(Case.objects.get(), Party.SELLER, by=bob, text="Wait."),
            sweeps.grant_unanswered,
            sweeps.grant_unanswered,
        )
    world.finish()

    case.refresh_from_db()
    assert only_answers(results), results
    assert Refund.objects.count() == (1 if case.returned else 0)
    assert fresh(share).refunded == case.returned
    assert share.holds.filter(ended_at=None).count() == (1 if case.is_open else 0)
    invariants.check_at_rest(world.emulator)


def test_two_sweeps_grant_once(world: World, share: Share) -> None:
    opened(share, asked=3000)

    with fixed_at(now() + timedelta(days=3, minutes=1)):
        at_once(sweeps.grant_unanswered, sweeps.grant_unanswered, sweeps.close_unanswered, sweeps.remind)
    world.finish()

    assert (Refund.objects.count(), fresh(share).refunded) == (1, 3000)
    invariants.check_at_rest(world.emulator)


def test_both_sides_open_it_again_at_once(world: World, share: Share) -> None:
    case = opened(share)
    ending.withdraw(case, by=buyer_of(share))

    results = at_once(
        lambda: opening.reopen(Case.objects.get(), Party.BUYER, by=buyer_of(share), text="It broke."),
        lambda: opening.reopen(Case.objects.get(), Party.SELLER, by=owner_of(share), text="I was wrong."),
    )

    assert only_answers(results), results
    assert sum(isinstance(result, Case) for result in results) == 1
    assert share.holds.filter(ended_at=None).count() == 1
