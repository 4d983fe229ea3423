"""The real process on a free port, a small shop that receives its webhooks, and a real browser."""

import http.server
import threading
from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Browser, Page

from tests.emulator_web.support import CONNECT_SECRET, PLATFORM_SECRET, Running, Shop, launch, post_json, shop_handler


@pytest.fixture(scope="session")
def shop() -> Iterator[Shop]:
    shop = Shop(url="")
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), shop_handler(shop))
    shop.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    yield shop
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture
def start() -> Iterator[Callable[..., Running]]:
    """Starts emulators that end with the test, whatever becomes of it."""
    started: list[Running] = []

    def begin(*arguments: str, port: int | None = None, **env: str) -> Running:
        started.append(launch(*arguments, port=port, **env))
        return started[-1]

    yield begin
    for running in started:
        if running.process.poll() is None:
            running.stop()


@pytest.fixture(scope="session")
def process(shop: Shop) -> Iterator[Running]:
    running = launch(
        "--strict",
        "--webhook",
        f"{shop.url}/hooks/platform={PLATFORM_SECRET}",
        "--connect-webhook",
        f"{shop.url}/hooks/connect={CONNECT_SECRET}",
    )
    yield running
    running.stop()


@pytest.fixture
def emulator(process: Running, shop: Shop) -> Running:
    """The process with nothing in it."""
    shop.answer, shop.thinks = 200, 0.0
    post_json(f"{process.url}/_emulator/reset")
    shop.received.clear()
    return process


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """A phone-sized page without JavaScript's help that fails the test on anything the browser complains about."""
    context = browser.new_context(viewport={"width": 360, "height": 800}, java_script_enabled=False)
    context.set_default_timeout(8_000)
    page = context.new_page()
    complaints: list[str] = []
    page.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
    yield page
    context.close()
    assert complaints == []
