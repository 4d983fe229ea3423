"""Disputes by themselves: bells only. Each may be lost, doubled, or rung for several workers at once."""

from collections.abc import Callable

import structlog
from celery import shared_task

from disputes import acting, remembering, warnings
from gateway.errors import GatewayError

log = structlog.get_logger(__name__)


@shared_task(name="disputes.act_by_rules")
def act_by_rules(**_ignored: object) -> None:
    """See what came of warnings, announce what rules decide, and carry out what was announced and is due."""
    _each(warnings.follow, acting.give_notice, acting.act_due)


@shared_task(name="disputes.remember")
def remember(**_ignored: object) -> None:
    """Write down what is advised about whatever is open, and what came of what is over."""
    _each(remembering.remember)


@shared_task(name="disputes.find_missed_warnings")
def find_missed_warnings(**_ignored: object) -> None:
    """Fraud warnings at Stripe of which no event told us."""
    _each(warnings.find_missed)


def _each(*sweeps: Callable[[], int]) -> None:
    for sweep in sweeps:
        try:
            sweep()
        except GatewayError as error:
            log.warning("sweep_waits", sweep=sweep.__name__, error=str(error))
        except Exception:
            # The others do not wait for whoever puts this one right (fault F06).
            log.exception("sweep_needs_a_person", sweep=sweep.__name__)
