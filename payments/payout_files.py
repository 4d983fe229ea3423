"""Payouts as CSV, for a bookkeeper: one payout, or all of a month. Amounts are in the main unit with a point.

Cells people wrote are made harmless: a spreadsheet runs what begins with =, +, - or @ as a formula.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator
from datetime import date, datetime
from io import StringIO

from django.utils.timezone import get_current_timezone, localtime
from django.utils.translation import gettext as _

from accounts.models import Seller
from kit.money import to_decimal
from kit.spreadsheets import guarded
from payments import payout_pages
from payments.models import Payout
from payments.queries import seller_payouts


def header() -> list[str]:
    """The names of the columns."""
    return [
        _("payout"), _("payout made on"), _("at the bank on"), _("status"), _("kind"), _("order"), _("booked on"),
        _("amount"), _("fee"), _("net"), _("currency"), _("note"), _("Stripe’s id"),
    ]  # fmt: skip


def of_payout(payout: Payout) -> str:
    """One payout; the last line is what the bank gets."""
    return _written([payout])


def of_month(seller: Seller, first: date) -> str:
    """Every payout made in the month that begins on `first`, each ending with what the bank got of it."""
    start = datetime(first.year, first.month, 1, tzinfo=get_current_timezone())
    end = datetime(first.year + first.month // 12, first.month % 12 + 1, 1, tzinfo=get_current_timezone())
    return _written(seller_payouts(seller).filter(created_at__gte=start, created_at__lt=end).order_by("created_at"))


def _written(payouts: Iterable[Payout]) -> str:
    out = StringIO()
    # The mark in front makes spreadsheets read it as UTF-8.
    out.write("\ufeff")
    table = csv.writer(out)
    table.writerow(header())
    for payout in payouts:
        table.writerows(_lines(payout))
    return out.getvalue()


def _lines(payout: Payout) -> Iterator[list[str]]:
    made = localtime(payout.created_at).date().isoformat()
    about = [payout.stripe_id, made, payout.arrives_on.isoformat(), str(payout.get_status_display())]
    for row in payout_pages.rows(payout, payout_pages.lines_of(payout).iterator(chunk_size=500)):
        booked = localtime(row.line.at).date().isoformat()
        amounts = [_number(one, payout.currency) for one in (row.line.amount, -row.line.fee, row.line.net)]
        words = [guarded(row.line.word), row.order, booked, *amounts]
        yield [*about, *words, payout.currency.upper(), guarded(row.note), row.line.stripe_id]
    total = _number(payout.amount, payout.currency)
    yield [*about, _("Payout"), "", made, "", "", total, payout.currency.upper(), _("what the bank gets"), ""]


def _number(amount: int, currency: str) -> str:
    return str(to_decimal(amount, currency))
