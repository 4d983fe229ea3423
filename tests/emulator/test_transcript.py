"""What emulators write down, and the check that every line is as promised."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import stripe

from emulator.core import Emulator
from emulator.errors import ConnectionDropped
from emulator.transcript import FOLDER_VARIABLE, problems
from tests.emulator.shop import DAY, Shop
from tests.stripe_inprocess import in_process_client

EXCHANGE = {"method": "GET", "path": "/v1/balance", "form_body": "", "status": 200, "response_body": {}}
EVENT = {
    "id": "evt_1",
    "object": "event",
    "type": "customer.created",
    "api_version": "2026-10-28.endive",
    "created": 1,
    "data": {"object": {"object": "customer"}},
}


def found(line: object) -> list[str]:
    return list(problems([line if isinstance(line, str) else json.dumps(line)]))


def lines_of(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text().splitlines()]


def test_well_formed_lines_pass() -> None:
    refused = {**EXCHANGE, "status": 404, "response_body": {"error": {"type": "x", "message": "y"}}}

    assert found(EXCHANGE) == found({"event": EVENT}) == found(refused) == []


@pytest.mark.parametrize(
    "line",
    [
        "{half",
        "[]",
        {},
        {"event": EVENT, "at": 1},
        {"event": {}},
        {"event": {**EVENT, "type": ""}},
        {"event": {**EVENT, "data": {"object": None}}},
        {"event": {**EVENT, "data": []}},
        {"event": {**EVENT, "created": "now"}},
        {**EXCHANGE, "ms": 3},
        {**EXCHANGE, "method": "steal it"},
        {**EXCHANGE, "path": "v1/balance"},
        {**EXCHANGE, "form_body": None},
        {**EXCHANGE, "status": "200"},
        {**EXCHANGE, "status": 42},
        {**EXCHANGE, "response_body": "text"},
        {**EXCHANGE, "status": 500},
        {**EXCHANGE, "status": 400, "response_body": {"error": {"type": "x"}}},
    ],
)
def test_anything_else_is_named_with_its_line(line: object) -> None:
    assert all(trouble.startswith("line 1: ") for trouble in found(line))
    assert found(line)


def test_every_kind_of_exchange_is_written_well_formed(tmp_path: Path) -> None:
    path = tmp_path / "transcript.jsonl"
    em = Emulator(clock="frozen", transcript=str(path))
    client = in_process_client(em, max_network_retries=0)
    shop = Shop(em, client)
    shop.onboard(shop.account())
    shop.pay(shop.session().id)
    em.faults.add("malformed_body", match="POST /v1/customers")
    em.faults.add("lost_response", match="POST /v1/customers", nth=2)
    em.faults.add("error_before", match="GET /v1/balance", status=429)
    for call in (
        lambda: client.v1.customers.create({"email": "a@b.example"}),
        lambda: client.v1.customers.create({"email": "c@d.example"}),
        client.v1.balance.retrieve,
        lambda: client.v1.customers.retrieve("cus_nobody"),
        client.v1.issuing.cards.list,
    ):
        with pytest.raises(stripe.StripeError):
            call()
    em.handle("POST", "/v1/customers", {"Authorization": "Bearer sk_test_emulator"}, b"\xff\xfe=1")
    em.handle("BREW", "/coffee", {}, b"")
    em.advance(seconds=3 * DAY)
    em.close()

    assert list(problems(path.read_text().splitlines())) == []
    written = lines_of(path)
    spoiled = [one for one in written if one.get("form_body") == "email=a%40b.example"]
    assert spoiled[0]["response_body"]["object"] == "customer"
    assert {"payout.paid", "balance.available"} & {one["event"]["type"] for one in written if "event" in one}


def test_an_uploaded_file_is_one_line(tmp_path: Path) -> None:
    path = tmp_path / "transcript.jsonl"
    writing = Emulator(clock="frozen", transcript=str(path))
    body = (
        b'--x\r\nContent-Disposition: form-data; name="purpose"\r\n\r\ndispute_evidence\r\n'
        b'--x\r\nContent-Disposition: form-data; name="file"; filename="a.png"\r\n'
        b"Content-Type: image/png\r\n\r\n\x89PNG\r\n\x1a\n\x00\xff\xfe\r\n--x--\r\n"
    )
    headers = {"Authorization": "Bearer sk_test_emulator", "Content-Type": "multipart/form-data; boundary=x"}

    answer = writing.handle("POST", "/v1/files", headers, body)
    writing.close()

    assert answer.status == 200
    (line,) = lines_of(path)
    assert line["form_body"].startswith("--x\r\n")
    assert "\ufffdPNG" in line["form_body"]
    assert list(problems(path.read_text().splitlines())) == []


def test_a_lost_response_is_written_as_it_was_made(tmp_path: Path) -> None:
    path = tmp_path / "transcript.jsonl"
    em = Emulator(clock="frozen", transcript=str(path))
    em.faults.add("lost_response")

    with pytest.raises(ConnectionDropped):
        em.handle("POST", "/v1/customers", {"Authorization": "Bearer sk_test_emulator"}, b"")
    em.close()

    assert [one.get("status") for one in lines_of(path)] == [None, 200]


def test_a_file_is_continued_and_an_export_begins_with_the_start(tmp_path: Path) -> None:
    path = tmp_path / "transcript.jsonl"
    exports = []
    for _ in range(2):
        em = Emulator(clock="frozen", transcript=str(path))
        in_process_client(em).v1.customers.create({})
        assert em.transcript is not None
        length, pieces = em.transcript.export()
        exports.append(b"".join(pieces))
        assert len(exports[-1]) == length
        em.close()

    assert path.read_bytes() == exports[0] + exports[1]


def test_without_a_transcript_nothing_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(FOLDER_VARIABLE, raising=False)
    plain = Emulator()
    assert plain.transcript is None

    kept = plain.keep_transcript()
    in_process_client(plain).v1.customers.create({})

    assert kept.export()[0] > 500
    plain.reset()
    assert kept.export()[0] == 0
    plain.close()


def test_a_whole_test_run_is_written_into_a_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "run"
    monkeypatch.setenv(FOLDER_VARIABLE, str(folder))

    for _ in range(2):
        em = Emulator(clock="frozen")
        in_process_client(em).v1.customers.create({})
        em.close()

    assert len(list(folder.glob("*.jsonl"))) == 2
    assert all(len(lines_of(path)) == 2 for path in folder.glob("*.jsonl"))


def test_the_check_from_the_command_line_names_lines_and_fails(tmp_path: Path) -> None:
    good, bad, empty = (tmp_path / name for name in ("good", "bad", "empty"))
    good.write_text(json.dumps(EXCHANGE) + "\n")
    bad.write_text(json.dumps(EXCHANGE) + "\n{}\n")
    empty.write_text("")
    command = [sys.executable, "-m", "emulator", "check-transcript"]

    done = [
        subprocess.run([*command, str(path)], capture_output=True, text=True, check=False)
        for path in (good, bad, empty)
    ]

    assert [one.returncode for one in done] == [0, 1, 1]
    assert "bad, line 2: neither an exchange nor an event" in done[1].stdout
    assert "2 lines, 1 problems" in done[1].stdout
