"""Each watch: it finds what is wrong, tells of it once, with a place to act, and lets go of it when it is gone."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import translation

from accounts.models import User
from cases.models import Case
from disputes import reminders, rules
from disputes.models import Act, FraudWarning
from evidence.models import Pack
from gateway.models import Breaker
from kit.clock import fixed_at, now
from kit.mail import GIVE_UP_AFTER
from kit.models import Mail
from ledger import journal
from ledger.journal import EntryPlan, PostingPlan
from ledger.models import Account
from monitoring import heartbeats
from monitoring.models import Alert, Heartbeat, Kind
from monitoring.queries import in_words
from monitoring.sweeping import look, sweep
from monitoring.watch import Watch
from monitoring.watches import BY_KIND, WATCHES
from payments import decisions
from payments.models import Dispute, DisputeShare, MoneyAction, Payment, Refund, Release, Reversal, Share
from tests.factories import CustomerFactory, SellerFactory
from tests.unit.monitoring import rows

pytestmark = pytest.mark.django_db

Mend = Callable[[], object]
DAY = timedelta(days=1)


@dataclass(frozen=True)
class Wrong:
    """How something goes wrong, and what is said of it. The call answers with how it is put right."""

    kind: Kind
    breaks: Callable[[], Mend]
    says: str
    at_stake: str = ""
    times: int = 1


def _waits_for_a_second_person() -> Mend:
    share = rows.a_share()
    request = {"amount": 2000, "reason": "changed_mind", "policy": "shared"}
    plan = decisions.preview(share, "refund", request)
    action = MoneyAction.objects.create(
        kind="refund", share=share, status="waiting", request={}, plan=plan.as_json, plan_hash="x",
        currency="eur", amount=2000,
        user=User.objects.create_user("emil@example.org"), actor="emil@example.org", reason="Asked for.",
        needs_approval=True, created_at=now(),
    )  # fmt: skip
    return lambda: MoneyAction.objects.filter(pk=action.pk).update(status="declined")


def _refunded_outside() -> Mend:
    refund = rows.a_refund(rows.a_share(), undecided=True, outside=True, from_seller=0, absorbed=0)
    return lambda: Refund.objects.filter(pk=refund.pk).update(undecided=False, from_platform=1000)


def _refund_came_back() -> Mend:
    refund = rows.a_refund(rows.a_share(), status="failed", failure="lost_or_stolen_card")
    return lambda: rows.a_refund(refund.share, replaces=refund, from_seller=0, absorbed=0)


def _paid_not_as_agreed() -> Mend:
    share = rows.a_share(payment_status="review")
    return lambda: Payment.objects.filter(pk=share.payment_id).update(status="paid")


def _held_for_long() -> Mend:
    share = rows.a_share(opened_at=now() - 70 * DAY)
    return lambda: Share.objects.filter(pk=share.pk).update(status="returned")


def _disputed(due: timedelta) -> Mend:
    dispute = rows.a_dispute(payment=rows.a_share().payment, due_by=now() + due)
    return lambda: Dispute.objects.filter(pk=dispute.pk).update(submission_count=1)


def _unknown_charge() -> Mend:
    dispute = rows.a_dispute()
    return lambda: Dispute.objects.filter(pk=dispute.pk).update(payment=rows.a_share().payment, submission_count=1)


def _payout_failed() -> Mend:
    payout = rows.a_payout(status="failed", failure_code="account_closed", created_at=now() - DAY)
    return lambda: rows.a_payout(connected_account=payout.connected_account, status="in_transit")


def _owes(share: Share, amount: int, days_ago: int) -> None:
    moment = now() - days_ago * DAY
    seller = str(share.order.seller_id)
    entries = (
        EntryPlan(Account.SELLER_DEBT, seller, amount, "eur"),
        EntryPlan(Account.PLATFORM_LOSS, "", -amount, "eur"),
    )
    key = f"debt:{seller}:{amount}:{days_ago}"
    journal.post([PostingPlan(key=key, kind="test", description="test", occurred_at=moment, entries=entries)])


def _not_fetched_back() -> Mend:
    share = rows.a_share()
    release = Release.objects.create(
        share=share, number=1, status="sent", amount=2160, planned_at=now(), actor="test", reason="test"
    )
    Reversal.objects.create(
        release=release, number=1, status="refused", amount=1000, planned_at=now(), actor="test", reason="test",
        refusal="Insufficient funds in account.",
    )  # fmt: skip
    _owes(share, 1000, 0)
    return lambda: _owes(share, -1000, 0)


def _owes_for_long() -> Mend:
    share = rows.a_share()
    _owes(share, 1500, 40)
    _owes(share, -500, 35)
    return lambda: _owes(share, -1000, 0)


def _refunds_of(party: str, *, ago: timedelta, orders: int = 5) -> Mend:
    """Others trade as usual; this one's last orders were all refunded."""
    for n in range(20):
        rows.a_share(opened_at=now() - (40 + n) * DAY)
    same: dict[str, Any] = {party: SellerFactory(name="Bob’s") if party == "seller" else CustomerFactory()}
    for _order in range(orders):
        rows.a_refund(rows.a_share(**same, opened_at=now() - ago), from_seller=1000)
    return lambda: Refund.objects.update(reason="platform_fault")


