"""The arithmetic of disputes: what adds up, what never falls, and what lies between belief and experience."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from disputes import economics
from disputes.economics import SURE, Costs, Line, Prior, Warned, Way

amounts = st.integers(0, 10_000_000)
chances = st.integers(0, SURE)
costs = st.builds(
    Costs,
    fee=st.integers(0, 5000),
    fee_comes_back=st.booleans(),
    counter_fee=st.integers(0, 5000),
    counter_fee_comes_back=st.booleans(),
    handling=st.integers(0, 5000),
)


@st.composite
def warned(draw: st.DrawFn) -> Warned:
    refundable = draw(st.integers(1, 10_000_000))
    sellers = draw(st.integers(0, refundable))
    held = draw(st.integers(0, sellers))
    return Warned(
        refundable=refundable,
        goods=draw(st.integers(0, refundable)),
        held=held,
        sent=sellers - held,
        disputed=draw(chances),
        won=draw(chances),
        default=draw(chances),
        waiting=draw(st.integers(0, 10_000)),
        is_sent=draw(st.booleans()),
    )


def value(ways: list[Way], name: str) -> int:
    return next(way.value for way in ways if way.name == name)


@given(amounts, costs, chances)
def test_a_ways_value_is_the_sum_of_what_its_lines_show(amount: int, cost: Costs, won: int) -> None:
    for way in economics.dispute(amount, cost, won=won):
        shown = way.as_json
        assert shown["value"] == sum(Line(**line).value for line in shown["lines"])


@given(amounts, costs, chances, st.integers(0, 100_000))
def test_the_more_is_at_stake_the_more_an_answer_is_worth_and_the_less_every_way(
    amount: int, cost: Costs, won: int, more: int
) -> None:
    small, large = economics.dispute(amount, cost, won=won), economics.dispute(amount + more, cost, won=won)

    assert value(large, "fight") - value(large, "accept") >= value(small, "fight") - value(small, "accept")
    assert all(value(large, way.name) <= way.value for way in small)


@given(amounts, costs, chances, chances)
def test_better_evidence_never_makes_an_answer_worth_less(amount: int, cost: Costs, one: int, other: int) -> None:
    worse, better = sorted((one, other))

    before, after = economics.dispute(amount, cost, won=worse), economics.dispute(amount, cost, won=better)

    assert value(after, "fight") >= value(before, "fight")
    assert value(after, "accept") == value(before, "accept")


@given(amounts, costs)
def test_without_a_chance_an_answer_is_never_advised_and_with_certainty_its_loss_is_nothing(
    amount: int, cost: Costs
) -> None:
    assert economics.best(economics.dispute(amount, cost, won=0)).name == "accept"
    sure = economics.dispute(amount, replace(cost, handling=0, counter_fee_comes_back=True), won=SURE)
    assert value(sure, "fight") == (0 if cost.fee_comes_back else -cost.fee)


@given(amounts, costs, chances, chances, chances)
def test_a_refund_of_an_inquiry_costs_its_amount_and_no_fee(
    amount: int, cost: Costs, won: int, silent: int, answered: int
) -> None:
    ways = economics.inquiry(amount, cost, won=won, silent=silent, answered=answered)

    assert value(ways, "refund") == -amount
    assert value(ways, "accept") <= 0


@given(warned(), costs)
def test_goods_that_were_not_sent_are_kept_by_a_refund(facts: Warned, cost: Costs) -> None:
    ways = economics.warning(facts, cost)

    assert value(ways, "refund") == facts.goods - facts.refundable
    assert all(way.value == sum(line.value for line in way.lines) for way in ways)


@given(warned(), costs, chances)
def test_a_likelier_dispute_never_makes_letting_go_worth_more(facts: Warned, cost: Costs, other: int) -> None:
    low, high = sorted((facts.disputed, other))

    calm = economics.warning(replace(facts, disputed=low), cost)
    alarmed = economics.warning(replace(facts, disputed=high), cost)

    assert value(alarmed, "let_go") <= value(calm, "let_go")
    assert value(alarmed, "refund") == value(calm, "refund")


def test_a_cheap_unsent_order_is_refunded_an_expensive_one_held_and_a_proven_one_let_go() -> None:
    cost = Costs(fee=1500, counter_fee=2000)
    cheap = Warned(1000, 600, 900, 0, disputed=800_000, won=0, default=50_000, waiting=50, is_sent=False)
    dear = replace(cheap, refundable=100_000, goods=60_000, held=90_000, waiting=5_000)
    proven = Warned(50_000, 0, 0, 45_000, disputed=300_000, won=600_000, default=50_000, waiting=0, is_sent=True)

    best = [economics.best(economics.warning(facts, cost)) for facts in (cheap, dear, proven)]

    assert [(way.name, way.value) for way in best] == [
        ("refund", -400),
        # 80 % of (100,000 less 60,000 of goods, and 1,500), and 20 % of 5,000 for waiting in vain.
        ("hold", -80_000 + 48_000 - 1_200 - 1_000),
        # 12 % of 50,000, 30 % of 1,500, 12 % of 2,000, and 0.6 % of 45,000 that is never paid back.
        ("let_go", -6_000 - 450 - 240 - 270),
    ]


@given(st.integers(0, 500), st.integers(0, 500), chances, st.integers(1, 100))
def test_a_smoothed_chance_lies_between_belief_and_experience(won: int, lost: int, mean: int, weight: int) -> None:
    of = won + lost
    seen = won * SURE // of if of else mean

    chance = economics.smoothed(won, of, Prior(mean, weight))

    assert min(seen, mean) - 1 <= chance <= max(seen, mean) + 1
    assert 0 <= chance <= SURE


@given(chances, st.integers(1, 50))
def test_the_more_was_seen_the_less_belief_counts(mean: int, weight: int) -> None:
    far = [abs(economics.smoothed(n // 2, n, Prior(mean, weight)) - SURE // 2) for n in (0, 10, 100, 10_000)]

    assert far == sorted(far, reverse=True)


@given(st.lists(st.tuples(chances, st.integers(1, 50)), min_size=1, max_size=6))
def test_more_evidence_is_never_taken_for_worse(found: list[tuple[int, int]]) -> None:
    before, weights = [chance for chance, _weight in found], [weight for _chance, weight in found]

    after = economics.never_falling(before, weights)

    assert after == sorted(after)
    assert after == before or before != sorted(before)
    assert min(before) <= after[0] <= after[-1] <= max(before)


@pytest.mark.parametrize(
    ("found", "score"),
    [([], None), ([(SURE, True), (0, False)], 0), ([(500_000, True)], 250_000), ([(0, True)], SURE)],
)
def test_the_score_of_predictions_is_their_mean_squared_distance(
    found: list[tuple[int, bool]], score: int | None
) -> None:
    assert economics.brier(found) == score
