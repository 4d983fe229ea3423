"""Disputes from Stripe against the emulator: what the bank takes, who bears it, and what comes back."""

from __future__ import annotations

import pytest

from emulator import business
from ledger import journal
from ledger.models import Account
from payments import decisions, fetching_back, stories, sweeps
from payments.consequences import Refused
from payments.models import Dispute, DisputeShare, Hold, MoneyAction, Refund, Release, Reversal, Share
from payments.tasks import act_on_held_money
from tests import invariants
from tests.world import World

pytestmark = pytest.mark.django_db(transaction=True)

Kind = MoneyAction.Kind
FEE = 1500


def dispute(world: World, share: Share, *, amount: int | None = None, inquiry: bool = False) -> str:
    """The buyer's bank asks for a payment back, and we hear of it."""
    charge = str(share.payment.charge_id)
    found = business.open_dispute(world.emulator, charge, "product_not_received", amount=amount, inquiry=inquiry)
    settle(world)
    return found


def move(world: World, stripe_id: str, to: str) -> Dispute:
    """The bank decides, and we hear of it."""
    business.move_dispute(world.emulator, stripe_id, to)
    settle(world)
    return Dispute.objects.get(stripe_id=stripe_id)


def settle(world: World) -> None:
    """Events handled, and everything sent that was written down."""
    world.settle()
    fetching_back.fetch_back()
    world.finish()


def released(world: World, share: Share) -> Share:
    """Delivered, and its money with the seller."""
    world.delivered(share)
    sweeps.set_dates()
    sweeps.release_due()
    share.refresh_from_db()
    assert share.status == "released"
    return share


def fresh(share: Share) -> Share:
    """As it is now, with nothing kept."""
    return Share.objects.select_related("order__seller", "payment", "account").get(pk=share.pk)


def balance(account: Account, ref: str = "") -> int:
    return journal.balance(account, ref, "eur")


def agrees(world: World) -> None:
    """Our cash is Stripe's, of the platform (less its own payouts) and of every seller, and all invariants hold."""
    for share in Share.objects.select_related("account"):
        account = str(share.account.stripe_id)
        assert balance(Account.SELLER_CASH, account) == world.stripe_total(account).get("eur", 0)
    invariants.check_at_rest(world.emulator)


def test_a_chargeback_on_held_money_holds_it_and_takes_nothing_from_the_seller_yet(world: World) -> None:
    (share,) = world.bought((1000,))

    du = dispute(world, share)

    share = fresh(share)
    row = Dispute.objects.get()
    assert (row.status, row.withdrawn, row.fee, row.reason) == ("needs_response", 1000, FEE, "product_not_received")
    assert (share.left, share.disputed, share.refundable, share.status) == (900, 1000, 0, "held")
    assert share.holds.get().kind == Hold.Kind.DISPUTE
    assert balance(Account.DISPUTE_CLEARING, du) == 1000
    assert MoneyAction.objects.get().plan["steps"]["step"] == "withdrawn"
    agrees(world)


def test_a_chargeback_on_held_money_that_is_won_is_released_as_ever(world: World) -> None:
    (share,) = world.bought((1000,))
    du = dispute(world, share)
    move(world, du, "under_review")
    move(world, du, "won")
    world.delivered(share)

    act_on_held_money()

    share = fresh(share)
    assert (share.status, share.disputed, share.refundable) == ("released", 0, 1000)
    assert Release.objects.get().amount == 900
    assert balance(Account.DISPUTE_CLEARING, du) == 0
    agrees(world)


def test_a_chargeback_on_held_money_that_is_lost_comes_out_of_what_is_held(world: World) -> None:
    (share,) = world.bought((1000,))
    du = dispute(world, share)

    row = move(world, du, "lost")

    share, part = fresh(share), DisputeShare.objects.get()
    assert (share.status, share.left, share.taken, share.fee_returned) == ("returned", 0, 900, 100)
    assert (part.outcome, part.from_seller, part.from_fee, part.owed) == ("lost", 900, 100, 0)
    assert row.settled_at is not None
    assert not share.holds.filter(ended_at=None).exists()
    assert [balance(Account.DISPUTE_CLEARING, du), balance(Account.ORDER_HELD, share.order.number)] == [0, 0]
    agrees(world)