def _stuck(**changes: Any) -> Mend:
    operation = rows.an_operation(**changes)
    return lambda: type(operation).objects.filter(pk=operation.pk).update(status="succeeded")


def _stripe_is_silent() -> Mend:
    Breaker.objects.create(name="stripe", failures=9, opened_at=now() - timedelta(minutes=20), last_error="Timed out.")
    return lambda: Breaker.objects.update(opened_at=None)


def _event(**changes: Any) -> Mend:
    event = rows.an_event(**changes)
    return lambda: type(event).objects.filter(pk=event.pk).update(status="handled")


def _mail_unsent() -> Mend:
    mail = Mail.objects.create(
        key="x", to="alice@example.org", subject="Your order", text="", html="", created_at=now(),
        attempts=GIVE_UP_AFTER,
    )  # fmt: skip
    return lambda: Mail.objects.filter(pk=mail.pk).update(sent_at=now())


def _job_fails() -> Mend:
    for _time in range(heartbeats.FAILING):
        heartbeats.beat("payments.act_on_held_money", ok=False, took_ms=3, error="OperationalError: no connection")
    return lambda: heartbeats.beat("payments.act_on_held_money", ok=True, took_ms=3)


def _job_stands_still() -> Mend:
    heartbeats.expect()
    Heartbeat.objects.filter(task="kit.send_mail").update(expected_since=now() - DAY)
    return lambda: heartbeats.beat("kit.send_mail", ok=True, took_ms=3)


def _many_disputes(of: str) -> Mend:
    """Three of eight orders of the last month; in the two months before none of forty."""
    seller = SellerFactory(name="Bob’s")
    for n in range(40):
        rows.a_share(opened_at=now() - (35 + n) * DAY, seller=SellerFactory() if of == "seller" else seller)
    shares = [rows.a_share(opened_at=now() - 20 * DAY, seller=seller) for _order in range(8)]
    for share in shares[:3]:
        dispute = rows.a_dispute(payment=share.payment, opened_at=now() - DAY, submission_count=1)
        DisputeShare.objects.create(dispute=dispute, share=share, amount=2400)
    return lambda: Dispute.objects.update(status="warning_closed")


def _case_to_decide() -> Mend:
    case = Case.objects.create(
        share=rows.a_share(), opened_by=User.objects.create_user("alice@example.org"), reason="damaged", asked=1500,
        status="with_staff", opened_at=now(), joined_at=now(), answer_by=now() + 5 * DAY,
    )  # fmt: skip
    return lambda: Case.objects.filter(pk=case.pk).update(
        status="closed", closed_at=now(), outcome="decided", answer_by=None
    )


