"""A token bucket for each account, below Stripe's limits, shared by all processes (fault F20).

It lives in PostgreSQL, not in Redis: without PostgreSQL nothing is sent anyhow, so there is no second thing that may be
down and no second, local count to fall back on. Its clock is PostgreSQL's, one for all machines. Each attempt to take a
token is one statement of its own, so nobody waits while holding a lock. Whoever may wait leaves a part of the bucket to
those who may not.
"""

import random
import time

from django.conf import settings
from django.db import connection
from django.db.models import DateTimeField, Func

from gateway.errors import NotSent
from gateway.models import Bucket
from gateway.priority import Priority

# The part of the bucket that is left for those who go first. They share what flows in; what is left is for a rush.
LEFT_FOR_OTHERS = {Priority.PERSON: 0.0, Priority.MONEY: 0.25, Priority.BACKGROUND: 0.5}
# How many seconds somebody waits for a token before they are told to come back: the worker's work is put back then.
WAITS = {Priority.PERSON: 1.5, Priority.MONEY: 5.0, Priority.BACKGROUND: 0.5}

FILLED = """LEAST(%(size)s, bucket.tokens + %(rate)s * GREATEST(
    0, EXTRACT(EPOCH FROM clock_timestamp() - bucket.filled_at)))"""
TAKE = f"""
INSERT INTO gateway_bucket AS bucket (account, tokens, filled_at)
VALUES (%(account)s, %(size)s - 1, clock_timestamp())
ON CONFLICT (account) DO UPDATE SET tokens = {FILLED} - 1, filled_at = clock_timestamp()
WHERE {FILLED} - 1 >= %(floor)s
RETURNING tokens
"""  # noqa: S608 - only the constant above is put in
MISSING = f"SELECT %(floor)s + 1 - {FILLED} FROM gateway_bucket AS bucket WHERE account = %(account)s"  # noqa: S608


def take(account: str, priority: Priority) -> None:
    """Wait for a call's turn. Raises NotSent when it does not come within this priority's patience."""
    until = time.monotonic() + WAITS[priority]
    while (missing := _try(account, priority)) > 0:
        # Jitter: those who wait for the same token do not ask for it at the same moment.
        wait = (missing + random.random()) / settings.STRIPE_CALLS_PER_SECOND  # noqa: S311
        if time.monotonic() + wait > until:
            raise NotSent("Stripe is being asked too often just now.", wait=wait)
        time.sleep(wait)


def empty(account: str) -> None:
    """Stripe said that we ask too often: everybody slows down."""
    clock = Func(function="clock_timestamp", output_field=DateTimeField())
    Bucket.objects.filter(account=account, tokens__gt=0).update(tokens=0, filled_at=clock)


def _try(account: str, priority: Priority) -> float:
    """Take a token if there is one; how many are missing otherwise."""
    rate = settings.STRIPE_CALLS_PER_SECOND
    size = max(rate, 4.0)
    values = {"account": account, "size": size, "rate": rate, "floor": size * LEFT_FOR_OTHERS[priority]}
    with connection.cursor() as cursor:
        cursor.execute(TAKE, values)
        if cursor.fetchone() is not None:
            return 0.0
        cursor.execute(MISSING, values)
        found = cursor.fetchone()
    return max(float(found[0]), 0.01) if found else 0.01
