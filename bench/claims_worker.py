"""The release sweep's claim step beside plain SQL: `python -m bench.claims_worker <at once>`.

Both take due rows by the thousand, in turns, each from a table of its own with the same rows, columns and indexes. The
floor knows nothing of holds, warnings and claims that run out, and is one statement without Django.

Prints one line of JSON: rows a second of each turn, ours and the floor's. Started by bench/money.py.
"""

import json
import os
import sys
import time
from datetime import datetime

import django
import psycopg

# The models below need the settings.
django.setup()

from kit.clock import machine_now  # noqa: E402
from payments import claims, sweeps  # noqa: E402

FLOOR = """
    WITH next AS (
        SELECT id FROM plain_share
        WHERE status = 'held' AND release_at <= now() AND (release_at, id) > (%(date)s, %(id)s)
        ORDER BY release_at, id LIMIT %(at_once)s FOR NO KEY UPDATE SKIP LOCKED
    )
    UPDATE plain_share AS share SET claimed_until = now() + interval '10 minutes' FROM next WHERE share.id = next.id
    RETURNING share.release_at, share.id
"""
BEGINNING = (datetime.fromisoformat("2000-01-01T00:00:00+00:00"), 0)


def turns(at_once: int) -> dict[str, list[float]]:
    """Everything that is due, taken by both in turns; rows a second of each."""
    found: dict[str, list[float]] = {"ours": [], "floor": []}
    ours, floors = BEGINNING, BEGINNING
    due = sweeps.due_for_release()
    with psycopg.connect(os.environ["DATABASE_URL"], autocommit=True) as connection:
        # Once each before it counts: connections are made and queries compiled.
        claims.claim(due, claims_at_the_end(), until=machine_now(), at_once=1)
        _floor(connection, claims_at_the_end(), 1)
        while True:
            # Whoever goes first has the colder caches: both are first as often.
            for side in ("ours", "floor") if len(found["ours"]) % 2 else ("floor", "ours"):
                began = time.perf_counter()
                if side == "ours":
                    places = claims.claim(due, ours, until=machine_now() + claims.LEASE, at_once=at_once)
                    ours = places[-1] if places else ours
                else:
                    places = _floor(connection, floors, at_once)
                    floors = max(places) if places else floors
                if len(places) < at_once:
                    return found
                found[side].append(len(places) / (time.perf_counter() - began))


def claims_at_the_end() -> claims.Place:
    """Behind everything that is due."""
    return (machine_now(), 0)


def _floor(
    connection: psycopg.Connection[tuple[datetime, int]], last: claims.Place, at_once: int
) -> list[claims.Place]:
    return connection.execute(FLOOR, {"date": last[0], "id": last[1], "at_once": at_once}).fetchall()


if __name__ == "__main__":
    print(json.dumps(turns(int(sys.argv[1]))))
