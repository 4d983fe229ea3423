"""What a pid really is, and children that do not outlive their parent."""

import atexit
import ctypes
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from enum import Enum
from pathlib import Path

import psutil

PR_SET_PDEATHSIG = 1
_kept: list[subprocess.Popen[bytes]] = []


class Occupant(Enum):
    """Who sits behind a process id found in a file."""

    NOBODY = "nobody"
    ZOMBIE = "zombie"
    EXPECTED = "expected"
    FOREIGN = "foreign"


def occupant(pid: int, marker: str) -> Occupant:
    """Tell whether `pid` still is the process we wrote down: its command line or its directory names `marker`.

    A pid alone proves nothing: it may be a zombie nobody has reaped, or (after a restart of the machine or
    container) belong to somebody else.
    """
    try:
        process = psutil.Process(pid)
        if process.status() == psutil.STATUS_ZOMBIE:
            return Occupant.ZOMBIE
        if any(marker in part for part in command_line(process)):
            return Occupant.EXPECTED
        return Occupant.FOREIGN
    except psutil.NoSuchProcess:
        return Occupant.NOBODY
    except psutil.AccessDenied:
        return Occupant.FOREIGN


def command_line(process: psutil.Process) -> list[str]:
    """What was started. Just after a start the kernel may not have set the words yet: ask again."""
    for _ in range(20):
        try:
            words = process.cmdline()
        except psutil.ZombieProcess:
            # It has ended already and waits to be reaped: nothing is left of its words.
            return []
        if words:
            return words
        time.sleep(0.005)
    return []


def running_with(words: tuple[str, ...]) -> list[int]:
    """The living processes whose command line has these words, one after the other."""
    found = []
    for process in psutil.process_iter(["cmdline"]):
        line = process.info["cmdline"] or []
        if any(tuple(line[at : at + len(words)]) == words for at in range(len(line))):
            found.append(process.pid)
    return found


def stop(pid: int, marker: str, *, first: signal.Signals = signal.SIGTERM, patience: float = 5.0) -> bool:
    """Ask the process to end, then insist. Never touches a pid that is no longer ours. True when it is gone."""
    for sign, wait in ((first, patience), (signal.SIGKILL, 2.0)):
        if occupant(pid, marker) is not Occupant.EXPECTED:
            return True
        # It may end by itself between the look and the signal, which is what we want of it.
        with suppress(psutil.NoSuchProcess):
            psutil.Process(pid).send_signal(sign)
        if wait_until(lambda: occupant(pid, marker) is not Occupant.EXPECTED, wait):
            return True
    return False


def wait_until(condition: Callable[[], bool], seconds: float, *, every: float = 0.05) -> bool:
    """Poll `condition`; False when it did not hold within `seconds`."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(every)
    return True


def dies_with_parent(sign: signal.Signals) -> Callable[[], None] | None:
    """A preexec function: the kernel sends `sign` to the child when its parent ends, even by kill -9 (Linux only)."""
    if not sys.platform.startswith("linux"):
        return None
    # Loaded before the fork: between fork and exec only the one system call may happen.
    libc = ctypes.CDLL(None, use_errno=True)

    def ask_kernel() -> None:
        libc.prctl(PR_SET_PDEATHSIG, int(sign), 0, 0, 0)

    return ask_kernel


def keep(process: subprocess.Popen[bytes]) -> None:
    """Hold on to a server meant to outlive us: Python complains about forgotten children, but this one is not."""
    _kept.append(process)


@atexit.register
def _let_go() -> None:
    for process in _kept:
        if process.poll() is None:
            # The only way to tell Popen that nobody is going to wait for it.
            process.returncode = 0


def tail(path: Path, lines: int = 15) -> str:
    """The last lines of a log, or nothing when there is none."""
    if not path.exists():
        return ""
    return "\n".join(path.read_text(errors="replace").splitlines()[-lines:])
