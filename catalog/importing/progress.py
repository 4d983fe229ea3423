"""How far an import is that is being written. Its transaction shows nothing before its end: this is told beside it."""

from __future__ import annotations

import structlog
from django.core.cache import cache
from redis.exceptions import RedisError

log = structlog.get_logger(__name__)

KEPT_SECONDS = 600


def tell(run: int, done: int) -> None:
    """How many products are written. Without Redis the page shows no number, and nothing else changes."""
    try:
        cache.set(_key(run), done, KEPT_SECONDS)
    except RedisError as error:
        log.warning("import_progress_not_told", run=run, error=str(error))


def told(run: int) -> int:
    """How many were told; 0 when nobody knows."""
    try:
        return int(cache.get(_key(run), 0))
    except RedisError as error:
        log.warning("import_progress_not_known", run=run, error=str(error))
        return 0


def _key(run: int) -> str:
    return f"import-{run}"
