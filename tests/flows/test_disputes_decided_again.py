"""A loss that was booked and does not stand: each has back what they bore, once, whatever happened in between."""

from __future__ import annotations

from dataclasses import replace
from math import factorial
from typing import Any

import pytest
from django.db import transaction

from accounts import onboarding
from accounts.models import ConnectedAccount
from emulator import business, hosted
from gateway import objects, reads
from kit.clock import now
from ledger.models import Account
from payments import decisions, disputes, fetching_back, sweeps
from payments.models import Dispute, DisputeShare, Hold, MoneyAction, Refund, Release, Reversal, Share
from payments.tasks import act_on_held_money
from tests.flows.test_dispute_faults import snapshots
from tests.flows.test_disputes import agrees, balance, dispute, fresh, move, released, settle
from tests.invariants import read_books
from tests.world import World

pytestmark = pytest.mark.django_db(transaction=True)

Kind = MoneyAction.Kind
Outcome = DisputeShare.Outcome


def debt(share: Share) -> int:
    return balance(Account.SELLER_DEBT, str(share.account.seller_id))


def paid_out_and_lost(world: World, share: Share) -> str:
    """The seller had it paid out to their bank before the bank took it and kept it."""
    du = dispute(world, share)
    move(world, du, "lost")
    assert debt(share) == 900
    return du


def appealed_and_won(world: World, du: str) -> None:
    move(world, du, "appeal_under_review")
    move(world, du, "won")
    settle(world)


def test_f45_a_loss_out_of_hold_that_is_won_on_appeal_is_held_and_released_as_ever(world: World) -> None:
    (share,) = world.bought((1000,))
    du = dispute(world, share)
    move(world, du, "lost")
    assert fresh(share).status == "returned"

    appealed_and_won(world, du)

    share, part = fresh(share), DisputeShare.objects.get()
    assert (share.status, share.left, share.disputed, share.fee_returned, share.fee_earned) == (
        "held", 900, 0, 0, False,
    )  # fmt: skip
    assert (part.outcome, part.from_seller, part.policy) == ("returned", 0, "")
    assert balance(Account.DISPUTE_CLEARING, du) == 0
    given_back = [row for row in MoneyAction.objects.all() if row.plan["steps"]["step"] == "given_back"]
    assert [row.amount for row in given_back] == [1000]
    world.delivered(share)
    act_on_held_money()
    assert (fresh(share).status, fresh(share).released) == ("released", 900)
    assert balance(Account.FEE_REVENUE) == -100
    agrees(world)


def test_f45_a_debt_from_a_loss_is_cancelled_when_it_is_won_on_appeal(world: World) -> None:
    (share,) = world.bought((1000,))
    with world.later(days=10):
        share = released(world, share)
    with world.later(days=10):
        world.settle()
        du = paid_out_and_lost(world, share)

        appealed_and_won(world, du)
        act_on_held_money()

        share = fresh(share)
        assert (debt(share), share.status, share.left, share.restored) == (0, "released", 0, 0)
        assert Release.objects.count() == 1
        agrees(world)


def test_f45_a_debt_that_was_paid_off_meanwhile_is_paid_again_once(world: World) -> None:
    (share,) = world.bought((1000,))
    with world.later(days=10):
        share = released(world, share)
    with world.later(days=10):
        world.settle()
        du = paid_out_and_lost(world, share)
        other = world.bought_again(share, 600)
        released(world, other)
        assert debt(share) == 900 - 540

        appealed_and_won(world, du)
        share = fresh(share)
        assert (debt(share), share.restored, share.left, share.status) == (0, 540, 540, "held")
        business.fund(world.emulator, "platform", 5000, "eur")
        for _twice in range(2):
            act_on_held_money()
            disputes.apply(reads.dispute(du), actor="test")

        assert [release.amount for release in share.releases.order_by("pk")] == [900, 540]
        assert (fresh(share).left, fresh(share).status) == (0, "released")
        agrees(world)


