"""A small load generator: raw sockets, persistent connections, one thread; never more than it was told to send.

Closed loop (`rate` is None): each connection sends its next request when the last one was answered.
Open loop: requests fall due at a fixed rate, and a late answer does not make the next one later; latency counts from
the moment a request was due, so waiting for a free connection counts too.
"""

import selectors
import socket
import time
from collections import Counter, deque
from collections.abc import Sequence
from dataclasses import dataclass, field

HOST = "127.0.0.1"
CONNECTIONS = 8


class LoadError(Exception):
    """The server did not answer as a server does, or not in time."""


@dataclass(slots=True)
class Result:
    """What came of one round."""

    seconds: float = 0.0
    latencies: list[float] = field(default_factory=list)
    statuses: Counter[int] = field(default_factory=Counter)

    @property
    def rate(self) -> float:
        """Answers a second."""
        return len(self.latencies) / self.seconds


class _Connection:
    """One persistent connection with at most one request under way."""

    def __init__(self, port: int) -> None:
        self.socket = socket.create_connection((HOST, port), timeout=10)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.answer = b""
        self.began = 0.0

    def send(self, request: bytes, began: float) -> None:
        self.began = began
        self.answer = b""
        self.socket.sendall(request)

    def receive(self) -> int | None:
        """The status once the whole answer is there."""
        piece = self.socket.recv(65536)
        if not piece:
            raise LoadError(f"The server closed a connection in the middle: {self.answer[:80]!r}")
        self.answer += piece
        head, found, content = self.answer.partition(b"\r\n\r\n")
        if not found:
            return None
        lengths = [part[15:] for part in head.lower().split(b"\r\n") if part.startswith(b"content-length:")]
        if not lengths:
            raise LoadError(f"An answer without a length: {head!r}")
        return int(head[9:12]) if len(content) >= int(lengths[0]) else None


def send(
    port: int,
    requests: Sequence[bytes],
    *,
    rate: float | None = None,
    connections: int = CONNECTIONS,
    at_most_seconds: float = 60,
) -> Result:
    """Send all `requests` and wait for all answers. Raises LoadError when that takes longer than allowed."""
    open_connections = [_Connection(port) for _number in range(connections)]
    with selectors.DefaultSelector() as selector:
        for connection in open_connections:
            selector.register(connection.socket, selectors.EVENT_READ, connection)
        try:
            return _run(selector, open_connections, requests, rate, at_most_seconds)
        finally:
            for connection in open_connections:
                connection.socket.close()


def _run(
    selector: selectors.BaseSelector,
    connections: list[_Connection],
    requests: Sequence[bytes],
    rate: float | None,
    at_most_seconds: float,
) -> Result:
    result = Result()
    free = deque(connections)
    sent = 0
    start = time.perf_counter()
    while len(result.latencies) < len(requests):
        now = time.perf_counter()
        if now - start > at_most_seconds:
            raise LoadError(f"{len(result.latencies)} of {len(requests)} answered after {at_most_seconds:.0f} s")
        while free and sent < len(requests) and (rate is None or start + sent / rate <= now):
            free.popleft().send(requests[sent], now if rate is None else start + sent / rate)
            sent += 1
        for key, _events in selector.select(_patience(start, sent, len(requests), rate, bool(free))):
            connection: _Connection = key.data
            status = connection.receive()
            if status is not None:
                result.latencies.append(time.perf_counter() - connection.began)
                result.statuses[status] += 1
                free.append(connection)
    result.seconds = time.perf_counter() - start
    return result


def _patience(start: float, sent: int, all_of_them: int, rate: float | None, can_send: bool) -> float:
    """How long to wait for answers before the next request falls due."""
    if rate is None or not can_send or sent >= all_of_them:
        return 1.0
    return max(0.0, start + sent / rate - time.perf_counter())
