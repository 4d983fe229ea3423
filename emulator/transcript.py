"""What was said: one JSON line an exchange and one an event. Outside judges read it, so its keys are stable.

    {"method", "path", "form_body", "status", "response_body"}    an exchange
    {"event": {...}}                                              an event as it was raised

The path has its query; form_body is the request's body, JSON for v2. Bytes of a body that are not UTF-8 (files) become
U+FFFD. An answer that a fault loses or spoils on its way is written as it was made.
"""

from __future__ import annotations

import itertools
import json
import os
import re
import tempfile
import threading
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import IO

from emulator.types import Json

# A folder in which every emulator without a transcript of its own writes one: for whole test runs.
FOLDER_VARIABLE = "EMULATOR_TRANSCRIPT_DIR"
EXCHANGE = {"method", "path", "form_body", "status", "response_body"}
METHOD = re.compile(r"[A-Z]{1,20}")
_PIECE = 1 << 16
_numbers = itertools.count(1)


def file_of_this_run(env: Mapping[str, str] = os.environ) -> str | None:
    """A new file's path in the folder the environment names, or None when it names none."""
    folder = env.get(FOLDER_VARIABLE)
    if not folder:
        return None
    Path(folder).mkdir(parents=True, exist_ok=True)
    return str(Path(folder) / f"{os.getpid()}-{next(_numbers)}.jsonl")


class Transcript:
    """Appends to a file that others may read meanwhile; without a path to one that vanishes with the process."""

    def __init__(self, path: str | None) -> None:
        self._lock = threading.Lock()
        self._file: IO[bytes] = Path(path).open("ab+") if path else tempfile.TemporaryFile()  # noqa: SIM115
        # what was there before this start is not part of an export
        self._since = os.fstat(self._file.fileno()).st_size

    def write(self, line: Json) -> None:
        encoded = json.dumps(line).encode() + b"\n"
        with self._lock:
            self._file.write(encoded)
            self._file.flush()

    def begin_again(self) -> None:
        """What is exported begins here; a file keeps what it has."""
        with self._lock:
            self._since = os.fstat(self._file.fileno()).st_size

    def export(self) -> tuple[int, Iterator[bytes]]:
        """Everything since the start, or the last `begin_again`: how many bytes, and the bytes in pieces."""
        with self._lock:
            begin, end = self._since, os.fstat(self._file.fileno()).st_size
        return end - begin, self._pieces(begin, end)

    def _pieces(self, at: int, end: int) -> Iterator[bytes]:
        while at < end:
            piece = os.pread(self._file.fileno(), min(_PIECE, end - at), at)
            at += len(piece)
            yield piece

    def close(self) -> None:
        with self._lock:
            self._file.close()


def problems(lines: Iterable[str]) -> Iterator[str]:
    """What is not as the module's text says, each with the number of its line."""
    for number, line in enumerate(lines, 1):
        for trouble in _of_line(line):
            yield f"line {number}: {trouble}"


def _of_line(line: str) -> list[str]:
    try:
        found = json.loads(line)
    except ValueError as error:
        return [f"no JSON: {error}"]
    if not isinstance(found, dict):
        return ["no object"]
    if set(found) == {"event"}:
        return _of_event(found["event"])
    if set(found) != EXCHANGE:
        return [f"neither an exchange nor an event: {sorted(found)}"]
    return _of_exchange(found)


def _of_event(event: object) -> list[str]:
    if not isinstance(event, dict) or event.get("object") != "event":
        return ["the event is no event"]
    wrong = [f"the event's {name} is no text" for name in ("id", "type", "api_version") if not _text(event.get(name))]
    shown = event.get("data", {}).get("object") if isinstance(event.get("data"), dict) else None
    if not isinstance(shown, dict) or not _text(shown.get("object")):
        wrong.append("the event carries no object")
    if not isinstance(event.get("created"), int):
        wrong.append("the event's created is no moment")
    return wrong


def _of_exchange(found: Json) -> list[str]:
    wrong = []
    status, answer = found["status"], found["response_body"]
    if not isinstance(found["method"], str) or not METHOD.fullmatch(found["method"]):
        wrong.append(f"no method: {found['method']!r}")
    if not _text(found["path"]) or not found["path"].startswith("/"):
        wrong.append(f"no path: {found['path']!r}")
    if not isinstance(found["form_body"], str):
        wrong.append("the form_body is no text")
    if not isinstance(status, int) or isinstance(status, bool) or not 200 <= status <= 599:
        wrong.append(f"no HTTP status: {status!r}")
    elif not isinstance(answer, dict):
        wrong.append("the response_body is no object")
    elif status >= 400:
        wrong += _of_error(answer.get("error"))
    return wrong


def _of_error(error: object) -> list[str]:
    if not isinstance(error, dict):
        return ["an answer of a failure without its error"]
    return [f"the error's {name} is no text" for name in ("type", "message") if not _text(error.get(name))]


def _text(value: object) -> bool:
    return isinstance(value, str) and bool(value)
