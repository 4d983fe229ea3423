"""The whole demo on free ports, as `make demo` starts it, and a real browser in front of it."""

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser

from tests.browser.site import Site

READY_WITHIN_SECONDS = 120


@pytest.fixture(scope="session")
def site(browser: Browser) -> Iterator[Site]:
    """The demo, running. Its database and queue are its own, whatever the tests around it use."""
    # Not below pytest's own folder, which is closed to the user PostgreSQL runs as when we are root.
    var = Path(tempfile.mkdtemp(prefix="demo-"))
    var.chmod(0o755)
    dropped = ("DATABASE_URL", "REDIS_URL", "MARKETPLACE_ENV", "TEST_SUFFIX")
    environment = {name: value for name, value in os.environ.items() if name not in dropped}
    environment |= {"PORT": str(free_port()), "EMULATOR_PORT": str(free_port())}
    command = [sys.executable, "-m", "marketplace.demo", "--var", str(var)]
    log = var / "demo.log"
    with log.open("w") as output:
        process = subprocess.Popen(command, env=environment, stdout=output, stderr=output, start_new_session=True)
    try:
        facts = wait_until_ready(process, var / "demo.json", log)
        addresses = {name: facts[name] for name in ("web", "emulator", "logins")}
        yield Site(browser=browser, var=var, pid=process.pid, **addresses)
    finally:
        process.send_signal(signal.SIGINT)
        process.wait(timeout=30)
        shutil.rmtree(var, ignore_errors=True)


def wait_until_ready(process: subprocess.Popen[bytes], facts: Path, log: Path) -> dict[str, Any]:
    """What the demo says about itself once everything answers."""
    deadline = time.monotonic() + READY_WITHIN_SECONDS
    while time.monotonic() < deadline:
        if facts.exists():
            return dict(json.loads(facts.read_text()))
        if process.poll() is not None:
            break
        time.sleep(0.2)
    pytest.fail(f"The demo did not start:\n{log.read_text()}")


def free_port() -> int:
    """A port nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
