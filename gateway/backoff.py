"""How long to wait before asking again (fault F20)."""

import random
from datetime import timedelta

LONGEST_WAIT_SECONDS = 3600


def pause(attempts: int, should_retry: bool | None = None) -> timedelta:
    """At random between a second and a limit that doubles with each attempt ("full jitter"): those who failed at the
    same moment do not come back at the same moment. The limit starts lower when Stripe says that a retry will help,
    higher when it says that it will not.
    """
    first = {True: 1, None: 5, False: 30}[should_retry]
    # Compared as whole numbers: as a timedelta, the doubling overflows after some fifty attempts.
    longest = min(first * 2**attempts, LONGEST_WAIT_SECONDS)
    return timedelta(seconds=random.uniform(1, longest))  # noqa: S311 - spread, not secrecy
