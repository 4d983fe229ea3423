"""`manage.py ledger_rebase`: after a dump was restored into a new cluster, go on counting where the books ended."""

from typing import Any

from django.core.management.base import BaseCommand

from ledger.guards import rebase


class Command(BaseCommand):
    """Does nothing when nothing is to be done, so it may run with every deployment, after `migrate`."""

    help = "Keep ledger positions growing after a dump was restored into a new PostgreSQL cluster."

    def handle(self, *args: Any, **options: Any) -> None:
        """As the role that owns the tables."""
        added = rebase()
        self.stdout.write(f"Positions go on {added} higher." if added else "Positions are in order.")
