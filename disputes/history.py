"""How often things happened here, smoothed by what is assumed in the settings: the memory behind each advice (B8).

Chances are millionths. What counts is what was tried and is over: disputes that were answered, inquiries and warnings
that were not refunded.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from django.conf import settings
from django.db.models import Count, Q

from disputes.economics import Prior, never_falling, percent, smoothed
from disputes.models import Advice
from evidence.checklists import HOPELESS

Band, Kind = Advice.Band, Advice.Kind
BANDS = (Band.LITTLE, Band.SOME, Band.ALL)
HAPPENED = Count("pk", filter=Q(happened=True))


@dataclass(frozen=True, slots=True)
class Chance:
    """How likely something is (millionths), and what that rests on."""

    chance: int
    happened: int
    of: int
    prior: Prior

    @property
    def as_json(self) -> dict[str, int]:
        """For the row it is kept in."""
        return {
            "chance": self.chance,
            "happened": self.happened,
            "of": self.of,
            "prior": self.prior.mean,
            "weight": self.prior.weight,
        }


def wins(reason: str) -> Mapping[str, Chance]:
    """How likely an answered dispute of this reason is won, by how much of the evidence is there. Two queries at most;
    none for a reason nobody wins.
    """
    if reason in HOPELESS:
        return {band: Chance(0, 0, 0, Prior(0, settings.DISPUTE_WIN_PRIOR_WEIGHT)) for band in BANDS}
    rows = Advice.objects.filter(kind=Kind.DISPUTE, happened__isnull=False, reason=reason).order_by()
    seen = {band: (won, of) for band, of, won in rows.values_list("band").annotate(of=Count("pk"), n=HAPPENED)}
    believed: dict[str, tuple[int, ...]] = settings.DISPUTE_WIN_PRIORS
    priors = [
        Prior(percent(mean), settings.DISPUTE_WIN_PRIOR_WEIGHT) for mean in believed.get(reason, believed["default"])
    ]
    counts = [seen.get(band, (0, 0)) for band in BANDS]
    plain = [smoothed(won, of, prior) for (won, of), prior in zip(counts, priors, strict=True)]
    chances = never_falling(plain, [prior.weight + of for (_won, of), prior in zip(counts, priors, strict=True)])
    return {
        band: Chance(chance, won, of, prior)
        for band, chance, (won, of), prior in zip(BANDS, chances, counts, priors, strict=True)
    }


def escalations() -> tuple[Chance, Chance]:
    """How likely an inquiry becomes a dispute: without an answer, and with one. One query."""
    rows = Advice.objects.filter(kind=Kind.INQUIRY, happened__isnull=False).order_by()
    seen = {
        bool(answered): (n, of) for answered, of, n in rows.values_list("answered").annotate(of=Count("pk"), n=HAPPENED)
    }
    return (
        _chance(seen.get(False, (0, 0)), settings.INQUIRY_PRIOR_SILENT, settings.INQUIRY_PRIOR_WEIGHT),
        _chance(seen.get(True, (0, 0)), settings.INQUIRY_PRIOR_ANSWERED, settings.INQUIRY_PRIOR_WEIGHT),
    )


def disputes_after_warnings(sellers: Iterable[int] = ()) -> Chance:
    """How likely a warned payment is disputed unless it is refunded. What happened to everybody is believed of a seller
    until their own warnings say otherwise; of several sellers, the likeliest counts. Two queries at most.
    """
    rows = Advice.objects.filter(kind=Kind.WARNING, happened__isnull=False).order_by()
    totals = rows.aggregate(of=Count("pk"), happened=HAPPENED)
    everybody = _chance((totals["happened"], totals["of"]), settings.WARNING_PRIOR, settings.WARNING_PRIOR_WEIGHT)
    wanted = set(sellers)
    if not wanted or not totals["of"]:
        return everybody
    own = rows.filter(warning__payment__shares__order__seller__in=wanted)
    found = own.values_list("warning__payment__shares__order__seller").annotate(
        of=Count("pk", distinct=True), n=Count("pk", filter=Q(happened=True), distinct=True)
    )
    prior = Prior(everybody.chance, settings.WARNING_PRIOR_WEIGHT)
    chances = [Chance(smoothed(n, of, prior), n, of, prior) for _seller, of, n in found]
    # A seller of whom nothing is known is as likely as everybody.
    if len(chances) < len(wanted):
        chances.append(everybody)
    return max(chances, key=lambda one: one.chance)


def _chance(seen: tuple[int, int], mean: int, weight: int) -> Chance:
    prior = Prior(percent(mean), weight)
    return Chance(smoothed(*seen, prior), *seen, prior)
