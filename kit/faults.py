"""Named points where a test or a simulation may make the process die, wait or let a rival in. Free when nothing is
armed.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

_armed: dict[str, Callable[[], None]] = {}


def faultpoint(name: str) -> None:
    """Mark a commit or HTTP boundary. Does nothing unless a test armed this name."""
    if _armed and (act := _armed.get(name)):
        act()


@contextmanager
def armed(name: str, act: Callable[[], None]) -> Iterator[None]:
    """Call `act` each time the point called `name` is passed."""
    _armed[name] = act
    try:
        yield
    finally:
        _armed.pop(name, None)
