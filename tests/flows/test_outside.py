"""What somebody does in Stripe's Dashboard: taken in, marked, and waiting for a decision where one is needed (F40)."""

from __future__ import annotations

from contextlib import suppress

import pytest

from emulator import business
from gateway import reads
from gateway.errors import StripeUnavailable
from kit.faults import armed
from ledger import journal
from ledger.models import Account
from payments import decisions, outside, refunds, sweeps
from payments.consequences import Refused
from payments.models import Hold, MoneyAction, Refund, Reversal, Share
from tests import invariants
from tests.world import World

pytestmark = pytest.mark.django_db

Kind = MoneyAction.Kind
FAILS_LATER = "4000000000005126"


class Killed(BaseException):
    """The process died here."""


def die() -> None:
    raise Killed


def refund_outside(world: World, share: Share, amount: int) -> None:
    world.in_the_dashboard("POST /v1/refunds", {"charge": share.payment.charge_id, "amount": amount})
    world.settle()


def decide(share: Share, policy: str = "shared") -> None:
    for refund in share.refunds.filter(undecided=True):
        request = {"refund": refund.pk, "policy": policy}
        decisions.by_itself(share, Kind.DECIDE, request, actor="test", reason="Theirs.")


def released(world: World, share: Share) -> None:
    world.delivered(share)
    sweeps.set_dates()
    sweeps.release_due()


def test_f40_a_refund_made_outside_waits_for_a_decision_and_is_then_like_any_other(world: World) -> None:
    (share,) = world.bought((1000,))
    refund_outside(world, share, 400)
    assert share.holds.get().kind == Hold.Kind.STAFF
    invariants.check_at_rest(world.emulator)

    decide(share)

    share.refresh_from_db()
    assert (share.taken, share.fee_returned, share.left) == (360, 40, 540)
    assert not share.holds.filter(ended_at=None).exists()
    invariants.check_at_rest(world.emulator)


def test_f40_told_twice_and_at_the_wrong_time_it_is_taken_in_once(world: World) -> None:
    (share,) = world.bought((1000,))
    world.emulator.faults.add("webhook_duplicate", match="refund.*", times=10, copies=3, new_ids=True)
    refund_outside(world, share, 400)
    outside.take_in(share.payment, reads.charge(str(share.payment.charge_id)), actor="test")

    share.refresh_from_db()
    assert (Refund.objects.count(), share.refunded) == (1, 400)
    invariants.check_at_rest(world.emulator)


def test_f42_a_refund_outside_of_several_orders_is_put_on_each_of_them(world: World) -> None:
    first, second, third = world.bought()

    refund_outside(world, first, 5000)

    parts = {refund.share_id: refund.amount for refund in Refund.objects.all()}
    assert sum(parts.values()) == 5000
    assert set(parts) == {first.pk, second.pk, third.pk}
    invariants.check_at_rest(world.emulator)
    for share in (first, second, third):
        decide(share)
    invariants.check_at_rest(world.emulator)


def test_f42_a_refund_outside_of_everything_is_all_there_is(world: World) -> None:
    first, second, third = world.bought()
    released(world, third)

    refund_outside(world, first, 6833)
    for share in (first, second, third):
        decide(share, policy="seller")
    world.settle()
    sweeps.follow()

    assert list(Share.objects.order_by("pk").values_list("status", flat=True)) == ["returned", "returned", "released"]
    assert {share.refunded == share.gross for share in Share.objects.all()} == {True}
    invariants.check_at_rest(world.emulator)


def test_f43_a_refund_of_several_orders_that_comes_back_is_owed_on_each(world: World) -> None:
    first, _second, _third = world.bought(card=FAILS_LATER)
    refund_outside(world, first, 5000)

    with world.later(days=1):
        world.settle()

        assert set(Refund.objects.values_list("status", flat=True)) == {"failed"}
        invariants.check_at_rest(world.emulator)


def test_f43_what_came_back_and_is_paid_again_in_the_dashboard_is_paid(world: World) -> None:
    (share,) = world.bought((1000,), card=FAILS_LATER)
    request = {"amount": 1000, "reason": "changed_mind", "policy": "shared"}
    decisions.by_itself(share, Kind.REFUND, request, actor="test", reason="Asked for.")
    with world.later(days=1):
        world.settle()
        assert Refund.objects.get().status == "failed"

        refund_outside(world, share, 1000)

        again = Refund.objects.latest("pk")
        assert (again.outside, again.undecided, again.replaces_id) == (True, False, Refund.objects.earliest("pk").pk)
        assert journal.balance(Account.BUYER_REFUND_DUE, share.order.number, "eur") == 0
        invariants.check_at_rest(world.emulator)