def test_f02_a_win_nobody_heard_the_appeal_of_gives_the_money_back_as_well(world: World) -> None:
    (share,) = world.bought((1000,))
    _open, lost, _appeal, won = snapshots(world, share, "lost", "appeal_under_review", "won")
    disputes.apply(lost, actor="test")
    assert fresh(share).status == "returned"

    disputes.apply(won, actor="test")

    assert (Dispute.objects.get().status, fresh(share).left, fresh(share).disputed) == ("won", 900, 0)
    disputes.apply(lost, actor="test")
    assert (Dispute.objects.get().status, fresh(share).left) == ("won", 900)
    world.finish()
    agrees(world)


STORIES = [
    ("under_review", "lost", "appeal_under_review", "won"),
    ("won", "appeal_under_review", "lost"),
    ("lost", "appeal_under_review", "lost"),
    ("won", "appeal_under_review", "won"),
]


@pytest.mark.parametrize("story", STORIES, ids="-".join)
def test_i11_looks_at_an_appealed_dispute_in_any_order_end_in_the_same_books(
    world: World, story: tuple[str, ...]
) -> None:
    """Every order of up to six looks, each twice. Where nothing in two looks says which is later, one more decides."""
    (share,) = world.bought((1000,))
    opened, *later = snapshots(world, share, *story)
    # It opened a moment before Stripe took the money.
    seen = [replace(opened, lines=()), opened, *later]
    ends: set[tuple[Any, ...]] = set()

    orders = every_order(share, seen, seen[-1], ends)

    assert (orders, len(ends)) == (factorial(len(seen)), 1)
    disputes.apply(seen[-1], actor="test")
    assert ends == {end_of(share)}
    world.finish()
    agrees(world)


def every_order(share: Share, left: list[objects.Dispute], last: objects.Dispute, ends: set[tuple[Any, ...]]) -> int:
    """What two orders begin with alike is written down once for both."""
    if not left:
        row = Dispute.objects.get()
        if row.settled_at is None:
            # The next sweep looks again, and sees what is true now.
            assert row.looked_at <= now() - disputes.LOOK_AGAIN
            disputes.apply(last, actor="test")
        ends.add(end_of(share))
        return 1
    orders = 0
    for place, one in enumerate(left):
        with transaction.atomic():
            disputes.apply(one, actor="test")
            disputes.apply(one, actor="test")
            orders += every_order(share, left[:place] + left[place + 1 :], last, ends)
            transaction.set_rollback(True)
    return orders


def end_of(share: Share) -> tuple[Any, ...]:
    row, mine = Dispute.objects.get(), fresh(share)
    parts = list(DisputeShare.objects.values_list("outcome", "amount", "absorbed", "owed", "from_fee"))
    books = tuple(sorted((*name, amount) for name, amount in read_books().items() if amount))
    holds = mine.holds.filter(ended_at=None).count()
    return (
        (row.status, row.withdrawn, row.reinstated, row.fee, row.beyond, row.borne, row.settled_at is None),
        (mine.status, mine.disputed, mine.left, mine.fee_returned, mine.taken, mine.fee_earned, holds),
        tuple(parts),
        books,
    )


def test_what_no_order_carried_is_the_marketplaces_again_when_it_is_won_on_appeal(world: World) -> None:
    (share,) = world.bought((1000,))
    _open, lost, _appeal, won = snapshots(world, share, "lost", "appeal_under_review", "won")
    dearer, dearer_back = replace(lost.lines[0], amount=-1030, net=-1030 - lost.lines[0].fee), won.lines[-1]
    disputes.apply(replace(lost, amount=1030, lines=(dearer,)), actor="test")
    assert (balance(Account.PLATFORM_LOSS), Dispute.objects.get().beyond) == (30, 30)

    back = replace(dearer_back, amount=1030, net=1030)
    disputes.apply(replace(won, amount=1030, lines=(dearer, back)), actor="test")

    assert (balance(Account.PLATFORM_LOSS), balance(Account.FX_DIFFERENCE)) == (0, 0)
    assert balance(Account.DISPUTE_CLEARING, won.id) == 0
    assert Dispute.objects.get().beyond == 0


