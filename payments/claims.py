"""Sharing what is due between the workers of one sweep: each takes some hundreds of shares as its own for a while.

A claim says only who tries first. Whether money moves is decided under the share's lock, as for everybody else: two
workers with the same share cost time and nothing more.
"""

from collections.abc import Generator
from datetime import datetime, timedelta
from time import monotonic

from django.db import transaction
from django.db.models import Q, QuerySet

from kit.clock import machine_now
from payments.models import Share

# So many in one go: claiming them costs next to nothing beside releasing one.
AT_ONCE = 1000
# A worker that is killed leaves what it had claimed to the others after so long.
LEASE = timedelta(minutes=10)
# Read so many at a time: they are looked at again under their locks anyway.
READ = 100

Place = tuple[datetime, int]


def each(due: QuerySet[Share], *, at_once: int) -> Generator[Share]:
    """Every share of `due` that no other worker has, by its date, each once; memory stays flat however many there are.

    What is still held when its turn is over is given back, also when the caller stops in the middle.
    """
    last: Place | None = None
    while places := claim(due, last, until=(lease := machine_now() + LEASE), at_once=at_once):
        over = monotonic() + LEASE.total_seconds()
        tried = 0
        try:
            for first in range(0, len(places), READ):
                mine = [pk for _date, pk in places[first : first + READ]]
                read = Share.objects.select_related("order", "payment", "account").in_bulk(mine)
                for pk in mine:
                    # Held up for so long that others may have them by now: they are claimed anew.
                    if monotonic() >= over:
                        break
                    tried += 1
                    if pk in read:
                        yield read[pk]
        finally:
            give_back([pk for _date, pk in places], until=lease)
        # Without a single one in all that time it goes on behind them: nobody tries the same for ever.
        last = places[tried - 1]


def claim(due: QuerySet[Share], last: Place | None, *, until: datetime, at_once: int) -> list[Place]:
    """Take the next due shares after `last`, oldest first, leaving out whose claim has not run out yet."""
    free = due.filter(Q(claimed_until=None) | Q(claimed_until__lte=machine_now()))
    if last is not None:
        date, pk = last
        # The first condition is for the index, which begins there.
        free = free.filter(release_at__gte=date).filter(Q(release_at__gt=date) | Q(pk__gt=pk))
    with transaction.atomic():
        # Locked and skipped: several workers share the work, and none waits for another or for a decision under way.
        chosen = free.select_for_update(skip_locked=True, no_key=True, of=("self",)).order_by("release_at", "pk")
        rows = chosen.values_list("release_at", "pk")[:at_once]
        places = [(date, pk) for date, pk in rows if date is not None]
        Share.objects.filter(pk__in=[pk for _date, pk in places]).update(claimed_until=until)
    return places


def give_back(mine: list[int], *, until: datetime) -> None:
    """Whoever sweeps next may try what is held still."""
    with transaction.atomic():
        # Locked and skipped: a decision that holds one of them waits for nobody here; that claim runs out by itself.
        kept = Share.objects.select_for_update(skip_locked=True, no_key=True, of=("self",)).filter(
            pk__in=mine, status=Share.Status.HELD, claimed_until=until
        )
        Share.objects.filter(pk__in=list(kept.values_list("pk", flat=True))).update(claimed_until=None)
