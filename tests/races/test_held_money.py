"""Everybody who may move one order's money at once. Twins with a lock off show that the races are real."""

from __future__ import annotations

import threading
from typing import Any

import pytest
from django.db import IntegrityError

from gateway import operations
from gateway.errors import GatewayError
from gateway.models import Operation
from inbox.handle import handle_waiting
from kit.clock import now
from kit.transitions import LostRace
from ledger import journal
from ledger.models import Account
from orders import progress
from payments import decisions, settlement, shares, sweeps
from payments.consequences import Refused
from payments.decisions import Decider, NotApprovable, PlanChanged
from payments.desk_forms import FORMS
from payments.models import MoneyAction, Payment, Refund, Release, Share
from payments.tasks import follow
from tests import invariants
from tests.factories import UserFactory
from tests.together import at_once, rival
from tests.world import World

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]

Kind = MoneyAction.Kind
# What whoever came second is told; anything else is a defect.
ANSWERS = (Refused, PlanChanged, NotApprovable, GatewayError)
SOME = {"amount": 300, "reason": "changed_mind", "policy": "shared"}


@pytest.fixture
def share(world: World) -> Share:
    """Alice paid 10.00 for something, and has it; its release is due."""
    (share,) = world.bought((1000,))
    world.delivered(share)
    sweeps.set_dates()
    return fresh(share)


@pytest.fixture
def unlocked(monkeypatch: pytest.MonkeyPatch) -> None:
    """Locks of shares and of what sellers owe are off: everybody reads as they like."""

    def read(share_id: int) -> Share:
        found: Share = Share.objects.select_related("order__purchase", "order__seller", "payment", "account").get(
            pk=share_id
        )
        return found

    monkeypatch.setattr(shares, "locked", read)
    monkeypatch.setattr(shares, "locked_with_debt", read)


def fresh(share: Share) -> Share:
    found: Share = Share.objects.select_related("order", "payment", "account").get(pk=share.pk)
    return found


def release(share: Share, **request: Any) -> MoneyAction:
    return decisions.by_itself(fresh(share), Kind.RELEASE, request, actor="release", reason="Said so.")


def refund(share: Share, request: dict[str, Any] = SOME) -> MoneyAction:
    return decisions.by_itself(fresh(share), Kind.REFUND, request, actor="refund", reason="Asked for.")


def hold(share: Share) -> MoneyAction:
    return decisions.by_itself(fresh(share), Kind.HOLD, {"until": None}, actor="hold", reason="Odd.")


def only_answers(results: list[object]) -> bool:
    return all(isinstance(result, ANSWERS) or not isinstance(result, Exception) for result in results)


def decided() -> list[str]:
    """What was written down about the money, in the order it was."""
    return list(MoneyAction.objects.order_by("pk").values_list("kind", flat=True))


def transfers(world: World) -> int:
    return len(world.emulator.store.find("transfer"))


# --- release, refund and hold ---


def test_f37_release_refund_and_hold_at_once_leave_every_cent_in_one_place(world: World, share: Share) -> None:
    results = at_once(
        lambda: release(share), lambda: refund(share), lambda: hold(share), sweeps.release_due, lambda: refund(share)
    )
    world.finish()

    assert only_answers(results), results
    assert transfers(world) <= 1
    invariants.check_at_rest(world.emulator)


def test_f37_a_hold_waits_for_the_release_that_came_first(world: World, share: Share) -> None:
    with rival("decision.planned", lambda: hold(share)) as came:
        release(share)

    assert Release.objects.get().status in ("sent", "refused"), came
    assert decided() == ["release", "hold"]
    invariants.check_at_rest(world.emulator)


@pytest.mark.usefixtures("unlocked")
def test_without_the_lock_a_release_is_decided_on_over_a_hold(world: World, share: Share) -> None:
    with rival("decision.planned", lambda: hold(share)):
        release(share)

    assert decided() == ["hold", "release"]
    # The look before sending still keeps the money here, and calls off what was decided on.
    assert (transfers(world), Release.objects.get().status) == (0, "refused")


