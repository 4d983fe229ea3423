"""The ledger's background job."""

import structlog
from celery import shared_task

from ledger.guards import NewCluster
from ledger.sealing import seal_due

log = structlog.get_logger(__name__)


@shared_task(name="ledger.seal")
def seal(**_ignored: object) -> None:
    """Seal what was posted, so that balances start counting near their end and history can be proved."""
    try:
        seal_due()
    except NewCluster as error:
        # Nothing gets better by trying again, and nothing may be posted until somebody has run the command.
        log.error("ledger_needs_a_person", error=str(error))