def _case_nobody_ended() -> Mend:
    case = Case.objects.create(
        share=rows.a_share(), opened_by=User.objects.create_user("alice@example.org"), reason="damaged", asked=1500,
        status="waits_for_seller", opened_at=now() - 5 * DAY, answer_by=now() - DAY,
    )  # fmt: skip
    return lambda: Case.objects.filter(pk=case.pk).update(
        status="closed", closed_at=now(), outcome="seller_silent", answer_by=None
    )


def _reminder_is_due() -> Mend:
    dana = User.objects.create_user("emil@example.org", is_staff=True)
    dispute = rows.a_dispute(status="under_review")
    made = reminders.add(dispute, for_whom=dana, by=dana, text="Ask the carrier.", due_on=reminders.today())
    return lambda: reminders.finish(made, by=dana)


def _asked_again() -> Mend:
    """An inquiry was answered, and became a dispute."""
    share = rows.a_share()
    due = now() + 2 * DAY
    dispute = rows.a_dispute(charge_id=share.payment.charge_id, payment=share.payment, due_by=due, submission_count=1)
    Pack.objects.create(dispute=dispute, round=2, created_at=now())
    return lambda: Pack.objects.filter(dispute=dispute).update(status="submitted")


def _a_warning() -> FraudWarning:
    share = rows.a_share()
    return FraudWarning.objects.create(
        stripe_id=f"issfr_{share.pk}", payment=share.payment, actionable=True, warned_at=now(), heard_at=now()
    )


def _warned_of_fraud() -> Mend:
    warning = _a_warning()
    return lambda: FraudWarning.objects.filter(pk=warning.pk).update(status="holding")


def _a_rule_failed() -> Mend:
    warning = _a_warning()
    FraudWarning.objects.filter(pk=warning.pk).update(actionable=False)
    Act.objects.create(
        rule=rules.rule("warning"), version=1, warning=warning, status="failed", what="refund", because="costs_least",
        facts={}, currency="eur", amount=2400, noticed_at=now(), due_at=now(), ended_at=now(), result="Refused.",
    )  # fmt: skip
    return lambda: FraudWarning.objects.filter(pk=warning.pk).update(status="refunded")


