"""Who bears a refund: every part exact, whatever the sequence (faults F33, F41, F42; invariant I14)."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from payments.policies import PLATFORM, POLICIES, SELLER, SHARED, Policy
from payments.splits import Line, Split, TooMuch, over_lines, split

LINES = st.lists(
    st.integers(1, 5_000_000).flatmap(lambda amount: st.tuples(st.just(amount), st.integers(0, amount))),
    min_size=1,
    max_size=5,
).map(lambda found: [Line(number, amount, fee) for number, (amount, fee) in enumerate(found, 1)])
POLICY = st.sampled_from(list(POLICIES.values()))


def _after(lines: list[Line], done: Split) -> list[Line]:
    parts = {part.line: part for part in done.parts}
    return [
        replace(
            line,
            refunded=line.refunded + parts[line.id].amount,
            fee_returned=line.fee_returned + parts[line.id].from_fee,
        )
        if line.id in parts
        else line
        for line in lines
    ]


@given(lines=LINES, policy=POLICY, processing=st.integers(0, 100_000), data=st.data())
def test_f41_any_sequence_of_refunds_ends_where_one_full_refund_would(
    lines: list[Line], policy: Policy, processing: int, data: st.DataObject
) -> None:
    whole = split(lines, {line.id: line.amount for line in lines}, policy, processing=processing)
    sums = [0, 0, 0, 0, 0]

    left = lines
    for _turn in range(6):
        remaining = sum(line.refundable for line in left)
        if not remaining:
            break
        amount = data.draw(st.integers(1, remaining))
        _add(sums, part := split(left, over_lines(left, amount), policy, processing=processing))
        left = _after(left, part)
    if remaining := sum(line.refundable for line in left):
        _add(sums, split(left, over_lines(left, remaining), policy, processing=processing))

    assert sums == _numbers(whole)


@given(lines=LINES, policy=POLICY, processing=st.integers(0, 100_000), data=st.data())
def test_i14_the_parts_are_what_the_buyer_gets(
    lines: list[Line], policy: Policy, processing: int, data: st.DataObject
) -> None:
    amounts = data.draw(
        st.fixed_dictionaries({}, optional={line.id: st.integers(1, line.amount) for line in lines}).filter(bool)
    )

    done = split(lines, amounts, policy, processing=processing)

    assert done.amount == sum(amounts.values()) == done.from_seller + done.from_fee + done.from_platform
    assert all(0 <= part.from_fee <= part.amount for part in done.parts)
    assert {part.line for part in done.parts} == set(amounts)


def test_who_bears_what_by_policy() -> None:
    lines = [Line(1, 10_000, 1_000)]

    shared, seller, platform = (
        split(lines, {1: 5_000}, policy, processing=320) for policy in (SHARED, SELLER, PLATFORM)
    )

    assert _numbers(shared) == [5_000, 4_500, 500, 0, 0]
    assert _numbers(seller) == [5_000, 4_500, 500, 0, 160]
    assert _numbers(platform) == [5_000, 0, 500, 4_500, 0]


def test_f42_a_refund_of_one_line_takes_nothing_of_another() -> None:
    lines = [Line(1, 1_000, 100), Line(2, 2_000, 0)]

    done = split(lines, {2: 2_000}, SHARED, processing=0)

    assert [(part.line, part.amount, part.from_fee) for part in done.parts] == [(2, 2_000, 0)]


def test_f40_more_than_is_left_is_refused() -> None:
    lines = [Line(1, 1_000, 100, refunded=400, fee_returned=40)]

    with pytest.raises(TooMuch) as caught:
        split(lines, {1: 601}, SHARED, processing=0)

    assert caught.value.left == 600
    with pytest.raises(TooMuch):
        over_lines(lines, 601)


@pytest.mark.parametrize("amounts", [{}, {1: 0}, {1: -5}, {9: 100}])
def test_nonsense_is_refused(amounts: dict[int, int]) -> None:
    with pytest.raises(ValueError, match="known lines"):
        split([Line(1, 1_000, 100)], amounts, SHARED, processing=0)


def _add(sums: list[int], part: Split) -> None:
    for place, value in enumerate(_numbers(part)):
        assert value >= 0
        sums[place] += value


def _numbers(done: Split) -> list[int]:
    return [done.amount, done.from_seller, done.from_fee, done.from_platform, done.processing]
