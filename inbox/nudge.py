"""Tell a worker that events are waiting, without making Stripe wait for the broker.

The request only sets a flag. A background thread coalesces what came in meanwhile into one task, so a thousand events
cost a few publishes; when the broker is down the nudge is lost, and the sweep (every few seconds) finds the rows.
"""

import os
import threading

import structlog
from celery import current_app
from kombu.exceptions import KombuError
from redis.exceptions import RedisError

log = structlog.get_logger(__name__)

# Soon after the first event, for the buyer who waits; then not again for a moment, however many follow.
COALESCE_SECONDS = 0.02
REST_SECONDS = 0.1


class _Nudger:
    def __init__(self) -> None:
        self._wanted = threading.Event()
        self._start = threading.Lock()
        self._process = 0

    def nudge(self) -> None:
        self._wanted.set()
        if self._process != os.getpid():
            # A forked server process inherits this object but not the thread.
            with self._start:
                if self._process != os.getpid():
                    self._process = os.getpid()
                    threading.Thread(target=self._run, name="event-nudge", daemon=True).start()

    def _run(self) -> None:
        while True:
            self._wanted.wait()
            threading.Event().wait(COALESCE_SECONDS)
            self._wanted.clear()
            try:
                current_app.send_task("inbox.handle_events", expires=60)
            except (KombuError, RedisError, OSError) as error:
                log.warning("nudge_lost", error=str(error))
            except Exception:
                # The thread is not started again: it has to outlive what nobody foresaw.
                log.exception("nudge_failed")
            threading.Event().wait(REST_SECONDS)


_nudger = _Nudger()


def nudge() -> None:
    """Ask for the stored events to be handled soon. Never blocks and never raises."""
    _nudger.nudge()
