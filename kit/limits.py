"""How often something may be tried."""

from __future__ import annotations

import hashlib

import structlog
from django.core.cache import cache

log = structlog.get_logger(__name__)


def may(action: str, who: str, *, most: int, seconds: int) -> bool:
    """Count one try of `action` by `who`; False once there were more than `most` within about `seconds`.

    Who is counted by a digest: the cache keeps nobody's address. A cache that does not answer lets people through: what
    this protects is not secret to whoever has the key anyway.
    """
    key = f"limit:{action}:{hashlib.sha256(who.encode()).hexdigest()[:32]}"
    try:
        cache.add(key, 0, timeout=seconds)
        return cache.incr(key) <= most
    except ValueError:
        # It ran out between the two.
        return True
    except OSError as error:
        log.warning("limit_not_counted", action=action, error=str(error))
        return True
