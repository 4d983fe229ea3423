"""Living below `make`: it must not outlive us, nor we it."""

import os
import signal
from pathlib import Path

import psutil

from dev.processes import dies_with_parent

MAKES = ("make", "gmake")


def follow_make() -> None:
    """Ask for SIGTERM when the `make` that started us ends, however it ends. Other parents (a shell, nohup) may go."""
    ask = dies_with_parent(signal.SIGTERM)
    if ask is not None and _parent_name() in MAKES:
        ask()


def make_was_interrupted() -> bool:
    """Whether a SIGINT was sent to `make` alone.

    A terminal's Ctrl-C reaches us directly. But `kill -INT <make>` stays with make, which waits for us inside its
    signal handler without passing it on; while it is there, the kernel shows SIGINT as blocked.
    """
    status = Path(f"/proc/{os.getppid()}/status")
    try:
        facts = dict(line.split(":\t", 1) for line in status.read_text().splitlines() if ":\t" in line)
    except OSError:
        return False
    return facts.get("Name") in MAKES and bool(int(facts["SigBlk"], 16) >> (signal.SIGINT - 1) & 1)


def _parent_name() -> str:
    try:
        return psutil.Process(os.getppid()).name()
    except psutil.Error:
        return ""
