"""Business time. Every date the marketplace acts on comes from `now()`, never from the machine directly.
Leases alone are counted by `machine_now()`.

With CLOCK_URL set (the demo), the clock follows the emulator's: its offset is asked for at most once a second, so that
moving the emulator's clock moves the marketplace too. Otherwise it is the machine's time in UTC.
"""

import json
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

import structlog
from django.conf import settings

log = structlog.get_logger(__name__)

ASK_EVERY_SECONDS = 1.0
_lock = threading.Lock()
_offset = timedelta(0)
_asked_at = -ASK_EVERY_SECONDS
_fixed: datetime | None = None


def now() -> datetime:
    """The moment business rules count from, in UTC."""
    if _fixed is not None:
        return _fixed
    return datetime.now(UTC) + _current_offset()


def machine_now() -> datetime:
    """The machine's time in UTC, which moving the demo's clock does not move: for leases and pauses, which are promises
    between processes, and for nothing people count by.
    """
    return datetime.now(UTC) if _fixed is None else _fixed


def ask_again() -> None:
    """Whoever has just moved the emulator's clock does not want last second's answer."""
    global _asked_at
    _asked_at = -ASK_EVERY_SECONDS


def catch_up_with(moment: datetime) -> None:
    """Something from `moment` has come. Where the demo's clock is behind that, the emulator's was moved less than a
    second ago, and is asked again: nothing is written down as done before it happened.
    """
    if moment > now():
        ask_again()


@contextmanager
def fixed_at(moment: datetime) -> Iterator[None]:
    """Hold the clock at `moment`: for tests and simulations."""
    global _fixed
    before, _fixed = _fixed, moment
    try:
        yield
    finally:
        _fixed = before


def _current_offset() -> timedelta:
    global _offset, _asked_at
    if not settings.CLOCK_URL:
        return timedelta(0)
    if time.monotonic() - _asked_at >= ASK_EVERY_SECONDS and _lock.acquire(blocking=False):
        # One thread asks; the others go on with the last answer rather than queue behind the network.
        try:
            _offset = _ask()
        except (OSError, ValueError, KeyError, urllib.error.URLError) as error:
            log.warning("clock_not_answering", url=settings.CLOCK_URL, error=str(error))
        finally:
            _asked_at = time.monotonic()
            _lock.release()
    return _offset


def _ask() -> timedelta:
    with urllib.request.urlopen(settings.CLOCK_URL, timeout=0.5) as answer:  # noqa: S310 - the operator's own setting
        return timedelta(seconds=float(json.load(answer)["offset_seconds"]))
