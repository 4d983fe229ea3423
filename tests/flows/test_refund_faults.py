"""Refunds and reversals on bad days: the buyer gets it once, and each seller gives their own part once."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from emulator import business
from gateway import operations, reads
from gateway.errors import StripeRefused, StripeUnavailable
from kit.clock import fixed_at, now
from kit.faults import armed
from ledger import journal
from ledger.models import Account
from orders import progress
from payments import decisions, refunds, sweeps
from payments.decisions import Decider, NotApprovable
from payments.models import MoneyAction, Refund, Release, Reversal, Share
from tests import invariants
from tests.factories import UserFactory
from tests.world import World

pytestmark = pytest.mark.django_db

Kind = MoneyAction.Kind
REFUNDS = "POST /v1/refunds"
REVERSALS = "POST /v1/transfers/[^/]+/reversals"
FAILS_LATER = "4000000000005126"
PENDS = "4000000000007726"


class Killed(BaseException):
    """The process died here."""


def die() -> None:
    raise Killed


def refund(share: Share, amount: int = 0, *, reason: str = "changed_mind", policy: str = "shared") -> MoneyAction:
    share.refresh_from_db()
    request = {"amount": amount or share.refundable, "reason": reason, "policy": policy}
    return decisions.by_itself(share, Kind.REFUND, request, actor="test", reason="Asked for.")


def released(world: World, share: Share) -> None:
    world.delivered(share)
    sweeps.set_dates()
    sweeps.release_due()


def at_stripe(world: World, kind: str) -> int:
    return len(world.emulator.store.find(kind))


def debt(share: Share) -> int:
    return journal.balance(Account.SELLER_DEBT, str(share.account.seller_id), share.currency)


def test_f13_stripe_times_out_after_acting_and_the_buyer_is_refunded_once(world: World) -> None:
    (share,) = world.bought((1000,))
    world.emulator.faults.add("lost_response", match=REFUNDS)
    with pytest.raises(StripeUnavailable):
        refund(share)
    invariants.check(world.emulator)

    world.finish()

    assert (Refund.objects.get().status, at_stripe(world, "refund")) == ("succeeded", 1)
    invariants.check_at_rest(world.emulator)


def test_f13_a_reversal_whose_answer_is_lost_is_made_once(world: World) -> None:
    (share,) = world.bought((1000,))
    released(world, share)
    world.emulator.faults.add("lost_response", match=REVERSALS)
    with pytest.raises(StripeUnavailable):
        refund(share)
    invariants.check(world.emulator)

    world.finish()
    world.settle()

    assert (Reversal.objects.get().status, at_stripe(world, "transfer_reversal"), debt(share)) == ("done", 1, 0)
    invariants.check_at_rest(world.emulator)


def test_f16_two_equal_refunds_are_two(world: World) -> None:
    (share,) = world.bought((1000,))

    refund(share, 300)
    refund(share, 300)

    assert at_stripe(world, "refund") == 2
    invariants.check_at_rest(world.emulator)


def test_f17_a_refund_nobody_finished_for_a_day_is_found_at_stripe(world: World) -> None:
    (share,) = world.bought((1000,))
    world.emulator.faults.add("lost_response", match=REFUNDS)
    with pytest.raises(StripeUnavailable):
        refund(share, 300)

    with world.later(days=2):
        sweeps.follow()

        operation = operations.latest(f"refund:{Refund.objects.get().uuid}")
        assert operation is not None
        assert (operation.adopted, at_stripe(world, "refund")) == (True, 1)
        invariants.check_at_rest(world.emulator)


@pytest.mark.parametrize("acted", [True, False])
def test_f18_a_saved_failure_is_looked_up_and_the_buyer_is_refunded_once(world: World, acted: bool) -> None:
    (share,) = world.bought((1000,))
    world.emulator.faults.add("save_500", match=REFUNDS, acted=acted)
    with pytest.raises(StripeUnavailable):
        refund(share, 300)

    for hours in range(1, 8):
        with fixed_at(now() + timedelta(hours=hours)):
            sweeps.follow()

    assert (Refund.objects.get().status, at_stripe(world, "refund")) == ("succeeded", 1)
    invariants.check_at_rest(world.emulator)


@pytest.mark.parametrize(
    "point", ["decision.committed", "operation.claimed", "operation.answered", "refund.answered", "refund.applied",
              "reversal.answered", "reversal.applied"],
)  # fmt: skip
def test_f22_killed_anywhere_refund_and_reversal_are_made_once(world: World, point: str) -> None:
    (share,) = world.bought((1000,))
    released(world, share)
    with armed(point, die), pytest.raises(Killed):
        refund(share)
    invariants.check(world.emulator)

    world.finish()
    world.settle()

    assert (at_stripe(world, "refund"), at_stripe(world, "transfer_reversal"), debt(share)) == (1, 1, 0)
    invariants.check_at_rest(world.emulator)


def test_f38_a_refund_after_the_release_takes_the_sellers_part_back(world: World) -> None:
    (share,) = world.bought((1000,))
    released(world, share)

    refund(share, 500)

    assert (Refund.objects.get().owed, Reversal.objects.get().amount) == (450, 450)
    invariants.check_at_rest(world.emulator)


def test_f39_a_refused_reversal_becomes_a_debt_that_later_releases_pay(world: World) -> None:
    (share,) = world.bought((1000,))
    released(world, share)
    world.emulator.faults.add("error_before", match=REVERSALS, status=400, code="balance_insufficient")
    refund(share)
    assert (Reversal.objects.get().status, debt(share)) == ("refused", 900)
    invariants.check_at_rest(world.emulator)

    other = world.bought_again(share, 2000)
    released(world, other)

    assert debt(share) == 0
    last = Release.objects.latest("pk")
    assert (last.amount, last.netted) == (900, 900)
    invariants.check_at_rest(world.emulator)


def test_f39_what_is_being_fetched_back_is_not_set_off_as_well(world: World) -> None:
    (share,) = world.bought((1000,))
    released(world, share)
    with armed("refund.applied", die), pytest.raises(Killed):
        refund(share)
    assert Reversal.objects.get().status == "planned"
    other = world.bought_again(share, 2000)

    released(world, other)
    world.finish()

    assert (Reversal.objects.get().status, debt(share)) == ("done", 0)
    assert Release.objects.latest("pk").netted == 0
    invariants.check_at_rest(world.emulator)


def test_f39_a_debt_is_recovered_from_what_reached_the_seller(world: World) -> None:
    (share,) = world.bought((1000,))
    released(world, share)
    world.emulator.faults.add("error_before", match=REVERSALS, status=400, code="balance_insufficient")
    refund(share)

    decisions.by_itself(share, Kind.REVERSE, {"amount": 900}, actor="test", reason="They have it now.")
    share.refresh_from_db()
    assert share.status == "held"
    hold = share.holds.get()
    decisions.by_itself(share, Kind.END_HOLD, {"hold": hold.pk}, actor="test", reason="It pays what they owe.")
    decisions.by_itself(share, Kind.RELEASE, {}, actor="test", reason="It pays what they owe.")

    share.refresh_from_db()
    assert (debt(share), share.left, share.status) == (0, 0, "returned")
    invariants.check_at_rest(world.emulator)


def test_f40_clicked_twice_the_second_click_is_shown_the_new_facts(world: World) -> None:
    (share,) = world.bought((1000,))
    request = {"amount": 300, "reason": "changed_mind", "policy": "shared"}
    plan = decisions.preview(share, Kind.REFUND, request)
    by = Decider("dana", UserFactory())
    decisions.confirm(share, Kind.REFUND, request, plan_hash=plan.hash, by=by, reason="Asked for.")

    with pytest.raises(decisions.PlanChanged):
        decisions.confirm(share, Kind.REFUND, request, plan_hash=plan.hash, by=by, reason="Asked for.")

    assert at_stripe(world, "refund") == 1


def test_f40_asked_for_twice_above_the_limit_it_waits_once(world: World, settings: Any) -> None:
    settings.SECOND_PERSON_ABOVE = {}
    (share,) = world.bought((1000,))
    request = {"amount": 300, "reason": "changed_mind", "policy": "shared"}
    plan = decisions.preview(share, Kind.REFUND, request)
    by = Decider("dana", UserFactory())

    for _click in range(2):
        decisions.confirm(share, Kind.REFUND, request, plan_hash=plan.hash, by=by, reason="Asked for.")

    assert MoneyAction.objects.get().status == "waiting"


def test_what_was_decided_cannot_be_declined_any_more(world: World, settings: Any) -> None:
    settings.SECOND_PERSON_ABOVE = {}
    (share,) = world.bought((1000,))
    request = {"amount": 300, "reason": "changed_mind", "policy": "shared"}
    plan = decisions.preview(share, Kind.REFUND, request)
    action = decisions.confirm(
        share, Kind.REFUND, request, plan_hash=plan.hash, by=Decider("dana", UserFactory()), reason="Asked for."
    )
    approver = UserFactory()
    action = decisions.approve(action, by=approver)

    with pytest.raises(NotApprovable):
        decisions.decline(action, by=approver, reason="No.")


def test_f41_three_partial_refunds_take_what_one_would(world: World) -> None:
    (share,) = world.bought((3333,))

    for amount in (1111, 1, 2221):
        refund(share, amount)

    share.refresh_from_db()
    assert (share.status, share.fee_returned, share.taken) == ("returned", share.fee, share.gross - share.fee)
    invariants.check_at_rest(world.emulator)


def test_f42_a_refund_takes_from_its_own_seller_only(world: World) -> None:
    first, second, third = world.bought()
    for share in (first, second, third):
        released(world, share)

    refund(second)

    assert {row.release.share_id for row in Reversal.objects.select_related("release")} == {second.pk}
    assert world.stripe_total(str(first.account.stripe_id)) == {"eur": 900}
    assert world.stripe_total(str(second.account.stripe_id)) == {}
    invariants.check_at_rest(world.emulator)


def test_f43_a_refund_that_comes_back_is_owed_again_and_paid_again(world: World) -> None:
    (share,) = world.bought((1000,), card=FAILS_LATER)
    refund(share)
    with world.later(days=1):
        world.settle()
        first = Refund.objects.get()
        assert first.status == "failed"
        assert journal.balance(Account.BUYER_REFUND_DUE, share.order.number, "eur") == -1000
        invariants.check_at_rest(world.emulator)

        decisions.by_itself(share, Kind.RETRY, {"refund": first.pk}, actor="test", reason="Again.")

        assert journal.balance(Account.BUYER_REFUND_DUE, share.order.number, "eur") == 0
        invariants.check_at_rest(world.emulator)


def test_f43_a_second_attempt_stripe_refused_can_be_made_again(world: World) -> None:
    (share,) = world.bought((1000,), card=FAILS_LATER)
    refund(share)
    with world.later(days=1):
        world.settle()
        first = Refund.objects.get()
        world.emulator.faults.add("error_before", match=REFUNDS, status=400, code="charge_disputed")
        with pytest.raises(StripeRefused):
            decisions.by_itself(share, Kind.RETRY, {"refund": first.pk}, actor="test", reason="Again.")

        decisions.by_itself(share, Kind.RETRY, {"refund": first.pk}, actor="test", reason="And again.")

        assert Refund.objects.latest("pk").status == "succeeded"
        assert journal.balance(Account.BUYER_REFUND_DUE, share.order.number, "eur") == 0
        invariants.check_at_rest(world.emulator)


def test_f43_a_reversal_stays_when_the_refund_comes_back(world: World) -> None:
    (share,) = world.bought((1000,), card=FAILS_LATER)
    released(world, share)
    refund(share)

    with world.later(days=1):
        world.settle()

        assert (Refund.objects.get().status, Reversal.objects.get().status) == ("failed", "done")
        invariants.check_at_rest(world.emulator)


def test_f44_a_refund_stripe_refuses_leaves_everything_as_it_was(world: World) -> None:
    (share,) = world.bought((1000,))
    world.emulator.faults.add("error_before", match=REFUNDS, status=400, code="charge_disputed")

    with pytest.raises(StripeRefused):
        refund(share)

    share.refresh_from_db()
    assert (share.left, share.refundable, Refund.objects.get().status) == (900, 1000, "refused")
    invariants.check_at_rest(world.emulator)


def test_a_refused_refund_does_not_keep_a_released_share_open(world: World) -> None:
    (share,) = world.bought((1000,))
    with armed("decision.committed", die), pytest.raises(Killed):
        refund(share, 200, policy="platform", reason="goodwill")
    released(world, share)
    world.emulator.faults.add("error_before", match=REFUNDS, status=400, code="charge_disputed")

    world.finish()

    share.refresh_from_db()
    assert (share.status, share.left) == ("released", 0)
    invariants.check_at_rest(world.emulator)


def test_a_cancelled_order_whose_refund_was_refused_is_refunded_later(world: World) -> None:
    (share,) = world.bought((1000,))
    world.emulator.faults.add("error_before", match=REFUNDS, status=400, code="charge_disputed")
    with pytest.raises(StripeRefused):
        decisions.by_itself(
            share, Kind.CANCEL, {"reason": "seller_cancelled", "policy": "seller"}, actor="bob", reason="Sold out."
        )
    assert sweeps.refund_cancelled() == 0

    with world.later(days=2):
        sweeps.refund_cancelled()

        share.refresh_from_db()
        assert (share.status, at_stripe(world, "refund")) == ("returned", 1)
        invariants.check_at_rest(world.emulator)


def test_an_unsent_order_that_was_refunded_in_part_still_cancels_itself(world: World) -> None:
    (share,) = world.bought((1000,))
    refund(share, 100, policy="platform", reason="goodwill")

    with world.later(days=8):
        sweeps.cancel_unsent()

        share.refresh_from_db()
        assert (share.order.status, share.refunded) == ("cancelled", 1000)
        invariants.check_at_rest(world.emulator)


def test_cancelling_what_was_sent_meanwhile_is_refused(world: World) -> None:
    (share,) = world.bought((1000,))
    request = {"reason": "seller_cancelled", "policy": "seller"}

    def send() -> None:
        progress.fulfil(share.order, at=now(), actor="bob", reason="Sent.")

    with armed("decision.planned", send), pytest.raises(decisions.Refused) as refused:
        decisions.by_itself(share, Kind.CANCEL, request, actor="sweep", reason="Not sent in time.")

    assert refused.value.code == "sent_already"
    assert not Refund.objects.exists()


def test_who_fetches_money_back_hears_that_stripe_said_no(world: World) -> None:
    (share,) = world.bought((1000,))
    released(world, share)
    world.emulator.faults.add("error_before", match=REVERSALS, status=400, code="balance_insufficient")

    with pytest.raises(StripeRefused):
        decisions.by_itself(share, Kind.REVERSE, {"amount": 900}, actor="test", reason="Wrong seller.")

    assert Reversal.objects.get().status == "refused"
    invariants.check_at_rest(world.emulator)


def test_a_refund_waits_for_a_platform_balance_that_is_short(world: World) -> None:
    (share,) = world.bought((1000,))
    with world.later(days=8):
        world.settle()
        # Stripe has paid our balance out to our bank by now.
        refund(share)
        world.settle()
        assert Refund.objects.get().status == "pending"
        invariants.check(world.emulator)

        business.fund(world.emulator, "platform", 5000, "eur")
        with world.later(days=1):
            world.settle()
            sweeps.follow()

            assert Refund.objects.get().status == "succeeded"
            invariants.check_at_rest(world.emulator)


@pytest.mark.parametrize(("currency", "price"), [("jpy", 1001), ("kwd", 12340), ("eur", 3333)])
def test_f33_refunds_and_releases_add_up_in_every_currency(world: World, currency: str, price: int) -> None:
    (share,) = world.bought((price,), currency=currency)
    refund(share, price // 3 // 10 * 10)
    released(world, share)
    refund(share)

    share.refresh_from_db()
    assert (share.left, share.refunded) == (0, share.gross)
    invariants.check_at_rest(world.emulator)


def test_f38_a_refund_in_the_destination_flow_takes_the_sellers_part_back(world: World) -> None:
    share = world.bought_at_once(1000)

    refund(share, 400)
    refund(share)

    share.refresh_from_db()
    assert (share.refunded, debt(share)) == (1000, 0)
    assert world.stripe_total(str(share.account.stripe_id)) == {}
    invariants.check_at_rest(world.emulator)


def test_f15_a_refund_asked_for_again_while_it_is_unknown_is_another_plan(world: World) -> None:
    (share,) = world.bought((1000,))
    request = {"amount": 1000, "reason": "changed_mind", "policy": "shared"}
    plan = decisions.preview(share, Kind.REFUND, request)
    world.emulator.faults.add("lost_response", match=REFUNDS)
    with pytest.raises(StripeUnavailable):
        refund(share)

    with pytest.raises(decisions.Refused) as refused:
        decisions.by_itself(share, Kind.REFUND, request, actor="test", reason="Again.", plan_hash=plan.hash)
    world.finish()

    assert (refused.value.code, at_stripe(world, "refund")) == ("more_than_left", 1)


def test_f17_a_reversal_nobody_finished_for_a_day_is_found_at_stripe(world: World) -> None:
    (share,) = world.bought((1000,))
    released(world, share)
    world.emulator.faults.add("lost_response", match=REVERSALS)
    with pytest.raises(StripeUnavailable):
        refund(share)

    with world.later(days=2):
        sweeps.follow()
        world.settle()

        assert (Reversal.objects.get().status, at_stripe(world, "transfer_reversal"), debt(share)) == ("done", 1, 0)
        invariants.check_at_rest(world.emulator)


def test_f18_a_reversal_behind_a_saved_failure_is_made_once(world: World) -> None:
    (share,) = world.bought((1000,))
    released(world, share)
    world.emulator.faults.add("save_500", match=REVERSALS, acted=True)
    with pytest.raises(StripeUnavailable):
        refund(share)

    for hours in range(1, 8):
        with fixed_at(now() + timedelta(hours=hours)):
            sweeps.follow()

    assert (Reversal.objects.get().status, at_stripe(world, "transfer_reversal"), debt(share)) == ("done", 1, 0)
    invariants.check_at_rest(world.emulator)


def test_f19_a_refused_refund_is_another_refund_when_it_is_asked_for_again(world: World) -> None:
    (share,) = world.bought((1000,))
    world.emulator.faults.add("error_before", match=REFUNDS, status=400, code="charge_disputed")
    with pytest.raises(StripeRefused):
        refund(share, 300)

    refund(share, 300)

    first, second = Refund.objects.order_by("pk")
    assert (first.status, second.status, first.uuid == second.uuid) == ("refused", "succeeded", False)
    assert at_stripe(world, "refund") == 1
    invariants.check_at_rest(world.emulator)


def test_f51_books_that_are_behind_the_sellers_balance_lose_nothing(world: World) -> None:
    (share,) = world.bought((1000,))
    released(world, share)
    with world.later(days=1):
        world.emulator.faults.add("webhook_delay", match="payout.*", times=20, seconds=7 * 86400)
        world.emulator.advance(seconds=9 * 86400)
        with world.later(minutes=1):
            assert world.stripe_total(str(share.account.stripe_id)) == {}
            refund(share)

            assert (Reversal.objects.get().status, debt(share)) == ("refused", 900)
            invariants.check(world.emulator)
        with world.later(days=8):
            world.finish()
            invariants.check_at_rest(world.emulator)


def test_f52_lines_that_nothing_here_models_move_no_book(world: World) -> None:
    world.bought()
    before = journal.balance(Account.PLATFORM_CASH, "", "eur")

    business.fund(world.emulator, "platform", 5000, "eur")
    world.finish()

    assert journal.balance(Account.PLATFORM_CASH, "", "eur") == before
    invariants.check_at_rest(world.emulator)


def test_f43_a_refund_that_waits_for_the_buyer_and_is_cancelled_is_still_owed(world: World) -> None:
    (share,) = world.bought((1000,), card=PENDS)
    refund(share, 400)
    row = Refund.objects.get()
    at_first = reads.refund(str(row.stripe_id))

    refunds.apply(row, replace(at_first, status="requires_action"), actor="test")
    row.refresh_from_db()
    assert row.status == "pending"
    refunds.apply(row, replace(at_first, status="canceled", failure_line=None), actor="test")

    row.refresh_from_db()
    assert (row.status, list(refunds.unpaid(share))) == ("failed", [row])
