"""Splitting a refund over lines and over who bears it. Pure; amounts are whole minor units of one currency.

Every part is cumulative: the rounded sum up to and including this refund, less what earlier refunds took (fault F41).
Any sequence of partial refunds therefore ends where one full refund would, to the minor unit (invariant I14).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from kit.money import allocate
from payments.policies import Policy


@dataclass(frozen=True, slots=True)
class Line:
    """One line of an order with what was already refunded on it."""

    id: int
    amount: int
    fee: int
    refunded: int = 0
    fee_returned: int = 0

    @property
    def refundable(self) -> int:
        """What can still be given back on it."""
        return self.amount - self.refunded


@dataclass(frozen=True, slots=True)
class Part:
    """What one refund gives back on one line, and the fee given up on it."""

    line: int
    amount: int
    from_fee: int


@dataclass(frozen=True, slots=True)
class Split:
    """Who bears a refund: `amount` = from_seller + from_fee + from_platform; `processing` is the seller's on top."""

    amount: int
    from_seller: int
    from_fee: int
    from_platform: int
    processing: int
    parts: tuple[Part, ...]

    @property
    def sellers(self) -> int:
        """All that the seller bears."""
        return self.from_seller + self.processing


class TooMuch(ValueError):
    """More is asked for than is left; `left` says how much that is."""

    def __init__(self, left: int) -> None:
        self.left = left
        super().__init__(f"only {left} is left")


def over_lines(lines: Sequence[Line], amount: int, *, step: int = 1) -> dict[int, int]:
    """An amount without lines, spread over what is still refundable of each in what Stripe takes (`kit.money.step`).
    Raises TooMuch.
    """
    left = [line.refundable for line in lines]
    if amount > sum(left):
        raise TooMuch(sum(left))
    parts = allocate(amount, left, step=_usable(step, amount, *left))
    return {line.id: part for line, part in zip(lines, parts, strict=True) if part}


def split(
    lines: Sequence[Line], amounts: Mapping[int, int], policy: Policy, *, processing: int, step: int = 1
) -> Split:
    """Who bears a refund of `amounts` (by line id) under a policy. `processing` is the order's whole part of Stripe's
    processing fee. What is the seller's is a multiple of `step`, because transfers of it are (`kit.money.step`).

    Raises TooMuch when a line has less left, ValueError for nothing or for an unknown line.
    """
    by_id = {line.id: line for line in lines}
    if not amounts or any(amount <= 0 for amount in amounts.values()) or amounts.keys() - by_id.keys():
        raise ValueError("a refund names known lines and amounts above nothing")
    step = _usable(step, *amounts.values(), *(part for line in lines for part in (line.amount, line.refunded)))
    parts = tuple(_part(by_id[line], amounts[line], step) for line in sorted(amounts))
    amount, fee = sum(part.amount for part in parts), sum(part.from_fee for part in parts)
    if not policy.seller_pays:
        return Split(amount, 0, fee, amount - fee, 0, parts)
    gross = sum(line.amount for line in lines)
    refunded = sum(line.refunded for line in lines)
    # What is not a multiple of it stays with the platform.
    whole = processing - processing % step
    lost = _due(whole, refunded + amount, gross, step) - _due(whole, refunded, gross, step)
    return Split(amount, amount - fee, fee, 0, lost if policy.seller_pays_processing else 0, parts)


def _usable(step: int, *amounts: int) -> int:
    """What was not paid in steps (in another currency than agreed, say) is not given back in steps either."""
    return 1 if any(amount % step for amount in amounts) else step


def _part(line: Line, amount: int, step: int) -> Part:
    if amount > line.refundable:
        raise TooMuch(line.refundable)
    return Part(line.id, amount, _due(line.fee, line.refunded + amount, line.amount, step) - line.fee_returned)


def _due(whole: int, cumulative: int, of: int, step: int) -> int:
    """The part of `whole` that belongs to `cumulative` of `of`, rounded half up to a step; all of it at the end."""
    if cumulative == of:
        return whole
    return (2 * whole * cumulative + of * step) // (2 * of * step) * step
