"""Disputes on bad days: events in any order, twice or never, unknown charges, money that moves at the same moment."""

from __future__ import annotations

from dataclasses import replace
from itertools import permutations
from typing import Any

import pytest
from django.db import transaction
from django.test import Client

from emulator import business
from gateway import objects, reads
from gateway.errors import StripeUnavailable
from inbox.models import StripeEvent
from kit.faults import armed
from ledger import journal
from ledger.models import Account, Entry
from monitoring import sweeping
from orders.models import FundsFlow
from payments import bars, decisions, disputes, stories, sweeps
from payments.errors import NotYet
from payments.models import Dispute, DisputeMove, DisputeShare, Hold, MoneyAction, Refund, Release, Reversal, Share
from payments.tasks import act_on_held_money
from tests.flows.test_disputes import agrees, balance, dispute, fresh, move, released, settle
from tests.world import World

pytestmark = pytest.mark.django_db(transaction=True)

Kind = MoneyAction.Kind
LINE = objects.BalanceTransaction
TRANSFERS = "POST /v1/transfers"


class Killed(BaseException):
    """The process is gone."""


def die() -> None:
    """As kill -9 does."""
    raise Killed


def snapshots(world: World, share: Share, *ends: str) -> list[objects.Dispute]:
    """A dispute as it was at each step, while none of its events reached us."""
    world.emulator.faults.add("webhook_drop", match=".*", times=1000, swallowed=True)
    du = business.open_dispute(world.emulator, str(share.payment.charge_id))
    found = [reads.dispute(du)]
    for end in ends:
        business.move_dispute(world.emulator, du, end)
        found.append(reads.dispute(du))
    return found


def state(share: Share) -> tuple[Any, ...]:
    """Everything that must not depend on the order in which we heard of things."""
    row, now = Dispute.objects.get(), fresh(share)
    parts = list(DisputeShare.objects.values_list("outcome", "amount", "absorbed", "owed", "from_fee"))
    entries = Entry.objects.filter(posting__kind="dispute").values_list("posting__key", "account", "amount")
    return (
        (row.status, row.withdrawn, row.reinstated, row.fee, row.settled_at is None),
        (now.status, now.disputed, now.left, now.fee_returned, now.taken),
        tuple(parts),
        tuple(sorted(entries)),
        now.holds.filter(ended_at=None).count(),
    )


@pytest.mark.parametrize("end", ["won", "lost"])
def test_f02_any_order_of_a_disputes_events_ends_in_the_same_state(world: World, end: str) -> None:
    """All 24 orders in which four looks at it can be written down, and all of them again at the end (I11)."""
    (share,) = world.bought((1000,))
    opened, reviewed, ended = snapshots(world, share, "under_review", end)
    early = replace(opened, lines=()) if end == "lost" else replace(ended, lines=ended.lines[:1])
    seen = [early, opened, reviewed, ended]
    found = set()

    for order in permutations(range(4)):
        with transaction.atomic():
            for index in (*order, *order):
                disputes.apply(seen[index], actor="test")
            found.add(state(share))
            transaction.set_rollback(True)

    assert len(found) == 1
    disputes.apply(ended, actor="test")
    assert found == {state(share)}
    world.finish()
    agrees(world)


@pytest.mark.parametrize("end", ["won", "lost"])
@pytest.mark.parametrize("order", list(permutations(range(3))), ids=str)
def test_f02_looks_that_are_old_news_move_nothing_back(world: World, end: str, order: tuple[int, ...]) -> None:
    """Two workers fetched at different times, and the slower one writes last: in any order, and again (I11)."""
    (share,) = world.bought((1000,))
    seen = snapshots(world, share, "under_review", end)

    for index in (*order, *order):
        disputes.apply(seen[index], actor="test")
    world.finish()

    row, now = Dispute.objects.get(), fresh(share)
    assert (row.status, row.settled_at is None) == (end, False)
    assert (now.left, now.disputed) == ((900, 0) if end == "won" else (0, 1000))
    assert not now.holds.filter(ended_at=None).exists()
    agrees(world)


