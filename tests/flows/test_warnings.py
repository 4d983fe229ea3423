"""Early fraud warnings against the emulator: taken in, reckoned with, decided on, and followed to what came of them."""

from __future__ import annotations

from typing import Any

import pytest

from disputes import acting, advice, remembering, rules, warnings
from disputes.models import Act, Advice, FraudWarning, Rule
from disputes.rules import Change
from emulator import business
from gateway import objects, reads
from gateway.errors import StripeUnavailable
from kit.faults import armed
from payments import decisions, sweeps
from payments.models import Hold, MoneyAction, Refund, Share
from tests import invariants
from tests.factories import UserFactory
from tests.together import at_once
from tests.world import World

pytestmark = pytest.mark.django_db(transaction=True)

WARNED = "4000000000005423"
Status, Kind, Mode = FraudWarning.Status, Rule.Kind, Rule.Mode


def warn(world: World, share: Share) -> FraudWarning:
    """The card's issuer warns of a payment, and we hear of it."""
    stripe_id = business.warn_of_fraud(world.emulator, str(share.payment.charge_id))
    world.settle()
    return FraudWarning.objects.select_related("payment").get(stripe_id=stripe_id)


def switch(kind: str, mode: str, **changes: Any) -> Rule:
    """Somebody of staff lets a rule say this from now on."""
    rule = rules.rule(kind)
    wanted = {"hours": rule.hours, "limits": rule.limits, "why": "We want it.", **changes}
    by = UserFactory(is_staff=True)
    return rules.change(rule, Change(mode=mode, seen=rule.version, **wanted), by=by)


def fresh(row: Any) -> Any:
    return type(row).objects.get(pk=row.pk)


def holds(share: Share) -> list[str]:
    return list(share.holds.filter(ended_at=None).values_list("kind", flat=True))


def act(world: World) -> None:
    """What a worker does an hour later, and everything that follows from it."""
    acting.give_notice()
    with world.later(minutes=61):
        acting.act_due()
        world.finish()


def test_a_card_that_is_warned_of_holds_the_payment_and_waits_for_a_decision(world: World) -> None:
    (share,) = world.bought((1000,), card=WARNED)

    with world.later(minutes=1):
        world.settle()

    warning = FraudWarning.objects.get()

    assert (warning.status, warning.payment, warning.actionable) == (Status.OPEN, share.payment, True)
    assert warning.fraud_type == "made_with_stolen_card"
    assert holds(share) == [Hold.Kind.WARNING]
    assert not Act.objects.exists(), "every rule is off until somebody switches it on"


def test_f01_f02_a_warning_told_twice_at_once_and_by_an_old_look_is_one_and_stays_as_far_as_it_was(
    world: World,
) -> None:
    (share,) = world.bought((1000,))
    stripe_id = business.warn_of_fraud(world.emulator, str(share.payment.charge_id))
    before: objects.FraudWarning = reads.fraud_warning(stripe_id)

    at_once(*[lambda: warnings.apply(before, actor="test")] * 3)
    request = {"reason": Refund.Reason.FRAUD, "policy": "shared"}
    decisions.by_itself(share, MoneyAction.Kind.CANCEL, request, actor="test", reason="Fraud.")
    world.settle()
    warnings.apply(before, actor="test")

    warning = FraudWarning.objects.get()
    assert (warning.status, warning.actionable, holds(share)) == (Status.REFUNDED, False, [])


def test_f08_a_warning_no_event_told_of_is_found(world: World) -> None:
    (share,) = world.bought((1000,))
    business.warn_of_fraud(world.emulator, str(share.payment.charge_id))

    found = [warnings.find_missed(), warnings.find_missed()]

    assert (found, holds(share)) == ([1, 0], [Hold.Kind.WARNING])


