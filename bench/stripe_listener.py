"""Something that listens where Stripe would, counts what is asked, and describes any account as ready."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from bench.client import HOST


class Listener:
    """Answers look-ups of accounts; everything is counted."""

    def __init__(self) -> None:
        self.asked = 0
        self.lock = threading.Lock()
        self.server = ThreadingHTTPServer((HOST, 0), self._handler())
        self.server.daemon_threads = True

    @property
    def address(self) -> str:
        """For STRIPE_API_BASE."""
        return f"http://{HOST}:{self.server.server_address[1]}"

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        listener = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                """Count, and answer with the account that was asked for."""
                with listener.lock:
                    listener.asked += 1
                self._answer(account(self.path.partition("?")[0].rsplit("/", 1)[-1]))

            def do_POST(self) -> None:
                """Nothing that is measured may change anything at Stripe; count it."""
                with listener.lock:
                    listener.asked += 1
                self.rfile.read(int(self.headers.get("Content-Length") or 0))
                self._answer({})

            def _answer(self, content: dict[str, object]) -> None:
                encoded = json.dumps(content).encode()
                self.send_response(200)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(encoded)))
                self.end_headers()
                self.wfile.write(encoded)

            def log_message(self, format: str, *args: object) -> None:
                """Say nothing."""

        return Handler


def account(stripe_id: str) -> dict[str, object]:
    """A recipient account that may receive transfers and owes no information."""
    active = {"status": "active", "status_details": []}
    recipient = {"capabilities": {"stripe_balance": {"stripe_transfers": active, "payouts": active}}}
    return {
        "id": stripe_id,
        "object": "v2.core.account",
        "livemode": False,
        "configuration": {"recipient": recipient},
        "requirements": {"entries": []},
        "identity": {"country": "de"},
    }


@contextmanager
def listening() -> Iterator[Listener]:
    """Listen until the block ends."""
    listener = Listener()
    thread = threading.Thread(target=listener.server.serve_forever, daemon=True)
    thread.start()
    try:
        yield listener
    finally:
        listener.server.shutdown()
        listener.server.server_close()
        thread.join()
