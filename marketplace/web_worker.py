"""Gunicorn's worker with threads, and a page of ours for what never reaches Django."""

from __future__ import annotations

from contextlib import suppress
from socket import socket
from typing import Any

from gunicorn.http.errors import LimitRequestLine
from gunicorn.workers.gthread import ThreadWorker

from marketplace.views import errors


class Worker(ThreadWorker):
    """Answers an address that is too long to be read (a search of 10,000 letters) with the page for it."""

    def handle_error(self, req: Any, client: socket, addr: Any, exc: Exception) -> None:
        """As gunicorn does it, but for that one error, which a person can make."""
        if not isinstance(exc, LimitRequestLine):
            super().handle_error(req, client, addr, exc)
            return
        self.log.warning("Refused an address of %s letters.", exc.size)
        # Whoever sent it may be gone.
        with suppress(OSError):
            client.sendall(_written(errors.too_long().content))


def _written(page: bytes) -> bytes:
    head = (
        "HTTP/1.1 414 URI Too Long",
        "Connection: close",
        "Content-Type: text/html; charset=utf-8",
        f"Content-Length: {len(page)}",
        "Content-Security-Policy: default-src 'none'; style-src 'self'; img-src 'self'",
        "X-Content-Type-Options: nosniff",
        "Cache-Control: no-store",
    )
    return "\r\n".join((*head, "", "")).encode("ascii") + page
