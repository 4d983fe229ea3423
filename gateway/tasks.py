"""The gateway's background job."""

from celery import shared_task

from gateway import operations


@shared_task(name="gateway.finish_operations")
def finish_operations(**_ignored: object) -> None:
    """Finish what a crash or a silent Stripe left behind."""
    operations.finish_due()
