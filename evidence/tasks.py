"""Evidence by itself: bells only, each of which may be lost or doubled."""

from celery import shared_task

from evidence import retention


@shared_task(name="evidence.forget_old_facts")
def forget_old_facts(**_ignored: object) -> None:
    """Forget what is kept of purchases nobody can ask about any more."""
    retention.forget_due()
