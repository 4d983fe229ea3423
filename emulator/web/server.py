"""Serving: Django's threaded WSGI server, with keep-alive, buffered writes and the power to hang up unanswered."""

import logging
import socketserver
import threading
from collections.abc import Callable, Iterable
from typing import Any

from django.core.servers.basehttp import ServerHandler, ThreadedWSGIServer, WSGIRequestHandler
from django.http import HttpResponse

log = logging.getLogger("emulator.web")

WSGIApplication = Callable[..., Iterable[bytes]]


class HangUp(HttpResponse):
    """Not an answer: tells the server to close the connection with nothing sent (the lost-response fault)."""

    hang_up = True


class Handler(ServerHandler):
    # Set by wsgiref while it runs; its type hints leave them out.
    result: Any
    headers: Any
    request_handler: WSGIRequestHandler

    def finish_response(self) -> None:
        if getattr(self.result, "hang_up", False):
            self.request_handler.close_connection = True
            self.headers_sent = True  # so that closing writes no headers either
            self.close()
            return
        if isinstance(self.result, HttpResponse) and "Content-Length" not in self.headers:
            self.headers["Content-Length"] = str(len(self.result.content))  # without it the connection cannot be kept
        super().finish_response()


class RequestHandler(WSGIRequestHandler):
    # Headers and body leave in one segment: unbuffered writes cost a Nagle plus delayed-ACK pause of 44 ms a call.
    server: "Server"
    wbufsize = -1
    disable_nagle_algorithm = True
    timeout = 75

    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing: the emulator keeps its own request log."""

    def handle_one_request(self) -> None:
        # Copied from Django's handler, which names its ServerHandler class in the middle of the method.
        try:
            self.raw_requestline = self.rfile.readline(65537)
        except (TimeoutError, ConnectionError):
            self.close_connection = True
            return
        if len(self.raw_requestline) > 65536:
            self.requestline, self.request_version, self.command = "", "", ""
            self.send_error(414)
            return
        if not self.parse_request():
            return
        handler = Handler(self.rfile, self.wfile, self.get_stderr(), self.get_environ())
        handler.request_handler = self
        application = self.server.get_app()
        assert application is not None  # noqa: S101 - listen() sets it before the first connection
        handler.run(application)
        self.wfile.flush()  # an answer without a body leaves only buffered headers
        if self.command != "GET":
            self.server.served()  # after the answer has left: an event should not overtake it unasked


class Server(ThreadedWSGIServer):
    daemon_threads = True
    request_queue_size = 128
    served: Callable[[], None]

    def server_bind(self) -> None:
        # Not HTTPServer's: it looks the host name up, which takes seconds where no name server answers.
        socketserver.TCPServer.server_bind(self)
        self.server_name, self.server_port = str(self.server_address[0]), int(self.server_address[1])
        self.setup_environ()

    def handle_error(self, request: Any, client_address: Any) -> None:
        # socketserver calls this from inside its except clause
        log.exception("a connection from %s broke off", client_address)  # noqa: LOG004


def listen(host: str, port: int, application: WSGIApplication, served: Callable[[], None]) -> Server:
    """Bind and serve in a thread of its own; `served` is called after each answer that may have changed something.

    Raises OSError when the address cannot be bound.
    """
    server = Server((host, port), RequestHandler, ipv6=":" in host)
    server.set_app(application)
    server.served = served
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.1}, name="http", daemon=True).start()
    return server
