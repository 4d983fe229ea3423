"""The ledger's background job."""

from celery import shared_task

from ledger.sealing import seal_due


@shared_task(name="ledger.seal")
def seal(**_ignored: object) -> None:
    """Seal what was posted, so that balances start counting near their end and history can be proved."""
    seal_due()
