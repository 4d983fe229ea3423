"""`manage.py import_listings SELLER_EMAIL FILE [--confirm] [--publish]`."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.files import File
from django.core.management.base import BaseCommand, CommandError
from django.utils.translation import ngettext

from accounts.access import sellers_of
from accounts.models import Seller, User
from catalog.importing import runs, wording
from catalog.importing.runs import ImportRefused, Lease
from catalog.models import ImportItem, ImportRun

Kind = ImportItem.Kind
# More than this of one kind is counted; the page shows all of them.
MOST_SHOWN = 100


class Command(BaseCommand):
    help = (
        "Read a product file in Shopify's CSV format, say what it would do to a seller's listings, and with --confirm "
        "do it: all of it, or nothing."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Whose, which file, and whether to do it."""
        parser.add_argument("seller_email", help="e-mail address of somebody who works for the seller")
        parser.add_argument("file", type=Path, help="the CSV file")
        parser.add_argument("--confirm", action="store_true", help="import what the preview shows")
        parser.add_argument(
            "--publish", action="store_true", help="with --confirm: put what the file calls published into the shop"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Read, show, and import what was confirmed."""
        actor, path = options["seller_email"], options["file"]
        seller = seller_of(actor)
        run = self._read(seller, path, actor)
        self._show(run)
        if run.status == ImportRun.Status.REFUSED:
            runs.discard(run, actor=actor)
            raise CommandError(_problems(run, path))
        if not options["confirm"]:
            runs.discard(run, actor=actor, reason="only looked at")
            self.stdout.write("Nothing is imported yet: add --confirm to import it.")
            return
        self._import(run, actor, publish=options["publish"])

    def _read(self, seller: Seller, path: Path, actor: str) -> ImportRun:
        try:
            with path.open("rb") as content:
                run = runs.start(seller, File(content), name=path.name, actor=actor, is_held=True)
        except OSError as error:
            raise CommandError(f"{path} cannot be read: {error.strerror}.") from None
        except ImportRefused as refusal:
            raise CommandError(f"{path.name}: {refusal}") from None
        runs.read_now(Lease(run, run.attempts))
        return run

    def _import(self, run: ImportRun, actor: str, *, publish: bool) -> None:
        try:
            runs.confirm(run, actor=actor, publish=publish, is_held=True)
        except ImportRefused as refusal:
            runs.discard(run, actor=actor)
            raise CommandError(f"Nothing was imported from {run.name}: {refusal}") from None
        if runs.apply_now(Lease(run, run.attempts)) is None:
            runs.discard(run, actor=actor)
            raise CommandError("Nothing was imported: the listings were changed at this moment. Try again.")
        self.stdout.write(
            ngettext("%(n)d product of %(shop)s imported:", "%(n)d products of %(shop)s imported:", run.total)
            % {"n": run.total, "shop": run.seller.name}
        )
        self.stdout.write(
            f"  {run.new} new, {run.changed} updated, {run.unchanged} unchanged, {run.published} published"
        )
        if run.publish and run.incomplete:
            self.stdout.write(f"  {run.incomplete} without a description: still drafts")
        for title in run.sold_meanwhile:
            self.stdout.write(f"  {title}: more were sold here than the file takes away; the stock is 0 now")

    def _show(self, run: ImportRun) -> None:
        self.stdout.write(f"{run.name}: {run.new} new, {run.changed} changed, {run.unchanged} unchanged")
        for note in run.notes:
            self.stdout.write(f"  note: {_placed(note)}")
        for kind in (Kind.NEW, Kind.CHANGED):
            items = ImportItem.objects.filter(run=run, kind=kind).order_by("position")
            for item in items[:MOST_SHOWN]:
                self._show_one(item)
            if (left := items.count() - MOST_SHOWN) > 0:
                self.stdout.write(f"  … and {left} more {kind.label.lower()} ones")

    def _show_one(self, item: ImportItem) -> None:
        row = wording.row_of(item)
        facts = ", ".join(filter(None, [row.price, row.stock, row.variants, row.images]))
        self.stdout.write(f"  {item.get_kind_display().lower():8} line {item.line}: {item.title}: {facts}")
        for change in row.changes:
            what = f"{change.label} ({change.of})" if change.of else change.label
            before = f"{change.before} → " if change.before else ""
            self.stdout.write(f"    {what}: {before}{change.after}")


def seller_of(email: str) -> Seller:
    """The seller a person works for. Raises CommandError."""
    user = User.objects.filter(email__iexact=email).first()
    sellers = sellers_of(user) if user else []
    if not sellers:
        raise CommandError(f"Nobody with the address {email} works for a seller. Open a shop at /sell/ first.")
    return sellers[0]


def _placed(kept: dict[str, Any]) -> str:
    return str(runs.as_problem(kept))


def _problems(run: ImportRun, path: Path) -> str:
    count = run.problem_count
    lines = [f"Nothing was imported from {path.name}: {count} problem{'s' if count != 1 else ''}."]
    lines += [f"  {_placed(problem)}" for problem in run.problems]
    if count > len(run.problems):
        lines.append(f"  … and {count - len(run.problems)} more")
    return "\n".join(lines)
