"""Callers that meet: at the same moment, or one at a faultpoint of the other, each on a connection of its own."""

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

from django.db import connection

from kit.faults import armed

# How long a rival may take to come to its end; one that is kept out by a lock does not in that time.
PATIENCE = 2.0


def at_once[Result](*calls: Callable[[], Result]) -> list[Result | Exception]:
    """Run the calls in threads of their own that start together; what each returned or raised."""
    start = threading.Barrier(len(calls))

    def run(call: Callable[[], Result]) -> Result | Exception:
        try:
            # Connected first: what is to start together is the work, not the greeting.
            connection.ensure_connection()
            start.wait(timeout=60)
            return call()
        except Exception as error:
            return error
        finally:
            connection.close()

    with ThreadPoolExecutor(len(calls)) as pool:
        return list(pool.map(run, calls))


@contextmanager
def rival(point: str, call: Callable[[], object]) -> Iterator[list[object]]:
    """At the first passing of `point`, let somebody else do `call`, and go on when they are done or kept out for long.

    Yields what came of it once the block is over.
    """
    came: list[object] = []
    threads: list[threading.Thread] = []

    def run() -> None:
        try:
            came.append(call())
        except Exception as error:
            came.append(error)
        finally:
            connection.close()

    def act() -> None:
        if not threads:
            threads.append(threading.Thread(target=run))
            threads[0].start()
            threads[0].join(PATIENCE)

    with armed(point, act):
        yield came
        for thread in threads:
            thread.join()