def test_f46_a_win_at_another_rate_ends_and_leaves_the_difference_on_its_account(world: World) -> None:
    (share,) = world.bought((1000,))
    won = snapshots(world, share, "won")[-1]
    line = objects.BalanceTransaction
    lines = (line("txn_away", -1100, 1500, -2600, "usd"), line("txn_back", 1080, 0, 1080, "usd"))

    disputes.apply(replace(won, lines=lines), actor="test")

    row = Dispute.objects.get()
    books = read_books()
    assert (row.settled_at is None, fresh(share).left, fresh(share).disputed) == (False, 900, 0)
    assert books[Account.FX_DIFFERENCE, "", "usd"] == 20
    assert books[Account.DISPUTE_CLEARING, won.id, "usd"] == 0
    assert not fresh(share).holds.filter(ended_at=None).exists()


def test_a_dispute_won_in_part_is_lost_for_the_rest(world: World) -> None:
    (share,) = world.bought((1000,))
    won = snapshots(world, share, "won")[-1]
    some = replace(won.lines[1], amount=600, net=600)

    disputes.apply(replace(won, lines=(won.lines[0], some)), actor="test")

    part = DisputeShare.objects.get()
    assert (part.outcome, part.amount, fresh(share).disputed, fresh(share).left) == ("lost", 400, 400, 540)
    assert balance(Account.DISPUTE_CLEARING, won.id) == 0
    rest = objects.BalanceTransaction("txn_rest", 400, 0, 400, "eur")
    disputes.apply(replace(won, lines=(won.lines[0], some, rest)), actor="test")
    assert (fresh(share).disputed, fresh(share).left, balance(Account.DISPUTE_CLEARING, won.id)) == (0, 900, 0)


def test_money_that_is_taken_after_the_loss_was_booked_is_booked_as_well(world: World) -> None:
    (share,) = world.bought((1000,))
    lost = snapshots(world, share, "lost")[-1]
    disputes.apply(lost, actor="test")
    more = objects.BalanceTransaction("txn_more", -30, 0, -30, "eur")

    disputes.apply(replace(lost, lines=(*lost.lines, more)), actor="test")

    assert balance(Account.DISPUTE_CLEARING, lost.id) == 0
    assert balance(Account.FX_DIFFERENCE) == 30
    assert (fresh(share).taken, fresh(share).status) == (900, "returned")


def test_a_fee_given_back_after_the_loss_goes_to_the_seller_who_bore_it(world: World, settings: Any) -> None:
    settings.DISPUTE_FEE_BORNE_BY = "seller"
    (share,) = world.bought((1000,))
    lost = snapshots(world, share, "lost")[-1]
    disputes.apply(lost, actor="test")
    assert debt(share) == 1500
    back = objects.BalanceTransaction("txn_fee", 0, -1500, 1500, "eur")

    disputes.apply(replace(lost, lines=(*lost.lines, back)), actor="test")

    assert (debt(share), Dispute.objects.get().fee, balance(Account.DISPUTE_CLEARING, lost.id)) == (0, 0, 0)
    disputes.apply(lost, actor="test")
    assert (debt(share), Dispute.objects.get().fee) == (0, 0)


def test_a_dispute_that_is_prevented_a_moment_after_it_opened_ends(world: World) -> None:
    (share,) = world.bought((1000,))
    found = snapshots(world, share)[0]
    disputes.apply(replace(found, lines=()), actor="test")
    assert fresh(share).disputed == 1000

    disputes.apply(replace(found, status="prevented", case_type="block", lines=()), actor="test")

    row = Dispute.objects.get()
    assert (row.status, row.case_type, row.settled_at is None) == ("prevented", "block", False)
    assert (fresh(share).disputed, fresh(share).holds.filter(ended_at=None).count()) == (0, 0)


