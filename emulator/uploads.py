"""multipart/form-data bodies: how files arrive."""

from __future__ import annotations

from dataclasses import dataclass
from email.message import Message
from email.parser import BytesHeaderParser
from typing import Any

from emulator.errors import invalid
from emulator.schema import forms


@dataclass(frozen=True)
class Upload:
    """A file of a multipart body."""

    filename: str
    content: bytes


def is_multipart(content_type: str | None) -> bool:
    return (content_type or "").strip().lower().startswith("multipart/form-data")


def parse(content_type: str, body: bytes) -> dict[str, Any]:
    """The fields, nested as in a form body; files are Uploads. Raises invalid for a body that is none."""
    kind = Message()
    kind["Content-Type"] = content_type
    boundary = kind.get_param("boundary")
    if not isinstance(boundary, str) or not boundary:
        raise invalid("Invalid request body: multipart/form-data without a boundary.")
    pairs: list[tuple[str, Any]] = []
    parts = (b"\r\n" + body).split(b"\r\n--" + boundary.encode("latin-1", "replace"))
    for part in parts[1:]:
        if part.startswith(b"--"):
            return forms.nested(pairs)
        pairs.append(_pair(part.removeprefix(b"\r\n")))
    raise invalid("Invalid request body: the multipart/form-data does not end.")


def _pair(part: bytes) -> tuple[str, Any]:
    head, _, content = part.partition(b"\r\n\r\n")
    headers = BytesHeaderParser().parsebytes(head)
    name = headers.get_param("name", header="content-disposition")
    filename = headers.get_param("filename", header="content-disposition")
    if not isinstance(name, str) or not name:
        raise invalid("Invalid request body: a part of the multipart/form-data has no name.")
    if isinstance(filename, str):
        return name, Upload(filename, content)
    try:
        return name, content.decode()
    except UnicodeDecodeError as problem:
        raise invalid("Invalid request body: it must be UTF-8.", param=name) from problem