def test_f01_every_event_of_a_won_dispute_three_times_at_once(world: World) -> None:
    (share,) = world.bought((1000,))
    world.emulator.faults.add("webhook_duplicate", match="charge\\.dispute.*", times=20, copies=3, new_ids=True)
    du = business.open_dispute(world.emulator, str(share.payment.charge_id))
    business.move_dispute(world.emulator, du, "under_review")
    business.move_dispute(world.emulator, du, "won")

    settle(world)

    assert StripeEvent.objects.filter(type__startswith="charge.dispute").count() > 5
    assert Dispute.objects.get().settled_at is not None
    assert fresh(share).left == 900
    agrees(world)


def test_f08_a_dispute_no_event_told_of_is_found(world: World) -> None:
    (share,) = world.bought((1000,))
    du = snapshots(world, share)[0].id

    assert (disputes.find_missed(), disputes.find_missed()) == (1, 0)

    assert fresh(share).holds.get().kind == Hold.Kind.DISPUTE
    business.move_dispute(world.emulator, du, "lost")
    with world.later(minutes=7 * 60):
        assert disputes.follow() == 1
        assert fresh(share).status == "returned"
        agrees(world)


def test_f37_a_chargeback_calls_off_a_release_that_was_not_sent(world: World) -> None:
    (share,) = world.bought((1000,))
    world.delivered(share)
    sweeps.set_dates()
    with armed("decision.committed", die), pytest.raises(Killed):
        decisions.by_itself(share, Kind.RELEASE, {}, actor="test", reason="Due.")

    dispute(world, share)

    share = fresh(share)
    assert (Release.objects.get().status, share.left, share.released) == ("refused", 900, 0)
    agrees(world)


def test_f37_a_release_stripe_made_while_the_dispute_opened_comes_back_and_is_lost_to_it(world: World) -> None:
    (share,) = world.bought((1000,))
    world.delivered(share)
    sweeps.set_dates()
    world.emulator.faults.add("lost_response", match=TRANSFERS)
    with pytest.raises(StripeUnavailable):
        decisions.by_itself(share, Kind.RELEASE, {}, actor="test", reason="Due.")
    du = dispute(world, share)
    assert Release.objects.get().status == "sent"
    act_on_held_money()
    settle(world)
    assert (fresh(share).left, Reversal.objects.get().status) == (900, "done")

    move(world, du, "lost")

    assert (fresh(share).left, DisputeShare.objects.get().owed) == (0, 0)
    agrees(world)


def test_f44_a_refund_on_its_way_that_stripe_refuses_makes_room_for_the_dispute(world: World) -> None:
    (share,) = world.bought((1000,))
    request = {"amount": 400, "reason": Refund.Reason.CHANGED_MIND, "policy": "shared"}
    with armed("decision.committed", die), pytest.raises(Killed):
        decisions.by_itself(share, Kind.REFUND, request, actor="test", reason="Asked for.")
    charge = str(share.payment.charge_id)
    du = business.open_dispute(world.emulator, charge)
    world.settle()
    assert (fresh(share).disputed, DisputeShare.objects.get().amount) == (600, 600)

    settle(world)
    row = move(world, du, "lost")

    share = fresh(share)
    assert Refund.objects.get().status == "refused"
    assert (row.beyond, share.disputed, share.refunded, share.status) == (0, 1000, 0, "returned")
    agrees(world)


def test_f45_won_means_paid_back_only_when_stripe_gave_the_money_back(world: World) -> None:
    (share,) = world.bought((1000,))
    won = snapshots(world, share, "won")[-1]

    disputes.apply(replace(won, lines=won.lines[:1]), actor="test")
    early = fresh(share)
    assert (early.disputed, early.holds.filter(ended_at=None).count()) == (1000, 1)
    disputes.apply(won, actor="test")

    assert (fresh(share).disputed, fresh(share).holds.filter(ended_at=None).count()) == (0, 0)
    world.finish()
    agrees(world)


