"""A demo of a test's own, run by its real supervisor."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import psutil
import pytest

from dev.processes import wait_until
from dev.services import ROOT
from tests.ports import free_port

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
        # Three months of trade take longer than most of what is tested.
        inherited = {"DEMO_SIZE": "small", **inherited}
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
            ended = process.pid == os.getpid() or process.status() == psutil.STATUS_ZOMBIE
        except psutil.Error:
            return ""
        return words if str(self.var) in words and not ended else ""
