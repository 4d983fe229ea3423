"""`manage.py carrier_delivered TRACKING_NUMBER...`: what carriers say, from whatever brings their news here."""

from argparse import ArgumentParser
from datetime import datetime
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils.dateparse import parse_datetime

from kit.clock import now
from orders import progress
from orders.models import DeliveredBy, Order, Status


class Command(BaseCommand):
    help = "Mark parcels as delivered, because their carrier says so. Told twice, the second time changes nothing."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Which parcels, of which carrier, and since when."""
        parser.add_argument("tracking_numbers", nargs="+", metavar="TRACKING_NUMBER")
        parser.add_argument(
            "--carrier", default="", help="only this carrier's: numbers of two carriers may be the same"
        )
        parser.add_argument("--at", default="", help="when, with its time zone, like 2026-11-23T10:00:00+01:00")

    def handle(self, *args: Any, **options: Any) -> None:
        """Deliver what is found; name what is not, and end with an error then."""
        at = _moment(options["at"])
        unknown = [
            number for number in options["tracking_numbers"] if not self._deliver(number, options["carrier"], at)
        ]
        if unknown:
            raise CommandError(f"No parcel on its way has the number {', '.join(unknown)}.")

    def _deliver(self, number: str, carrier: str, at: datetime) -> bool:
        found = Order.objects.filter(tracking_number=number, status__in=[Status.FULFILLED, Status.DELIVERED])
        if carrier:
            found = found.filter(carrier__iexact=carrier)
        for order in found:
            reason = f"The carrier says that {number} was delivered."
            said_by = DeliveredBy.CARRIER
            if progress.deliver(order, at=at, actor=carrier or "carrier", reason=reason, said_by=said_by):
                self.stdout.write(f"Order {order.number} was delivered.")
        return bool(found)


def _moment(text: str) -> datetime:
    if not text:
        return now()
    moment = parse_datetime(text)
    if moment is None or moment.tzinfo is None:
        raise CommandError(f"{text} is no time with a time zone. Write it like 2026-11-23T10:00:00+01:00.")
    if moment > now():
        raise CommandError(f"{text} is still to come.")
    return moment