def test_f46_a_dispute_that_costs_more_than_the_charge_is_a_currency_difference(world: World) -> None:
    (share,) = world.bought((1000,))
    lost = snapshots(world, share, "lost")[-1]
    dearer = replace(lost, lines=(replace(lost.lines[0], amount=-1030, net=-1030 - lost.lines[0].fee),))

    disputes.apply(dearer, actor="test")

    assert balance(Account.FX_DIFFERENCE) == 30
    assert balance(Account.DISPUTE_CLEARING, lost.id) == 0
    assert (fresh(share).taken, fresh(share).fee_returned) == (900, 100)


def test_f46_a_dispute_taken_from_a_balance_of_another_currency_adds_up_in_both(world: World) -> None:
    (share,) = world.bought((1000,))
    lost = snapshots(world, share, "lost")[-1]
    other = replace(lost, lines=(LINE("txn_usd", -1100, 1500, -2600, "usd"),))

    disputes.apply(other, actor="test")

    assert [journal.balance(Account.FX_DIFFERENCE, "", "eur"), journal.balance(Account.FX_DIFFERENCE, "", "usd")] == [
        -1000,
        1100,
    ]
    assert journal.balance(Account.DISPUTE_CLEARING, lost.id, "usd") == 0
    assert fresh(share).status == "returned"


