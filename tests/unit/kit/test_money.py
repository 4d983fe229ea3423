"""Money: whole minor units, exact splits, Stripe's decimals."""

import pytest
from django.utils import translation
from hypothesis import given
from hypothesis import strategies as st

from kit.money import MixedCurrencies, Money, allocate, exponent, format_money, parse_amount

weights = st.lists(st.integers(0, 10**7), min_size=1, max_size=12).filter(any)


@given(amount=st.integers(0, 10**10), weights=weights)
def test_parts_always_sum_to_the_whole(amount: int, weights: list[int]) -> None:
    assert sum(allocate(amount, weights)) == amount


@given(amount=st.integers(0, 10**10), weights=weights)
def test_no_part_is_off_by_a_whole_unit(amount: int, weights: list[int]) -> None:
    for part, weight in zip(allocate(amount, weights), weights, strict=True):
        assert abs(part * sum(weights) - amount * weight) < sum(weights)


def test_a_remainder_goes_to_the_largest_fraction_and_ties_to_the_first() -> None:
    assert allocate(100, [1, 1, 1]) == [34, 33, 33]
    assert allocate(5, [2, 1]) == [3, 2]


def test_nothing_can_be_split_by_no_weight() -> None:
    assert allocate(0, [0, 0]) == [0, 0]
    with pytest.raises(ValueError, match="nothing to allocate by"):
        allocate(1, [0, 0])
    with pytest.raises(ValueError, match="zero or more"):
        allocate(-1, [1])


def test_floats_and_mixed_currencies_are_refused() -> None:
    with pytest.raises(TypeError):
        Money(1.5, "eur")  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="currency code"):
        Money(1, "EUR")
    with pytest.raises(MixedCurrencies):
        Money(1, "eur") + Money(1, "usd")


def test_a_fee_is_rounded_half_up() -> None:
    assert Money(2405, "eur").basis_points(1000) == Money(241, "eur")
    assert Money(2404, "eur").basis_points(1000) == Money(240, "eur")


@pytest.mark.parametrize(("currency", "decimals"), [("eur", 2), ("jpy", 0), ("kwd", 3), ("isk", 2), ("ugx", 2)])
def test_decimals_are_stripes(currency: str, decimals: int) -> None:
    assert exponent(currency) == decimals


@pytest.mark.parametrize(
    ("typed", "currency", "minor"),
    [
        ("19.99", "eur", 1999),
        ("19,99", "eur", 1999),
        ("1 200", "jpy", 1200),
        ("1,200.50", "usd", 120050),
        ("1.200,50", "eur", 120050),
        ("1,000,000", "jpy", 1000000),
        ("0", "eur", 0),
    ],
)
def test_amounts_are_read_as_people_type_them(typed: str, currency: str, minor: int) -> None:
    assert parse_amount(typed, currency) == minor


@pytest.mark.parametrize(
    ("typed", "currency", "sentence"),
    [
        ("abc", "eur", "amount like"),
        ("-1", "eur", "zero or more"),
        ("1.999", "eur", "2 decimals"),
        ("1.5", "jpy", "like 1200"),
        ("1.000", "eur", "2 decimals"),
        ("1,000", "jpy", "like 1200"),
        ("NaN", "eur", "zero or more"),
        ("1000000", "eur", "eight digits"),
        ("1e999999", "eur", "at most eight digits"),
        ("1e9", "jpy", "at most eight digits"),
    ],
)
def test_bad_amounts_get_a_sentence(typed: str, currency: str, sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        parse_amount(typed, currency)


def test_amounts_are_shown_in_the_readers_way() -> None:
    assert format_money(123456, "eur") == "€1,234.56"
    assert format_money(-500, "jpy") == "\u2212¥500"
    with translation.override("de"):
        assert format_money(123456, "eur") == "1.234,56\xa0€"
