"""Orders' background job."""

from celery import shared_task

from orders import carriers


@shared_task(name="orders.handle_carrier_news")
def handle_carrier_news(**_ignored: object) -> None:
    """Deliver what carriers said, also what came before its seller wrote the tracking number down."""
    carriers.handle_waiting()