def test_two_refunds_at_once_are_both_counted(world: World, share: Share) -> None:
    with rival("decision.planned", lambda: refund(share)) as came:
        refund(share)

    assert only_answers(came), came
    assert fresh(share).refunded == 600
    invariants.check_at_rest(world.emulator)


@pytest.mark.usefixtures("unlocked")
def test_without_the_lock_one_of_two_refunds_is_not_counted(world: World, share: Share) -> None:
    with rival("decision.planned", lambda: refund(share)):
        refund(share)

    assert (fresh(share).refunded, Refund.objects.count()) == (300, 2)
    with pytest.raises(AssertionError, match="I03"):
        invariants.check(world.emulator)


# --- two releases ---


def test_f35_sweeps_staff_and_the_buyers_word_release_once(world: World, share: Share) -> None:
    results = at_once(*[sweeps.release_due, lambda: release(share), lambda: release(share, amount=900)] * 4)
    world.finish()

    assert only_answers(results), results
    assert (transfers(world), MoneyAction.objects.count()) == (1, 1)
    invariants.check_at_rest(world.emulator)


@pytest.mark.usefixtures("unlocked")
def test_f35_without_the_lock_the_first_release_is_not_counted(world: World, share: Share) -> None:
    with rival("decision.planned", lambda: release(share, amount=400)):
        release(share, amount=500)

    assert (fresh(share).released, transfers(world)) == (500, 2)
    with pytest.raises(AssertionError, match="I03"):
        invariants.check(world.emulator)


@pytest.mark.usefixtures("unlocked")
def test_f35_without_the_lock_the_database_refuses_a_second_release_under_way(world: World, share: Share) -> None:
    world.emulator.faults.add("lost_response", match="POST /v1/transfers")

    with rival("decision.planned", lambda: release(share, amount=400)), pytest.raises(IntegrityError):
        release(share, amount=500)
    world.finish()

    assert transfers(world) == 1
    invariants.check_at_rest(world.emulator)


# --- one debt ---


@pytest.fixture
def two_due(world: World) -> tuple[Share, Share]:
    """A seller who owes 9.00, and two releases of theirs that are due."""
    (first,) = world.bought((1000,))
    world.delivered(first)
    sweeps.set_dates()
    sweeps.release_due()
    reversals = "POST /v1/transfers/[^/]+/reversals"
    world.emulator.faults.add("error_before", match=reversals, status=400, code="balance_insufficient")
    refund(first, SOME | {"amount": 1000})
    due = world.bought_again(first, 2000), world.bought_again(first, 3000)
    for one in due:
        world.delivered(one)
    return due


def owed(share: Share) -> int:
    return journal.balance(Account.SELLER_DEBT, str(share.account.seller_id), "eur")


def test_f39_two_releases_at_once_set_one_debt_off_once(world: World, two_due: tuple[Share, Share]) -> None:
    first, second = two_due

    results = at_once(lambda: release(first), lambda: release(second))

    assert only_answers(results), results
    assert (owed(first), sum(Release.objects.values_list("netted", flat=True))) == (0, 900)
    invariants.check_at_rest(world.emulator)


