"""Milestones: their parts are exact, whatever was refunded; only what was agreed is done, and done once."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.errors import StripeRefused
from kit.clock import fixed_at, now
from kit.models import Mail
from orders import progress
from payments import decisions, holds, milestone_parts, milestones, sweeps
from payments.consequences import Refused
from payments.milestone_forms import rows_for
from payments.milestones import NotAgreeable, Part
from payments.models import Hold, Milestone, MilestoneAgreement, MoneyAction, Release, Share
from tests import invariants
from tests.world import World

db = pytest.mark.django_db

Kind = MoneyAction.Kind


@pytest.fixture
def share(world: World) -> Share:
    """Alice paid 100.00 for something that takes a while."""
    (found,) = world.bought((10_000,))
    return found


def agreed(share: Share, amounts: Sequence[int] = ()) -> list[Milestone]:
    """Milestones of these amounts, or two halves, that the buyer agreed to."""
    parts = amounts or (share.left // 2, share.left - share.left // 2)
    agreement = milestones.propose(share, [Part(f"Step {n}", amount) for n, amount in enumerate(parts)], actor="bob")
    milestones.agree(agreement, actor="alice")
    return list(agreement.milestones.all())


def confirmed(milestone: Milestone) -> None:
    """The seller said that it is done, and the buyer confirms it."""
    milestones.say_done(milestone, actor="bob")
    milestones.confirm(milestone, actor="alice", plan_hash=milestones.preview(milestone).hash)


def sent(share: Share) -> list[int]:
    return list(Release.objects.filter(share=share, status="sent").order_by("pk").values_list("amount", flat=True))


def sweep() -> None:
    for each in milestones.SWEEPS:
        each()


# --- exact parts ---


@given(money=st.integers(0, 99_999_999), cuts=st.lists(st.integers(1, 9_999), max_size=11))
def test_percents_come_to_exactly_all_of_the_money(money: int, cuts: list[int]) -> None:
    marks = [0, *sorted(set(cuts)), milestone_parts.WHOLE]
    hundredths = [after - before for before, after in pairwise(marks)]

    parts = milestone_parts.by_percent(money, hundredths, currency="eur")

    assert sum(parts) == money
    assert all(abs(part - money * each / 10_000) <= 1 for part, each in zip(parts, hundredths, strict=True))


@given(
    amounts=st.lists(st.integers(1, 5_000_000), min_size=1, max_size=12),
    taken=st.lists(st.integers(0, 3_000_000), max_size=12),
    order=st.randoms(use_true_random=False),
)
def test_whatever_is_refunded_between_them_the_parts_come_to_exactly_what_is_left(
    amounts: list[int], taken: list[int], order: object
) -> None:
    """The arithmetic of `parts`, without a database: each takes its part of what is held for those that are left."""
    held, waiting, went = sum(amounts), list(amounts), 0
    while waiting:
        refund = min(held, taken.pop()) if taken else 0
        held -= refund
        shares = milestone_parts.by_weight(held, waiting, currency="eur")
        place = order.randrange(len(waiting))  # type: ignore[attr-defined]
        went, held = went + shares[place], held - shares[place]
        waiting.pop(place)

    assert held == 0


@db
def test_without_refunds_each_milestone_is_sent_as_agreed_by_one_transfer(world: World, share: Share) -> None:
    amounts = (share.left - 3_333, 3_332, 1)

    for milestone in agreed(share, amounts):
        confirmed(milestone)

    share.refresh_from_db()
    assert sent(share) == list(amounts)
    assert (share.status, len(world.emulator.store.find("transfer"))) == ("released", 3)
    invariants.check_at_rest(world.emulator)


@db
def test_a_refund_makes_every_milestone_that_is_left_smaller_and_nothing_is_left_over(
    world: World, share: Share
) -> None:
    first, second, third = agreed(share, (3_000, 3_000, share.left - 6_000))
    confirmed(first)
    request = {"amount": 1_000, "reason": "changed_mind", "policy": "shared"}
    decisions.by_itself(share, Kind.REFUND, request, actor="dana", reason="They agreed.")
    share.refresh_from_db()
    left = share.left

    confirmed(third)
    confirmed(second)

    share.refresh_from_db()
    assert sent(share)[0] == 3_000
    assert sum(sent(share)[1:]) == left
    assert (share.status, share.left) == ("released", 0)
    invariants.check_at_rest(world.emulator)


# --- what can be agreed ---


@db
@pytest.mark.parametrize(
    ("amounts", "why"),
    [([], "at least one"), ([100], "add up to"), ([0, 9_000], "above zero"), ([1] * 13, "At most 6")],
)
def test_parts_that_do_not_add_up_are_refused_with_a_sentence(share: Share, amounts: list[int], why: str) -> None:
    with pytest.raises(NotAgreeable, match=why):
        milestones.propose(share, [Part("Step", amount) for amount in amounts], actor="bob")

    assert not MilestoneAgreement.objects.exists()


@db
def test_there_is_one_proposal_at_a_time_and_a_new_one_after_a_no(share: Share) -> None:
    first = milestones.propose(share, [Part("All", share.left)], actor="bob")
    with pytest.raises(NotAgreeable, match="already"):
        milestones.propose(share, [Part("All", share.left)], actor="bob")

    milestones.decline(first, actor="alice", reason="I would rather wait.")
    second = milestones.propose(share, [Part("All of it", share.left)], actor="bob")
    milestones.withdraw(second, actor="bob")

    statuses = MilestoneAgreement.objects.order_by("pk").values_list("status", flat=True)
    assert list(statuses) == ["declined", "withdrawn"]
    assert first.answer == "I would rather wait."


@db
def test_a_proposal_is_void_once_the_money_has_changed(share: Share) -> None:
    agreement = milestones.propose(share, [Part("All", share.left)], actor="bob")
    request = {"amount": 500, "reason": "changed_mind", "policy": "shared"}
    decisions.by_itself(share, Kind.REFUND, request, actor="dana", reason="They agreed.")

    with pytest.raises(NotAgreeable, match="has changed"):
        milestones.agree(agreement, actor="alice")


@db
def test_what_was_paid_to_the_seller_at_once_or_is_with_the_buyer_has_no_milestones(world: World, share: Share) -> None:
    world.delivered(share)
    share.order.refresh_from_db()

    assert "not with the buyer" in milestones.why_not(share)
    share.funds_flow = "destination"
    assert "went to you" in milestones.why_not(share)


# --- how they go on ---


@db
def test_while_milestones_are_agreed_nothing_is_released_by_date_nor_cancelled_as_late(
    world: World, share: Share
) -> None:
    agreed(share)

    with fixed_at(now() + timedelta(days=40)):
        sweeps.warn_sellers()
        sweeps.cancel_unsent()
        progress.fulfil(share.order, at=now(), actor="bob", reason="Sent.")
        sweeps.set_dates()
    with fixed_at(now() + timedelta(days=80)):
        sweeps.warn_buyers()
        sweeps.release_due()

    share.order.refresh_from_db()
    assert (sent(share), share.order.status) == ([], "fulfilled")
    assert not Mail.objects.filter(key__startswith="release-soon").exists()


@db
def test_a_sweep_that_found_the_order_due_before_it_was_agreed_releases_nothing(share: Share) -> None:
    agreed(share)

    with pytest.raises(Refused, match="by_milestones"):
        decisions.by_itself(share, Kind.RELEASE, {"by": "date"}, actor="sweep", reason="Its date has come.")


@db
def test_silence_counts_as_a_yes_only_after_a_warning_and_its_days(world: World, share: Share) -> None:
    first, _second = agreed(share)
    milestones.say_done(first, actor="bob")
    with fixed_at(now() + timedelta(days=9)):
        # The sweeps stood still: the buyer has the same days all the same.
        sweep()
        assert sent(share) == []
    with fixed_at(now() + timedelta(days=13)):
        sweep()

    assert sent(share) == [first.amount]
    assert Mail.objects.filter(key__startswith="milestone-soon").count() == 1
    assert first.moves.last().actor == milestones.ACTOR


@db
def test_what_the_buyer_says_is_not_done_is_open_again_and_not_sent(share: Share) -> None:
    first, _second = agreed(share)
    milestones.say_done(first, actor="bob")
    milestones.not_done(first, actor="alice", reason="The door is missing.")

    with fixed_at(now() + timedelta(days=30)):
        sweep()

    first.refresh_from_db()
    assert (first.status, first.objection, sent(share)) == ("open", "The door is missing.", [])


@db
def test_a_hold_stops_the_release_and_its_end_lets_it_go_on(world: World, share: Share) -> None:
    first, _second = agreed(share)
    milestones.say_done(first, actor="bob")
    plan = milestones.preview(first)
    hold = {"kind": Hold.Kind.CASE, "ref": "c", "actor": "case"}
    holds.write(share, **hold, reason="A case is open.", ends_when="It is decided.")

    with pytest.raises(Refused):
        milestones.confirm(first, actor="alice", plan_hash=plan.hash)
    with fixed_at(now() + timedelta(days=4)):
        sweep()
    with fixed_at(now() + timedelta(days=9)):
        sweep()
    assert sent(share) == []
    holds.end(share, **hold, reason="Decided.")
    with fixed_at(now() + timedelta(days=10)):
        sweep()

    assert sent(share) == [first.amount]
    invariants.check_at_rest(world.emulator)


@db
def test_what_stripe_refused_is_tried_again_and_sent_once(world: World, share: Share) -> None:
    first, _second = agreed(share)
    world.emulator.faults.add("error_before", match="POST /v1/transfers", status=400, code="balance_insufficient")
    milestones.say_done(first, actor="bob")
    with pytest.raises(StripeRefused):
        milestones.confirm(first, actor="alice", plan_hash=milestones.preview(first).hash)

    sweep()
    assert sent(share) == []
    with fixed_at(now() + timedelta(hours=7)):
        sweep()
        sweep()

    assert sent(share) == [first.amount]
    invariants.check_at_rest(world.emulator)


@db
def test_the_second_confirmation_of_one_milestone_sends_nothing(world: World, share: Share) -> None:
    first, _second = agreed(share)
    confirmed(first)

    with pytest.raises(Refused, match="milestone_released"):
        milestones.release(first, actor="sweep", reason="Again.")
    sweep()

    assert sent(share) == [first.amount]


@db
def test_an_order_that_is_cancelled_ends_its_agreement(world: World, share: Share) -> None:
    first, _second = agreed(share)
    request = {"reason": "seller_cancelled", "policy": "seller"}
    decisions.by_itself(share, Kind.CANCEL, request, actor="bob", reason="I cannot.")

    sweep()

    assert MilestoneAgreement.objects.get().status == "over"
    with pytest.raises(NotAgreeable):
        milestones.say_done(first, actor="bob")


# --- the form ---


@db
def test_the_form_reads_percents_and_divides_exactly(share: Share) -> None:
    data = {
        "part-TOTAL_FORMS": "4", "part-INITIAL_FORMS": "0",
        "part-0-name": "Draft", "part-0-amount": "33,33", "part-1-name": "Work", "part-1-amount": "33.33",
        "part-2-name": "Rest", "part-2-amount": "33.34", "part-3-name": "", "part-3-amount": "",
    }  # fmt: skip

    rows = rows_for(share, data, counted_in="percent")

    assert rows.is_valid(), rows.errors
    assert sum(part.amount for part in rows.parts) == share.left
    assert [part.name for part in rows.parts] == ["Draft", "Work", "Rest"]


@db
@pytest.mark.parametrize(
    ("name", "amount", "counted_in", "why"),
    [
        ("Draft", "1.234", "amounts", "decimals"),
        ("Draft", "", "amounts", "Say how much"),
        ("", "10", "amounts", "Give this milestone a name"),
        ("Draft", "50", "percent", "add up to 50 percent"),
        ("Draft", "101", "percent", "up to 100"),
        ("Draft", "a lot", "percent", "like 33.33"),
        ("", "", "amounts", "at least one"),
    ],
)
def test_the_form_says_what_is_wrong_at_its_field(
    share: Share, name: str, amount: str, counted_in: str, why: str
) -> None:
    data = {"part-TOTAL_FORMS": "1", "part-INITIAL_FORMS": "0", "part-0-name": name, "part-0-amount": amount}

    rows = rows_for(share, data, counted_in=counted_in)

    assert not rows.is_valid()
    assert why in str(rows.errors) + str(rows.non_form_errors())
