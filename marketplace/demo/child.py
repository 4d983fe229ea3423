"""One child of the supervisor: started in a session of its own, ended with everything it started itself."""

import contextlib
import os
import signal
import subprocess
import time
from collections import deque
from collections.abc import Mapping
from pathlib import Path

from dev.processes import dies_with_parent, tail
from marketplace.demo.errors import DemoError
from marketplace.demo.plan import ROOT, Program

# Five ends within a minute: trying further would only hide the reason.
PATIENCE_ENDS, PATIENCE_SECONDS = 5, 60.0
FIRST_PAUSE, LONGEST_PAUSE = 0.5, 8.0
LARGEST_LOG = 5_000_000


class Child:
    """A program, its process and how often it has ended lately."""

    def __init__(self, program: Program, environment: Mapping[str, str], log: Path) -> None:
        self.program = program
        self.environment = environment
        self.log = log
        self.process: subprocess.Popen[bytes] | None = None
        self.start_again_at: float | None = None
        self._ends: deque[float] = deque(maxlen=PATIENCE_ENDS)

    @property
    def name(self) -> str:
        """The word for it in messages and files."""
        return self.program.name

    def start(self) -> None:
        """Start it. Its own session keeps the terminal's Ctrl-C away: the supervisor decides who ends when."""
        if self.log.exists() and self.log.stat().st_size > LARGEST_LOG:
            self.log.replace(self.log.with_suffix(".log.1"))
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                self.program.command,
                cwd=ROOT,
                env=dict(self.environment),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                # The supervisor has one thread, and the function makes a single system call.
                preexec_fn=dies_with_parent(signal.SIGTERM),  # noqa: PLW1509
            )
        self.start_again_at = None

    def has_ended(self) -> bool:
        """Whether it ran and does not any more."""
        return self.process is not None and self.process.poll() is not None

    def plan_restart(self) -> str:
        """After an unexpected end: end what it left running, say what happens next. Raises DemoError to give up."""
        reason = self.reason()
        self.kill_group()
        self.process = None
        now = time.monotonic()
        self._ends.append(now)
        if len(self._ends) == PATIENCE_ENDS and now - self._ends[0] < PATIENCE_SECONDS:
            raise DemoError(
                f"{self.name} {reason}, the {PATIENCE_ENDS}th time within a minute: giving up. "
                f"The end of {self.log}:\n{tail(self.log)}"
            )
        recent = sum(1 for ended in self._ends if now - ended < PATIENCE_SECONDS)
        pause = min(FIRST_PAUSE * 2 ** (recent - 1), LONGEST_PAUSE)
        self.start_again_at = now + pause
        return f"{self.name} {reason}; starting it again in {pause:g} s (see {self.log})"

    def reason(self) -> str:
        """How it ended, in words."""
        code = self.process.returncode if self.process else 0
        if code < 0:
            return f"was ended by signal {-code} ({signal.Signals(-code).name})"
        return f"ended with exit code {code}"

    def ask_to_end(self) -> None:
        """A polite SIGTERM to the leader, which ends its own children in order."""
        if self.process is not None and self.process.poll() is None:
            self.process.terminate()

    def kill_group(self) -> None:
        """End whatever is left of its session's process group, grandchildren included."""
        if self.process is None:
            return
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()
