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
from types import TracebackType
from typing import Self

HOST = "127.0.0.1"
CONNECTIONS = 8
AT_MOST_SECONDS = 60.0


class LoadError(Exception):
    """The server did not answer as a server does, or not in time."""


@dataclass(slots=True)
class Result:
    """What came of what was sent; results of several batches add up."""

    seconds: float = 0.0
    latencies: list[float] = field(default_factory=list)
    statuses: Counter[int] = field(default_factory=Counter)

    @property
    def rate(self) -> float:
        """Answers a second."""
        return len(self.latencies) / self.seconds

    def add(self, other: "Result") -> None:
        """Count another batch in."""
        self.seconds += other.seconds
        self.latencies += other.latencies
        self.statuses += other.statuses


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


class Client:
    """Eight connections to one server (or as many as asked for), open until the block ends."""

    def __init__(self, port: int, connections: int = CONNECTIONS) -> None:
        self.connections = [_Connection(port) for _number in range(connections)]
        self.selector = selectors.DefaultSelector()
        for connection in self.connections:
            self.selector.register(connection.socket, selectors.EVENT_READ, connection)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.selector.close()
        for connection in self.connections:
            connection.socket.close()

    def send(self, requests: Sequence[bytes], *, rate: float | None = None) -> Result:
        """Send all `requests` and wait for all answers. Raises LoadError when that takes longer than a minute."""
        result = Result()
        free = deque(self.connections)
        sent = 0
        start = time.perf_counter()
        while len(result.latencies) < len(requests):
            now = time.perf_counter()
            if now - start > AT_MOST_SECONDS:
                raise LoadError(f"{len(result.latencies)} of {len(requests)} answered after {AT_MOST_SECONDS:.0f} s")
            while free and sent < len(requests) and (rate is None or start + sent / rate <= now):
                free.popleft().send(requests[sent], now if rate is None else start + sent / rate)
                sent += 1
            for key, _events in self.selector.select(_patience(start, sent, len(requests), rate, bool(free))):
                connection: _Connection = key.data
                status = connection.receive()
                if status is not None:
                    result.latencies.append(time.perf_counter() - connection.began)
                    result.statuses[status] += 1
                    free.append(connection)
        result.seconds = time.perf_counter() - start
        return result


def send(port: int, requests: Sequence[bytes], *, rate: float | None = None) -> Result:
    """Send all `requests` over connections of their own."""
    with Client(port) as client:
        return client.send(requests, rate=rate)


def _patience(start: float, sent: int, all_of_them: int, rate: float | None, can_send: bool) -> float:
    """How long to wait for answers before the next request falls due."""
    if rate is None or not can_send or sent >= all_of_them:
        return 1.0
    return max(0.0, start + sent / rate - time.perf_counter())
