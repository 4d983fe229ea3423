"""The whole demo on free ports, as `make demo` starts it, and a real browser in front of it."""

import shutil
import signal
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from tests.browser import looking
from tests.browser.site import Site
from tests.demo import Demo


@pytest.fixture(scope="session")
def site(browser: Browser) -> Iterator[Site]:
    """The demo, running. Its database and queue are its own, whatever the tests around it use."""
    # Not below pytest's own folder, which is closed to the user PostgreSQL runs as when we are root.
    var = Path(tempfile.mkdtemp(prefix="demo-"))
    var.chmod(0o755)
    demo = Demo(var)
    facts = demo.start()
    assert demo.process is not None
    addresses = {name: facts[name] for name in ("web", "emulator", "logins")}
    yield Site(browser=browser, var=var, pid=demo.process.pid, **addresses)
    demo.end(signal.SIGINT)
    shutil.rmtree(var, ignore_errors=True)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """How much was looked at, for who asked for all of it."""
    if looking.ALL and (pages := looking.looked["pages"]):
        settings = ", ".join(
            f"{looking.SIZES[size]['width']} px {scheme}" for size, scheme in looking.settings("phone")
        )
        terminalreporter.write_line(f"{pages} pages looked at ({settings}), {looking.looked['axe']} times by axe")
