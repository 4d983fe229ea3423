"""The processes that are measured, on a database and a Valkey of the run's own."""

import os
import secrets
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import psutil
import psycopg
from psycopg import sql

from bench import floor_table
from bench.client import HOST
from dev.processes import dies_with_parent, tail, wait_until
from dev.services import Services
from dev.valkey import Valkey

ROOT = Path(__file__).resolve().parent.parent
FOLDER = ROOT / "var" / "bench"
SERVER = ("--worker-class", "gthread", "--workers", "2", "--threads", "2", "--keep-alive", "300", "--no-control-socket")
PATIENCE = 40


class BenchError(Exception):
    """Something that is measured did not come up, or fell over; the message says what."""


@dataclass(frozen=True, slots=True)
class Program:
    """One running program and what it has cost so far."""

    name: str
    process: subprocess.Popen[bytes]
    port: int = 0

    def cpu_seconds(self) -> float:
        """utime + stime of the program and its children, from /proc/<pid>/stat."""
        top = psutil.Process(self.process.pid)
        times = [each.cpu_times() for each in (top, *top.children(recursive=True))]
        return sum(each.user + each.system for each in times)

    def stop(self) -> None:
        """Ask, then insist."""
        self.process.terminate()
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()


class Stage:
    """Everything a run starts; all of it ends with the run."""

    def __init__(self, stack: ExitStack, stripe_address: str) -> None:
        self.stack = stack
        # Servers of the run's own, so that no test run beside it is measured too; those in the environment win.
        services = Services("test", base=FOLDER)
        stack.callback(services.down)
        self.database_url = _own_database(services.ensure(with_parent=True)["DATABASE_URL"])
        # A broker that may be stopped: never one that was given.
        self.valkey = services.valkey or self._own_valkey()
        self.platform_secret = f"whsec_{secrets.token_hex(16)}"
        self.connect_secret = f"whsec_{secrets.token_hex(16)}"
        self.environment = self._environment(stripe_address)
        self._manage("migrate", "--no-input", "--verbosity", "0")
        self.database = stack.enter_context(psycopg.connect(self.database_url, autocommit=True))
        self.database.execute(floor_table.CREATE)

    def _own_valkey(self) -> Valkey:
        valkey = Valkey(FOLDER, durable=False)
        self.stack.callback(valkey.stop)
        valkey.start(with_parent=True)
        return valkey

    def web(self) -> Program:
        """The marketplace as in production, apart from TLS."""
        return self._gunicorn("marketplace", "marketplace.wsgi")

    def floor(self) -> Program:
        """The bare application it is compared with."""
        return self._gunicorn("floor", "bench.floor")

    def celery(self, what: str, *options: str) -> Program:
        """The worker, or the clock that wakes it."""
        return self._start(what, ("-m", "celery", "-A", "marketplace", what, "--loglevel", "warning", *options))

    def empty(self) -> None:
        """No events on either side, and the tables as small as at the start."""
        self.database.execute("TRUNCATE floor_event; TRUNCATE inbox_stripeevent CASCADE")

    def count(self, query: sql.SQL) -> int:
        """One number from the database."""
        row = self.database.execute(query).fetchone()
        return int(row[0]) if row else 0

    def _environment(self, stripe_address: str) -> dict[str, str]:
        return {
            **{name: value for name, value in os.environ.items() if name not in {"TEST_SUFFIX", "CLOCK_URL"}},
            "MARKETPLACE_ENV": "production",
            "DJANGO_SETTINGS_MODULE": "marketplace.settings",
            "DATABASE_URL": self.database_url,
            "REDIS_URL": self.valkey.url(),
            "SECRET_KEY": secrets.token_urlsafe(64),
            "ALLOWED_HOSTS": HOST,
            "SITE_URL": "https://shop.example",
            "STRIPE_SECRET_KEY": f"rk_test_{secrets.token_hex(16)}",
            "STRIPE_API_BASE": stripe_address,
            "STRIPE_WEBHOOK_SECRETS": self.platform_secret,
            "STRIPE_CONNECT_WEBHOOK_SECRETS": self.connect_secret,
            "EMAIL_URL": "file",
            "MAIL_DIR": str(FOLDER / "mail"),
            "DEFAULT_FROM_EMAIL": "Bench <bench@shop.example>",
            "LOG_LEVEL": "INFO",
        }

    def _manage(self, *arguments: str) -> None:
        command = [sys.executable, "manage.py", *arguments]
        result = subprocess.run(command, cwd=ROOT, env=self.environment, capture_output=True, text=True, check=False)
        if result.returncode:
            raise BenchError(f"manage.py {' '.join(arguments)} failed:\n{result.stdout}{result.stderr}")

    def _gunicorn(self, name: str, application: str) -> Program:
        port = free_port()
        program = self._start(name, ("-m", "gunicorn", application, "--bind", f"{HOST}:{port}", *SERVER), port)
        if not wait_until(lambda: listens(port) or program.process.poll() is not None, PATIENCE):
            raise BenchError(f"{name} did not come up:\n{tail(FOLDER / f'{name}.log')}")
        return program

    def _start(self, name: str, arguments: tuple[str, ...], port: int = 0) -> Program:
        with (FOLDER / f"{name}.log").open("wb") as log:
            process = subprocess.Popen(
                [sys.executable, *arguments],
                cwd=ROOT,
                env=self.environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                # One thread at this point, and the function makes a single system call.
                preexec_fn=dies_with_parent(signal.SIGTERM),  # noqa: PLW1509
            )
        program = Program(name, process, port)
        self.stack.callback(program.stop)
        return program


@contextmanager
def stage(stripe_address: str) -> Iterator[Stage]:
    """Set up, and take everything down again however the run ends."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    with ExitStack() as stack:
        yield Stage(stack, stripe_address)


def settle_down(programs: Mapping[str, Program], seconds: float = 10) -> None:
    """Wait until the programs have nothing left to do, so that no start-up is counted."""
    deadline = time.monotonic() + seconds
    before = {name: program.cpu_seconds() for name, program in programs.items()}
    while time.monotonic() < deadline:
        time.sleep(0.5)
        after = {name: program.cpu_seconds() for name, program in programs.items()}
        if all(after[name] - before[name] < 0.03 for name in programs):
            return
        before = after


def _own_database(url: str) -> str:
    """An empty database beside the one that was given."""
    name = f"marketplace_bench{os.environ.get('TEST_SUFFIX', '')}"
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))
        connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
    return urlsplit(url)._replace(path=f"/{name}").geturl()


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        port: int = probe.getsockname()[1]
        return port


def listens(port: int) -> bool:
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex((HOST, port)) == 0
