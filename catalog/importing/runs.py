"""An import on its way: uploaded, read, looked at, confirmed, applied. The only code that moves an ImportRun.

Reading and applying are a worker's. A worker claims the run for LEASE and renews that while it reads; what it finds
counts only while nobody has claimed the run since. Applying is one transaction that holds the run's row: while it lasts
nobody can claim the run, even after its lease. A worker that dies gives the row back, and nothing it wrote is there.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from typing import Any

import structlog
from django.core.files import File
from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext as _

from accounts.models import Seller
from accounts.rules import why_cannot_sell
from catalog.importing import bell, progress
from catalog.importing.applying import Application, Overtaken, Result
from catalog.importing.reading import MOST_KEPT, Preview, read
from catalog.models import ImportItem, ImportRun
from catalog.shopify import Problem
from kit.clock import machine_now, now
from kit.faults import faultpoint
from kit.transitions import LostRace, move

log = structlog.get_logger(__name__)

Status = ImportRun.Status
LARGEST_FILE = 32 * 1024 * 1024
MOST_OPEN = 10
LEASE = timedelta(seconds=60)
MOST_ATTEMPTS = 3
KEPT = timedelta(days=30)
WORKER = "imports"


class ImportRefused(Exception):
    """The file is not taken, or not imported; the message is a sentence for the seller."""


class TakenOver(Exception):
    """Somebody else has claimed the run: what this worker found does not count."""


@dataclass(frozen=True, slots=True)
class Lease:
    """One worker's right to work on a run."""

    run: ImportRun
    attempt: int

    def renew(self, done: int, total: int) -> None:
        """Tell how far the reading is, and keep the run for another while. Raises TakenOver."""
        mine = ImportRun.objects.filter(pk=self.run.pk, attempts=self.attempt, status=Status.WAITING)
        faultpoint("import.reading")
        if mine.update(leased_until=machine_now() + LEASE, lines=total, lines_done=done) != 1:
            raise TakenOver(str(self.run))

    def locked(self) -> ImportRun:
        """The run's row, held until the end of the transaction. Raises TakenOver."""
        # Locked: the worker that lost its lease and the one that has it now end one after the other, the first in vain.
        # The run alone: whoever buys from its seller meanwhile names the seller's row.
        row = ImportRun.objects.select_for_update(of=("self",)).select_related("seller").get(pk=self.run.pk)
        if row.attempts != self.attempt or row.status != self.run.status:
            raise TakenOver(str(self.run))
        return row


def too_large() -> str:
    """What is said of a file that is."""
    return _("This file is larger than 32 MB. Export fewer products at a time, or split the file.")


def start(
    seller: Seller, file: File[bytes], *, name: str, actor: str, language: str = "en", is_held: bool = False
) -> ImportRun:
    """Take a file in, to be read by a worker; or by the caller, who has it from the start with `is_held`.

    Raises ImportRefused for a file that is too large, and when too many wait.
    """
    if file.size > LARGEST_FILE:
        raise ImportRefused(too_large())
    waiting = ImportRun.objects.filter(seller=seller, status__in=[Status.WAITING, Status.READY, Status.CONFIRMED])
    if waiting.count() >= MOST_OPEN:
        raise ImportRefused(_("Ten of your files wait already. Import or discard one of them first."))
    run = ImportRun(
        seller=seller,
        created_by=actor,
        created_at=now(),
        language=language,
        name=name[-150:],
        size=file.size,
        attempts=1 if is_held else 0,
        leased_until=machine_now() + LEASE if is_held else None,
    )
    with transaction.atomic():
        run.file.save("products.csv", file, save=True)
        if not is_held:
            transaction.on_commit(bell.ring)
    return run


def confirm(run: ImportRun, *, actor: str, publish: bool, is_held: bool = False) -> None:
    """Say yes to the preview. Raises ImportRefused when there is nothing to say yes to, or its products shall be
    published by a seller who may not sell; LostRace when somebody was first.
    """
    if run.status != Status.READY:
        raise ImportRefused(_("This file does not wait for you any more. Look again."))
    if publish and (refusal := why_cannot_sell(run.seller)):
        raise ImportRefused(_("It cannot be published yet. %(reason)s") % {"reason": refusal})
    with transaction.atomic():
        move(
            run,
            Status.CONFIRMED,
            actor=actor,
            reason="confirmed, to be published" if publish else "confirmed",
            publish=publish,
            confirmed_by=actor,
            attempts=run.attempts + 1 if is_held else 0,
            leased_until=machine_now() + LEASE if is_held else None,
            lines=run.total,
            lines_done=0,
            overtaken=[],
        )
        if not is_held:
            transaction.on_commit(bell.ring)


def discard(run: ImportRun, *, actor: str, reason: str = "discarded") -> None:
    """Let go of a file that was not imported. Raises LostRace, and IllegalMove where it is too late."""
    _end(run, Status.DISCARDED, actor=actor, reason=reason)


