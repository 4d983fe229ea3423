"""`manage.py ledger_verify`: recompute the books, and name the first row that is not as it was sealed."""

import argparse
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from ledger.models import Seal
from ledger.verifying import Altered, verify

TELL_EVERY = 1000


class Command(BaseCommand):
    """Changes nothing; may run beside everything else."""

    help = "Recompute every seal and balance of the ledger; fails, and names the first altered row, if any differs."

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        """--expect is what an earlier run printed."""
        parser.add_argument(
            "--expect", default="", metavar="NUMBER:HASH", help="a seal printed earlier that must still be in the chain"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Print what was found in order, and the last seal, to be kept somewhere else."""
        try:
            found = verify(expected_head=options["expect"], progress=self._tell)
        except Altered as error:
            raise CommandError(str(error)) from error
        self.stdout.write(
            f"In order: {found.seals} seals, {found.postings} postings, {found.entries} entries; "
            f"{found.waiting} postings wait to be sealed."
        )
        self.stdout.write(f"Last seal: {found.head or 'none'}")

    def _tell(self, seal: Seal) -> None:
        if seal.number % TELL_EVERY == 0:
            self.stderr.write(f"seal {seal.number} is in order")
