"""Disputes as a table for a spreadsheet."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator
from datetime import datetime

from django.http import StreamingHttpResponse
from django.utils.timezone import localtime

from disputes import standing
from disputes.admin import rows
from kit.clock import now
from kit.money import to_decimal
from kit.spreadsheets import guarded
from payments.models import Dispute

COLUMNS = (
    "dispute", "charge", "purchase", "orders", "sellers", "buyer", "status", "reason", "network code", "amount",
    "currency", "taken", "fee", "taken in", "opened", "answer by", "closed", "evidence present", "evidence wanted",
    "answers sent", "advice", "assigned to", "next step",
)  # fmt: skip


class Echo:
    """A file that gives back what is written to it, line by line."""

    def write(self, line: str) -> str:
        """The line."""
        return line


def safe(value: object) -> str:
    """As text that no spreadsheet takes for a formula: sellers choose their names, buyers their addresses."""
    return guarded("" if value is None else str(value))


def answer(disputes: Iterable[Dispute]) -> StreamingHttpResponse:
    """The file, written while it is sent."""
    response = StreamingHttpResponse(_lines(disputes), content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="disputes-{localtime(now()):%Y-%m-%d}.csv"'
    return response


def _lines(disputes: Iterable[Dispute]) -> Iterator[str]:
    writer = csv.writer(Echo())
    # Without the mark a spreadsheet reads UTF-8 as something else.
    yield "\ufeff" + writer.writerow(COLUMNS)
    for dispute in disputes:
        yield writer.writerow([safe(cell) for cell in _row(dispute)])


def _row(dispute: Dispute) -> list[object]:
    """One dispute. Amounts as decimals of their currency, times with their zone, words of ours in the reader's
    language.
    """
    taken = dispute.line_currency
    done = rows.completeness(dispute)
    advice = rows.advice(dispute)
    purchase = dispute.payment.purchase if dispute.payment else None
    pack = standing.pack_of(dispute)
    return [
        dispute.stripe_id,
        dispute.charge_id,
        purchase.number if purchase else "",
        " ".join(rows.orders(dispute)),
        ", ".join(rows.sellers(dispute)),
        purchase.customer.user.email if purchase else "",
        dispute.status,
        dispute.reason,
        dispute.network_reason_code,
        to_decimal(dispute.amount, dispute.currency),
        dispute.currency.upper(),
        to_decimal(dispute.outstanding, taken) if taken else "",
        to_decimal(dispute.fee, taken) if taken else "",
        taken.upper(),
        _time(dispute.opened_at),
        _time(dispute.due_by),
        _time(dispute.closed_at),
        len(done.present) if done else "",
        len(done.present) + len(done.missing) if done else "",
        dispute.submission_count,
        advice.best if advice else "",
        pack.assignee.email if pack and pack.assignee else "",
        standing.next_step(dispute, len(done.missing) if done else 0),
    ]


def _time(moment: datetime | None) -> str:
    return localtime(moment).isoformat(timespec="seconds") if moment else ""
