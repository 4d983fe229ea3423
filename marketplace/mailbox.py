"""Read the mail that Django's file backend wrote, for the demo's mail page."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default as default_policy
from email.utils import parsedate_to_datetime
from pathlib import Path

# The file backend ends each message with a line of 79 dashes.
SEPARATOR = re.compile(rb"\n-{79}\n")
SHOWN = 200
STYLE_TAG = re.compile(r"<style\b", re.IGNORECASE)
HEAD_TAG = re.compile(r"<head\b[^>]*>", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Letter:
    """One mail. `key` names it in addresses of the mail page."""

    key: str
    to: str
    sender: str
    subject: str
    sent_at: datetime | None
    text: str
    html: str


def letters(folder: Path) -> Iterator[Letter]:
    """The newest mails in `folder`, newest first; none when nothing was sent yet."""
    files = sorted(folder.glob("*.log"), key=lambda file: (file.stat().st_mtime_ns, file.name), reverse=True)
    for file in files[:SHOWN]:
        parts = [part for part in SEPARATOR.split(file.read_bytes()) if part.strip()]
        for index in reversed(range(len(parts))):
            yield _read(f"{file.stem}-{index}", parts[index])


def letter(folder: Path, key: str) -> Letter | None:
    """The mail called `key`. It is looked for among the files there are, so a key cannot lead anywhere else."""
    return next((found for found in letters(folder) if found.key == key), None)


def with_nonce(html: str, nonce: str) -> str:
    """The mail's HTML as our policy lets it show: its style sheet with this nonce, its links leaving the frame."""
    styled = STYLE_TAG.sub(f'<style nonce="{nonce}"', html)
    return HEAD_TAG.sub(lambda head: head.group(0) + '<base target="_top">', styled, count=1)


def _read(key: str, raw: bytes) -> Letter:
    message = message_from_bytes(raw.lstrip(), policy=default_policy)
    return Letter(
        key=key,
        to=str(message["To"] or ""),
        sender=str(message["From"] or ""),
        subject=str(message["Subject"] or ""),
        sent_at=_date(message),
        text=_body(message, "plain"),
        html=_body(message, "html"),
    )


def _date(message: EmailMessage) -> datetime | None:
    try:
        return parsedate_to_datetime(str(message["Date"]))
    except ValueError:
        return None


def _body(message: EmailMessage, kind: str) -> str:
    part = message.get_body(preferencelist=(kind,))
    return str(part.get_content()) if part is not None else ""
