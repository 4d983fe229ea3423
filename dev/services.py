"""Real PostgreSQL and Valkey for the demo and for the tests, from wheels, under var/<profile>/.

    python dev/services.py up|down|status [demo|test]
    python dev/services.py run [demo|test] -- command ...      with the addresses in its environment

`ensure()` is what other tools call. DATABASE_URL and REDIS_URL in the environment win: then nothing is started.
"""

import argparse
import fcntl
import getpass
import json
import os
import pwd
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
# Run as a script, Python puts dev/ on the path, not the project.
if str(ROOT) not in sys.path:
    sys.path.insert(0, str(ROOT))

from dev.postgres import Postgres, ServiceError  # noqa: E402
from dev.valkey import DATABASES, Valkey  # noqa: E402

PROFILES = ("demo", "test")


class Services:
    """Both servers of one profile."""

    def __init__(self, profile: str, *, base: Path | None = None) -> None:
        self.folder = (base or ROOT / "var") / profile
        require_own(self.folder)
        durable = profile == "demo"
        self.postgres = None if os.environ.get("DATABASE_URL") else Postgres(self.folder, durable=durable)
        self.valkey = None if os.environ.get("REDIS_URL") else Valkey(self.folder, durable=durable)

    def ensure(self, *, with_parent: bool = False) -> dict[str, str]:
        """Start what is not running and return the addresses. Quick when everything runs; safe to call in parallel."""
        servers = [server for server in (self.postgres, self.valkey) if server is not None]
        if not all(server.is_ready() for server in servers):
            with self._alone():
                for server in servers:
                    if not server.is_ready():
                        server.start(with_parent=with_parent)
        return self.addresses()

    def addresses(self) -> dict[str, str]:
        """The environment other processes need."""
        return {
            "DATABASE_URL": self.postgres.url() if self.postgres else os.environ["DATABASE_URL"],
            "REDIS_URL": self.valkey.url() if self.valkey else os.environ["REDIS_URL"],
        }

    def down(self) -> list[str]:
        """Stop what runs; the names of what was stopped."""
        if not self.folder.exists():
            return []
        with self._alone():
            named = {"Valkey": self.valkey, "PostgreSQL": self.postgres}
            return [name for name, server in named.items() if server is not None and server.stop()]

    def status(self) -> dict[str, str]:
        """A word for each server."""
        named = {"PostgreSQL": self.postgres, "Valkey": self.valkey}
        return {
            name: "given by the environment" if server is None else "running" if server.is_ready() else "stopped"
            for name, server in named.items()
        }

    def redis_database(self, name: str) -> int:
        """A Redis database number for `name`: the same at every call, shared with no other name.

        Numbers come in blocks of sixteen, so that a run's parallel workers can add their own number.
        """
        with self._alone():
            book = self.folder / "redis-databases.json"
            numbers: dict[str, int] = json.loads(book.read_text()) if book.exists() else {}
            number = numbers.setdefault(name, (len(numbers) + 1) * 16)
            book.write_text(json.dumps(numbers))
        return number % DATABASES

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """One starter at a time for a profile; the lock goes with its process, so a killed one leaves none behind."""
        self.folder.mkdir(parents=True, exist_ok=True)
        with (self.folder / "services.lock").open("a") as handle:
            fcntl.flock(handle, fcntl.LOCK_EX)
            yield


def require_own(folder: Path) -> None:
    """Raise ServiceError when an ordinary user meets data that another user (often root) has made."""
    nearest = next(path for path in (folder, *folder.parents) if path.exists())
    owner = nearest.stat().st_uid
    if os.geteuid() in (0, owner) or (nearest != folder and os.access(nearest, os.W_OK)):
        return
    name = next((entry.pw_name for entry in pwd.getpwall() if entry.pw_uid == owner), str(owner))
    raise ServiceError(
        f"{nearest} belongs to another user ({name}), so {getpass.getuser()} cannot use it. "
        "Remove it as that user, or work in a copy of the project of your own."
    )


def ensure(profile: str) -> dict[str, str]:
    """Bring both servers of `profile` up and return {"DATABASE_URL": ..., "REDIS_URL": ...}."""
    return Services(profile).ensure()


def down(profile: str) -> list[str]:
    """Stop both servers of `profile`; the names of what was stopped."""
    return Services(profile).down()


def run(services: Services, command: list[str]) -> None:
    """Replace this process by `command`, with the servers' addresses in its environment."""
    if not command:
        raise SystemExit("Name a command after --")
    found = {"MARKETPLACE_ENV": "test", **os.environ, **services.ensure()}
    os.execvpe(command[0], command, found)  # noqa: S606


def main(arguments: list[str] | None = None) -> int:
    """The command line; addresses go to stdout, everything else to stderr."""
    parser = argparse.ArgumentParser(prog="dev/services.py", description=(__doc__ or "").split("\n", maxsplit=1)[0])
    parser.add_argument("action", choices=("up", "down", "status", "run"))
    parser.add_argument("profile", choices=PROFILES, nargs="?", default="test")
    parser.add_argument("command", nargs="*", help="for run, after --")
    asked = parser.parse_args(arguments)
    try:
        services = Services(asked.profile)
        if asked.action == "run":
            run(services, asked.command)
        elif asked.action == "down":
            print(f"{asked.profile}: stopped {' and '.join(services.down()) or 'nothing, nothing was running'}.")
        elif asked.action == "status":
            for name, word in services.status().items():
                print(f"{asked.profile}: {name} {word}")
        else:
            for name, value in services.ensure().items():
                print(f"{name}={value}")
    except ServiceError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
