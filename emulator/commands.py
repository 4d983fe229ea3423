"""`python -m emulator snapshot FILE` and the like: what is done to an emulator that is already running."""

from __future__ import annotations

import argparse
import json
import shutil
import sys
import urllib.error
import urllib.request
from collections.abc import Mapping, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any, BinaryIO

from emulator.transcript import problems

NAMES = ("snapshot", "restore", "reset", "export", "advance", "clock", "check-transcript")
STDOUT = "-"
PATIENCE = 600
# a broken transcript is seldom broken in one line
MOST_PROBLEMS = 20


class CommandError(Exception):
    """The command did not do what was asked; the message says why."""


def parser(env: Mapping[str, str]) -> argparse.ArgumentParser:
    p = argparse.ArgumentParser(prog="python -m emulator", description="Commands to a running emulator.")
    commands = p.add_subparsers(dest="command", required=True)
    url = env.get("EMULATOR_PUBLIC_URL") or f"http://127.0.0.1:{env.get('EMULATOR_PORT', '8400')}"

    def add(name: str, help: str, *, file: str | None = None) -> argparse.ArgumentParser:
        command = commands.add_parser(name, help=help, description=help)
        command.add_argument("--url", default=url, help=f"where it runs ({url})")
        if file:
            command.add_argument("file", metavar="FILE", help=file)
        return command

    add("snapshot", "Copy its whole state into a file", file="the file to write")
    add("restore", "Give it the state of such a file", file="a file written by snapshot")
    add("reset", "Forget everything but the configured webhook endpoints")
    add("export", "Write the transcript since its start or last reset", file="the JSONL file to write, - to print it")
    advance = add("advance", "Move its clock and say what fell due")
    to = advance.add_mutually_exclusive_group(required=True)
    to.add_argument("--seconds", type=int)
    to.add_argument("--to", type=int, metavar="EPOCH")
    add("clock", "Show its clock, or change the mode").add_argument(
        "mode", nargs="?", choices=("real", "offset", "frozen")
    )
    commands.add_parser("check-transcript", help="Check that every line of a transcript is well-formed").add_argument(
        "file", metavar="FILE"
    )
    return p


class Remote:
    """The controls of a running emulator."""

    def __init__(self, url: str, token: str | None) -> None:
        self.url = url.rstrip("/")
        self.headers = {"Authorization": f"Bearer {token}"} if token else {}

    def json(self, method: str, path: str, body: Mapping[str, Any] | None = None) -> Any:
        data = None if body is None else json.dumps(body).encode()
        with closing(self.open(method, path, data, "application/json")) as answer:
            return json.load(answer)

    def open(self, method: str, path: str, data: bytes | BinaryIO | None, type: str, size: int | None = None) -> Any:
        """Raises CommandError with what the emulator said."""
        headers = {**self.headers, "Content-Type": type}
        if size is not None:
            headers["Content-Length"] = str(size)
        request = urllib.request.Request(  # noqa: S310 - the operator's own address
            f"{self.url}/_emulator/{path}", data=data, method=method, headers=headers
        )
        try:
            return urllib.request.urlopen(request, timeout=PATIENCE)  # noqa: S310
        except urllib.error.HTTPError as error:
            with error:
                raise CommandError(_said(error)) from error
        except OSError as error:
            raise CommandError(f"No emulator answers at {self.url}: {getattr(error, 'reason', error)}.") from error


def _said(error: urllib.error.HTTPError) -> str:
    text = error.read().decode(errors="replace")
    try:
        return str(json.loads(text)["error"]["message"])
    except (ValueError, KeyError, TypeError):
        return f"The emulator answered {error.code}."


def download(remote: Remote, path: str, file: str) -> None:
    """Into the file once all of it is there; nothing half-written takes its place."""
    with closing(remote.open("GET", path, None, "application/json")) as answer:
        if file == STDOUT:
            shutil.copyfileobj(answer, sys.stdout.buffer)
            return
        target = Path(file)
        partial = target.with_name(target.name + ".partial")
        with partial.open("wb") as copy:
            shutil.copyfileobj(answer, copy)
        partial.replace(target)


def upload(remote: Remote, path: str, file: str) -> None:
    source = Path(file)
    if not source.is_file():
        raise CommandError(f"There is no file {file}.")
    with source.open("rb") as copy:
        remote.open("PUT", path, copy, "application/vnd.sqlite3", source.stat().st_size).close()


def check(file: str) -> int:
    """Print what is wrong; 0 when nothing is."""
    with Path(file).open(encoding="utf-8") as lines:
        found = list(problems(lines))
    for trouble in found[:MOST_PROBLEMS]:
        print(f"{file}, {trouble}")
    with Path(file).open("rb") as lines:
        count = sum(1 for _ in lines)
    print(f"{count} lines, {len(found)} problems")
    return 1 if found or not count else 0


def run(options: argparse.Namespace, env: Mapping[str, str]) -> int:
    if options.command == "check-transcript":
        return check(options.file)
    remote = Remote(options.url, env.get("EMULATOR_CONTROL_TOKEN"))
    match options.command:
        case "snapshot":
            download(remote, "state", options.file)
        case "restore":
            upload(remote, "state", options.file)
        case "export":
            download(remote, "export", options.file)
        case "reset":
            remote.json("POST", "reset", {})
        case "advance":
            given = {"seconds": options.seconds} if options.to is None else {"to": options.to}
            _print(remote.json("POST", "advance", given))
        case "clock":
            _print(
                remote.json("GET", "clock")
                if options.mode is None
                else remote.json("POST", "clock", {"mode": options.mode})
            )
    return 0


def _print(answer: Any) -> None:
    print(json.dumps(answer, indent=2))


def main(argv: Sequence[str], env: Mapping[str, str]) -> int:
    try:
        return run(parser(env).parse_args(argv), env)
    except (CommandError, OSError) as error:
        print(error, file=sys.stderr)
        return 1