def test_f39_without_the_lock_of_the_debt_it_is_set_off_twice(
    world: World, two_due: tuple[Share, Share], monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = two_due
    monkeypatch.setattr(shares, "locked_with_debt", shares.locked)

    with rival("decision.planned", lambda: release(second)):
        release(first)

    assert owed(first) == -900
    with pytest.raises(AssertionError, match="I16"):
        invariants.check(world.emulator)


# --- double clicks ---


def _asked(world: World, share: Share, kind: str) -> dict[str, Any]:
    """Make `kind` possible for the share; what is asked for."""
    if kind == "reverse":
        release(share)
        return {"amount": 500}
    if kind == "decide":
        world.in_the_dashboard("POST /v1/refunds", {"charge": share.payment.charge_id, "amount": 400})
        world.settle()
        return {"refund": Refund.objects.get().pk, "policy": "shared"}
    if kind == "retry":
        refund(share)
        from_the_bank = Refund.objects.get()
        world.fail_refund(str(from_the_bank.stripe_id))
        return {"refund": from_the_bank.pk}
    if kind == "end_hold":
        hold(share)
        return {"hold": share.holds.get().pk}
    return {"refund": SOME, "cancel": {"reason": "seller_cancelled", "policy": "seller"}}.get(kind, {})


# What people can ask for; a dispute is the bank's.
@pytest.mark.parametrize("kind", [*FORMS])
def test_f34_a_double_click_on_any_money_button_acts_once(world: World, kind: str) -> None:
    (share,) = world.bought((1000,))
    if kind in ("release", "reverse"):
        world.delivered(share)
    request = _asked(world, share, kind)
    before = MoneyAction.objects.count()
    plan = decisions.preview(fresh(share), kind, request)
    by = Decider("dana", UserFactory())

    def click() -> MoneyAction:
        return decisions.confirm(fresh(share), kind, request, plan_hash=plan.hash, by=by, reason="Clicked.")

    results = at_once(click, click, click)
    world.finish()

    assert only_answers(results), results
    assert MoneyAction.objects.count() == before + 1
    invariants.check_at_rest(world.emulator)


@pytest.mark.usefixtures("unlocked")
def test_f34_without_the_lock_a_double_click_refunds_twice(world: World, share: Share) -> None:
    plan = decisions.preview(share, Kind.REFUND, SOME)
    by = Decider("dana", UserFactory())

    def click() -> MoneyAction:
        return decisions.confirm(fresh(share), Kind.REFUND, SOME, plan_hash=plan.hash, by=by, reason="Clicked.")

    with rival("decision.planned", click):
        click()

    assert len(world.emulator.store.find("refund")) == 2


# --- two approvers ---


@pytest.fixture
def waiting(share: Share, settings: Any) -> MoneyAction:
    """A refund that waits for a second person."""
    settings.SECOND_PERSON_ABOVE = {}
    plan = decisions.preview(share, Kind.REFUND, SOME)
    by = Decider("dana", UserFactory())
    return decisions.confirm(share, Kind.REFUND, SOME, plan_hash=plan.hash, by=by, reason="Asked for.")


def test_i19_of_two_who_approve_at_once_one_does(world: World, waiting: MoneyAction) -> None:
    people = [UserFactory() for _person in range(4)]

    results = at_once(*[lambda who=who: decisions.approve(action(waiting), by=who) for who in people])

    assert [type(result) for result in results].count(NotApprovable) == 3, results
    assert len(world.emulator.store.find("refund")) == 1
    invariants.check_at_rest(world.emulator)


@pytest.mark.usefixtures("unlocked")
def test_i19_without_locks_the_second_approver_ends_in_an_error(
    world: World, waiting: MoneyAction, monkeypatch: pytest.MonkeyPatch
) -> None:
    met = threading.Barrier(2)

    def read(found: MoneyAction) -> MoneyAction:
        found = action(found)
        met.wait(5)
        return found

    monkeypatch.setattr(decisions, "_locked_action", read)

    results = at_once(*[lambda: decisions.approve(action(waiting), by=UserFactory())] * 2)

    # The move names the status it was read with: the money moves once, the loser only gets no answer.
    assert [type(result) for result in results].count(LostRace) == 1, results
    assert Refund.objects.count() == 1


def action(found: MoneyAction) -> MoneyAction:
    row: MoneyAction = MoneyAction.objects.select_related("share__payment", "share__account").get(pk=found.pk)
    return row


# --- cancelled, and sent ---


@pytest.fixture
def unsent(world: World) -> Share:
    (share,) = world.bought((1000,))
    return share


def cancel(share: Share) -> MoneyAction:
    request = {"reason": "not_shipped", "policy": "seller"}
    return decisions.by_itself(fresh(share), Kind.CANCEL, request, actor="sweep", reason="It was not sent in time.")


def send(share: Share) -> bool:
    return progress.fulfil(fresh(share).order, at=now(), actor="bob", reason="Sent.")


def test_f30_cancelled_and_sent_at_once_it_is_one_of_the_two(world: World, unsent: Share) -> None:
    results = at_once(lambda: cancel(unsent), lambda: send(unsent), lambda: cancel(unsent))
    world.finish()

    ended = fresh(unsent)
    assert (ended.order.status, ended.status) in [("cancelled", "returned"), ("fulfilled", "held")], results
    assert sum(1 for result in results if isinstance(result, MoneyAction)) <= 1
    invariants.check_at_rest(world.emulator)


def test_f30_without_the_lock_of_the_order_the_loser_ends_in_an_error(
    world: World, unsent: Share, monkeypatch: pytest.MonkeyPatch
) -> None:
    met = threading.Barrier(2)

    def read(order: Any) -> None:
        order.refresh_from_db()
        met.wait(5)

    monkeypatch.setattr(progress, "_lock_order", read)

    results = at_once(lambda: cancel(unsent), lambda: send(unsent))

    assert [type(result) for result in results].count(LostRace) == 1, results
    invariants.check(world.emulator)


# --- paid ---


@pytest.fixture
def paid_at_stripe(world: World) -> str:
    """Alice paid three sellers on one page, and nobody here knows yet: the page's id."""
    world.keeps_quiet = True
    world.bought()
    return str(Payment.objects.get().session_id)


def test_f23_return_page_event_and_sweeper_open_each_share_once(world: World, paid_at_stripe: str) -> None:
    world.deliver()

    results = at_once(
        lambda: settlement.settle(paid_at_stripe, actor="return page"),
        handle_waiting,
        lambda: settlement.settle(paid_at_stripe, actor="sweeper"),
        follow,
    )
    world.finish()

    assert not [result for result in results if isinstance(result, Exception)], results
    assert Share.objects.count() == 3
    invariants.check_at_rest(world.emulator)


def test_f23_without_the_lock_the_second_settlement_ends_in_an_error(
    paid_at_stripe: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    met = threading.Barrier(2)

    def read(session: Any) -> Payment:
        payment: Payment = Payment.objects.select_related("purchase").get(session_id=session.id)
        met.wait(5)
        return payment

    monkeypatch.setattr(settlement, "_locked", read)

    results = at_once(*[lambda: settlement.settle(paid_at_stripe, actor="page")] * 2)

    assert [type(result) for result in results].count(LostRace) == 1, results
    assert Share.objects.count() == 3


# --- called off, and sent ---


def test_i06_a_release_is_called_off_or_sent_never_both(world: World, share: Share) -> None:
    results = at_once(lambda: release(share), lambda: hold(share), lambda: hold(share))
    world.finish()

    assert only_answers(results), results
    sent = Release.objects.filter(status="sent").count()
    assert transfers(world) == sent
    invariants.check_at_rest(world.emulator)


def test_i06_what_is_being_sent_is_not_called_off(world: World, share: Share) -> None:
    with rival("operation.claimed", lambda: hold(share)) as came:
        release(share)

    assert only_answers(came), came
    assert (Release.objects.get().status, transfers(world)) == ("sent", 1)
    invariants.check_at_rest(world.emulator)


def test_i06_calling_off_without_looking_at_the_status_loses_a_transfer(
    world: World, share: Share, monkeypatch: pytest.MonkeyPatch
) -> None:
    def call_off(operation: Operation, *, reason: str) -> bool:
        Operation.objects.filter(pk=operation.pk).update(status=Operation.Status.FAILED, error_message=reason)
        return True

    monkeypatch.setattr(operations, "call_off", call_off)
    with rival("operation.claimed", lambda: hold(share)), pytest.raises(GatewayError):
        release(share)

    assert (Release.objects.get().status, transfers(world)) == ("refused", 1)
    with pytest.raises(AssertionError, match="I17"):
        invariants.check(world.emulator)
