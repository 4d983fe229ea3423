"""What happens to packs by themselves: begun, assembled again, brought to where the bank is, finished after a crash.

Each does a few at a time, and one that cannot be helped does not keep the others waiting (fault F06).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import timedelta
from itertools import islice

import structlog
from django.db.models import Count, F, Q, QuerySet

from evidence import assembling, following, packs, submitting
from evidence.models import Pack, Submission
from gateway.errors import GatewayError
from kit.clock import now
from kit.transitions import LostRace
from payments.errors import PaymentError
from payments.models import Dispute

log = structlog.get_logger(__name__)

ACTOR = "evidence sweep"
BATCH = 20
# So many are tried at most for that: those that fail each time stand in front for good.
TRIES = 10 * BATCH
# Whoever pressed the button goes on with it by themselves for so long.
GRACE = timedelta(seconds=30)
# Our records may say more by now.
ASSEMBLE_AGAIN = timedelta(hours=6)


def begin() -> int:
    """Begin packs for disputes that wait for an answer and have none; how many."""
    waiting = Dispute.objects.filter(status__in=Dispute.NEEDS_ANSWER, pack=None, payment__isnull=False)
    rows = waiting.select_related("payment").order_by("due_by", "pk")[:TRIES]
    return _each(rows, lambda dispute: packs.for_dispute(dispute, actor=ACTOR))


def keep_manual() -> int:
    """Tell Stripe that people answer, where it does not know yet; of how many."""
    rows = _open().filter(manual_at=None, dispute__status__in=Dispute.NEEDS_ANSWER).order_by("pk")[:TRIES]
    return _each(rows, lambda pack: submitting.keep_manual(pack, actor=ACTOR))


def assemble_again() -> int:
    """Assemble what is still being gathered from our records as they are now; of how many."""
    waiting = Pack.objects.filter(status=Pack.Status.GATHERING).select_related("dispute__payment")
    due = waiting.filter(Q(assembled_at=None) | Q(assembled_at__lte=now() - ASSEMBLE_AGAIN))
    return _each(due.order_by("assembled_at", "pk")[:TRIES], lambda pack: assembling.assemble(pack, actor=ACTOR))


def finish() -> int:
    """Go on with answers that a crash or a silent Stripe left behind; how many."""
    left = Submission.objects.filter(status=Submission.Status.SENDING, planned_at__lte=now() - GRACE)
    return _each(left.order_by("planned_at")[:TRIES], submitting.proceed)


def follow() -> int:
    """Bring packs to where their disputes are: dates that passed, answers given in Stripe's Dashboard, decisions, and
    banks that ask again; of how many. Before a date counts as missed Stripe is asked.
    """
    at = now()
    late = _open().filter(dispute__due_by__lte=at, dispute__status__in=Dispute.NEEDS_ANSWER)
    told = Q(submissions__kind=Submission.Kind.EVIDENCE, submissions__status=Submission.Status.SENT)
    known = Count("submissions", filter=told)
    elsewhere = Q(dispute__submission_count__gt=F("known"))
    moved = _open().annotate(known=known).filter(~Q(dispute__status__in=[*Dispute.NEEDS_ANSWER, "unknown"]) | elsewhere)
    asks = Q(dispute__status__in=Dispute.NEEDS_ANSWER, dispute__due_by__gt=at) & (
        ~Q(asked_as=F("dispute__status")) | Q(status=Pack.Status.MISSED)
    )
    decided = Q(dispute__status__in=Dispute.ENDED) & ~Q(outcome=F("dispute__status"))
    ended = Pack.objects.annotate(known=known).exclude(status__in=[*Pack.OPEN, *Pack.UNDER_WAY])
    changed = ended.filter(asks | decided | Q(status=Pack.Status.MISSED) & elsewhere)
    done = _each(late.select_related("dispute").order_by("pk")[:TRIES], following.look)
    for rows in (moved, changed):
        done += _each(rows.select_related("dispute").order_by("pk")[:TRIES], following.follow)
    return done


def _open() -> QuerySet[Pack]:
    return Pack.objects.filter(status__in=Pack.OPEN).select_related("dispute")


def _each[Row: (Pack, Dispute, Submission)](rows: Iterable[Row], act: Callable[[Row], object]) -> int:
    """Act on the first BATCH of `rows` that can be helped."""
    helped = (row for row in rows if _try(row, act))
    return sum(1 for _row in islice(helped, BATCH))


def _try[Row: (Pack, Dispute, Submission)](row: Row, act: Callable[[Row], object]) -> bool:
    try:
        act(row)
    except (GatewayError, PaymentError, LostRace) as error:
        log.warning("evidence_waits", what=str(row), error=str(error))
        return False
    except Exception:
        # It needs a person; the others do not wait for that (fault F06).
        log.exception("evidence_needs_a_person", what=str(row))
        return False
    return True
