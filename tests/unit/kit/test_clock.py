"""Business time."""

import json
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import pytest

from kit import clock


class Answer(BaseHTTPRequestHandler):
    """A clock that is two days ahead."""

    def do_GET(self) -> None:
        body = json.dumps({"offset_seconds": 172800}).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_args: object) -> None:
        """Quiet."""


@pytest.fixture
def fast_clock() -> Iterator[str]:
    server = HTTPServer(("127.0.0.1", 0), Answer)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/"
    server.shutdown()
    server.server_close()


@pytest.fixture(autouse=True)
def forget(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clock, "_offset", timedelta(0))
    monkeypatch.setattr(clock, "_asked_at", -10.0)


def test_without_a_clock_address_it_is_the_machines_time(settings: Any) -> None:
    settings.CLOCK_URL = ""

    assert abs(clock.now() - datetime.now(UTC)) < timedelta(seconds=1)


def test_it_follows_the_clock_it_is_told_to(settings: Any, fast_clock: str) -> None:
    settings.CLOCK_URL = fast_clock

    assert timedelta(days=2) - timedelta(seconds=5) < clock.now() - datetime.now(UTC) <= timedelta(days=2)


def test_what_comes_from_later_shows_that_the_clock_was_moved(settings: Any, fast_clock: str) -> None:
    settings.CLOCK_URL = fast_clock
    clock.now()
    clock._offset = timedelta(0)

    clock.catch_up_with(datetime.now(UTC) - timedelta(seconds=5))
    before = clock.now() - datetime.now(UTC)
    clock.catch_up_with(datetime.now(UTC) + timedelta(days=1))
    after = clock.now() - datetime.now(UTC)

    assert before <= timedelta(0)
    assert after > timedelta(days=1)


def test_a_silent_clock_leaves_the_last_answer(settings: Any) -> None:
    settings.CLOCK_URL = "http://127.0.0.1:9/"

    assert abs(clock.now() - datetime.now(UTC)) < timedelta(seconds=1)


def test_it_can_be_held() -> None:
    moment = datetime(2026, 6, 14, 12, 0, tzinfo=UTC)

    with clock.fixed_at(moment):
        assert clock.now() == moment