def test_a_dispute_resolved_by_giving_the_buyer_the_money_is_borne_like_a_loss(world: World) -> None:
    (share,) = world.bought((1000,))
    found = snapshots(world, share)[0]

    disputes.apply(replace(found, status="prevented", case_type="resolution"), actor="test")

    assert (Dispute.objects.get().settled_at is None, fresh(share).status) == (False, "returned")
    assert balance(Account.DISPUTE_CLEARING, found.id) == 0


def test_a_compliance_dispute_costs_what_its_lines_say_and_gives_its_fee_back(world: World) -> None:
    (share,) = world.bought((1000,))
    won = snapshots(world, share, "won")[-1]
    taken = objects.BalanceTransaction("txn_taken", -1000, 50000, -51000, "eur")
    back = objects.BalanceTransaction("txn_back", 1000, -50000, 51000, "eur")
    before = balance(Account.PROCESSING_FEES)

    disputes.apply(replace(won, status="needs_response", case_type="compliance", lines=(taken,)), actor="test")
    assert (balance(Account.PROCESSING_FEES) - before, Dispute.objects.get().fee) == (50000, 50000)
    disputes.apply(replace(won, case_type="compliance", lines=(taken, back)), actor="test")

    assert (balance(Account.PROCESSING_FEES) - before, Dispute.objects.get().fee) == (0, 0)
    assert fresh(share).left == 900


def test_a_loss_stripe_takes_no_money_for_lets_go_after_a_week(world: World) -> None:
    (share,) = world.bought((1000,))
    world.emulator.faults.add("webhook_drop", match=".*", times=1000, swallowed=True)
    du = business.open_dispute(world.emulator, str(share.payment.charge_id))
    business.move_dispute(world.emulator, du, "lost")
    nothing = replace(reads.dispute(du), lines=())

    disputes.apply(nothing, actor="test")
    assert fresh(share).holds.filter(ended_at=None).count() == 1
    with world.later(days=8):
        disputes.apply(nothing, actor="test")

        assert (fresh(share).disputed, fresh(share).holds.filter(ended_at=None).count()) == (0, 0)
        disputes.apply(reads.dispute(du), actor="test")
        assert fresh(share).status == "returned"


def test_f08_an_appeal_no_event_told_of_is_found(world: World) -> None:
    (share,) = world.bought((1000,))
    du = dispute(world, share)
    move(world, du, "lost")
    world.emulator.faults.add("webhook_drop", match=".*", times=1000, swallowed=True)
    business.move_dispute(world.emulator, du, "appeal_under_review")
    business.move_dispute(world.emulator, du, "won")

    with world.later(days=4):
        assert disputes.follow() == 1

    assert (fresh(share).left, Dispute.objects.get().status) == (900, "won")


def test_f43_what_the_bank_took_pays_a_refund_that_never_arrived(world: World) -> None:
    (share,) = world.bought((1000,), card="4000000000005126")
    request = {"amount": 400, "reason": Refund.Reason.CHANGED_MIND, "policy": "shared"}
    decisions.by_itself(share, Kind.REFUND, request, actor="test", reason="Asked for.")
    world.fail_refund(str(Refund.objects.get().stripe_id))
    assert balance(Account.BUYER_REFUND_DUE, share.order.number) == -400

    du = dispute(world, share)
    move(world, du, "lost")

    paid = Refund.objects.get(paid_by__isnull=False)
    assert (paid.status, paid.amount, Dispute.objects.get().beyond) == ("succeeded", 400, 0)
    assert (balance(Account.BUYER_REFUND_DUE, share.order.number), balance(Account.PLATFORM_LOSS)) == (0, 0)
    agrees(world)

    appealed_and_won(world, du)
    assert balance(Account.BUYER_REFUND_DUE, share.order.number) == -400
    assert balance(Account.PLATFORM_LOSS) == 0
    agrees(world)


