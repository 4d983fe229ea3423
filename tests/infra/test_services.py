"""PostgreSQL and Valkey from wheels: they come back after anything, and never harm a stranger."""

import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
import redis

from dev.postgres import LONGEST_SOCKET_PATH, Postgres
from dev.processes import Occupant, occupant
from dev.services import ROOT, Services
from dev.valkey import Valkey

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def base() -> Iterator[Path]:
    """A folder of our own. Not pytest's: that one is closed to the user PostgreSQL runs as under root."""
    with tempfile.TemporaryDirectory(prefix="services-") as folder, pytest.MonkeyPatch.context() as patch:
        for name in ("DATABASE_URL", "REDIS_URL"):
            patch.delenv(name, raising=False)
        yield Path(folder)
        Services("demo", base=Path(folder)).down()


@pytest.fixture
def services(base: Path) -> Services:
    """Both servers, running."""
    services = Services("demo", base=base)
    services.ensure()
    return services


def ask(services: Services, sql: str) -> object:
    with psycopg.connect(services.addresses()["DATABASE_URL"]) as connection:
        row = connection.execute(sql).fetchone() if "SELECT" in sql else connection.execute(sql) and None
    return row[0] if row else None


def broker(services: Services) -> redis.Redis:
    return redis.Redis.from_url(services.addresses()["REDIS_URL"])


def pid_of(server: Postgres | Valkey | None) -> int:
    assert server is not None
    pid = server.pid()
    assert pid is not None
    return pid


def test_a_folder_deleted_under_a_running_server_does_no_harm_to_the_next_one(services: Services, base: Path) -> None:
    orphans = pid_of(services.postgres), pid_of(services.valkey)
    shutil.rmtree(base / "demo")

    again = Services("demo", base=base)
    again.ensure()

    assert Occupant.EXPECTED not in [occupant(pid, str(base)) for pid in orphans]
    assert ask(again, "SELECT 1") == 1
    assert broker(again).ping()


def test_a_second_call_finds_them_running_at_once(services: Services, base: Path) -> None:
    postgres, valkey = pid_of(services.postgres), pid_of(services.valkey)
    began = time.monotonic()

    Services("demo", base=base).ensure()

    # A tenth of that on a calm machine.
    assert time.monotonic() - began < 1
    assert (pid_of(services.postgres), pid_of(services.valkey)) == (postgres, valkey)


def test_several_starters_at_once_end_up_with_the_same_servers(services: Services, base: Path) -> None:
    services.down()
    code = f"""
from dev.services import Path, Services
print(Services("demo", base=Path({str(base)!r})).ensure())
"""

    starters = [
        subprocess.Popen([sys.executable, "-c", code], cwd=ROOT, stdout=subprocess.PIPE, text=True) for _ in range(4)
    ]
    answers = {starter.communicate(timeout=60)[0] for starter in starters}

    assert len(answers) == 1
    assert ask(services, "SELECT 1") == 1


def test_after_kill_nine_postgres_comes_back_with_its_data(services: Services, base: Path) -> None:
    ask(services, "CREATE TABLE IF NOT EXISTS kept (id int)")
    ask(services, "INSERT INTO kept VALUES (1)")

    # The killed server stays a zombie of this process: the case that fools a look at the pid alone.
    os.kill(pid_of(services.postgres), signal.SIGKILL)
    again = Services("demo", base=base)
    again.ensure()

    assert ask(again, "SELECT count(*) FROM kept") == 1


def test_a_pid_that_now_belongs_to_a_stranger_is_neither_trusted_nor_harmed(services: Services, base: Path) -> None:
    assert services.postgres is not None
    pid_file = services.postgres.data / "postmaster.pid"
    old_lines = pid_file.read_text().splitlines()
    os.kill(pid_of(services.postgres), signal.SIGKILL)
    stranger = subprocess.Popen(["sleep", "60"])
    for lock in (pid_file, services.postgres.socket_dir / ".s.PGSQL.5432.lock"):
        lock.write_text("\n".join([str(stranger.pid), *old_lines[1:], ""]))

    again = Services("demo", base=base)
    again.ensure()
    again.down()
    again.ensure()

    assert ask(again, "SELECT 1") == 1
    assert stranger.poll() is None
    stranger.kill()
    stranger.wait()


def test_after_kill_nine_the_broker_keeps_its_messages_and_its_address(services: Services, base: Path) -> None:
    address = services.addresses()["REDIS_URL"]
    broker(services).rpush("queue", "message")

    os.kill(pid_of(services.valkey), signal.SIGKILL)
    again = Services("demo", base=base)
    again.ensure()

    assert again.addresses()["REDIS_URL"] == address
    assert broker(again).lrange("queue", 0, -1)[-1] == b"message"


def test_a_stranger_on_the_brokers_port_is_left_alone(services: Services, base: Path) -> None:
    assert services.valkey is not None
    known = services.valkey.coordinates()
    assert known is not None
    services.down()
    with socket.create_server(("127.0.0.1", known.port)):
        again = Services("demo", base=base)

        again.ensure()

        moved = Services("demo", base=base).addresses()["REDIS_URL"]
        assert f":{known.port}/" not in moved
        assert broker(again).ping()


def test_a_folder_too_deep_for_a_socket_still_works(base: Path) -> None:
    deep = base / ("deep" * 12) / ("deeper" * 12)
    deep.mkdir(parents=True)
    services = Services("demo", base=deep)
    assert services.postgres is not None

    services.ensure()

    assert len(str(services.postgres.data)) > LONGEST_SOCKET_PATH
    assert ask(services, "SELECT 1") == 1
    services.down()
    shutil.rmtree(services.postgres.socket_dir)


def test_given_addresses_win_and_nothing_is_started(base: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgres://example/db")
    monkeypatch.setenv("REDIS_URL", "redis://example")

    addresses = Services("given", base=base).ensure()

    assert addresses == {"DATABASE_URL": "postgres://example/db", "REDIS_URL": "redis://example"}
    assert not (base / "given").exists()


def test_each_name_gets_redis_databases_of_its_own(services: Services) -> None:
    first, second = services.redis_database("first"), services.redis_database("second")

    assert abs(first - second) >= 16
    assert services.redis_database("first") == first


def test_a_zombie_is_told_from_a_living_process() -> None:
    child = subprocess.Popen(["sleep", "60"])
    assert occupant(child.pid, "sleep") is Occupant.EXPECTED
    assert occupant(child.pid, "postgres") is Occupant.FOREIGN

    child.kill()
    os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT)

    assert occupant(child.pid, "sleep") is Occupant.ZOMBIE
    child.wait()
    assert occupant(child.pid, "sleep") is Occupant.NOBODY
