"""`manage.py seed_demo`: sample data for the demo. Refuses anywhere else."""

import os
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from marketplace.demo import seed
from marketplace.demo.emulator import Controls
from marketplace.environment import PRODUCTION


class Command(BaseCommand):
    """Adds what is missing; safe to run again."""

    help = "Add the demo's sample data (people, shops, listings)."

    def handle(self, *args: Any, **options: Any) -> None:
        """Seed with the password from DEMO_PASSWORD, which `make demo` sets."""
        if settings.ENVIRONMENT == PRODUCTION:
            raise CommandError("This is production: sample people with a shared password do not belong here.")
        if not settings.STRIPE_API_BASE:
            raise CommandError(
                "STRIPE_API_BASE is not set: the sample shops are set up at the emulator, never at Stripe."
            )
        password = os.environ.get("DEMO_PASSWORD", "")
        if not password:
            raise CommandError("DEMO_PASSWORD is not set. `make demo` runs this command with a password of its own.")
        controls = Controls(settings.STRIPE_API_BASE, os.environ.get("EMULATOR_CONTROL_TOKEN", ""))
        small = os.environ.get("DEMO_SIZE", "") == "small"
        seed.run(password, controls, self.stdout.write, small=small)
        self.stdout.write("The sample data is in place.")