def test_the_rule_refunds_a_cheap_order_that_was_not_sent_and_says_why(world: World) -> None:
    first, second = world.bought((1000, 2500))
    rule = switch(Kind.WARNING, Mode.ON)
    warning = warn(world, first)

    act(world)

    done = Act.objects.get()
    # 35.00 and no dispute, with goods of 21.00 that stay: 80 % of a dispute and its fee of 20.00 would cost more.
    given = done.facts["given"]
    assert (given["refundable"], given["goods"], done.facts["believed"]["disputed"]["chance"]) == (3500, 2100, 800_000)
    assert {way["way"]: way["value"] for way in done.facts["ways"]} == {
        "refund": -1400,
        "hold": -round(0.8 * (3500 - 2100 + 2000)) - round(0.2 * 175),
        "let_go": -(2660 + 1600 + 1520 + 120),
    }
    assert (done.status, done.what, done.version, done.rule) == (Act.Status.DONE, "refund", 2, rule)
    assert sorted(done.actions) == sorted(MoneyAction.objects.values_list("pk", flat=True))
    assert [refund.amount for refund in Refund.objects.order_by("pk")] == [1000, 2500]
    assert {refund.reason for refund in Refund.objects.all()} == {Refund.Reason.FRAUD}
    assert [fresh(share).order.status for share in (first, second)] == ["cancelled", "cancelled"]
    assert fresh(warning).status == Status.REFUNDED
    invariants.check_at_rest(world.emulator)


def test_a_dear_order_is_held_and_let_go_when_no_dispute_comes(world: World) -> None:
    (share,) = world.bought((100_000,))
    limits = {"eur": 200_000}
    switch(Kind.WARNING, Mode.ON, limits=limits)
    warning = warn(world, share)

    act(world)
    held = (fresh(warning).status, holds(share), Act.objects.get().what)
    with world.later(days=46):
        acting.give_notice()
        acting.act_due()

    assert held == (Status.HOLDING, [Hold.Kind.WARNING], "hold")
    assert (fresh(warning).status, holds(share)) == (Status.LET_GO, [])
    assert [one.because for one in Act.objects.order_by("pk")] == ["costs_least", "held_long_enough"]
    assert not Refund.objects.exists()


def test_what_is_above_the_limit_or_dry_or_off_is_left_to_people(world: World) -> None:
    (share,) = world.bought((1000,))
    switch(Kind.WARNING, Mode.ON, limits={"eur": 999})
    warn(world, share)
    act(world)
    above = Act.objects.count()

    dry = switch(Kind.WARNING, Mode.DRY, limits={"eur": 1000})
    act(world)
    act(world)

    would = Act.objects.get()
    assert (above, would.status, would.what, would.version) == (0, Act.Status.DRY, "refund", dry.version)
    assert not Refund.objects.exists()


def test_f37_a_rule_switched_off_after_its_notice_does_nothing(world: World) -> None:
    (share,) = world.bought((1000,))
    switch(Kind.WARNING, Mode.ON)
    warn(world, share)
    acting.give_notice()
    switch(Kind.WARNING, Mode.OFF)

    act(world)

    assert (Act.objects.get().status, Refund.objects.count()) == (Act.Status.OVERTAKEN, 0)


def test_f37_a_dispute_that_opens_while_the_rule_acts_is_not_refunded_as_well(world: World) -> None:
    (share,) = world.bought((1000,))
    switch(Kind.WARNING, Mode.ON)
    warning = warn(world, share)
    charge = str(share.payment.charge_id)

    with armed("rule.claimed", lambda: business.open_dispute(world.emulator, charge, "fraudulent")):
        act(world)

    assert (Act.objects.get().status, Refund.objects.filter(status="succeeded").count()) == (Act.Status.OVERTAKEN, 0)
    assert fresh(warning).status == Status.DISPUTED
    assert holds(share) == [Hold.Kind.DISPUTE]
    invariants.check_at_rest(world.emulator)


def test_f15_a_release_on_its_way_delays_the_rule_and_does_not_end_it(world: World) -> None:
    (share,) = world.bought((1000,))
    switch(Kind.WARNING, Mode.ON)
    world.emulator.faults.add("lost_response", match="POST /v1/transfers$")
    with pytest.raises(StripeUnavailable):
        decisions.by_itself(share, MoneyAction.Kind.RELEASE, {}, actor="test", reason="Due.")
    stripe_id = business.warn_of_fraud(world.emulator, str(share.payment.charge_id))
    warnings.apply(reads.fraud_warning(stripe_id), actor="test")
    acting.give_notice()

    with world.later(minutes=61):
        acting.act_due()
    waits = Act.objects.get()
    world.finish()
    with world.later(minutes=70):
        acting.act_due()
        world.finish()

    assert (waits.status, waits.what) == (Act.Status.NOTICED, "refund")
    assert Act.objects.get().status == Act.Status.DONE
    assert Refund.objects.get().amount == 1000
    invariants.check_at_rest(world.emulator)