ALL = [
    Wrong(Kind.WARNING, _warned_of_fraud, "Decide about a fraud warning on €24.00", "€24.00"),
    Wrong(Kind.ACT, _a_rule_failed, "See why a rule could not act on €24.00", "€24.00"),
    Wrong(Kind.REMINDER, _reminder_is_due, "emil@example.org is reminded: Ask the carrier.", "€24.00"),
    Wrong(Kind.CASE, _case_to_decide, "about €15.00 before", "€15.00"),
    Wrong(Kind.CASE, _case_nobody_ended, "was not ended: its answer was due by", "€15.00"),
    Wrong(Kind.DISPUTE_RATE, lambda: _many_disputes("seller"), "Bring disputes at Bob’s down", times=2),
    Wrong(Kind.APPROVAL, _waits_for_a_second_person, "Approve or decline: Refund, €20.00", "€20.00"),
    Wrong(Kind.UNDECIDED, _refunded_outside, "Decide who bears €10.00, refunded in Stripe’s Dashboard", "€10.00"),
    Wrong(Kind.RETURNED, _refund_came_back, "Pay the buyer €10.00 again: the refund came back", "€10.00"),
    Wrong(Kind.REVIEW, _paid_not_as_agreed, "Look at a payment of €24.00 that is not as agreed", "€24.00"),
    Wrong(Kind.HOLDING, _held_for_long, "Release or refund €21.60 before", "€21.60"),
    Wrong(Kind.DISPUTE_DUE, lambda: _disputed(2 * DAY), "Answer the bank’s dispute about €24.00 before", "€24.00"),
    Wrong(Kind.DISPUTE_DUE, lambda: _disputed(-DAY), "The day to answer the bank’s dispute about", "€24.00"),
    Wrong(Kind.DISPUTE_OPEN, lambda: _disputed(8 * DAY), "Answer the bank’s dispute about €24.00 before", "€24.00"),
    Wrong(Kind.DISPUTE_DUE, _asked_again, "Answer the bank’s dispute about €24.00 before", "€24.00"),
    Wrong(Kind.DISPUTE_UNKNOWN, _unknown_charge, "Find out what a disputed charge of €24.00 is", "€24.00"),
    Wrong(Kind.PAYOUT, _payout_failed, "can be paid: €50.00 came back from their bank", "€50.00"),
    Wrong(Kind.REVERSAL, _not_fetched_back, "Get €10.00 back from", "€10.00"),
    Wrong(Kind.DEBT, _owes_for_long, "has owed the marketplace money for long", "€10.00"),
    Wrong(
        Kind.SELLER_REFUNDS, lambda: _refunds_of("seller", ago=9 * DAY), "More of Bob’s’s orders are refunded", "€50.00"
    ),
    Wrong(
        Kind.SELLER_PACE, lambda: _refunds_of("seller", ago=50 * DAY), "Many refunds at Bob’s within hours", "€50.00"
    ),
    Wrong(Kind.BUYER_REFUNDS, lambda: _refunds_of("customer", ago=9 * DAY), "buys is refunded than usual", "€50.00"),
    Wrong(Kind.BUYER_PACE, lambda: _refunds_of("customer", ago=50 * DAY), "Many refunds to", "€50.00"),
    Wrong(Kind.STALE, lambda: _stuck(status="stale"), "See at Stripe what became of refund.create"),
    Wrong(
        Kind.STUCK,
        lambda: _stuck(status="unknown", planned_at=now() - timedelta(hours=2)),
        "See why refund.create has no outcome",
    ),
    Wrong(Kind.SILENT, _stripe_is_silent, "Look why Stripe does not answer us"),
    Wrong(
        Kind.DEAD,
        lambda: _event(status="dead", last_error="Traceback\nKeyError: 'charge'"),
        "See why the event refund.updated could not be handled",
    ),
    Wrong(
        Kind.WAITING, lambda: _event(received_at=now() - timedelta(minutes=20)), "See why 1 event was not handled yet"
    ),
    Wrong(
        Kind.WAITING,
        lambda: _event(received_at=now() - timedelta(hours=2), attempts=5),
        "See why 1 event was not handled yet",
    ),
    Wrong(Kind.UNSENT, _mail_unsent, "See why a mail to alice@example.org could not be sent"),
    Wrong(Kind.JOB, _job_fails, "See why the job payments.act_on_held_money fails"),
    Wrong(Kind.JOB, _job_stands_still, "See why the job kit.send_mail does not run"),
]


@pytest.fixture
def dana() -> User:
    return User.objects.create_superuser("dana@example.org", "a long enough password")


@pytest.mark.parametrize("wrong", ALL, ids=lambda wrong: wrong.kind.value)
def test_a_problem_is_found_once_leads_somewhere_ends_by_itself_and_can_come_back(wrong: Wrong, dana: User) -> None:
    watch = BY_KIND[wrong.kind]
    heartbeats.expect()
    look(watch)
    assert not Alert.objects.exists(), "nothing is wrong yet"

    mend = wrong.breaks()
    look(watch)
    look(watch)

    alert = Alert.objects.latest("pk")
    line = in_words(alert, dana)
    assert Alert.objects.count() == wrong.times
    assert (alert.kind, alert.status) == (wrong.kind, "open")
    assert wrong.says in line.what
    assert line.about
    assert str(alert.money or "") == wrong.at_stake
    assert _signed_in(dana).get(line.url).status_code == 200
    assert str(watch.remedy)

    mend()
    look(watch)
    alert.refresh_from_db()
    assert (alert.status, alert.closed_how) == ("closed", "by_itself")
    assert alert.moves.get().reason == "Its cause is gone."


