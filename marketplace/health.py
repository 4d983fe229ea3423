"""Two questions a machine asks: is the process alive, and can it do its work?"""

import threading
from collections.abc import Callable

import redis
import structlog
from django.conf import settings
from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor
from django.http import HttpRequest, JsonResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

log = structlog.get_logger(__name__)

OK = "ok"
_migrations_seen_applied = threading.Event()


@require_safe
@never_cache
def healthz(request: HttpRequest) -> JsonResponse:
    """The process answers. For load balancers: Stripe's events are still stored while Redis is away."""
    return JsonResponse({"status": OK})


@require_safe
@never_cache
def readyz(request: HttpRequest) -> JsonResponse:
    """Database, Redis and migrations are all in order (200), or what is not (503). For deploys and monitoring.

    The answer names the check, never the reason: that goes to the log, not to a stranger.
    """
    checks = {"database": _check(_database), "redis": _check(_redis), "migrations": _check(_migrations)}
    ready = all(word == OK for word in checks.values())
    return JsonResponse({"status": OK if ready else "unavailable", "checks": checks}, status=200 if ready else 503)


def _check(probe: Callable[[], str]) -> str:
    try:
        return probe()
    except (DatabaseError, redis.RedisError, OSError) as error:
        log.warning("readiness_check_failed", check=probe.__name__.strip("_"), error=str(error))
        return "unreachable"


def _database() -> str:
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
    return OK


def _redis() -> str:
    client = redis.Redis.from_url(settings.REDIS_URL, socket_connect_timeout=1, socket_timeout=1)
    try:
        client.ping()
    finally:
        client.close()
    return OK


def _migrations() -> str:
    """Compare the code's migrations with the database's. Once complete it stays so for this process: remembered."""
    if not _migrations_seen_applied.is_set():
        executor = MigrationExecutor(connection)
        if executor.migration_plan(executor.loader.graph.leaf_nodes()):
            return "pending"
        _migrations_seen_applied.set()
    return OK
