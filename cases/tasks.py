"""Cases' background job."""

import structlog
from celery import shared_task

from cases.sweeps import SWEEPS

log = structlog.get_logger(__name__)


@shared_task(name="cases.act_on_cases")
def act_on_cases(**_ignored: object) -> None:
    """Reminders, silence, second people's decisions, and what banks do meanwhile: every sweep about cases, once."""
    for sweep in SWEEPS:
        try:
            sweep()
        except Exception:
            # The others do not wait for whoever puts this one right (fault F06).
            log.exception("sweep_needs_a_person", sweep=sweep.__name__)
