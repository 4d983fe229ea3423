"""`manage.py ledger_grants`: give the application's database role its rights, without those to rewrite the books."""

import argparse
from typing import Any
from urllib.parse import unquote, urlsplit

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.db import DatabaseError

from ledger import grants


class Command(BaseCommand):
    """Prints the SQL; runs it with --apply; with --check says whether the present role could rewrite history."""

    help = "Database rights for the application's role: everything it needs, and nothing that changes the ledger."

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        """Either a role to be given rights, or --check."""
        parser.add_argument(
            "--to", metavar="ROLE", help="the role, if APP_DATABASE_URL does not name it; it must exist"
        )
        parser.add_argument("--apply", action="store_true", help="run the SQL instead of printing it")
        parser.add_argument("--check", action="store_true", help="fail if DATABASE_URL's role can change the ledger")

    def handle(self, *args: Any, **options: Any) -> None:
        """To be run by the role that owns the tables, after every migration; --check by the application's role."""
        address = urlsplit(settings.APP_DATABASE_URL)
        role = options["to"] or unquote(address.username or "")
        if options["check"]:
            self._check()
        elif not role:
            raise CommandError("Name the application's role with --to or in APP_DATABASE_URL, or give --check.")
        elif options["apply"]:
            self._apply(role, "" if options["to"] else unquote(address.password or ""))
        else:
            self.stdout.write(grants.script(role))

    def _check(self) -> None:
        if found := grants.rewriting_rights():
            rights = ", ".join(f"{each.right} on {each.table}" for each in found)
            raise CommandError(f"This role can rewrite the ledger: {rights}.")
        self.stdout.write("This role can add to the ledger and read it, and do nothing else to it.")

    def _apply(self, role: str, password: str) -> None:
        try:
            grants.apply(role, password=password)
        except DatabaseError as error:
            raise CommandError(f"The rights were not given: {error}") from error
        self.stdout.write(f"{role} has its rights.")