def test_a_chargeback_after_the_release_fetches_the_sellers_part_back_and_pays_it_again_when_won(world: World) -> None:
    (share,) = world.bought((1000,))
    with world.later(days=10):
        share = released(world, share)
        du = dispute(world, share)
        share = fresh(share)
        assert (share.status, share.left, Reversal.objects.get().status) == ("held", 900, "done")
        assert [hold.kind for hold in share.holds.filter(ended_at=None)] == [Hold.Kind.DISPUTE]
        agrees(world)

        move(world, du, "won")
        # The platform's own balance was paid out: without money there the new release would wait (fault F36).
        business.fund(world.emulator, "platform", 5000, "eur")
        act_on_held_money()

        share = fresh(share)
        assert (share.status, share.left, share.released) == ("released", 0, 900)
        assert [release.amount for release in share.releases.order_by("pk")] == [900, 900]
        # What was fetched back reaches no bank: the seller is told of one payout, not of two.
        assert [step.money.amount for step in stories.for_seller(share) if "To your bank" in step.label] == [900]
        agrees(world)


def test_a_chargeback_after_the_payout_becomes_a_debt_when_it_is_lost(world: World) -> None:
    (share,) = world.bought((1000,))
    with world.later(days=10):
        share = released(world, share)
    with world.later(days=10):
        world.settle()
        du = dispute(world, share)
        short = DisputeShare.objects.get().short
        assert (short, Reversal.objects.count()) == (900, 0)
        agrees(world)

        move(world, du, "lost")

        share, part = fresh(share), DisputeShare.objects.get()
        assert (share.status, part.owed, part.absorbed) == ("released", 900, 0)
        assert balance(Account.SELLER_DEBT, str(share.account.seller_id)) == 900
        agrees(world)


def test_f45_an_inquiry_holds_and_moves_nothing_and_its_end_lets_go(world: World) -> None:
    (share,) = world.bought((1000,))
    du = dispute(world, share, inquiry=True)
    share = fresh(share)
    assert (share.disputed, share.refundable, Dispute.objects.get().withdrawn) == (0, 1000, 0)
    assert share.holds.get().ended_at is None

    row = move(world, du, "warning_closed")

    assert row.settled_at is not None
    assert not share.holds.filter(ended_at=None).exists()
    assert not MoneyAction.objects.exists()
    agrees(world)


def test_f45_an_inquiry_that_escalates_takes_money_then(world: World) -> None:
    (share,) = world.bought((1000,))
    du = dispute(world, share, inquiry=True)

    row = move(world, du, "needs_response")

    assert (row.withdrawn, fresh(share).disputed) == (1000, 1000)
    agrees(world)


def test_a_partial_chargeback_is_divided_over_the_orders_exactly(world: World) -> None:
    first, second, third = world.bought((1000, 2500, 3333))

    du = dispute(world, first, amount=1000)

    parts = list(DisputeShare.objects.order_by("share_id").values_list("amount", flat=True))
    assert (parts, sum(parts)) == ([146, 366, 488], 1000)
    move(world, du, "lost")
    assert [fresh(share).status for share in (first, second, third)] == ["held"] * 3
    assert [fresh(share).left for share in (first, second, third)] == [900 - 131, 2250 - 329, 3000 - 439]
    agrees(world)


def test_two_disputes_on_one_charge_never_count_the_same_money(world: World) -> None:
    (share,) = world.bought((1000,))
    move(world, dispute(world, share, amount=400), "lost")

    second = dispute(world, share)

    assert [part.amount for part in DisputeShare.objects.order_by("pk")] == [400, 600]
    move(world, second, "lost")
    share = fresh(share)
    assert (share.status, share.disputed, share.fee_returned, share.taken) == ("returned", 1000, 100, 900)
    agrees(world)


def test_f44_a_refund_of_a_disputed_charge_is_refused_with_the_reason(world: World) -> None:
    (share,) = world.bought((1000,))
    dispute(world, share, amount=400)
    request = {"amount": 100, "reason": Refund.Reason.CHANGED_MIND, "policy": "shared"}

    with pytest.raises(Refused, match="disputed"):
        decisions.preview(fresh(share), Kind.REFUND, request)

    assert not Refund.objects.exists()


def test_f44_a_dispute_of_what_is_left_after_a_refund_takes_only_that(world: World) -> None:
    (share,) = world.bought((1000,))
    request = {"amount": 300, "reason": Refund.Reason.CHANGED_MIND, "policy": "shared"}
    decisions.by_itself(share, Kind.REFUND, request, actor="test", reason="Asked for.")

    move(world, dispute(world, share), "lost")

    share = fresh(share)
    assert (share.refunded, share.disputed, share.left, share.fee_returned) == (300, 700, 0, 100)
    assert share.status == "returned"
    agrees(world)
