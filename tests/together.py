"""Callers that start at the same moment, each in a thread and on a database connection of its own."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from django.db import connection


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