def test_f37_a_refund_outside_we_were_not_told_of_is_seen_before_a_release(world: World) -> None:
    first, second, _third = world.bought(card=FAILS_LATER)
    request = {"amount": 1000, "reason": "changed_mind", "policy": "shared"}
    decisions.by_itself(first, Kind.REFUND, request, actor="test", reason="Asked for.")
    with world.later(days=1):
        world.settle()
        assert Refund.objects.get().status == "failed"
        world.emulator.faults.add("webhook_drop", match=".*", times=100)
        world.in_the_dashboard("POST /v1/refunds", {"charge": first.payment.charge_id, "amount": 900})

        released(world, second)

        assert Refund.objects.filter(undecided=True).count() == 1


def test_f03_a_refund_outside_that_comes_before_ours_is_sent_waits_its_turn(world: World) -> None:
    (share,) = world.bought((1000,))
    request = {"amount": 800, "reason": "changed_mind", "policy": "shared"}
    with armed("decision.committed", die), pytest.raises(Killed):
        decisions.by_itself(share, Kind.REFUND, request, actor="test", reason="Asked for.")
    refund_outside(world, share, 900)
    invariants.check(world.emulator)
    assert Refund.objects.count() == 1

    world.finish()

    share.refresh_from_db()
    assert sorted(Refund.objects.values_list("status", "amount")) == [("refused", 800), ("succeeded", 900)]
    invariants.check_at_rest(world.emulator)


def test_a_transfer_reversed_in_the_dashboard_is_held_again(world: World) -> None:
    (share,) = world.bought((1000,))
    released(world, share)
    transfer = share.releases.get().transfer_id

    world.in_the_dashboard(f"POST /v1/transfers/{transfer}/reversals", {"amount": 500})
    world.settle()

    share.refresh_from_db()
    assert (share.status, share.left, Reversal.objects.get().outside) == ("held", 500, True)
    invariants.check_at_rest(world.emulator)


def test_f40_a_transfer_reversed_before_ours_for_a_refund_gets_there_is_held_for_the_seller(world: World) -> None:
    (share,) = world.bought((1000,))
    released(world, share)
    transfer = share.releases.get().transfer_id
    world.emulator.faults.add("lost_request", match="POST /v1/transfers/[^/]+/reversals", times=100)
    request = {"amount": 1000, "reason": "seller_cancelled", "policy": "seller"}
    with suppress(StripeUnavailable):
        decisions.by_itself(share, Kind.REFUND, request, actor="test", reason="Cancelled.")
    world.emulator.faults.clear()

    world.in_the_dashboard(f"POST /v1/transfers/{transfer}/reversals", {"amount": 200})
    world.settle()
    world.finish()

    share.refresh_from_db()
    assert sorted(Reversal.objects.values_list("status", "outside")) == [("done", True), ("refused", False)]
    assert (share.status, share.left) == ("held", 200)
    assert journal.balance(Account.SUSPENSE, share.order.number, "eur") == 0
    invariants.check_at_rest(world.emulator)


def test_f38_a_destination_charge_taken_apart_in_the_dashboard_stays_in_the_books(world: World) -> None:
    share = world.bought_at_once(1000)

    world.in_the_dashboard(
        "POST /v1/refunds",
        {
            "charge": share.payment.charge_id,
            "amount": 1000,
            "reverse_transfer": True,
            "refund_application_fee": True,
        },
    )
    world.settle()
    share.refresh_from_db()
    assert (share.status, share.left) == ("held", 900)
    decide(share)

    share.refresh_from_db()
    assert share.status == "returned"
    assert journal.balance(Account.SUSPENSE, share.order.number, "eur") == 0
    invariants.check_at_rest(world.emulator)


def test_a_dispute_at_the_bank_changes_nothing_here_but_holds_everything(world: World) -> None:
    first, second, _third = world.bought()
    business.open_dispute(world.emulator, str(first.payment.charge_id))
    world.settle()

    assert second.holds.get().kind == Hold.Kind.DISPUTE
    invariants.check_at_rest(world.emulator)


def test_f43_a_bigger_refund_outside_pays_what_is_owed_and_is_new_for_the_rest(world: World) -> None:
    first, second, _third = world.bought(card=FAILS_LATER)
    for share, amount in ((first, 1000), (second, 2500)):
        request = {"amount": amount, "reason": "changed_mind", "policy": "shared"}
        decisions.by_itself(share, Kind.REFUND, request, actor="test", reason="Asked for.")
    with world.later(days=1):
        world.settle()

        refund_outside(world, first, 3400)
        refund_outside(world, first, 3433)

        assert [refunds.unpaid(share).count() for share in (first, second)] == [0, 0]
        assert sum(Refund.objects.filter(undecided=True).values_list("amount", flat=True)) == 3333
        invariants.check_at_rest(world.emulator)


def test_i18_the_hold_for_a_refund_nobody_decided_about_ends_with_the_decision_only(world: World) -> None:
    (share,) = world.bought((1000,))
    refund_outside(world, share, 400)
    request = {"hold": share.holds.get().pk}

    with pytest.raises(Refused, match="decide_first"):
        decisions.by_itself(share, Kind.END_HOLD, request, actor="test", reason="Enough.")

    assert share.holds.get().ended_at is None
    decide(share)
    assert share.holds.get().ended_at is not None
