"""`manage.py ledger_balances`: what stands on every account of the books, as JSON."""

import argparse
import json
from typing import Any

from django.core.management.base import BaseCommand
from django.db.models import Sum

from ledger.models import Account, Entry


class Command(BaseCommand):
    """Changes nothing. For comparing the books with Stripe's balances, or with another day's."""

    help = "Print what stands on every account of the books that is not at zero, as JSON: minor units, debits positive."

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        """--account keeps the list short."""
        parser.add_argument(
            "--account", action="append", choices=Account.values, help="only this kind of account; may be repeated"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """One object a line, so that two days can be compared with diff."""
        entries = Entry.objects.filter(account__in=options["account"] or Account.values)
        sums = entries.values("account", "ref", "currency").annotate(amount=Sum("amount")).exclude(amount=0)
        for row in sums.order_by("account", "ref", "currency"):
            self.stdout.write(json.dumps(row))
