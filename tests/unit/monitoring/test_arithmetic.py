"""When a count is more than usual: never for little, always for much, and never less so for more."""

from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st

from monitoring.arithmetic import Past, Scale, beyond, expected, hundredths, judge

COUNTS = st.integers(0, 500)
UNITS = st.integers(0, 5_000)
SCALES = st.builds(Scale, weight=st.integers(1, 100), sigmas=st.integers(1, 6), minimum=st.integers(1, 20))
HISTORIES = st.builds(lambda units, share: Past(units * share // 100, units), UNITS, st.integers(0, 100))


@given(seen=COUNTS, units=UNITS, own=HISTORIES, everybody=HISTORIES, scale=SCALES)
def test_one_more_never_makes_it_less_odd(seen: int, units: int, own: Past, everybody: Past, scale: Scale) -> None:
    now = judge(Past(seen, units), own, everybody, scale)
    more = judge(Past(seen + 1, units), own, everybody, scale)

    assert more.odd or not now.odd


@given(seen=COUNTS, units=UNITS, own=HISTORIES, everybody=HISTORIES, scale=SCALES)
def test_less_than_the_minimum_or_than_usual_is_never_odd(
    seen: int, units: int, own: Past, everybody: Past, scale: Scale
) -> None:
    finding = judge(Past(seen, units), own, everybody, scale)

    assert not finding.odd or (seen >= scale.minimum and seen > expected(units, own, everybody, scale.weight))


@given(units=UNITS, own=HISTORIES, everybody=HISTORIES, weight=st.integers(1, 100))
def test_what_is_expected_lies_between_the_own_rate_and_everybodys(
    units: int, own: Past, everybody: Past, weight: int
) -> None:
    usual = expected(units, own, everybody, weight)

    rates = [Fraction(past.count, past.units) for past in (own, everybody) if past.units] or [Fraction(0)]
    lowest = min(rates) if everybody.units else Fraction(0)
    assert units * lowest <= usual <= units * max(rates)


@given(units=UNITS, own=HISTORIES, everybody=HISTORIES, scale=SCALES, more=st.integers(1, 500))
def test_a_worse_past_of_its_own_never_makes_it_more_odd(
    units: int, own: Past, everybody: Past, scale: Scale, more: int
) -> None:
    seen = Past(30, units)
    worse = Past(own.count + more, own.units)

    assert judge(seen, own, everybody, scale).odd or not judge(seen, worse, everybody, scale).odd


@given(count=COUNTS, usual=st.fractions(0, 500), sigmas=st.integers(1, 6))
def test_beyond_is_exact(count: int, usual: Fraction, sigmas: int) -> None:
    said = beyond(count, usual, sigmas)

    assert said == (count > usual and (count - usual) ** 2 > sigmas**2 * usual)


def test_the_example_of_the_documents() -> None:
    # 6 of 40 now, 10 of 200 before; everybody 3 %: 40 x (10 + 20 x 0.03) / 220 = 1.93; 1.93 + 3 x root = 6.09.
    scale = Scale(weight=20, sigmas=3, minimum=4)
    own, everybody = Past(10, 200), Past(30, 1000)

    six, seven = (judge(Past(count, 40), own, everybody, scale) for count in (6, 7))

    assert (six.expected, six.limit, six.odd) == (193, 609, False)
    assert seven.odd


def test_somebody_new_is_expected_to_do_as_others_do() -> None:
    usual = expected(10, Past(0, 0), Past(50, 1000), 20)

    assert usual == Fraction(1, 2)
    assert hundredths(usual) == 50


def test_where_nobody_has_a_past_the_minimum_decides() -> None:
    scale = Scale(weight=20, sigmas=3, minimum=4)

    assert [judge(Past(count, 9), Past(0, 0), Past(0, 0), scale).odd for count in (3, 4)] == [False, True]
