"""What `make bench` measures with: signed events, a load generator that counts right, figures that say what they do."""

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from bench import client, events
from bench.figures import Figure, quantile, ratios
from bench.webhooks import _with_duplicates
from gateway.signatures import BadSignature, verify

SECRET = "whsec_of_the_bench"


class Counting(BaseHTTPRequestHandler):
    """Says 200 to what is signed by us and 400 to the rest, on a connection that stays open."""

    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        try:
            verify(body, self.headers["Stripe-Signature"], [SECRET])
            status = 200
        except BadSignature:
            status = 400
        self.send_response(status)
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"ok")

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


@pytest.fixture
def port() -> Iterator[int]:
    server = ThreadingHTTPServer((client.HOST, 0), Counting)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield server.server_address[1]
    server.shutdown()
    thread.join()
    server.server_close()


def test_events_are_signed_and_of_the_usual_size() -> None:
    content = events.body("evt_1")

    assert len(content) == 3700
    assert events.request(content, SECRET).endswith(content)


def test_every_request_is_answered_and_counted_once(port: int) -> None:
    good = events.requests("a", 40, SECRET)
    forged = events.requests("b", 10, "whsec_of_somebody_else")

    result = client.send(port, [*good, *forged])

    assert result.statuses == {200: 40, 400: 10}
    assert len(result.latencies) == 50
    assert result.rate == pytest.approx(50 / result.seconds)


def test_an_open_loop_keeps_its_pace(port: int) -> None:
    result = client.send(port, events.requests("a", 20, SECRET), rate=100)

    assert result.seconds >= 0.19


def test_a_fifth_of_the_requests_were_sent_before() -> None:
    requests = events.requests("a", 100, SECRET)

    sent = _with_duplicates(requests, seed=1)

    assert len(sent) == 100
    assert len(set(sent)) == 80


def test_figures_are_the_median_and_the_extremes() -> None:
    assert Figure((3.0, 1.0, 2.0)).show() == "2 (1..3)"
    assert ratios([2.0, 9.0], [1.0, 3.0]).rounds == (2.0, 3.0)
    assert quantile([float(number) for number in range(100)], 0.95) == 95.0
