"""The gateway's background job, and whom a worker works for."""

from celery import shared_task
from celery.signals import worker_init, worker_process_init

from gateway import operations
from gateway.priority import Priority, of_this_process


@shared_task(name="gateway.finish_operations")
def finish_operations(**_ignored: object) -> None:
    """Finish what a crash or a silent Stripe left behind."""
    operations.finish_due()


@worker_init.connect
@worker_process_init.connect
def work_for_money(**_ignored: object) -> None:
    """Nobody looks at a page a worker makes: people's calls to Stripe go before its own."""
    of_this_process(Priority.MONEY)
