"""The two processes that are compared: the emulator with a file as its store, and a bare Django view beside it."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from bench.servers import PATIENCE, ROOT, BenchError, Program, free_port, listens, settle_down
from dev.processes import dies_with_parent, tail, wait_until


@dataclass(frozen=True, slots=True)
class Pair:
    emulator: Program
    floor: Program


def environment() -> dict[str, str]:
    """Without the caller's settings of an emulator or of Django."""
    return {name: value for name, value in os.environ.items() if not name.startswith(("EMULATOR_", "DJANGO_"))}


def program(stack: ExitStack, folder: Path, name: str, arguments: tuple[str, ...], port: int) -> Program:
    """Start one and wait until it listens. Raises BenchError."""
    with (folder / f"{name}.log").open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, *arguments],
            cwd=ROOT,
            env=environment(),
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            # One thread at this point, and the function makes a single system call.
            preexec_fn=dies_with_parent(signal.SIGTERM),  # noqa: PLW1509
        )
    started = Program(name, process, port)
    stack.callback(started.stop)
    if not wait_until(lambda: listens(port) or process.poll() is not None, PATIENCE) or process.poll() is not None:
        raise BenchError(f"{name} did not come up:\n{tail(folder / f'{name}.log')}")
    return started


@contextmanager
def pair(folder: Path) -> Iterator[Pair]:
    """Both, until the block ends. The emulator keeps everything in a file of `folder`."""
    with ExitStack() as stack:
        ports = free_port(), free_port()
        database = str(folder / "served.sqlite3")
        options = ("-m", "emulator", "--port", str(ports[0]), "--db", database)
        emulator = program(stack, folder, "emulator", options, ports[0])
        floor = program(stack, folder, "view", ("-m", "bench.emulated_floor", str(ports[1])), ports[1])
        settle_down({"emulator": emulator, "view": floor}, 5)
        yield Pair(emulator, floor)
