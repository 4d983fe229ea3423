"""Tells a worker that something waits. A bell nobody hears does no harm: the sweep finds what waits."""

from __future__ import annotations

import structlog
from celery import current_app
from kombu.exceptions import KombuError
from redis.exceptions import RedisError

log = structlog.get_logger(__name__)


def ring() -> None:
    """Ask for a worker."""
    try:
        current_app.send_task("catalog.work_on_imports", expires=60)
    except (KombuError, RedisError, OSError) as error:
        log.warning("import_bell_not_heard", error=str(error))
