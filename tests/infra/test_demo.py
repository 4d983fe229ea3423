"""`make demo`: one process that starts everything, keeps it running and leaves nothing behind."""

import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest

from dev.processes import wait_until
from dev.services import ROOT

pytestmark = [pytest.mark.slow, pytest.mark.django_db(databases=[])]
PATIENCE = 180.0


class Demo:
    """A demo of our own: its data in a temporary folder, its ports free ones."""

    def __init__(self, var: Path) -> None:
        self.var = var
        self.web_port, self.emulator_port = free_port(), free_port()
        self.output = var / "output.txt"
        self.process: subprocess.Popen[bytes] | None = None

    def command(self, *action: str, **variables: str) -> tuple[list[str], dict[str, str]]:
        ours = ("DATABASE_URL", "REDIS_URL", "DJANGO_SETTINGS_MODULE", "MARKETPLACE_ENV", "TEST_SUFFIX")
        inherited = {name: value for name, value in os.environ.items() if name not in ours}
        ports = {"PORT": str(self.web_port), "EMULATOR_PORT": str(self.emulator_port)}
        arguments = [sys.executable, "-m", "marketplace.demo", *action, "--var", str(self.var)]
        return arguments, {**inherited, **ports, **variables}

    def launch(self) -> subprocess.Popen[bytes]:
        """Start and do not wait."""
        arguments, environment = self.command()
        self.facts_path.unlink(missing_ok=True)
        with self.output.open("wb") as output:
            self.process = subprocess.Popen(
                arguments, cwd=ROOT, env=environment, stdout=output, stderr=subprocess.STDOUT
            )
        return self.process

    def start(self) -> dict[str, Any]:
        """Start and wait until it says ready; its facts."""
        process = self.launch()
        wait_until(lambda: self.facts_path.exists() or process.poll() is not None, PATIENCE)
        if not self.facts_path.exists():
            self.end(signal.SIGTERM)
            pytest.fail(f"The demo did not become ready:\n{self.said()}")
        facts: dict[str, Any] = json.loads(self.facts_path.read_text())
        return facts

    def run(self, *action: str, **variables: str) -> subprocess.CompletedProcess[str]:
        """Run a command that is expected to end by itself."""
        arguments, environment = self.command(*action, **variables)
        return subprocess.run(
            arguments, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=60, check=False
        )

    def end(self, sign: signal.Signals) -> int:
        """Send the signal to the supervisor alone and wait for it."""
        assert self.process is not None
        self.process.send_signal(sign)
        return self.process.wait(30)

    @property
    def facts_path(self) -> Path:
        return self.var / "demo.json"

    def said(self) -> str:
        return self.output.read_text()

    def pids(self) -> dict[str, int]:
        path = self.var / "demo" / "run.json"
        noted = json.loads(path.read_text())["processes"] if path.exists() else []
        return {process["name"]: process["pid"] for process in noted}

    def alive(self) -> list[str]:
        """Every process of this demo: they carry its folder or its port on the command line, or in the environment."""
        return [found for process in psutil.process_iter() if (found := self._ours(process))]

    def _ours(self, process: psutil.Process) -> str:
        try:
            words = " ".join([*process.cmdline(), process.environ().get("MEDIA_ROOT", "")])
        except psutil.Error:
            return ""
        ended = process.pid == os.getpid() or process.status() == psutil.STATUS_ZOMBIE
        return words if str(self.var) in words and not ended else ""


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port: int = server.getsockname()[1]
        return port


def eventually(condition: Callable[[], object], seconds: float = PATIENCE) -> None:
    assert wait_until(lambda: bool(condition()), seconds), "it did not happen in time"


def get(address: str) -> tuple[int, bytes]:
    with urllib.request.urlopen(address, timeout=10) as answer:
        return answer.status, answer.read()


@pytest.fixture(scope="module")
def demo() -> Iterator[Demo]:
    """The demo of this module; the tests below tell its life in order."""
    with tempfile.TemporaryDirectory(prefix="demo-", ignore_cleanup_errors=True) as folder:
        demo = Demo(Path(folder))
        yield demo
        if demo.process is not None and demo.process.poll() is None:
            demo.end(signal.SIGTERM)


def test_a_busy_port_is_named_before_anything_starts(demo: Demo) -> None:
    with socket.create_server(("127.0.0.1", demo.web_port)):
        ended = demo.run()

    assert ended.returncode == 1
    assert f"Port {demo.web_port}, wanted for the marketplace, is already in use" in ended.stdout
    assert "make demo PORT=" in ended.stdout
    assert "Traceback" not in ended.stdout + ended.stderr
    assert not (demo.var / "demo" / "postgres").exists()


def test_a_port_that_is_no_number_is_explained(demo: Demo) -> None:
    ended = demo.run(EMULATOR_PORT="eight")

    assert ended.returncode == 1
    assert "EMULATOR_PORT=eight is not a port" in ended.stderr


def test_given_servers_that_do_not_answer_are_named(demo: Demo) -> None:
    nowhere = {"DATABASE_URL": "postgres://me:secret@127.0.0.1:1/none", "REDIS_URL": "redis://127.0.0.1:1"}

    ended = demo.run(**nowhere)

    assert ended.returncode == 1
    assert "The database at DATABASE_URL cannot be used" in ended.stdout
    assert "secret" not in ended.stdout


def test_a_killed_supervisor_leaves_no_process_behind(demo: Demo) -> None:
    demo.launch()
    eventually(lambda: "seed" in demo.pids())

    demo.end(signal.SIGKILL)

    eventually(lambda: not demo.alive(), 30)


def test_the_next_start_recovers_answers_and_tells_the_logins(demo: Demo) -> None:
    facts = demo.start()

    assert facts["web"] == f"http://127.0.0.1:{demo.web_port}"
    assert get(f"{facts['web']}/readyz")[0] == 200
    assert get(f"{facts['emulator']}/healthz")[0] == 200
    assert {login["role"] for login in facts["logins"]} >= {"admin", "seller", "buyer"}
    for login in facts["logins"]:
        assert login["email"] in demo.said()
        assert login["password"] in demo.said()


@pytest.mark.parametrize("name", ["worker", "postgres"])
def test_what_is_killed_is_started_again(demo: Demo, name: str) -> None:
    before = demo.pids()[name]

    os.kill(before, signal.SIGKILL)

    eventually(lambda: demo.pids().get(name, before) != before, 20)
    eventually(lambda: get(f"http://127.0.0.1:{demo.web_port}/readyz")[0] == 200, 20)
    assert "again" in demo.said()


def test_a_second_demo_and_a_reset_are_refused_while_one_runs(demo: Demo) -> None:
    for action in ("start", "reset"):
        ended = demo.run(action)

        assert ended.returncode == 1
        assert "A demo is already running" in ended.stderr


def test_ctrl_c_stops_everything_within_seconds_and_forgets_nothing(demo: Demo) -> None:
    began = time.monotonic()

    code = demo.end(signal.SIGINT)

    assert code == 0
    assert time.monotonic() - began < 10
    assert demo.alive() == []
    assert not demo.facts_path.exists()
    assert (demo.var / "demo" / "postgres" / "PG_VERSION").exists()


def test_a_reset_starts_over(demo: Demo) -> None:
    ended = demo.run("reset")

    assert ended.returncode == 0
    assert not (demo.var / "demo").exists()
