"""`manage.py own_payouts_manual`: once for each Stripe account the marketplace runs on."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from gateway.errors import GatewayError
from payments import own_payouts


class Command(BaseCommand):
    help = "Set the platform's own payouts to manual, so that money held for sellers stays in its balance at Stripe."

    def handle(self, *args: Any, **options: Any) -> None:
        """Ask Stripe, and say what came of it."""
        try:
            own_payouts.set_manual(actor="own_payouts_manual")
        except GatewayError as error:
            raise CommandError(f"Stripe did not set it: {error}") from None
        self.stdout.write("The platform's own payouts are manual now.")
