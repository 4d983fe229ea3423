"""Snapshots, the transcript and the clock of a running emulator: over HTTP and from the command line."""

import json
import socket
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.emulator_web.support import ROOT, Running, environment, get_json, post_json

Start = Callable[..., Running]
DAY = 86_400


def command(*arguments: str, url: str | None = None) -> subprocess.CompletedProcess[str]:
    """`python -m emulator …`, to the emulator at this address."""
    return subprocess.run(
        [sys.executable, "-m", "emulator", *arguments, *(("--url", url) if url else ())],
        cwd=ROOT,
        env=environment(),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def refused(url: str, method: str, body: bytes = b"{}", **headers: str) -> tuple[int, str]:
    request = urllib.request.Request(url, data=body, method=method, headers=headers)
    with pytest.raises(urllib.error.HTTPError) as caught:
        urllib.request.urlopen(request, timeout=10)
    with caught.value as error:
        return error.code, json.loads(error.read())["error"]["message"]


def customers(running: Running) -> list[str | None]:
    return [one.email for one in running.client.v1.customers.list().data]


def test_a_named_snapshot_is_restored_over_http(emulator: Running) -> None:
    emulator.client.v1.customers.create({"email": "kept@example.com"})

    saved = post_json(f"{emulator.url}/_emulator/snapshot", {"name": "one-customer"})
    emulator.client.v1.customers.create({"email": "later@example.com"})
    post_json(f"{emulator.url}/_emulator/advance", {"seconds": 40 * DAY})
    back = post_json(f"{emulator.url}/_emulator/restore", {"name": "one-customer"})

    assert customers(emulator) == ["kept@example.com"]
    assert 0 <= back["clock"]["now"] - saved["clock"]["now"] <= 5
    names = [one["name"] for one in get_json(f"{emulator.url}/_emulator/snapshots")["data"]]
    assert "one-customer" in names


@pytest.mark.parametrize("name", ["../../etc/cron.d/job", "/tmp/x", "a.sqlite3", "", 7, None])
def test_no_name_leads_out_of_the_folder_of_snapshots(emulator: Running, name: Any) -> None:
    body = json.dumps({"name": name}).encode()

    said = [
        refused(f"{emulator.url}/_emulator/{what}", "POST", body, **{"Content-Type": "application/json"})
        for what in ("snapshot", "restore")
    ]

    assert {status for status, _ in said} == {400}


def test_the_state_moves_to_another_emulator_as_a_file(emulator: Running, start: Start, tmp_path: Path) -> None:
    emulator.client.v1.customers.create({"email": "kim@example.com"})
    file = str(tmp_path / "state.sqlite3")
    other = start("--db", str(tmp_path / "other.sqlite3"))

    saved = command("snapshot", file, url=emulator.url)
    restored = command("restore", file, url=other.url)

    assert (saved.returncode, restored.returncode) == (0, 0), saved.stderr + restored.stderr
    assert customers(other) == ["kim@example.com"]
    assert [path.name for path in tmp_path.glob("*.partial")] == []
    other.stop()
    again = start("--db", str(tmp_path / "other.sqlite3"))
    assert customers(again) == ["kim@example.com"]


def test_a_file_that_is_no_state_is_refused_with_a_sentence(emulator: Running, tmp_path: Path) -> None:
    file = tmp_path / "holiday.jpg"
    file.write_bytes(b"\xff\xd8" * 50_000)
    emulator.client.v1.customers.create({"email": "kim@example.com"})

    done = command("restore", str(file), url=emulator.url)

    assert done.returncode == 1
    assert "not a snapshot" in done.stderr
    assert customers(emulator) == ["kim@example.com"]
    assert "no file" in command("restore", str(tmp_path / "missing"), url=emulator.url).stderr


def test_the_transcript_is_exported_from_the_last_reset_on(emulator: Running, tmp_path: Path) -> None:
    file = tmp_path / "transcript.jsonl"
    emulator.client.v1.customers.create({"email": "kim@example.com"})

    exported = command("export", str(file), url=emulator.url)
    checked = command("check-transcript", str(file))

    lines = [json.loads(line) for line in file.read_text().splitlines()]
    assert exported.returncode == 0
    assert [line["event"]["type"] for line in lines if "event" in line] == ["customer.created"]
    assert [line["path"] for line in lines if "path" in line] == ["/v1/customers"]
    assert checked.stdout == "2 lines, 0 problems\n"
    post_json(f"{emulator.url}/_emulator/reset")
    assert command("export", "-", url=emulator.url).stdout == ""


def test_a_transcript_is_exported_by_another_connection_while_requests_go_on(emulator: Running) -> None:
    for _ in range(30):
        emulator.client.v1.customers.create({"description": "x" * 4_000})

    with urllib.request.urlopen(f"{emulator.url}/_emulator/export", timeout=10) as answer:
        lines = answer.read().splitlines()

    assert len(lines) == 60
    assert all(json.loads(line) for line in lines)


def test_reset_and_the_clock_from_the_command_line(emulator: Running) -> None:
    emulator.client.v1.customers.create({"email": "kim@example.com"})

    frozen = json.loads(command("clock", "frozen", url=emulator.url).stdout)
    moved = json.loads(command("advance", "--seconds", str(DAY), url=emulator.url).stdout)
    shown = json.loads(command("clock", url=emulator.url).stdout)
    offset = json.loads(command("clock", "offset", url=emulator.url).stdout)
    ahead = command("clock", "real", url=emulator.url)
    done = command("reset", url=emulator.url)

    assert frozen["clock"]["mode"] == "frozen"
    assert moved["clock"]["now"] == frozen["clock"]["now"] + DAY == shown["now"]
    assert offset["clock"]["mode"] == "offset"
    assert ahead.returncode == 1
    assert "never goes back" in ahead.stderr
    assert done.returncode == 0
    assert customers(emulator) == []


def test_a_command_says_when_nobody_answers() -> None:
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        done = command("reset", url=f"http://127.0.0.1:{nobody.getsockname()[1]}")

    assert done.returncode == 1
    assert "No emulator answers" in done.stderr
    assert "Traceback" not in done.stderr


def test_the_state_is_for_the_operator_alone(start: Start, tmp_path: Path) -> None:
    running = start("--host", "127.0.0.1", EMULATOR_CONTROL_TOKEN="secret-of-ours")

    form = refused(
        f"{running.url}/_emulator/snapshot", "POST", b"name=x", **{"Content-Type": "application/x-www-form-urlencoded"}
    )
    rebound = urllib.request.Request(f"{running.url}/_emulator/state", headers={"Host": "evil.example"})
    with pytest.raises(urllib.error.HTTPError) as caught:
        urllib.request.urlopen(rebound, timeout=10)
    caught.value.close()

    assert form[0] == 415
    assert caught.value.code == 400
    saved = command("snapshot", str(tmp_path / "state"), url=running.url)
    assert saved.returncode == 0
