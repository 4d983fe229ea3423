"""The real stripe library against an Emulator in the same process: no socket, the same bytes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

import stripe
from requests.structures import CaseInsensitiveDict

from emulator.core import Emulator
from emulator.errors import ConnectionDropped


class InProcessHTTPClient(stripe.HTTPClient):
    """Hands the library's requests to `Emulator.handle`; a dropped connection is what a dropped socket would be."""

    name = "in-process"

    def __init__(self, emulator: Emulator) -> None:
        super().__init__(verify_ssl_certs=True)
        self.emulator = emulator

    def request(
        self, method: str, url: str, headers: Mapping[str, str] | None, post_data: Any = None, **_: Any
    ) -> tuple[str, int, Mapping[str, str]]:
        parts = urlsplit(url)
        path = f"{parts.path}?{parts.query}" if parts.query else parts.path
        body = post_data.encode() if isinstance(post_data, str) else (post_data or b"")
        try:
            answer = self.emulator.handle(method.upper(), path, headers or {}, body)
        except ConnectionDropped as dropped:
            error = stripe.APIConnectionError(
                "Unexpected error communicating with Stripe.  If this problem persists, let us know at "
                f"support@stripe.com.\n\n(Network error: ConnectionError: Connection aborted: {dropped})"
            )
            # the library retries what a socket can lose, and so would lose here
            error.should_retry = True
            raise error from dropped
        # the library asks for headers in lower case, as any real client's headers allow
        return answer.body.decode(), answer.status, CaseInsensitiveDict(answer.headers)

    def close(self) -> None:
        """Nothing is open."""


def in_process_client(emulator: Emulator, **options: Any) -> stripe.StripeClient:
    """A StripeClient of this emulator's platform; options as for StripeClient."""
    return stripe.StripeClient(emulator.secret_key, http_client=InProcessHTTPClient(emulator), **options)