def work(limit: int = 10) -> int:
    """Read and apply what waits; how many runs."""
    worked = 0
    while worked < limit and (lease := claim()) is not None:
        carry_on(lease)
        worked += 1
    return worked


def claim() -> Lease | None:
    """Become the one worker of a run that waits, the oldest first."""
    moment = machine_now()
    free = Q(leased_until__isnull=True) | Q(leased_until__lte=moment)
    with transaction.atomic():
        # Skipped where locked: a run that is being applied is held by its worker, however long its lease has been over.
        row = (
            ImportRun.objects.select_for_update(skip_locked=True, of=("self",))
            .select_related("seller")
            .filter(free, status__in=[Status.WAITING, Status.CONFIRMED])
            .order_by("pk")
            .first()
        )
        if row is None:
            return None
        row.attempts += 1
        row.leased_until = moment + LEASE
        row.save(update_fields=["attempts", "leased_until"])
    return Lease(row, row.attempts)


def carry_on(lease: Lease) -> None:
    """Read or apply the run, whichever it waits for. Errors are noted, and the run is tried again a few times."""
    work_on: Callable[[Lease], object] = read_now if lease.run.status == Status.WAITING else apply_now
    try:
        if lease.attempt > MOST_ATTEMPTS:
            _give_up(lease)
        else:
            work_on(lease)
    except (TakenOver, LostRace):
        log.warning("import_taken_over", run=lease.run.pk)
    except Exception:
        # One file must not keep the others waiting: it is tried again when its lease is over, and then given up (F06).
        log.exception("import_failed", run=lease.run.pk, attempt=lease.attempt)


def read_now(lease: Lease) -> Preview:
    """Read the file, and keep the preview. Raises TakenOver."""
    preview = read(lease.run, lease.renew)
    blocking, notes = preview.blocking, preview.notes
    found: dict[str, Any] = {
        "new": preview.new,
        "changed": preview.changed,
        "unchanged": preview.unchanged,
        "publishable": preview.publishable,
        "incomplete": preview.incomplete,
        "problems": _kept(blocking),
        "problem_count": len(blocking),
        "notes": _kept(notes),
        "leased_until": None,
        "attempts": 0,
    }
    with transaction.atomic():
        row = lease.locked()
        if blocking:
            _end(row, Status.REFUSED, actor=WORKER, reason=f"{len(blocking)} problems", **found)
        else:
            move(row, Status.READY, actor=WORKER, reason="read", **found)
    lease.run.refresh_from_db()
    return preview


def apply_now(lease: Lease) -> Result | None:
    """Write what was previewed; None when the listings are not what they were: then it is to be read again.

    Raises TakenOver.
    """
    try:
        with transaction.atomic():
            row = lease.locked()
            result = Application(row, partial(progress.tell, row.pk)).carry_out()
            faultpoint("import.applied")
            _end(
                row,
                Status.DONE,
                actor=row.confirmed_by,
                reason="imported",
                finished_at=now(),
                published=result.published,
                sold_meanwhile=result.sold_meanwhile[:MOST_KEPT],
                leased_until=None,
            )
    except Overtaken as changed:
        again: dict[str, Any] = {
            "overtaken": changed.titles,
            "leased_until": None,
            "attempts": 0,
            "lines": 0,
            "lines_done": 0,
        }
        with transaction.atomic():
            move(lease.locked(), Status.WAITING, actor=WORKER, reason="the listings were changed", **again)
            transaction.on_commit(bell.ring)
        result = None
    lease.run.refresh_from_db()
    return result


def forget_old() -> int:
    """Let go of files nobody confirmed for a month, and of the previews of runs that are over; how many rows went."""
    before = now() - KEPT
    old = ImportRun.objects.filter(created_at__lte=before)
    for run in old.filter(status=Status.READY)[:100]:
        discard(run, actor=WORKER, reason="nobody confirmed it for a month")
    over = old.exclude(status__in=[Status.WAITING, Status.READY, Status.CONFIRMED]).values("pk")
    deleted, _by_model = ImportItem.objects.filter(run__in=over).delete()
    return deleted


def as_problem(kept: dict[str, Any]) -> Problem:
    """A problem as it was kept with its run."""
    return Problem(kept["line"], kept["column"], kept["message"])


def _give_up(lease: Lease) -> None:
    log.error("import_given_up", run=lease.run.pk)
    with transaction.atomic():
        _end(lease.locked(), Status.FAILED, actor=WORKER, reason="given up", finished_at=now(), leased_until=None)


def _end(run: ImportRun, to: str, *, actor: str, reason: str, **also: Any) -> None:
    """The file is not needed any more: it goes once that is certain."""
    name, stored = run.file.name, run.file.storage
    with transaction.atomic():
        move(run, to, actor=actor, reason=reason, **{"file": "", **also})
        if name:
            transaction.on_commit(partial(stored.delete, name))


def _kept(problems: list[Problem]) -> list[dict[str, Any]]:
    return [
        {"line": problem.line, "column": problem.column, "message": problem.message} for problem in problems[:MOST_KEPT]
    ]
