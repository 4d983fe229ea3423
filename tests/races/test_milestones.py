"""The buyer confirms a milestone while the sweep takes silence for a yes. The twin shows that the race is real."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from gateway.errors import GatewayError
from kit.clock import fixed_at, now
from payments import decisions, milestone_parts, milestones
from payments.consequences import Refused
from payments.milestones import NotAgreeable, Part
from payments.models import Milestone, Release, Share
from tests import invariants
from tests.races.test_held_money import fresh, rival, unlocked
from tests.together import at_once
from tests.world import World

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]

__all__ = ["unlocked"]

ANSWERS = (Refused, NotAgreeable, decisions.PlanChanged, GatewayError)


@pytest.fixture
def milestone(world: World) -> Milestone:
    """The first of two halves of 10.00: done, says the seller; Alice was reminded and said nothing yet."""
    (share,) = world.bought((1000,))
    halves = [Part("First", share.left // 2), Part("Second", share.left - share.left // 2)]
    agreement = milestones.propose(share, halves, actor="bob")
    milestones.agree(agreement, actor="alice")
    first: Milestone = agreement.milestones.get(number=1)
    milestones.say_done(first, actor="bob")
    Milestone.objects.filter(pk=first.pk).update(warned_at=now(), due_at=now() - timedelta(hours=1))
    return anew(first)


def anew(milestone: Milestone) -> Milestone:
    found: Milestone = Milestone.objects.select_related("agreement__share", "release").get(pk=milestone.pk)
    return found


def by_the_buyer(milestone: Milestone) -> None:
    found = anew(milestone)
    milestones.confirm(found, actor="alice", plan_hash=milestones.preview(found).hash)


def sends(world: World) -> list[int]:
    return [int(transfer.body["amount"]) for transfer in world.emulator.store.find("transfer")]


def test_the_buyer_and_the_sweep_confirm_at_once_and_one_part_is_sent(world: World, milestone: Milestone) -> None:
    def buyer() -> None:
        by_the_buyer(milestone)

    results = at_once(buyer, milestones.confirm_due, buyer, milestones.confirm_due, milestones.release_confirmed)
    world.finish()
    milestones.release_confirmed()

    assert all(result is None or isinstance(result, (int, *ANSWERS)) for result in results), results
    assert sends(world) == [milestone.amount]
    assert anew(milestone).moves.filter(to_status="confirmed").count() == 1
    invariants.check_at_rest(world.emulator)


def test_a_milestone_released_while_another_worker_is_about_to_is_sent_once(world: World, milestone: Milestone) -> None:
    Milestone.objects.filter(pk=milestone.pk).update(status="confirmed")

    with rival("decision.planned", lambda: send(milestone)) as came:
        send(milestone)

    assert sends(world) == [milestone.amount]
    assert isinstance(came[0], Refused | decisions.PlanChanged)
    invariants.check_at_rest(world.emulator)


@pytest.mark.usefixtures("unlocked")
def test_without_the_lock_one_milestone_is_sent_twice(world: World, milestone: Milestone) -> None:
    Milestone.objects.filter(pk=milestone.pk).update(status="confirmed")

    with rival("decision.planned", lambda: send(milestone)):
        send(milestone)

    assert sends(world) == [milestone.amount, milestone.amount]


def test_a_refund_between_reckoning_and_locking_changes_the_part_and_nothing_of_the_old_one_is_sent(
    world: World, milestone: Milestone, monkeypatch: pytest.MonkeyPatch
) -> None:
    share = milestone.agreement.share
    part_before = milestone_parts.parts(milestone.agreement, share.left)[milestone.pk]
    look = decisions._look_first

    def refund_first(share: Share, kind: str) -> None:
        monkeypatch.setattr(decisions, "_look_first", look)
        request: dict[str, Any] = {"amount": 300, "reason": "changed_mind", "policy": "shared"}
        decisions.by_itself(fresh(share), "refund", request, actor="dana", reason="They agreed.")

    monkeypatch.setattr(decisions, "_look_first", refund_first)
    with pytest.raises((decisions.PlanChanged, Refused)):
        by_the_buyer(milestone)
    assert not Release.objects.exists()

    milestones.release_confirmed()

    (sent,) = sends(world)
    assert (
        sent
        == milestone_parts.by_weight(fresh(share).left + sent, [milestone.amount, share.left // 2], currency="eur")[0]
    )
    assert sent < part_before
    invariants.check_at_rest(world.emulator)


def test_two_windows_propose_at_once_and_one_proposal_counts(world: World) -> None:
    (share,) = world.bought((1000,))

    def propose() -> None:
        milestones.propose(fresh(share), [Part("All", share.left)], actor="bob")

    results = at_once(propose, propose, propose)

    assert sorted(type(result).__name__ for result in results) == ["NoneType", "NotAgreeable", "NotAgreeable"]
    assert share.agreements.count() == 1


def test_a_no_to_done_and_silence_at_once_leave_one_of_them(world: World, milestone: Milestone) -> None:
    with fixed_at(now()):
        results = at_once(
            lambda: milestones.not_done(anew(milestone), actor="alice", reason="No."), milestones.confirm_due
        )

    found = anew(milestone)
    assert all(result is None or isinstance(result, (int, *ANSWERS)) for result in results), results
    assert (found.status, len(sends(world))) in [("open", 0), ("confirmed", 1)]


def send(milestone: Milestone) -> None:
    milestones.release(anew(milestone), actor="worker", reason="It is confirmed.")
