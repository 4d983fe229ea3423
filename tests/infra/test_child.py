"""How the demo's supervisor treats one child that does not stay."""

import json
import os
import signal
import sys
from pathlib import Path

import psutil
import pytest

from dev.processes import wait_until
from marketplace.demo.child import Child
from marketplace.demo.errors import DemoError
from marketplace.demo.plan import Program, make_plan
from marketplace.demo.runfile import RunFile


def child_running(code: str, tmp_path: Path) -> Child:
    child = Child(Program("worker", (sys.executable, "-c", code)), os.environ, tmp_path / "worker.log")
    child.start()
    return child


def test_a_child_that_ends_is_started_again_after_a_growing_pause(tmp_path: Path) -> None:
    child = child_running("raise SystemExit(3)", tmp_path)
    messages = []

    for _ in range(2):
        assert wait_until(child.has_ended, 10)
        messages.append(child.plan_restart())
        child.start()

    assert "ended with exit code 3; starting it again in 0.5 s" in messages[0]
    assert "in 1 s" in messages[1]
    assert wait_until(child.has_ended, 10)


def test_a_child_that_keeps_ending_is_given_up_with_the_end_of_its_log(tmp_path: Path) -> None:
    child = child_running("print('the reason'); raise SystemExit(1)", tmp_path)

    for _ in range(4):
        assert wait_until(child.has_ended, 10)
        child.plan_restart()
        child.start()
    assert wait_until(child.has_ended, 10)

    with pytest.raises(DemoError, match=r"giving up[\s\S]*the reason"):
        child.plan_restart()


def test_grandchildren_go_with_their_parent(tmp_path: Path) -> None:
    code = "import subprocess, time; print(subprocess.Popen(['sleep', '60']).pid, flush=True); time.sleep(60)"
    child = child_running(code, tmp_path)
    assert wait_until(lambda: child.log.read_text().strip() != "", 10)
    grandchild = psutil.Process(int(child.log.read_text()))

    child.kill_group()

    assert child.reason() == "was ended by signal 9 (SIGKILL)"
    assert wait_until(lambda: not grandchild.is_running() or grandchild.status() == psutil.STATUS_ZOMBIE, 5)


def test_what_a_killed_run_left_is_ended_and_a_stranger_with_the_same_pid_is_not(tmp_path: Path) -> None:
    left = child_running("import time; time.sleep(60)", tmp_path)
    stranger = child_running("import time; time.sleep(61)", tmp_path)
    assert left.process is not None
    assert stranger.process is not None
    noted = RunFile(tmp_path)
    noted.write("http://127.0.0.1", {"web": left.process.pid, "beat": stranger.process.pid})
    facts = noted.read()
    facts["processes"][1]["started"] -= 1000
    noted.path.write_text(json.dumps(facts))

    ended = noted.end_leftovers()

    assert ended == ["web"]
    assert left.has_ended()
    assert not stranger.has_ended()
    os.kill(stranger.process.pid, signal.SIGKILL)
    stranger.process.wait()


def test_the_demo_never_uses_a_real_key_or_mail_server_from_the_shell(tmp_path: Path) -> None:
    shell = {"STRIPE_SECRET_KEY": "sk_live_real", "STRIPE_API_BASE": "", "EMAIL_URL": "smtp://real", "HOME": "/home/me"}
    plan = make_plan(tmp_path, {})

    environment = plan.environment(shell, {"DATABASE_URL": "postgres://x", "REDIS_URL": "redis://x"})

    assert environment["STRIPE_SECRET_KEY"].startswith("sk_test_")
    assert environment["STRIPE_API_BASE"] == plan.emulator
    assert environment["EMAIL_URL"] == "file"
    assert environment["HOME"] == "/home/me"


def test_secrets_are_made_once_and_kept_private(tmp_path: Path) -> None:
    first = make_plan(tmp_path, {})

    again = make_plan(tmp_path, {"PORT": "9000"})

    assert again.keys == first.keys
    assert again.web == "http://127.0.0.1:9000"
    assert (tmp_path / "demo" / "secrets.json").stat().st_mode & 0o077 == 0
