"""`manage.py open_problems`: what is wrong now, for whoever is on call. Exit code 1 when something is urgent."""

import argparse
import sys
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand
from django.utils.translation import gettext as _

from kit.templatetags.ui import time_in_words
from monitoring.models import Alert
from monitoring.queries import Line, in_words, silent_since
from monitoring.sweeping import sweep
from monitoring.watches import WATCHES


class Command(BaseCommand):
    """Prints the page of open problems. Run from elsewhere every few minutes, it also notices that nobody looks."""

    help = "Print the open problems by age. Exit code 1 if one is urgent, or if nobody looks for problems any more."

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        """--look to look first, as the worker does every minute; --owner for one person's."""
        parser.add_argument("--look", action="store_true", help="look for what is wrong first")
        parser.add_argument("--owner", metavar="EMAIL", help="only this person's problems")

    def handle(self, *args: Any, **options: Any) -> None:
        """Print them; the exit code says whether somebody should be woken."""
        if options["look"]:
            sweep(WATCHES)
        alerts = Alert.objects.filter(status=Alert.Status.OPEN).select_related("owner").order_by("since", "pk")
        if options["owner"]:
            alerts = alerts.filter(owner__email__iexact=options["owner"])
        lines = [in_words(alert) for alert in alerts]
        for line in lines:
            self._print(line)
        if not lines:
            self.stdout.write(_("No open problems."))
        silent = silent_since()
        if silent is not None:
            self.stdout.write(_("Nobody has looked for problems since %(time)s.") % {"time": silent.isoformat()})
        if silent is not None or any(line.urgent for line in lines):
            sys.exit(1)

    def _print(self, line: Line) -> None:
        amount = f" · {line.money}" if line.money is not None else ""
        mark = "!" if line.urgent else " "
        self.stdout.write(f"{mark} {line.what} · {time_in_words(line.since)}{amount} · {line.owner}")
        self.stdout.write(f"    {line.about}")
        self.stdout.write(f"    {settings.SITE_URL}{line.url}")
