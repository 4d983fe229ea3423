"""Monitoring's background jobs."""

from celery import shared_task

from monitoring import heartbeats  # noqa: F401 - its signals are heard by whoever runs tasks
from monitoring.sweeping import forget, sweep
from monitoring.watches import WATCHES


@shared_task(name="monitoring.watch")
def watch(**_ignored: object) -> None:
    """Look for what is wrong now, close what no longer is, and tell whose it is."""
    sweep()


@shared_task(name="monitoring.watch_rates")
def watch_rates(**_ignored: object) -> None:
    """The same for what has to read much, rates and paces over months; and forget what was over long ago."""
    forget()
    sweep([one for one in WATCHES if one.seldom])
