"""Releases on bad days: money stays where it is, or goes to its seller once (F13 to F22, F35 to F37, F49 to F53)."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from emulator import business
from gateway import operations
from gateway.errors import StripeRefused, StripeUnavailable
from kit.clock import fixed_at, now
from kit.faults import armed
from orders import progress
from payments import decisions, fetching_back, schedule, sweeps
from payments.decisions import Decider
from payments.models import Hold, MoneyAction, Refund, Release, Reversal, Share
from tests import invariants
from tests.factories import ConnectedAccountFactory, UserFactory
from tests.world import World

pytestmark = pytest.mark.django_db

Kind = MoneyAction.Kind
TRANSFERS = "POST /v1/transfers"


class Killed(BaseException):
    """The process died here."""


def die() -> None:
    raise Killed


@pytest.fixture
def share(world: World) -> Share:
    """Alice paid 10.00 for something, and has it; its release is due."""
    (share,) = world.bought((1000,))
    world.delivered(share)
    sweeps.set_dates()
    share.refresh_from_db()
    return share


def release(share: Share, **request: Any) -> MoneyAction:
    return decisions.by_itself(share, Kind.RELEASE, request, actor="test", reason="Said so.")


def transfers(world: World) -> int:
    return len(world.emulator.store.find("transfer"))


def test_f13_stripe_times_out_after_acting_and_one_transfer_is_made(world: World, share: Share) -> None:
    world.emulator.faults.add("lost_response", match=TRANSFERS)
    with pytest.raises(StripeUnavailable):
        release(share)
    invariants.check(world.emulator)

    world.finish()

    assert (Release.objects.get().status, transfers(world)) == ("sent", 1)
    invariants.check_at_rest(world.emulator)


def test_f15_who_asks_again_while_it_is_unknown_starts_no_second_release(world: World, share: Share) -> None:
    world.emulator.faults.add("lost_response", match=TRANSFERS)
    with pytest.raises(StripeUnavailable):
        release(share)

    with pytest.raises(decisions.Refused) as refused:
        release(share)
    world.finish()

    assert refused.value.code == "release_on_its_way"
    assert (Release.objects.count(), transfers(world)) == (1, 1)


def test_f17_a_release_nobody_finished_for_a_day_is_looked_up_before_it_is_sent_again(
    world: World, share: Share
) -> None:
    world.emulator.faults.add("lost_response", match=TRANSFERS)
    with pytest.raises(StripeUnavailable):
        release(share)

    with world.later(days=2):
        sweeps.follow()
        world.settle()

    operation = operations.latest(f"release:{share.order.number}:1")
    assert operation is not None
    assert (operation.adopted, Release.objects.get().status, transfers(world)) == (True, "sent", 1)
    invariants.check_at_rest(world.emulator)


def test_f18_a_saved_failure_that_acted_is_found_at_stripe(world: World, share: Share) -> None:
    world.emulator.faults.add("save_500", match=TRANSFERS, acted=True)
    with pytest.raises(StripeUnavailable):
        release(share)

    for hours in range(1, 8):
        with fixed_at(now() + timedelta(hours=hours)):
            sweeps.follow()

    assert (Release.objects.get().status, transfers(world)) == ("sent", 1)
    invariants.check_at_rest(world.emulator)


def test_f19_what_was_refused_is_never_sent_again_under_its_key(world: World, share: Share) -> None:
    world.emulator.faults.add(
        "error_before", match=TRANSFERS, status=400, code="insufficient_capabilities_for_transfer"
    )
    with pytest.raises(StripeRefused):
        release(share)

    with fixed_at(now() + timedelta(hours=7)):
        sweeps.end_holds()
        sweeps.release_due()

    first, second = Release.objects.order_by("pk")
    assert (first.status, second.status, transfers(world)) == ("refused", "sent", 1)
    keys = [operations.latest(f"release:{share.order.number}:{n}") for n in (1, 2)]
    assert [operation.status for operation in keys if operation] == ["failed", "succeeded"]
    invariants.check_at_rest(world.emulator)


@pytest.mark.parametrize(
    "point",
    [
        "decision.committed", "operation.claimed", "operation.answered", "operation.settled", "release.answered",
        "release.before_apply", "release.applied",
    ],
)  # fmt: skip
def test_f22_killed_anywhere_a_release_is_made_and_booked_once(world: World, share: Share, point: str) -> None:
    with armed(point, die), pytest.raises(Killed):
        release(share)
    invariants.check(world.emulator)

    world.finish()
    world.settle()

    share.refresh_from_db()
    assert (share.status, Release.objects.get().status, transfers(world)) == ("released", "sent", 1)
    invariants.check_at_rest(world.emulator)


def test_f35_the_sweep_the_staff_and_the_buyer_release_once(world: World, share: Share) -> None:
    sweeps.release_due()
    sweeps.release_due()
    with pytest.raises(decisions.Refused):
        release(share)

    assert transfers(world) == 1
    invariants.check_at_rest(world.emulator)


def test_f36_a_release_does_not_wait_for_the_card_to_settle(world: World, share: Share) -> None:
    release(share)

    (transfer,) = world.emulator.store.find("transfer")
    assert transfer.body["source_transaction"] == share.payment.charge_id
    assert Release.objects.get().status == "sent"


def test_f36_a_balance_that_is_short_is_waited_for(world: World, share: Share) -> None:
    world.emulator.faults.add("error_before", match=TRANSFERS, status=400, code="balance_insufficient")
    sweeps.release_due()
    share.refresh_from_db()
    assert not share.holds.exists()

    with fixed_at(now() + timedelta(hours=7)):
        sweeps.release_due()

    assert transfers(world) == 1
    invariants.check_at_rest(world.emulator)


def test_a_part_released_early_that_was_refused_does_not_release_the_rest(world: World) -> None:
    (share,) = world.bought((1000,))
    world.emulator.faults.add("error_before", match=TRANSFERS, status=400, code="balance_insufficient")
    with pytest.raises(StripeRefused):
        release(share, amount=300)

    with fixed_at(now() + timedelta(days=1)):
        sweeps.release_due()

    assert transfers(world) == 0


def test_f37_a_dispute_we_were_not_told_of_stops_a_release(world: World, share: Share) -> None:
    world.emulator.faults.add("webhook_drop", match=".*", times=100)
    business.open_dispute(world.emulator, str(share.payment.charge_id))

    sweeps.release_due()

    assert transfers(world) == 0
    assert share.holds.get().kind == Hold.Kind.DISPUTE


def test_f37_a_dispute_calls_off_a_release_that_was_not_sent(world: World, share: Share) -> None:
    with armed("decision.committed", die), pytest.raises(Killed):
        release(share)
    business.open_dispute(world.emulator, str(share.payment.charge_id))
    world.settle()

    world.finish()

    assert (Release.objects.get().status, transfers(world)) == ("refused", 0)
    invariants.check_at_rest(world.emulator)


def test_f37_a_refund_in_the_dashboard_calls_off_a_release_that_was_not_sent(world: World, share: Share) -> None:
    with armed("decision.committed", die), pytest.raises(Killed):
        release(share)
    world.in_the_dashboard("POST /v1/refunds", {"charge": share.payment.charge_id, "amount": 400})
    world.settle()

    world.finish()

    assert (Release.objects.get().status, transfers(world)) == ("refused", 0)
    invariants.check_at_rest(world.emulator)


def test_f37_what_stripe_sent_while_a_dispute_opened_is_fetched_back(world: World, share: Share) -> None:
    world.emulator.faults.add("lost_response", match=TRANSFERS)
    with pytest.raises(StripeUnavailable):
        release(share)
    business.open_dispute(world.emulator, str(share.payment.charge_id))
    world.settle()
    world.finish()
    assert Release.objects.get().status == "sent"

    fetching_back.fetch_overtaken()

    share.refresh_from_db()
    assert (Reversal.objects.get().status, share.status, share.left) == ("done", "held", 900)
    invariants.check_at_rest(world.emulator)
    assert fetching_back.fetch_overtaken() == 0


def test_f49_a_seller_who_may_not_be_paid_is_parked_and_tried_again(world: World, share: Share) -> None:
    account = str(share.account.stripe_id)
    business.lose_capability(world.emulator, account)
    world.settle()
    sweeps.release_due()
    assert share.holds.get().kind == Hold.Kind.RESTRICTION

    business.restore_account(world.emulator, account)
    world.settle()
    sweeps.end_holds()
    sweeps.release_due()

    assert Release.objects.get().status == "sent"
    invariants.check_at_rest(world.emulator)


def test_f49_stripe_refuses_before_we_hear_of_it_and_the_share_says_why(world: World, share: Share) -> None:
    world.emulator.faults.add("webhook_drop", match=".*", times=100)
    business.lose_capability(world.emulator, str(share.account.stripe_id))

    sweeps.release_due()

    share.refresh_from_db()
    assert (share.left, share.holds.get().ref) == (900, "transfer")
    invariants.check(world.emulator)


def test_f50_money_never_goes_to_an_account_opened_later(world: World, share: Share) -> None:
    first = share.account
    type(first).objects.filter(pk=first.pk).update(closed_at=now())
    ConnectedAccountFactory(seller=first.seller, version=2)

    sweeps.release_due()

    share.refresh_from_db()
    assert (share.account, transfers(world)) == (first, 0)
    assert share.holds.get().kind == Hold.Kind.RESTRICTION


def test_an_order_that_is_all_fee_ends_on_its_date(world: World, settings: Any) -> None:
    settings.PLATFORM_FEE_BASIS_POINTS = 10_000
    (share,) = world.bought((1000,))
    world.delivered(share)
    sweeps.set_dates()

    sweeps.release_due()

    share.refresh_from_db()
    assert (share.status, share.fee_earned) == ("released", True)
    invariants.check_at_rest(world.emulator)


def test_what_was_fetched_back_can_be_released_again(world: World, share: Share) -> None:
    release(share)
    decisions.by_itself(share, Kind.REVERSE, {"amount": 900}, actor="test", reason="Wrong seller.")
    hold = share.holds.get()
    decisions.by_itself(share, Kind.END_HOLD, {"hold": hold.pk}, actor="test", reason="Right after all.")
    with world.later(days=8):
        # Its charge has no room for a second transfer: it comes from our balance, so that has to cover it.
        business.fund(world.emulator, "platform", 5000, "eur")
        sweeps.release_due()
        world.settle()

        share.refresh_from_db()
        assert (share.status, share.left, transfers(world)) == ("released", 0, 2)
        invariants.check_at_rest(world.emulator)


def test_f53_what_was_fetched_back_late_leaves_staff_time_to_decide(world: World, share: Share) -> None:
    release(share)
    with world.later(days=95):
        release(world.bought_again(share, 2000))
        business.fund(world.emulator, str(share.account.stripe_id), 900, "eur")
        decisions.by_itself(share, Kind.REVERSE, {"amount": 900}, actor="test", reason="The buyer complains.")

        sweeps.watch_deadlines()

    assert not Refund.objects.exists()


def test_f53_on_the_last_day_what_was_sent_goes_to_the_seller_and_the_rest_to_the_buyer(world: World) -> None:
    sent, unsent, checked = world.bought()
    progress.fulfil(sent.order, at=now(), actor="seller", reason="Sent.")
    world.delivered(checked)
    person = UserFactory()
    plan = decisions.preview(checked, Kind.HOLD, {"until": None})
    decisions.confirm(
        checked, Kind.HOLD, {"until": None}, plan_hash=plan.hash, by=Decider("dana", person), reason="Odd."
    )

    with world.later(days=89, minutes=30):
        sweeps.watch_deadlines()
        world.settle()

        ends = dict(Share.objects.values_list("pk", "status"))
        assert ends == {sent.pk: "released", unsent.pk: "returned", checked.pk: "returned"}
        invariants.check_at_rest(world.emulator)


def test_f53_a_share_released_in_part_gives_back_only_what_is_still_held(world: World, share: Share) -> None:
    release(share, amount=400)
    decisions.by_itself(share, Kind.HOLD, {"until": None}, actor="test", reason="Odd.")

    with world.later(days=89, minutes=30):
        for _day in range(3):
            sweeps.watch_deadlines()
        world.settle()

        share.refresh_from_db()
        assert (share.left, Reversal.objects.count()) == (0, 0)
        assert sum(refund.owed for refund in Refund.objects.all()) == 0
        invariants.check_at_rest(world.emulator)


def test_the_buyer_is_warned_before_a_release_even_when_the_sweeps_stood_still(world: World) -> None:
    (share,) = world.bought((1000,))
    progress.fulfil(share.order, at=now(), actor="seller", reason="Sent.")
    sweeps.set_dates()

    with world.later(days=30):
        sweeps.warn_buyers()
        sweeps.release_due()

        share.refresh_from_db()
        assert transfers(world) == 0
        assert share.release_at is not None
        assert share.release_at >= now() + timedelta(days=schedule.warning_days()) - timedelta(minutes=1)


def test_f37_a_fraud_warning_holds_every_order_of_the_payment(world: World, share: Share) -> None:
    warning = business.warn_of_fraud(world.emulator, str(share.payment.charge_id))
    world.settle()

    sweeps.release_due()

    hold = share.holds.get()
    assert (hold.kind, hold.ref, transfers(world)) == (Hold.Kind.WARNING, warning, 0)
    decisions.by_itself(share, Kind.END_HOLD, {"hold": hold.pk}, actor="test", reason="The buyer called.")
    sweeps.release_due()
    assert transfers(world) == 1
    invariants.check_at_rest(world.emulator)


def test_i06_nothing_is_released_while_a_refund_waits_for_a_second_person(
    world: World, share: Share, settings: Any
) -> None:
    settings.SECOND_PERSON_ABOVE = {}
    request = {"amount": 500, "reason": "not_as_described", "policy": "shared"}
    plan = decisions.preview(share, Kind.REFUND, request)
    by = Decider("dana", UserFactory())
    asked = decisions.confirm(share, Kind.REFUND, request, plan_hash=plan.hash, by=by, reason="Torn.")

    sweeps.release_due()
    with pytest.raises(decisions.Refused) as refused:
        release(share)
    assert (transfers(world), refused.value.code) == (0, "waits_for_approval")

    decisions.approve(asked, by=UserFactory())
    sweeps.release_due()
    assert (Refund.objects.get().status, transfers(world)) == ("succeeded", 1)
    invariants.check_at_rest(world.emulator)


def test_i06_a_declined_refund_lets_the_release_go_on(world: World, share: Share, settings: Any) -> None:
    settings.SECOND_PERSON_ABOVE = {}
    request = {"amount": 500, "reason": "not_as_described", "policy": "shared"}
    plan = decisions.preview(share, Kind.REFUND, request)
    by = Decider("dana", UserFactory())
    asked = decisions.confirm(share, Kind.REFUND, request, plan_hash=plan.hash, by=by, reason="Torn.")

    decisions.decline(asked, by=UserFactory(), reason="It is not torn.")
    sweeps.release_due()

    assert (Refund.objects.count(), transfers(world)) == (0, 1)


def test_f06_a_share_that_cannot_be_helped_holds_up_no_other(world: World) -> None:
    first, *others = world.bought()
    for one in (first, *others):
        world.delivered(one)
    seen: list[int] = []

    def break_the_first() -> None:
        seen.append(1)
        if len(seen) % 3 == 1:
            raise ValueError("Something about the first share is impossible.")

    with armed("sweep.share", break_the_first):
        assert sweeps.set_dates() == 2
        assert sweeps.release_due() == 1

    assert sweeps.set_dates() == 1
    sweeps.release_due()
    assert transfers(world) == 3
