"""Fetch one file from an address somebody else wrote, without becoming their errand boy.

The name is looked up once, every address it has must be a public one, and the connection goes to exactly that address:
a name that answers differently the second time gains nothing. A redirect is followed to the same host only. The answer
may take so long and be so large, and no more.
"""

from __future__ import annotations

import http.client
import ipaddress
import socket
import ssl
import time
from collections.abc import Buffer
from urllib.parse import quote, urljoin, urlsplit

SECONDS = 20.0
CONNECT_SECONDS = 5.0
MOST_REDIRECTS = 3
CHUNK = 64 * 1024
MOVED = frozenset({301, 302, 303, 307, 308})
# An IPv6 address of these networks stands for the IPv4 address at its end (RFC 4291, RFC 6052).
CARRIERS = (ipaddress.IPv6Network("::/96"), ipaddress.IPv6Network("64:ff9b::/96"))
GIVE_UP_BELOW = 500
TOO_MANY = 429


class NotFetched(Exception):
    """It will not be had from there; the message says why."""


class TryLater(NotFetched):
    """Not now: the host did not answer, or is busy."""


def fetch(address: str, *, most: int) -> bytes:
    """What is at `address` (https), `most` bytes at most. Raises NotFetched, or TryLater."""
    try:
        return _follow(address, most)
    except ValueError as error:
        # A port that is no number, a bracket that is never closed, a length in words: no later try would mend it.
        raise NotFetched("its address or the answer cannot be read") from error


def _follow(address: str, most: int) -> bytes:
    deadline = time.monotonic() + SECONDS
    host = urlsplit(address).hostname
    for _each in range(MOST_REDIRECTS + 1):
        parts = urlsplit(address)
        if parts.scheme != "https" or parts.hostname != host or parts.port not in (None, 443) or not host:
            raise NotFetched("it leads to another place")
        connection = _Pinned(host, public_address(host), deadline)
        try:
            found = _ask(connection, _target(parts.path, parts.query), most)
        except (OSError, http.client.HTTPException) as error:
            raise TryLater(f"the host did not answer ({type(error).__name__})") from error
        finally:
            connection.close()
        if isinstance(found, bytes):
            return found
        address = urljoin(address, found)
    raise NotFetched("it leads from one place to the next")


def public_address(host: str) -> str:
    """The address to connect to. Raises NotFetched when any of the host's is not a public one, TryLater without any."""
    try:
        found = {str(row[4][0]) for row in socket.getaddrinfo(host, 443, type=socket.SOCK_STREAM)}
    except (OSError, UnicodeError) as error:
        raise TryLater("the host has no address") from error
    if not all(_is_public(address) for address in found):
        raise NotFetched("the host is in a private network")
    return min(found, key=lambda address: (":" in address, address))


def _is_public(text: str) -> bool:
    address = ipaddress.ip_address(text.split("%", maxsplit=1)[0])
    if isinstance(address, ipaddress.IPv6Address):
        inner = address.ipv4_mapped or address.sixtofour
        if any(address in network for network in CARRIERS):
            inner = ipaddress.IPv4Address(address.packed[-4:])
        if address.is_site_local or (inner is not None and not inner.is_global):
            return False
    return address.is_global and not address.is_multicast


class _Timed(ssl.SSLSocket):
    """Reads until the deadline of the whole fetch, however little comes at a time: a byte now and then, in a header
    that never ends, would else keep a worker for days.
    """

    deadline: float

    def recv_into(self, buffer: Buffer, nbytes: int | None = None, flags: int = 0) -> int:
        """Everything http.client reads comes by here. Raises TimeoutError."""
        self.settimeout(_left(self.deadline))
        return super().recv_into(buffer, nbytes, flags)


class _Pinned(http.client.HTTPSConnection):
    """Speaks to one address, and asks for the certificate of the name it stands for."""

    def __init__(self, host: str, address: str, deadline: float) -> None:
        self._context_of_ours = ssl.create_default_context()
        self._context_of_ours.sslsocket_class = _Timed
        super().__init__(host, 443, timeout=CONNECT_SECONDS, context=self._context_of_ours)
        self._address, self._deadline = address, deadline

    def connect(self) -> None:
        """Connect to the address that was looked at, under the host's name."""
        plain = socket.create_connection((self._address, 443), timeout=_left(self._deadline))
        sock = self._context_of_ours.wrap_socket(plain, server_hostname=self.host)
        sock.deadline = self._deadline  # type: ignore[attr-defined]
        self.sock = sock


def _left(deadline: float) -> float:
    """How long to wait for what comes next. Raises TimeoutError when the time is over."""
    left = deadline - time.monotonic()
    if left <= 0:
        raise TimeoutError("it took too long")
    return min(left, CONNECT_SECONDS)


def _target(path: str, query: str) -> str:
    target = quote(path or "/", safe="/%:@!$&'()*+,;=~-._")
    return f"{target}?{quote(query, safe='/%:@!$&()*+,;=~-._?')}" if query else target


def _ask(connection: http.client.HTTPSConnection, target: str, most: int) -> bytes | str:
    """The body; or where it has moved to."""
    connection.request("GET", target, headers={"Accept": "image/*", "Accept-Encoding": "identity"})
    answer = connection.getresponse()
    if answer.status in MOVED:
        return answer.headers.get("Location", "")
    if answer.status == TOO_MANY or answer.status >= GIVE_UP_BELOW:
        raise TryLater(f"the host answered {answer.status}")
    if answer.status != 200:
        raise NotFetched(f"the host answered {answer.status}")
    length = int(answer.headers.get("Content-Length") or 0)
    if length > most:
        raise NotFetched("it is larger than 10 MB")
    data = bytearray()
    while piece := answer.read1(CHUNK):
        data += piece
        if len(data) > most:
            raise NotFetched("it is larger than 10 MB")
    if len(data) < length:
        # A connection that broke says nothing about the image: it is not damaged where it comes from.
        raise TryLater("the answer was cut short")
    return bytes(data)
