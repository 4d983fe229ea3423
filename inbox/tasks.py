"""The inbox's background job."""

from celery import shared_task

from inbox.handle import BATCH, handle_waiting

# A bound, so that one task never runs for ever on a busy day; the next nudge or sweep carries on.
MOST_BATCHES = 100


@shared_task(name="inbox.handle_events")
def handle_events(**_ignored: object) -> None:
    """Handle what is waiting until nothing is. Nudged by each new event and every few seconds by beat (fault F04)."""
    for _round in range(MOST_BATCHES):
        if handle_waiting() < BATCH:
            return
