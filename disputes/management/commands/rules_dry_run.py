"""`manage.py rules_dry_run [file|concede|warning] [--days 365] [--limit eur=2000] [--hours 24]`: changes nothing."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from disputes import dry_run, rules
from disputes.models import Rule


class Command(BaseCommand):
    """What rules would have done with past disputes and warnings, and what that would have cost or saved."""

    help = "Run the rules over past disputes and fraud warnings. Nothing is changed."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Which rule, over how long, with which values instead of its own."""
        parser.add_argument("kind", nargs="?", choices=Rule.Kind.values, help="All of them if it is left out.")
        parser.add_argument("--days", type=int, default=dry_run.DAYS)
        parser.add_argument("--hours", type=int, help="Instead of the rule's own.")
        parser.add_argument(
            "--limit", action="append", default=[], metavar="eur=2000", help="Minor units, instead of the rule's own."
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """One block for each rule."""
        kinds = [options["kind"]] if options["kind"] else Rule.Kind.values
        for kind in kinds:
            rule = rules.rule(kind)
            rule.limits = {**rule.limits, **_limits(options["limit"])}
            rule.hours = options["hours"] or rule.hours
            self._tell(dry_run.run(rule, days=options["days"]))

    def _tell(self, found: dry_run.Report) -> None:
        self.stdout.write(f"{found.rule} (version {found.rule.version}, {found.rule.mode})")
        self.stdout.write(f"  looked at {found.considered} of the last {found.days} days; would have acted on")
        self.stdout.write(f"  {len(found.rows)}, of which the difference is not known for {found.unknown}")
        for total in found.totals:
            self.stdout.write(f"  saved {total.saved}, cost {total.cost}, together {total.net}")
        for why, count in found.left_alone:
            self.stdout.write(f"  left alone {count}: {why}")


def _limits(given: list[str]) -> dict[str, int]:
    try:
        return {currency: int(amount) for currency, _is, amount in (one.partition("=") for one in given)}
    except ValueError as error:
        raise CommandError("A limit is written like eur=2000: minor units of a currency.") from error
