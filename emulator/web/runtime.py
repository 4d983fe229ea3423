"""The one emulator of this process, and the bell that wakes its delivery worker."""

import threading
from dataclasses import dataclass, field

from emulator.core import Emulator


@dataclass
class Runtime:
    emulator: Emulator
    bell: threading.Event = field(default_factory=threading.Event)

    def ring(self) -> None:
        """Something was committed: events may be waiting to be sent."""
        self.bell.set()


_installed: list[Runtime] = []


def install(runtime: Runtime) -> None:
    _installed[:] = [runtime]


def current() -> Runtime:
    return _installed[0]
