"""`make demo`: one process that starts everything, keeps it running and leaves nothing behind."""

import os
import signal
import socket
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from dev.processes import wait_until
from tests.demo import PATIENCE, Demo

pytestmark = [pytest.mark.slow, pytest.mark.django_db(databases=[])]


def eventually(condition: Callable[[], object], seconds: float = PATIENCE) -> None:
    assert wait_until(lambda: bool(condition()), seconds), "it did not happen in time"


def get(address: str) -> tuple[int, bytes]:
    with urllib.request.urlopen(address, timeout=10) as answer:
        return answer.status, answer.read()


@pytest.fixture(scope="module")
def demo() -> Iterator[Demo]:
    """The demo of this module; the tests below tell its life in order."""
    with tempfile.TemporaryDirectory(prefix="demo-", ignore_cleanup_errors=True) as folder:
        demo = Demo(Path(folder))
        yield demo
        if demo.process is not None and demo.process.poll() is None:
            demo.end(signal.SIGTERM)


def test_a_busy_port_is_named_before_anything_starts(demo: Demo) -> None:
    with socket.create_server(("127.0.0.1", demo.web_port)):
        ended = demo.run()

    assert ended.returncode == 1
    assert f"Port {demo.web_port}, wanted for the marketplace, is already in use" in ended.stdout
    assert "make demo PORT=" in ended.stdout
    assert "Traceback" not in ended.stdout + ended.stderr
    assert not (demo.var / "demo" / "postgres").exists()


def test_a_port_that_is_no_number_is_explained(demo: Demo) -> None:
    ended = demo.run(EMULATOR_PORT="eight")

    assert ended.returncode == 1
    assert "EMULATOR_PORT=eight is not a port" in ended.stderr


def test_given_servers_that_do_not_answer_are_named(demo: Demo) -> None:
    nowhere = {"DATABASE_URL": "postgres://me:secret@127.0.0.1:1/none", "REDIS_URL": "redis://127.0.0.1:1"}

    ended = demo.run(**nowhere)

    assert ended.returncode == 1
    assert "The database at DATABASE_URL cannot be used" in ended.stdout
    assert "secret" not in ended.stdout


def test_a_killed_supervisor_leaves_no_process_behind(demo: Demo) -> None:
    demo.launch()
    eventually(lambda: "seed" in demo.pids())

    demo.end(signal.SIGKILL)

    eventually(lambda: not demo.alive(), 30)


def test_the_next_start_recovers_answers_and_tells_the_logins(demo: Demo) -> None:
    facts = demo.start()

    assert facts["web"] == f"http://127.0.0.1:{demo.web_port}"
    assert get(f"{facts['web']}/readyz")[0] == 200
    assert get(f"{facts['emulator']}/healthz")[0] == 200
    assert {login["role"] for login in facts["logins"]} >= {"admin", "seller", "buyer"}
    for login in facts["logins"]:
        assert login["email"] in demo.said()
        assert login["password"] in demo.said()


def test_an_address_too_long_to_be_read_is_answered_with_a_page(demo: Demo) -> None:
    with pytest.raises(urllib.error.HTTPError) as refused:
        get(f"http://127.0.0.1:{demo.web_port}/browse/?q={'x' * 10_000}")

    assert refused.value.code == 414
    page = refused.value.read().decode()
    assert "search with fewer words" in page
    assert page.rstrip().endswith("</html>")


@pytest.mark.parametrize("name", ["worker", "postgres"])
def test_what_is_killed_is_started_again(demo: Demo, name: str) -> None:
    before = demo.pids()[name]

    os.kill(before, signal.SIGKILL)

    eventually(lambda: demo.pids().get(name, before) != before, 20)
    eventually(lambda: get(f"http://127.0.0.1:{demo.web_port}/readyz")[0] == 200, 20)
    assert "again" in demo.said()


def test_a_second_demo_and_a_reset_are_refused_while_one_runs(demo: Demo) -> None:
    for action in ("start", "reset"):
        ended = demo.run(action)

        assert ended.returncode == 1
        assert "A demo is already running" in ended.stderr


def test_ctrl_c_stops_everything_within_seconds_and_forgets_nothing(demo: Demo) -> None:
    began = time.monotonic()

    code = demo.end(signal.SIGINT)

    assert code == 0
    assert time.monotonic() - began < 10
    assert demo.alive() == []
    assert not demo.facts_path.exists()
    assert (demo.var / "demo" / "postgres" / "PG_VERSION").exists()


def test_a_reset_starts_over(demo: Demo) -> None:
    ended = demo.run("reset")

    assert ended.returncode == 0
    assert not (demo.var / "demo").exists()
