"""The emulator's time, which can be moved. Signatures alone use the wall clock."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from typing import Literal

DAY = 86_400
ClockMode = Literal["real", "offset", "frozen"]


class Clock:
    """real: the wall clock. offset: the wall clock plus what was advanced. frozen: stands still until advanced."""

    def __init__(self, mode: ClockMode, *, offset: int = 0, frozen_at: int | None = None) -> None:
        if mode not in ("real", "offset", "frozen"):
            raise ValueError(f"Unknown clock mode {mode!r}: real, offset or frozen")
        self.mode: ClockMode = "offset" if mode == "real" and offset else mode
        self.offset = offset
        self.frozen_at = int(time.time()) if frozen_at is None else frozen_at

    def now(self) -> int:
        if self.mode == "frozen":
            return self.frozen_at
        return int(time.time()) + self.offset

    def move_to(self, moment: int) -> None:
        """Only forward; a real clock becomes an offset one."""
        if moment <= self.now():
            return
        if self.mode == "frozen":
            self.frozen_at = moment
        else:
            self.mode = "offset"
            self.offset = moment - int(time.time())

    @classmethod
    def at(cls, mode: ClockMode, moment: int) -> Clock:
        """A clock that says `moment` now; a real one says what it always says."""
        if mode == "offset":
            clock = cls("offset")
            clock.offset = moment - int(time.time())
            return clock
        return cls(mode, frozen_at=moment if mode == "frozen" else None)

    def in_mode(self, mode: ClockMode) -> Clock:
        """A clock of another mode that goes on from this one's second. Raises ValueError."""
        if mode == "real" and self.now() > time.time():
            raise ValueError("This clock is ahead of real time, and never goes back: use offset, or reset.")
        return Clock.at(mode, self.now())

    def state(self) -> dict[str, object]:
        offset = self.frozen_at - int(time.time()) if self.mode == "frozen" else self.offset
        return {"mode": self.mode, "now": self.now(), "offset_seconds": offset}


def midnight(moment: int) -> int:
    return moment - moment % DAY


def next_business_day(moment: int) -> int:
    """Midnight (UTC) of the first weekday after this moment's date. Bank holidays are not modelled."""
    day = midnight(moment) + DAY
    while datetime.fromtimestamp(day, UTC).weekday() >= 5:
        day += DAY
    return day


def rfc3339(moment: int) -> str:
    """As the v2 API writes times."""
    return datetime.fromtimestamp(moment, UTC).strftime("%Y-%m-%dT%H:%M:%S.000Z")
