"""`manage.py export_listings SELLER_EMAIL [FILE]`."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from catalog import exporting
from catalog.management.commands.import_listings import seller_of


class Command(BaseCommand):
    help = "Write a seller's listings as a product file in Shopify's CSV format, to a file or to the screen."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Whose, and where to."""
        parser.add_argument("seller_email", help="e-mail address of somebody who works for the seller")
        parser.add_argument("file", type=Path, nargs="?", help="where to write it; without, to the screen")

    def handle(self, *args: Any, **options: Any) -> None:
        """Write it line by line."""
        lines = exporting.lines(seller_of(options["seller_email"]))
        path: Path | None = options["file"]
        if path is None:
            for line in lines:
                self.stdout.write(line, ending="")
            return
        try:
            with path.open("w", encoding="utf-8", newline="") as file:
                file.writelines(lines)
        except OSError as error:
            raise CommandError(f"{path} cannot be written: {error.strerror}.") from None
