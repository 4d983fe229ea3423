"""Numbers from several rounds, and how a goal's line is written."""

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median


@dataclass(frozen=True, slots=True)
class Figure:
    """One measured thing over all rounds: the median, and the least and most that were seen."""

    rounds: tuple[float, ...]

    @property
    def middle(self) -> float:
        """The median."""
        return median(self.rounds)

    def show(self, digits: int = 0) -> str:
        """median (min..max)"""
        low, high = min(self.rounds), max(self.rounds)
        return f"{self.middle:.{digits}f} ({low:.{digits}f}..{high:.{digits}f})"


def ratios(ours: Sequence[float], others: Sequence[float]) -> Figure:
    """Round by round, so that what the machine did in one round does not count against one side only."""
    return Figure(tuple(mine / theirs for mine, theirs in zip(ours, others, strict=True)))


def quantile(values: Sequence[float], part: float) -> float:
    """The value below which `part` of all values lie."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(part * len(ordered)))]


def line(goal: str, figure: str, wanted: str, *, ok: bool, about: str) -> str:
    """`G1 <figure> <goal> ok|short <what was compared>`"""
    return f"{goal} {figure} {wanted} {'ok' if ok else 'short'}  {about}"