def test_f43_a_refund_that_fails_after_the_loss_was_booked_is_paid_by_it(world: World) -> None:
    (share,) = world.bought((1000,))
    request = {"amount": 400, "reason": Refund.Reason.CHANGED_MIND, "policy": "shared"}
    decisions.by_itself(share, Kind.REFUND, request, actor="test", reason="Asked for.")
    lost = objects.Dispute.read(dispute_body(world, share))
    disputes.apply(lost, actor="test")
    assert (balance(Account.PLATFORM_LOSS), Dispute.objects.get().beyond) == (400, 400)

    world.fail_refund(str(Refund.objects.get().stripe_id))
    assert (disputes.set_right(), disputes.set_right()) == (1, 0)

    assert (balance(Account.BUYER_REFUND_DUE, share.order.number), balance(Account.PLATFORM_LOSS)) == (0, 0)
    assert Dispute.objects.get().beyond == 0


def dispute_body(world: World, share: Share) -> dict[str, Any]:
    """A lost dispute of all that was paid, although some was refunded: not every bank knows."""
    line = {"id": "txn_all", "amount": -1000, "fee": 1500, "net": -2500, "currency": "eur"}
    return {
        "id": "du_all", "status": "lost", "reason": "general", "amount": 1000, "currency": "eur",
        "charge": share.payment.charge_id, "created": world.emulator.now(), "balance_transactions": [line],
    }  # fmt: skip


def test_f37_what_an_inquiry_overtook_comes_back_and_goes_to_the_seller_again_by_itself(world: World) -> None:
    (share,) = world.bought((1000,))
    world.delivered(share)
    sweeps.set_dates()
    world.emulator.faults.add("lost_response", match="POST /v1/transfers")
    sweeps.release_due()
    du = dispute(world, share, inquiry=True)
    assert Release.objects.get().status == "sent"

    assert (fetching_back.fetch_overtaken(), fetching_back.fetch_overtaken()) == (1, 0)
    share = fresh(share)
    assert (share.left, Reversal.objects.get().dispute) == (900, Dispute.objects.get())
    assert [hold.kind for hold in share.holds.filter(ended_at=None)] == [Hold.Kind.DISPUTE]

    move(world, du, "warning_closed")
    business.fund(world.emulator, "platform", 5000, "eur")
    act_on_held_money()

    assert (fresh(share).left, fresh(share).status) == (0, "released")
    agrees(world)


def test_f37_a_loss_heard_of_late_is_fetched_back_from_a_seller_who_still_has_it(world: World) -> None:
    (share,) = world.bought((1000,))
    with world.later(days=10):
        share = released(world, share)
        lost = snapshots(world, share, "lost")[-1]
        disputes.apply(lost, actor="test")
        assert debt(share) == 900

        assert (fetching_back.fetch_back(), fetching_back.fetch_back()) == (1, 0)
        sweeps.release_due()

        assert (debt(share), fresh(share).left) == (0, 0)
        agrees(world)


def test_f50_money_won_back_waits_when_the_sellers_account_was_closed(world: World) -> None:
    (share,) = world.bought((1000,))
    with world.later(days=10):
        share = released(world, share)
        du = dispute(world, share)
        move(world, du, "under_review")
        assert fresh(share).left == 900
        old = share.account
        # Closed at Stripe, and followed by another one.
        ConnectedAccount.objects.filter(pk=old.pk).update(closed_at=now())
        newer = onboarding.open_account(share.order.seller, "test")
        hosted.complete_onboarding(world.emulator, str(newer.stripe_id))
        onboarding.refresh(newer)
        newer.refresh_from_db()
        assert newer.can_receive_transfers
    with world.later(days=100):
        move(world, du, "won")
        business.fund(world.emulator, "platform", 5000, "eur")
        for _pass in range(3):
            act_on_held_money()

        share = fresh(share)
        assert (share.left, share.refunded, share.status) == (900, 0, "held")
        assert [hold.kind for hold in share.holds.filter(ended_at=None)] == [Hold.Kind.RESTRICTION]
        assert not Refund.objects.exists()
        assert Release.objects.exclude(status="refused").count() == 1
        assert world.stripe_total(str(newer.stripe_id)) == {}