def test_stopped_by_somebody_it_is_not_done_and_not_announced_again(world: World) -> None:
    (share,) = world.bought((1000,))
    switch(Kind.WARNING, Mode.ON)
    warning = warn(world, share)
    acting.give_notice()
    announced = rules.notice(warning)
    assert announced is not None

    rules.stop(announced, by=UserFactory(is_staff=True), why="I know the buyer.")
    act(world)

    assert (Act.objects.get().status, Refund.objects.count()) == (Act.Status.STOPPED, 0)
    with pytest.raises(rules.TooLate):
        rules.stop(fresh(announced), by=UserFactory(is_staff=True), why="Me too.")


def test_what_came_of_warnings_is_remembered_and_counts_for_the_next(world: World) -> None:
    (share,) = world.bought((1000,))
    other = world.bought_again(share, 5000)
    for one in (share, other):
        warn(world, one)
    remembering.remember()
    business.open_dispute(world.emulator, str(share.payment.charge_id), "fraudulent")
    world.settle()

    with world.later(days=121):
        world.settle()
        warnings.follow()
        remembering.remember()

        rows = {row.warning.payment: row for row in Advice.objects.filter(kind="warning", superseded_at=None)}
        assert [rows[one.payment].happened for one in (share, other)] == [True, False]
        # Of 80 % (as 15 cases) everybody's warnings make 13/17, and the seller's own two of it (13 * 15/17 + 1) / 17.
        last = warn(world, world.bought_again(share, 1000))
        believed = advice.for_warning(last).facts["believed"]["disputed"]
        assert (believed["prior"], believed["happened"], believed["of"]) == (764_706, 1, 2)
        assert believed["chance"] == round((764_706 * 15 + 1_000_000) / 17)


# --- two at once ---


def test_two_workers_at_once_refund_once_and_leave_one_row(world: World) -> None:
    shares = world.bought((1000, 2500))
    switch(Kind.WARNING, Mode.ON)
    warn(world, shares[0])
    at_once(*[acting.give_notice] * 3)

    with world.later(minutes=61):
        at_once(*[acting.act_due] * 3)
        world.finish()

    row = Act.objects.get()
    assert (row.status, row.moves.filter(to_status="acting").count(), len(row.actions)) == (Act.Status.DONE, 1, 2)
    assert [refund.amount for refund in Refund.objects.order_by("pk")] == [1000, 2500]
    invariants.check_at_rest(world.emulator)


def test_without_the_claim_a_second_worker_is_at_it_too(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    (share,) = world.bought((1000,))
    switch(Kind.WARNING, Mode.ON)
    warn(world, share)
    acting.give_notice()
    at_it: list[int] = []
    monkeypatch.setattr(acting, "_claim", lambda act: True)
    monkeypatch.setattr(acting, "_do", lambda act, rule, subject: at_it.append(act.pk))

    with world.later(minutes=61):
        at_once(*[acting.act_due] * 2)

    assert len(at_it) == 2


def test_f22_what_a_dead_worker_began_another_one_finishes(world: World) -> None:
    first, _second = world.bought((1000, 2500))
    switch(Kind.WARNING, Mode.ON)
    warn(world, first)
    acting.give_notice()

    with world.later(minutes=61):
        with armed("decision.committed", _die), pytest.raises(SystemExit):
            acting.act_due()
        left = Act.objects.get().status
    with world.later(minutes=70):
        world.finish()
        acting.act_due()
        world.finish()

    assert (left, Act.objects.get().status) == (Act.Status.ACTING, Act.Status.DONE)
    assert [refund.amount for refund in Refund.objects.order_by("pk")] == [1000, 2500]
    assert sweeps.follow() == 0
    invariants.check_at_rest(world.emulator)


def _die() -> None:
    raise SystemExit
