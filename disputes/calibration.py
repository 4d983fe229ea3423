"""How good the advice was: what was predicted against what happened, by band of the prediction; and the Brier score.

Only predictions count that were made before the end was known, and only where it became known: nobody can say whether
a dispute that was given up would have been won.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from disputes.economics import SURE, brier
from disputes.models import Advice
from disputes.rates import part

# Predictions are compared in so many bands of equal width.
BANDS = 5
# At most so many, the newest.
MOST = 10_000


@dataclass(frozen=True, slots=True)
class Band:
    """Predictions from `low` up to `high` (millionths): how likely on average, and how often it happened."""

    low: int
    high: int
    count: int
    predicted: int | None
    happened: int | None


@dataclass(frozen=True, slots=True)
class Calibration:
    """One kind of prediction. `score` is the Brier score in millionths: 0 is a prophet, 250,000 says half to all."""

    kind: str
    count: int
    score: int | None
    # What always saying the average would have scored: an advice that is no better knows nothing.
    average_score: int | None
    bands: tuple[Band, ...]


def every_kind() -> list[Calibration]:
    """Of disputes won, of inquiries and of warnings that became disputes. One query."""
    rows = Advice.objects.filter(happened__isnull=False, in_hindsight=False).order_by("-pk")
    found: dict[str, list[tuple[int, bool]]] = {kind: [] for kind in Advice.Kind.values}
    for kind, chance, happened in rows.values_list("kind", "chance", "happened")[:MOST]:
        found[kind].append((chance, bool(happened)))
    return [compare(kind, predictions) for kind, predictions in found.items()]


def compare(kind: str, predictions: Iterable[tuple[int, bool]]) -> Calibration:
    """Predictions (millionths) against what happened."""
    known = list(predictions)
    average = part(sum(happened for _chance, happened in known), len(known))
    width = SURE // BANDS
    bands = []
    for index in range(BANDS):
        low, high = index * width, (index + 1) * width
        inside = [one for one in known if low <= one[0] < high or (one[0] == SURE == high)]
        bands.append(
            Band(
                low,
                high,
                len(inside),
                part(sum(chance for chance, _happened in inside), len(inside) * SURE),
                part(sum(happened for _chance, happened in inside), len(inside)),
            )
        )
    constant = brier((average or 0, happened) for _chance, happened in known)
    return Calibration(kind, len(known), brier(known), constant, tuple(bands))
