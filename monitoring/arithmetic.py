"""Whether a count is more than usual: a window against the same one's own history. Whole numbers and fractions only.

What is expected is the history's rate, drawn towards everybody's: as if, besides its own history, it had been watched
for `weight` more units in which things went as they do for everybody. So one who has hardly any history is expected to
do as others do, and a first refund alone is no 100 %. The expected count then wanders, as counts of rare things do
(Poisson), by about its own root; beyond `sigmas` times that, and never below `minimum`, it is worth a look.

A unit is an order, for a rate, or a day, for a pace.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from fractions import Fraction
from math import isqrt
from typing import Any


@dataclass(frozen=True, slots=True)
class Past:
    """So many of something in so many units."""

    count: int
    units: int


@dataclass(frozen=True, slots=True)
class Scale:
    """How strict to be: see the module."""

    weight: int
    sigmas: int
    minimum: int


@dataclass(frozen=True, slots=True)
class Finding:
    """The numbers of one judgement, as they are shown: `expected` and `limit` in hundredths."""

    count: int
    units: int
    past_count: int
    past_units: int
    all_count: int
    all_units: int
    weight: int
    sigmas: int
    minimum: int
    expected: int
    limit: int
    odd: bool

    def facts(self) -> dict[str, Any]:
        """To be kept with an alert."""
        return asdict(self)


def judge(seen: Past, own: Past, everybody: Past, scale: Scale) -> Finding:
    """Whether `seen` is more than its `own` past, smoothed by everybody's, would lead one to expect."""
    usual = expected(seen.units, own, everybody, scale.weight)
    return Finding(
        count=seen.count,
        units=seen.units,
        past_count=own.count,
        past_units=own.units,
        all_count=everybody.count,
        all_units=everybody.units,
        weight=scale.weight,
        sigmas=scale.sigmas,
        minimum=scale.minimum,
        expected=hundredths(usual),
        limit=max(_limit(usual, scale.sigmas), 100 * scale.minimum),
        odd=seen.count >= scale.minimum and beyond(seen.count, usual, scale.sigmas),
    )


def expected(units: int, own: Past, everybody: Past, weight: int) -> Fraction:
    """How many are usual in so many units: units x (own count + weight x everybody's rate) / (own units + weight)."""
    usual = Fraction(everybody.count, everybody.units) if everybody.units else Fraction(0)
    return units * (own.count + weight * usual) / (own.units + weight)


def beyond(count: int, usual: Fraction, sigmas: int) -> bool:
    """Whether a count lies more than so many roots of the usual above it; exactly, without taking a root."""
    above = count - usual
    return above > 0 and above * above > sigmas * sigmas * usual


def hundredths(value: Fraction) -> int:
    """Rounded half up, for showing."""
    return (200 * value.numerator + value.denominator) // (2 * value.denominator)


def _limit(usual: Fraction, sigmas: int) -> int:
    """usual + sigmas x root(usual), in hundredths, rounded down; for showing only: `beyond` decides."""
    return hundredths(usual) + isqrt(sigmas * sigmas * usual.numerator * 10_000 // usual.denominator)
