"""What is advised, kept, and compared with what came of it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.core.management import call_command

from disputes import advice, calibration, dry_run, history, remembering, rules
from disputes.economics import SURE
from disputes.models import Advice, Rule
from kit.clock import fixed_at
from tests.disputework import advised, disputed, sold, warned

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 6, 20, 12, tzinfo=UTC)
DAY = NOW - timedelta(days=10)


@pytest.fixture(autouse=True)
def clock() -> Any:
    with fixed_at(NOW):
        yield


def payment(amount: int = 1000, at: datetime = DAY) -> Any:
    return sold(at, amount)[0].payment


def known(reason: str, band: str, *, won: int, lost: int) -> None:
    """So many answered disputes ended so."""
    for happened in [True] * won + [False] * lost:
        outcome = "won" if happened else "lost"
        row = disputed(payment(), outcome, DAY, reason=reason)
        advised(row, reason=reason, band=band, outcome=outcome, happened=happened)


def test_what_is_advised_shows_what_it_was_reckoned_from(settings: Any) -> None:
    settings.DISPUTE_COUNTER_FEES, settings.DISPUTE_HANDLING_COSTS = {"eur": 2000}, {"eur": 300}
    dispute = disputed(payment(10_000), "needs_response", DAY, reason="product_not_received")

    found = advice.for_dispute(dispute)

    # Little evidence: 5 % is won. Answering risks the fee for it, and takes time.
    assert (found.pk, found.kind, found.band, found.chance) == (None, "dispute", "little", 50_000)
    assert {way["way"]: way["value"] for way in found.ways} == {
        "fight": -9_500 - 1_500 - 1_900 - 300,
        "accept": -10_000 - 1_500,
    }
    assert (found.best, found.best_value.amount) == ("accept", -11_500)
    assert found.facts["given"]["fee_is_known"] is True


def test_an_inquiry_can_be_refunded_and_a_disputed_charge_cannot() -> None:
    inquiry = advice.for_dispute(disputed(payment(500), "warning_needs_response", DAY))
    chargeback = advice.for_dispute(disputed(payment(500), "needs_response", DAY))

    assert [way["way"] for way in inquiry.ways] == ["refund", "fight", "accept"]
    assert (inquiry.best, inquiry.best_value.amount) == ("refund", -500)
    assert chargeback.value_of("refund") is None


def test_what_nobody_wins_is_given_up() -> None:
    found = advice.for_dispute(disputed(payment(), "needs_response", DAY, reason="insufficient_funds"))

    assert (found.chance, found.best) == (0, "accept")


def test_our_own_wins_move_the_chance_and_more_evidence_is_never_worth_less() -> None:
    before = history.wins("product_not_received")
    known("product_not_received", "some", won=8, lost=2)

    after = history.wins("product_not_received")

    assert [before[band].chance for band in history.BANDS] == [50_000, 350_000, 600_000]
    # (35 % of 20, and 8) of 30; with all of it no less.
    assert [after[band].chance for band in history.BANDS] == [50_000, 500_000, 600_000]
    known("product_not_received", "some", won=20, lost=0)
    grown = [history.wins("product_not_received")[band].chance for band in history.BANDS]
    assert grown == sorted(grown)
    assert grown[1] == grown[2]
    assert history.wins("fraudulent")["some"].chance == 200_000


def test_advice_is_written_down_once_for_the_same_facts_and_anew_for_others() -> None:
    dispute = disputed(payment(), "needs_response", DAY)
    first, again = advice.record_dispute(dispute), advice.record_dispute(dispute)
    # 5 % of 20 and 5 of 5 make 24 %, which is more than some evidence has: both have 22 %.
    known("fraudulent", "little", won=5, lost=0)
    same = advice.record_dispute(dispute)

    dispute.amount = 900
    dispute.save()
    other = advice.record_dispute(dispute)

    assert first.pk == again.pk == same.pk != other.pk
    first.refresh_from_db()
    assert (first.superseded_at, other.superseded_at, other.chance) == (NOW, None, 222_222)


def test_what_came_of_it_is_written_down_where_it_can_be_known() -> None:
    answered = disputed(payment(), "needs_response", DAY, submission_count=1)
    silent = disputed(payment(), "needs_response", DAY)
    inquired = disputed(payment(), "warning_needs_response", DAY)
    remembering.remember()
    for row, status in ((answered, "won"), (silent, "lost"), (inquired, "needs_response")):
        type(row).objects.filter(pk=row.pk).update(
            status=status, settled_at=None if status == "needs_response" else NOW, reinstated=1000 * (status == "won")
        )

    remembering.remember()

    rows = {row.dispute_id: row for row in Advice.objects.filter(superseded_at=None)}
    assert (rows[answered.pk].outcome, rows[answered.pk].happened, rows[answered.pk].real_value) == ("won", True, -1500)
    assert (rows[silent.pk].outcome, rows[silent.pk].happened, rows[silent.pk].real_value) == ("lost", None, -2500)
    old = Advice.objects.get(dispute=inquired, superseded_at__isnull=False)
    assert (old.kind, old.outcome, old.happened, old.answered) == ("inquiry", "escalated", True, False)
    assert rows[inquired.pk].kind == "dispute"
    assert history.escalations()[0].chance == round((800_000 * 10 + SURE) / 11)


def test_what_ended_before_anything_was_kept_counts_as_history_and_not_as_a_prediction() -> None:
    disputed(payment(), "won", DAY, submission_count=1)

    remembering.remember()

    found = Advice.objects.get()
    assert (found.in_hindsight, found.happened, found.outcome) == (True, True, "won")
    assert history.wins("fraudulent")["little"].happened == 1
    assert calibration.every_kind()[0].count == 0


def test_calibration_compares_predictions_with_what_happened(django_assert_num_queries: Any) -> None:
    for chance, happened in ((100_000, False), (150_000, False), (900_000, True), (850_000, False)):
        outcome = "won" if happened else "lost"
        advised(disputed(payment(), outcome, DAY), outcome=outcome, happened=happened, chance=chance)

    with django_assert_num_queries(1):
        found = calibration.every_kind()[0]

    assert (found.kind, found.count) == ("dispute", 4)
    assert found.score == round((0.01 + 0.0225 + 0.01 + 0.7225) / 4 * SURE)
    assert found.average_score == 187_500
    assert (found.bands[0].count, found.bands[0].predicted, found.bands[0].happened) == (2, 125_000, 0)
    assert (found.bands[4].count, found.bands[4].predicted, found.bands[4].happened) == (2, 875_000, 500_000)


# --- dry runs ---


def test_a_dry_run_over_small_losses_counts_what_was_won_as_cost_and_answers_as_saved(
    settings: Any, django_assert_num_queries: Any
) -> None:
    settings.DISPUTE_COUNTER_FEES = {"eur": 2000}
    rule = rules.rule(Rule.Kind.CONCEDE)
    won = disputed(payment(1000), "won", DAY, submission_count=1)
    lost = disputed(payment(1200), "lost", DAY, submission_count=1)
    silent = disputed(payment(1500), "lost", DAY)
    still = disputed(payment(700), "under_review", DAY)
    disputed(payment(1501), "lost", DAY)
    disputed(payment(100), "warning_closed", DAY)

    with django_assert_num_queries(3):
        found = dry_run.run(rule, days=30)

    effects = {row.subject: row.effect.amount if row.effect is not None else None for row in found.rows}
    assert effects == {won: -1000, lost: 2000, silent: 0, still: None}
    assert (found.considered, found.unknown, [one.net.amount for one in found.totals]) == (6, 1, [1000])
    assert dict(found.left_alone) == {
        "It is above the rule’s limit for its currency: people decide.": 1,
        "It does not wait for an answer of ours any more.": 1,
    }


def test_a_dry_run_over_silence_counts_what_an_answer_was_expected_to_bring() -> None:
    rule = rules.rule(Rule.Kind.FILE)
    ways = [{"way": "fight", "value": -700, "lines": []}, {"way": "accept", "value": -1000, "lines": []}]
    silent = disputed(payment(), "lost", DAY, due_by=NOW)
    advised(silent, band="all", ways=ways, outcome="lost")
    advised(disputed(payment(), "lost", DAY, due_by=NOW), band="some", ways=ways, outcome="lost")

    found = dry_run.run(rule, days=30)

    assert [(row.subject, row.effect and row.effect.amount, row.is_expected) for row in found.rows] == [
        (silent, 300, True)
    ]


def test_a_dry_run_over_warnings_counts_disputes_spared_and_sales_given_back_for_nothing() -> None:
    rule = rules.rule(Rule.Kind.WARNING)
    spared, honest, open_one, large = (
        warned(payment(), DAY, status) for status in ("disputed", "over", "open", "over")
    )
    advised(spared, outcome="disputed", happened=True, real_value=-2500)
    advised(honest, outcome="over", happened=False, real_value=0)
    advised(open_one)
    advised(large, amount=99_999)
    warned(payment(), DAY, "over")

    found = dry_run.run(rule, days=30)

    # A refund keeps goods of 6.00 and costs 4.00: 21.00 less than the dispute and its fee.
    effects = {row.subject: row.effect.amount if row.effect is not None else None for row in found.rows}
    assert effects == {spared: 2100, honest: -400, open_one: None}
    assert [(one.saved.amount, one.cost.amount, one.net.amount) for one in found.totals] == [(2100, 400, 1700)]
    assert found.considered == 5


def test_the_command_tells_the_same(capsys: Any) -> None:
    disputed(payment(1000), "won", DAY, submission_count=1)

    call_command("rules_dry_run", "concede", "--days", "30", "--limit", "eur=1000")

    told = capsys.readouterr().out
    assert "looked at 1 of the last 30 days" in told
    assert "cost €10.00, together −€10.00" in told
