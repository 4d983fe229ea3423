"""What each way of dealing with a dispute or a fraud warning is expected to come to (B8). Pure arithmetic.

Amounts are whole minor units of one currency, chances whole millionths; nothing is ever a float. Everything is counted
for the marketplace and its sellers together, beside the payment being kept and the goods delivered: that would be 0.
A way is a list of lines, each an amount times a chance, rounded to a minor unit (half away from zero); its value is the
sum of what the lines show, so that the page adds up.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

SURE = 1_000_000


@dataclass(frozen=True, slots=True)
class Line:
    """One thing that may happen: `amount` gained (+) or lost (-), and how likely (millionths)."""

    code: str
    amount: int
    chance: int = SURE

    @property
    def value(self) -> int:
        """What it is expected to come to, in minor units."""
        times = abs(self.amount) * self.chance
        rounded = (2 * times + SURE) // (2 * SURE)
        return rounded if self.amount > 0 else -rounded


@dataclass(frozen=True, slots=True)
class Way:
    """One way to go on, and what it is expected to come to."""

    name: str
    lines: tuple[Line, ...]

    @property
    def value(self) -> int:
        """The sum of its lines, in minor units."""
        return sum(line.value for line in self.lines)

    @property
    def as_json(self) -> dict[str, Any]:
        """For the row it is kept in."""
        lines = [{"code": line.code, "amount": line.amount, "chance": line.chance} for line in self.lines]
        return {"way": self.name, "value": self.value, "lines": lines}


@dataclass(frozen=True, slots=True)
class Prior:
    """What is believed before anything was seen: a Beta distribution by its mean (millionths) and as how many cases of
    our own it counts.
    """

    mean: int
    weight: int


@dataclass(frozen=True, slots=True)
class Costs:
    """What a dispute costs besides its amount, in minor units: the fee for it, the fee for answering, our time."""

    fee: int = 0
    fee_comes_back: bool = False
    counter_fee: int = 0
    counter_fee_comes_back: bool = True
    handling: int = 0


@dataclass(frozen=True, slots=True)
class Warned:
    """What a warned payment stands at, in minor units.

    `refundable` can still be given back; `goods` is what the things that were not sent yet cost; `held` and `sent` are
    the sellers' parts, with us and with them. Chances: that it is disputed, that an answer wins, that a seller who owes
    never pays back.
    """

    refundable: int
    goods: int
    held: int
    sent: int
    disputed: int
    won: int
    default: int
    waiting: int
    is_sent: bool
    can_refund: bool = True


def percent(number: int) -> int:
    """A percentage in millionths."""
    return number * 10_000


def smoothed(happened: int, of: int, prior: Prior) -> int:
    """How likely something is (millionths), after it happened `happened` times `of` so many: between what was believed
    before and what was seen, nearer to that the more was seen.
    """
    return _whole(Fraction(prior.mean * prior.weight + happened * SURE, prior.weight + of))


def never_falling(chances: Sequence[int], weights: Sequence[int]) -> list[int]:
    """The nearest chances that never fall from one to the next: what breaks the order is averaged by its weight.

    More evidence is never taken for worse because a handful of cases happened to go that way.
    """
    blocks: list[tuple[Fraction, int, int]] = []
    for chance, weight in zip(chances, weights, strict=True):
        mean, total, count = Fraction(chance), max(1, weight), 1
        while blocks and blocks[-1][0] > mean:
            before, its_total, its_count = blocks.pop()
            mean = (before * its_total + mean * total) / (its_total + total)
            total, count = total + its_total, count + its_count
        blocks.append((mean, total, count))
    return [_whole(mean) for mean, _total, count in blocks for _one in range(count)]


def both(one: int, other: int) -> int:
    """That both happen (millionths), each whatever the other does."""
    return _whole(Fraction(one * other, SURE))


def dispute(amount: int, costs: Costs, *, won: int) -> list[Way]:
    """A chargeback about `amount` (minor units), won with this chance if it is answered. It cannot be refunded: the
    bank has the money.
    """
    fee = Line("dispute_fee", -costs.fee)
    lost = SURE - won
    fight = (
        Line("lost_if_answered", -amount, lost),
        Line("dispute_fee", -costs.fee, lost) if costs.fee_comes_back else fee,
        Line("counter_fee", -costs.counter_fee, lost if costs.counter_fee_comes_back else SURE),
        Line("handling", -costs.handling),
    )
    return [_way("fight", fight), _way("accept", (Line("given_up", -amount), fee))]


def inquiry(amount: int, costs: Costs, *, won: int, silent: int, answered: int) -> list[Way]:
    """An inquiry about `amount` (minor units): no money moved yet, a refund ends it, without an answer it becomes a
    dispute more often (`silent`) than with one (`answered`).
    """
    lost = both(answered, SURE - won)
    fight = (
        Line("lost_after_inquiry", -amount, lost),
        Line("dispute_fee", -costs.fee, lost if costs.fee_comes_back else answered),
        Line("counter_fee", -costs.counter_fee, lost if costs.counter_fee_comes_back else answered),
        Line("handling", -costs.handling),
    )
    accept = (Line("lost_in_silence", -amount, silent), Line("dispute_fee", -costs.fee, silent))
    return [_way("refund", (Line("refunded", -amount),)), _way("fight", fight), _way("accept", accept)]


def warning(facts: Warned, costs: Costs) -> list[Way]:
    """A payment its card's issuer warns of: given back now, held with its goods kept back, or let go on.

    Held, what was not sent stays unsent: there is then no delivery to prove, so nothing of it is won.
    """
    ways = []
    if facts.can_refund and facts.refundable:
        ways.append(_way("refund", (Line("refunded", -facts.refundable), Line("goods_kept", facts.goods))))
    lost = both(facts.disputed, SURE - facts.won)
    lost_held = lost if facts.is_sent else facts.disputed
    hold = (
        Line("lost_to_dispute", -facts.refundable, lost_held),
        Line("goods_kept", facts.goods, lost_held),
        *_fees(costs, facts.disputed, lost_held, answers=facts.is_sent),
        Line("not_paid_back", -facts.sent, both(lost_held, facts.default)),
        Line("waiting", -facts.waiting, SURE - facts.disputed),
    )
    let_go = (
        Line("lost_to_dispute", -facts.refundable, lost),
        *_fees(costs, facts.disputed, lost, answers=True),
        Line("not_paid_back", -(facts.sent + facts.held), both(lost, facts.default)),
    )
    return [*ways, _way("hold", hold), _way("let_go", let_go)]


def best(ways: Iterable[Way]) -> Way:
    """The way with the highest value; of equal ones the last named, which is the one that asks least of people."""
    found, *others = ways
    for way in others:
        found = way if way.value >= found.value else found
    return found


def brier(predictions: Iterable[tuple[int, bool]]) -> int | None:
    """The mean squared distance between what was predicted (millionths) and what happened, in millionths; 0 is a
    prophet, 250,000 says one half to everything. None without any.
    """
    found = [((SURE if happened else 0) - chance) ** 2 for chance, happened in predictions]
    return _whole(Fraction(sum(found), len(found) * SURE)) if found else None


def _fees(costs: Costs, disputed: int, lost: int, *, answers: bool) -> tuple[Line, ...]:
    """The fee for a dispute that may come; who has something to answer with pays for answering it, too."""
    fee = Line("dispute_fee", -costs.fee, lost if costs.fee_comes_back else disputed)
    if not answers:
        return (fee,)
    counter = Line("counter_fee", -costs.counter_fee, lost if costs.counter_fee_comes_back else disputed)
    return fee, counter, Line("handling", -costs.handling, disputed)


def _way(name: str, lines: Iterable[Line]) -> Way:
    """Without the lines in which nothing can happen."""
    return Way(name, tuple(line for line in lines if line.amount and line.chance))


def _whole(number: Fraction) -> int:
    """Rounded half up: chances and their distances are never negative."""
    return int(number + Fraction(1, 2))
