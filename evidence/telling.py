"""Sellers are written to about disputes: a sweep that finds what was not told yet, and tells it once."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

import structlog
from django.conf import settings
from django.db import transaction
from django.db.models import Q

from evidence import letters, seller_part
from evidence.models import Pack, SellerLetter
from evidence.seller_part import Disputed
from kit.clock import now
from payments.models import Dispute, DisputeShare

log = structlog.get_logger(__name__)

Kind = SellerLetter.Kind
Status = Dispute.Status

# So long the money has to be fetched back before the first letter says what was taken.
WAIT_FOR_MONEY = timedelta(minutes=10)
# What ended longer ago than this is no news any more.
NEWS_FOR = timedelta(days=14)
# Nobody is reminded of what they heard a moment ago.
QUIET = timedelta(days=1)
# So many disputes in one sweep, of those that came or ended today and of the others each; another part of these at
# every sweep, which is so many seconds after the last (marketplace.celery).
AT_ONCE, EVERY = 500, 120
FIRST = {
    Status.WARNING_NEEDS_RESPONSE: Kind.INQUIRY,
    Status.NEEDS_RESPONSE: Kind.OPENED,
    Status.APPEAL_NEEDS_RESPONSE: Kind.APPEALED,
}
LAST = {Status.WON: Kind.WON, Status.LOST: Kind.LOST, Status.WARNING_CLOSED: Kind.CLOSED, Status.PREVENTED: Kind.CLOSED}
ASKS = frozenset(FIRST.values())


def tell() -> int:
    """Write the letters that are due about what is new, and about some of the rest; how many. Every sweep looks at
    others of the rest. A dispute whose charge nobody knows is nobody's to be told of (F47).
    """
    at = now()
    told = 0
    for dispute in _news(at):
        try:
            told += sum(
                1 for found in seller_part.of_dispute(dispute) for kind in due(found, at) if _tell(found, kind, at)
            )
        except Exception:
            # It needs a person; the sellers of the others do not wait for that (fault F06).
            log.exception("dispute_letter_needs_a_person", dispute=str(dispute))
    return told


def due(found: Disputed, at: datetime) -> Iterator[Kind]:
    """What this seller should have been told by now and was not."""
    dispute, written = found.dispute, _written(found)
    kind = FIRST.get(Status(dispute.status))
    if kind is not None and kind not in written and _is_known_what_was_taken(found, at):
        yield kind
    if _wants_reminder(found, written, at):
        yield Kind.REMINDED
    if found.pack is not None and found.pack.status == Pack.Status.SUBMITTED and Kind.ANSWERED not in written:
        yield Kind.ANSWERED
    end = LAST.get(Status(dispute.status)) if dispute.settled_at is not None else None
    if end is not None and end not in written and _is_news(found, end, written):
        yield end


def remind(found: Disputed) -> bool:
    """Staff want the seller reminded now; False when they were already, by us or by themselves, of this round."""
    return _tell(found, Kind.REMINDED, now())


def _news(at: datetime) -> list[Dispute]:
    """What came or ended today, the newest first, and the part of all the others whose turn it is."""
    recent = Q(settled_at=None) | Q(settled_at__gte=at - NEWS_FOR)
    rows = Dispute.objects.filter(recent, payment__isnull=False).select_related("payment")
    fresh = rows.filter(Q(opened_at__gte=at - QUIET) | Q(settled_at__gte=at - QUIET))
    parts = -(-rows.count() // AT_ONCE)
    turn = int(at.timestamp()) // EVERY % parts if parts else 0
    # By their turn and not by who was told: one that fails each time keeps nobody waiting.
    some = rows.order_by("pk")[turn * AT_ONCE : (turn + 1) * AT_ONCE]
    found = {dispute.pk: dispute for dispute in (*fresh.order_by("-pk")[:AT_ONCE], *some)}
    return [found[pk] for pk in sorted(found)]


def _tell(found: Disputed, kind: Kind, at: datetime) -> bool:
    """Once, however many sweeps are here at the same time: the row and the mail are one transaction."""
    with transaction.atomic():
        letter, is_new = SellerLetter.objects.get_or_create(
            dispute=found.dispute, share=found.share, kind=kind, round=_round(found), defaults={"at": at}
        )
        if is_new:
            letters.write(found, letter)
    return is_new


def _written(found: Disputed) -> dict[str, datetime]:
    """Kind to when, of this round; how it ended counts in whichever."""
    rows = SellerLetter.objects.filter(dispute=found.dispute, share=found.share)
    return {row.kind: row.at for row in rows if row.round == _round(found) or row.kind in LAST.values()}


def _round(found: Disputed) -> int:
    return found.pack.round if found.pack is not None else 1


def _is_known_what_was_taken(found: Disputed, at: datetime) -> bool:
    """An inquiry takes nothing; else the first letter waits until what was taken is with us, though not for long."""
    if found.dispute.status in Dispute.INQUIRIES:
        return True
    return found.part is not None and (
        found.part.withdrawn_at is not None or at - found.dispute.opened_at > WAIT_FOR_MONEY
    )


def _wants_reminder(found: Disputed, written: dict[str, datetime], at: datetime) -> bool:
    until = seller_part.deadline(found.dispute)
    first = min((when for kind, when in written.items() if kind in ASKS), default=None)
    if Kind.REMINDED in written or until is None or first is None or first > at - QUIET:
        return False
    is_near = until - timedelta(days=settings.SELLER_REMINDER_DAYS) <= at < until
    return is_near and seller_part.can_give(found) and not seller_part.given(found.dispute, found.share)


def _is_news(found: Disputed, end: Kind, written: dict[str, datetime]) -> bool:
    """A loss always is; a good end only for those who heard that anything was asked."""
    if end == Kind.LOST:
        return found.part is not None and found.part.outcome == DisputeShare.Outcome.LOST
    return bool(written)
