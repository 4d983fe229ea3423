"""The invariants themselves: they hold on ordinary days, and say so when something is wrong."""

from collections.abc import Callable

import pytest

from emulator import business
from kit.clock import now
from ledger import journal
from ledger.journal import EntryPlan, PostingPlan
from ledger.models import Account
from payments import decisions, sweeps
from payments.models import MoneyAction, Refund, Release, Share
from tests import agreement, invariants
from tests.world import World

pytestmark = pytest.mark.django_db

Kind = MoneyAction.Kind


@pytest.fixture
def busy(world: World) -> World:
    """Alice bought from three sellers; one order is released, one refunded in part, one refunded after its release."""
    first, second, third = world.bought()
    for share in (first, third):
        world.delivered(share)
    sweeps.set_dates()
    sweeps.release_due()
    some = {"amount": 700, "reason": Refund.Reason.CHANGED_MIND, "policy": "shared"}
    decisions.by_itself(second, Kind.REFUND, some, actor="test", reason="Asked for.")
    all_of_it = {"amount": third.gross, "reason": Refund.Reason.NOT_RECEIVED, "policy": "seller"}
    decisions.by_itself(third, Kind.REFUND, all_of_it, actor="test", reason="It never came.")
    world.settle()
    return world


def test_a_busy_day_leaves_everything_in_its_place(busy: World) -> None:
    sweeps.follow()

    invariants.check_at_rest(busy.emulator)


def _book_a_cent_too_much() -> None:
    entries = (EntryPlan(Account.PLATFORM_CASH, "", 1, "eur"), EntryPlan(Account.FEE_REVENUE, "", -1, "eur"))
    journal.post([PostingPlan("a-cent", "fee", "A cent from nowhere", now(), entries)])


def _count_less_than_was_sent() -> None:
    share = Share.objects.filter(status="released").first()
    assert share is not None
    Share.objects.filter(pk=share.pk).update(released=share.released - 1)


def _forget_a_refund() -> None:
    Refund.objects.filter(pk=Refund.objects.latest("pk").pk).update(status=Refund.Status.REFUSED)


def _forget_a_release() -> None:
    Release.objects.filter(pk=Release.objects.latest("pk").pk).update(status=Release.Status.REFUSED)


@pytest.mark.parametrize(
    "harm", [_book_a_cent_too_much, _count_less_than_was_sent, _forget_a_refund, _forget_a_release]
)
def test_what_does_not_agree_is_noticed(busy: World, harm: Callable[[], None]) -> None:
    invariants.check(busy.emulator)

    harm()

    with pytest.raises(AssertionError, match=r"^I\d\d:"):
        invariants.check(busy.emulator)


def test_money_that_moved_at_stripe_behind_our_back_is_noticed(busy: World) -> None:
    charge = str(Share.objects.earliest("pk").payment.charge_id)
    busy.in_the_dashboard("POST /v1/refunds", {"charge": charge, "amount": 100})

    invariants.check(busy.emulator)
    with pytest.raises(AssertionError, match="I17"):
        invariants.check_at_rest(busy.emulator)


def test_the_balances_at_stripe_and_the_books_are_compared_account_by_account(busy: World) -> None:
    agreement.check(busy)
    account = str(Share.objects.earliest("pk").account.stripe_id)
    business.fund(busy.emulator, account, 7, "eur")

    with pytest.raises(AssertionError, match=f"{account}: .* eur at Stripe, .* in the books"):
        agreement.check(busy)