def test_every_kind_is_tried_here() -> None:
    assert {wrong.kind for wrong in ALL} == set(Kind)


def test_what_returns_is_a_new_problem() -> None:
    mend = _job_fails()
    look(BY_KIND[Kind.JOB])
    mend()
    look(BY_KIND[Kind.JOB])

    _job_fails()
    look(BY_KIND[Kind.JOB])

    assert list(Alert.objects.order_by("pk").values_list("status", flat=True)) == ["closed", "open"]


def test_facts_are_kept_current_while_it_lasts() -> None:
    _refund_came_back()
    look(BY_KIND[Kind.RETURNED])
    rows.a_refund(Refund.objects.get().share, amount=400, replaces=Refund.objects.get(), from_seller=0, absorbed=0)

    look(BY_KIND[Kind.RETURNED])

    assert str(Alert.objects.get().money) == "€6.00"


def test_a_dispute_nearing_its_deadline_becomes_urgent() -> None:
    _disputed(8 * DAY)
    sweep()
    assert Alert.objects.get().kind == Kind.DISPUTE_OPEN

    with fixed_at(now() + 6 * DAY):
        sweep([BY_KIND[Kind.DISPUTE_OPEN], BY_KIND[Kind.DISPUTE_DUE]])

    kinds = Alert.objects.order_by("pk").values_list("kind", "status")
    assert list(kinds) == [("dispute_open", "closed"), ("dispute_due", "open")]


@pytest.mark.parametrize(
    "usual",
    [
        rows.a_share,
        lambda: rows.a_dispute(payment=rows.a_share().payment, submission_count=1, due_by=now() + DAY),
        lambda: rows.a_payout(status="paid"),
        lambda: _stuck(status="unknown"),
        lambda: _event(received_at=now() - timedelta(minutes=5)),
        lambda: _event(received_at=now() - timedelta(minutes=30), attempts=3),
        lambda: _owes(rows.a_share(), 1500, 10),
        lambda: _refunds_of("seller", ago=9 * DAY, orders=3),
    ],
)
def test_a_usual_day_is_no_problem(usual: Callable[[], object]) -> None:
    usual()

    sweep(WATCHES)

    assert list(Alert.objects.all()) == []


def test_who_asked_reads_that_somebody_else_has_to_approve() -> None:
    _waits_for_a_second_person()
    look(BY_KIND[Kind.APPROVAL])

    line = in_words(Alert.objects.get(), User.objects.get(email="emil@example.org"))

    assert line.what == "Somebody else has to approve what you asked for: Refund, €20.00"


def test_the_reason_of_a_failed_payout_is_in_words() -> None:
    _payout_failed()
    look(BY_KIND[Kind.PAYOUT])

    assert "the bank account was closed" in in_words(Alert.objects.get()).about


def test_words_are_made_when_somebody_reads() -> None:
    _payout_failed()
    look(BY_KIND[Kind.PAYOUT])

    with translation.override("de"):
        line = in_words(Alert.objects.get())

    assert "50,00\xa0€" in line.what


def test_a_watch_asks_as_often_for_many_as_for_one() -> None:
    _much_is_wrong(2)
    few = {watch.kind: _queries(watch) for watch in WATCHES}

    _much_is_wrong(5)

    assert {watch.kind: _queries(watch) for watch in WATCHES} == few
    assert max(few.values()) <= 8


def _much_is_wrong(times: int) -> None:
    for _time in range(times):
        rows.a_refund(rows.a_share(), status="failed")
        rows.a_dispute(payment=rows.a_share(payment_status="review").payment)
        rows.a_payout(status="failed")
        _owes(rows.a_share(), 100, 40)
        _not_fetched_back()
        _stuck(status="stale")
        _event(status="dead")


def _queries(watch: Watch) -> int:
    with CaptureQueriesContext(connection) as captured:
        watch.find(None)
    return len(captured)


def _signed_in(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client
