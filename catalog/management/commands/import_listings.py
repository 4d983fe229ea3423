"""`manage.py import_listings SELLER_EMAIL FILE [--publish]`."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils.translation import ngettext

from accounts.access import sellers_of
from accounts.models import Seller, User
from catalog import importing


class Command(BaseCommand):
    help = "Bring a product export in Shopify's CSV format in as a seller's listings. All of it comes in, or nothing."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Whose, which file, and whether to publish."""
        parser.add_argument("seller_email", help="e-mail address of somebody who works for the seller")
        parser.add_argument("file", type=Path, help="the CSV file")
        parser.add_argument("--publish", action="store_true", help="put the listings into the shop; otherwise drafts")

    def handle(self, *args: Any, **options: Any) -> None:
        """Import, and say what happened."""
        seller = _seller(options["seller_email"])
        try:
            report = importing.run(
                seller, _content(options["file"]), actor=options["seller_email"], publish=options["publish"]
            )
        except importing.ImportRefused as refusal:
            raise CommandError(_refused(refusal, options["file"])) from None
        self._tell(seller, report)

    def _tell(self, seller: Seller, report: importing.Report) -> None:
        total = report.created + report.updated
        self.stdout.write(
            ngettext("%(n)d listing of %(shop)s imported:", "%(n)d listings of %(shop)s imported:", total)
            % {"n": total, "shop": seller.name}
        )
        self.stdout.write(f"  {report.created} new, {report.updated} updated, {report.published} published")
        for title in report.sold_meanwhile:
            self.stdout.write(f"  {title}: more were sold here than the file takes away; the stock is 0 now")


def _seller(email: str) -> Seller:
    user = User.objects.filter(email__iexact=email).first()
    sellers = sellers_of(user) if user else []
    if not sellers:
        raise CommandError(f"Nobody with the address {email} works for a seller. Open a shop at /sell/ first.")
    return sellers[0]


def _content(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise CommandError(f"{path} cannot be read: {error.strerror}.") from None


def _refused(refusal: importing.ImportRefused, path: Path) -> str:
    count = len(refusal.problems)
    lines = [f"Nothing was imported from {path.name}: {count} problem{'s' if count != 1 else ''}."]
    return "\n".join([*lines, *(f"  {problem}" for problem in refusal.problems)])
