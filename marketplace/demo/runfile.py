"""What runs, written down, so that a later run can clear up after one that was killed."""

import fcntl
import json
import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import psutil

from dev.files import write_private
from dev.processes import command_line, wait_until
from dev.services import require_own
from marketplace.demo.errors import DemoError


@contextmanager
def only_one(folder: Path) -> Iterator[None]:
    """Hold the demo's lock. The kernel drops it with its process, so a killed supervisor locks nobody out."""
    require_own(folder)
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "supervisor.lock").open("a") as handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise DemoError(_running(folder)) from error
        yield


class RunFile:
    """var/demo/run.json: the supervisor and every process it started."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / "run.json"

    def write(self, web: str, pids: dict[str, int]) -> None:
        """Note who we are and whom we started. Pid and start time together name one process for ever."""
        processes = [_identity(name, pid) for name, pid in pids.items() if psutil.pid_exists(pid)]
        write_private(self.path, json.dumps({"supervisor": os.getpid(), "web": web, "processes": processes}, indent=2))

    def read(self) -> dict[str, Any]:
        """What the last run noted; empty when there is nothing or it cannot be read."""
        try:
            facts: dict[str, Any] = json.loads(self.path.read_text())
        except (FileNotFoundError, ValueError):
            return {}
        return facts

    def end_leftovers(self) -> list[str]:
        """End what a killed run left behind, and nothing else: the same pid, start time and command line."""
        ended = []
        for noted in self.read().get("processes", []):
            if _is_same(noted):
                _end_session(noted["pid"])
                ended.append(noted["name"])
        self.path.unlink(missing_ok=True)
        return ended

    def remove(self) -> None:
        """Everything has ended in order."""
        self.path.unlink(missing_ok=True)


def _identity(name: str, pid: int) -> dict[str, Any]:
    process = psutil.Process(pid)
    return {"name": name, "pid": pid, "started": process.create_time(), "command": command_line(process)}


def _is_same(noted: dict[str, Any]) -> bool:
    try:
        process = psutil.Process(noted["pid"])
        return (
            process.status() != psutil.STATUS_ZOMBIE
            # The kernel derives it from the boot time, which may move by a second when the clock is set.
            and abs(process.create_time() - noted["started"]) < 2
            and command_line(process) == noted["command"]
        )
    except psutil.Error:
        return False


def _end_session(pid: int) -> None:
    """Each of our children leads a session and group of its own: ask the leader, then insist with the whole group."""
    with suppress(ProcessLookupError, psutil.NoSuchProcess):
        leader = psutil.Process(pid)
        leader.terminate()
        wait_until(lambda: not leader.is_running() or leader.status() == psutil.STATUS_ZOMBIE, 4)
    with suppress(ProcessLookupError):
        os.killpg(pid, signal.SIGKILL)


def _running(folder: Path) -> str:
    facts = RunFile(folder).read()
    where = f" at {facts['web']} (process {facts['supervisor']})" if facts else ""
    return f"A demo is already running{where}. Stop it with Ctrl-C in its terminal first."
