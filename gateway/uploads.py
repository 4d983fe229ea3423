"""Files that go to Stripe. An operation's request names a file by what is in it; the bytes are fetched when it is sent.

Frozen are name, size and SHA-256 (`described`), so the same key always goes with the same bytes (fault F14).
"""

import hashlib
from collections.abc import Callable, Mapping
from io import BytesIO
from typing import Any

from gateway.errors import StripeRefused
from gateway.models import Operation

PATH = "/v1/files"
# The bytes of the file an operation is about. Raises OSError when they are gone.
Source = Callable[[Operation], bytes]

_sources: dict[str, Source] = {}


class Upload(BytesIO):
    """Bytes with the name they go under; Stripe's library reads both."""

    def __init__(self, content: bytes, name: str) -> None:
        super().__init__(content)
        self.name = name


def register(name: str, source: Source) -> None:
    """Let operations called `name` fetch their file's bytes from `source`."""
    _sources[name] = source


def described(content: bytes, name: str) -> dict[str, Any]:
    """What a request says of its file."""
    return {"name": name, "sha256": hashlib.sha256(content).hexdigest(), "size": len(content)}


def filled(operation: Operation, request: Mapping[str, Any]) -> dict[str, Any]:
    """The request as it is sent: with the file itself, where it has one. Raises StripeRefused, before anything was
    asked, when the bytes are gone or are not those that were written down.
    """
    if operation.path != PATH:
        return dict(request)
    told = request["file"]
    try:
        content = _sources[operation.name](operation)
    except OSError as error:
        raise StripeRefused(f"The file {told['name']} cannot be read.") from error
    if described(content, told["name"]) != told:
        raise StripeRefused(f"The file {told['name']} is not as it was written down.")
    return {**request, "file": Upload(content, told["name"])}