def test_f47_a_dispute_of_an_unknown_charge_waits_an_hour_and_then_stands_in_suspense(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    (share,) = world.bought((1000,))
    found = snapshots(world, share)[0]
    charge = str(share.payment.charge_id)
    type(share.payment).objects.update(charge_id="ch_not_known_yet")

    with pytest.raises(NotYet):
        disputes.apply(found, actor="test")
    with world.later(minutes=61):
        disputes.apply(found, actor="test")

        assert balance(Account.SUSPENSE, found.id) == 1000
        assert "dispute_needs_a_person" in caplog.text
        assert Dispute.objects.get().payment is None
        type(share.payment).objects.update(charge_id=charge)
        disputes.apply(found, actor="test")
        assert [balance(Account.SUSPENSE, found.id), balance(Account.DISPUTE_CLEARING, found.id)] == [0, 1000]
        assert fresh(share).disputed == 1000


def test_a_status_nobody_here_knows_holds_and_asks_for_a_person(world: World, caplog: pytest.LogCaptureFixture) -> None:
    (share,) = world.bought((1000,))
    found = snapshots(world, share)[0]

    disputes.apply(replace(found, status="in_mediation"), actor="test")

    row = Dispute.objects.get()
    assert (row.status, row.stripe_status, fresh(share).disputed) == ("unknown", "in_mediation", 1000)
    assert "unknown status" in caplog.text
    disputes.apply(found, actor="test")
    assert [one.to_status for one in DisputeMove.objects.all()] == ["needs_response"]


def test_a_prevented_dispute_takes_nothing_and_holds_nothing(world: World) -> None:
    (share,) = world.bought((1000,))
    found = snapshots(world, share)[0]

    disputes.apply(replace(found, status="prevented", lines=()), actor="test")

    assert not fresh(share).holds.filter(ended_at=None).exists()
    assert fresh(share).refundable == 1000


def test_an_appeal_after_a_win_takes_the_money_again_and_its_loss_is_booked_once(world: World) -> None:
    (share,) = world.bought((1000,))
    won = snapshots(world, share, "won")[-1]
    disputes.apply(won, actor="test")
    again = (*won.lines, LINE("txn_again", -1000, 0, -1000, "eur"))

    disputes.apply(replace(won, status="appeal_under_review", lines=again), actor="test")
    assert (fresh(share).disputed, fresh(share).holds.filter(ended_at=None).count()) == (1000, 1)
    disputes.apply(replace(won, status="lost", lines=again), actor="test")

    assert (fresh(share).status, balance(Account.DISPUTE_CLEARING, won.id)) == ("returned", 0)


def test_a_chargeback_of_a_destination_charge_fetches_the_net_part_back_and_pays_it_again(world: World) -> None:
    share = world.bought_at_once(1000)
    assert share.funds_flow == FundsFlow.DESTINATION
    with world.later(days=3):
        world.settle()
        du = dispute(world, share)
        share = fresh(share)
        fetched = sum(one.amount for one in Reversal.objects.filter(status="done"))
        assert (share.left, DisputeShare.objects.get().short) == (fetched, 900 - fetched)
        agrees(world)

        move(world, du, "won")
        act_on_held_money()
        settle(world)

        assert (fresh(share).left, fresh(share).disputed) == (0, 0)
        agrees(world)


def test_a_destination_charge_that_is_lost_leaves_no_cent_unexplained(world: World) -> None:
    share = world.bought_at_once(1000)
    du = dispute(world, share)

    move(world, du, "lost")

    part = DisputeShare.objects.get()
    assert (part.from_seller, part.from_fee, part.absorbed + part.owed) == (900, 100, 900)
    agrees(world)


def test_what_a_seller_cannot_give_back_is_remembered_when_stripe_refuses(world: World) -> None:
    (share,) = world.bought((1000,))
    with world.later(days=10):
        share = released(world, share)
        world.emulator.faults.add("error_before", match=".*/reversals", status=400, code="balance_insufficient")
        du = dispute(world, share)
        assert Reversal.objects.get().status == "refused"

        move(world, du, "lost")

        part = DisputeShare.objects.get()
        assert (part.short, part.owed) == (900, 900)
        assert Reversal.objects.count() == 1
        agrees(world)


@pytest.mark.parametrize(("borne_by", "debt"), [("platform", 0), ("seller", 1500)])
def test_the_dispute_fee_goes_to_the_declared_party(world: World, settings: Any, borne_by: str, debt: int) -> None:
    settings.DISPUTE_FEE_BORNE_BY = borne_by
    (share,) = world.bought((1000,))

    move(world, dispute(world, share), "lost")

    assert balance(Account.SELLER_DEBT, str(share.account.seller_id)) == debt
    agrees(world)


def test_a_reason_the_marketplace_bears_leaves_the_seller_their_part(world: World, settings: Any) -> None:
    settings.DISPUTE_REASONS_BORNE_BY_PLATFORM = frozenset({"product_not_received"})
    (share,) = world.bought((1000,))

    move(world, dispute(world, share), "lost")

    part = DisputeShare.objects.get()
    assert (part.from_seller, part.from_platform, part.from_fee, fresh(share).left) == (0, 900, 100, 900)
    agrees(world)


def test_the_seller_reads_until_when_we_answer_only_while_an_answer_is_awaited(world: World) -> None:
    (share,) = world.bought((1000,))
    opened = dispute(world, share)
    while_awaited = " ".join(step.reason for step in stories.for_seller(fresh(share)))

    move(world, opened, "lost")

    once_decided = " ".join(step.reason for step in stories.for_seller(fresh(share)))
    assert "We answer until" in while_awaited
    assert "We answer until" not in once_decided


def test_the_money_story_tells_each_their_part_of_a_lost_dispute(world: World) -> None:
    (share,) = world.bought((1000,))
    move(world, dispute(world, share), "lost")

    stories_of = [stories.for_buyer(fresh(share)), stories.for_seller(fresh(share)), stories.for_staff(fresh(share))]

    buyer, seller, staff = [{step.label for step in story} for story in stories_of]
    assert {"Your bank asked for your money back", "Your bank gave it back to you"} <= buyer
    assert {"The buyer’s bank asked for the money back", "The bank decided for the buyer; your part"} <= seller
    assert {"Disputed at the bank: lost", "Dispute over: the buyer has it"} <= staff
    assert [(kind, label) for kind, label, money in bars.for_buyer(fresh(share)) if money.amount] == [
        ("refunded", "Given back by your bank")
    ]


def test_the_admin_begins_with_a_dispute_that_waits_for_an_answer(world: World, admin_client: Client) -> None:
    (share,) = world.bought((1000,))
    du = dispute(world, share)

    sweeping.sweep()
    asked = admin_client.get("/admin/").content.decode()
    move(world, du, "under_review")
    answered = admin_client.get("/admin/").content.decode()

    assert "Answer the bank’s dispute about" in asked
    assert "Answer the bank’s dispute about" not in answered
