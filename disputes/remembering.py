"""The memory of disputes, kept by a sweep: advice about what is open, and what came of what is over."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import timedelta
from typing import Any

import structlog
from django.conf import settings
from django.db.models import Exists, OuterRef, Q

from disputes import advice
from disputes.models import Advice, FraudWarning
from kit.clock import now
from payments.models import Dispute

log = structlog.get_logger(__name__)

BATCH = 200


def remember() -> int:
    """Look at everything that is open, and at what ended since: how many were looked at. Any order, so that a batch
    full of what cannot be reckoned holds nothing up.
    """
    count = _each(advice.record_dispute, open_disputes().order_by("?")[:BATCH])
    count += _each(advice.record_dispute, ended_disputes().order_by("?")[:BATCH])
    return count + _each(advice.record_warning, warnings().select_related("payment").order_by("?")[:BATCH])


def open_disputes() -> Any:
    """Disputes whose end is not known."""
    return Dispute.objects.filter(settled_at=None, payment__isnull=False).select_related("payment")


def ended_disputes() -> Any:
    """Disputes that ended and whose outcome is not written down, those from before this was kept included."""
    known = Advice.objects.filter(dispute=OuterRef("pk"), superseded_at=None, ended_at__isnull=False)
    ended = Dispute.objects.filter(settled_at__isnull=False, payment__isnull=False)
    return ended.filter(~Exists(known)).select_related("payment")


def warnings() -> Any:
    """Warnings of which something more may become known."""
    oldest = now() - timedelta(days=2 * settings.WARNING_OVER_DAYS)
    current = Advice.objects.filter(warning=OuterRef("pk"), superseded_at=None)
    settled = current.filter(ended_at__isnull=False, real_value__isnull=False, outcome=OuterRef("status"))
    waits = Q(status__in=FraudWarning.LIVE) | ~Exists(settled)
    return FraudWarning.objects.filter(waits, warned_at__gte=oldest)


def _each(record: Callable[[Any], Advice], rows: Iterable[Any]) -> int:
    count = 0
    for row in rows:
        try:
            record(row)
        except Exception:
            # It needs a person; the others do not wait for that (fault F06).
            log.exception("advice_needs_a_person", about=str(row))
        count += 1
    return count
