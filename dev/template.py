"""The database every test database is copied from: migrated once, copied in a moment.

Migrating takes many seconds, and each worker of each run needs a database. The copy is migrated again by Django, which
then finds nothing to do; were something missing in it, it would be applied there.
"""

import gc
import hashlib
import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from django.apps import apps
from django.core.management import call_command
from django.db import connection
from django.db.backends.utils import CursorWrapper

ROOT = Path(__file__).resolve().parent.parent
PREFIX = "migrated_"
# Checkouts that share a server each have a state of their own; older ones make room.
KEPT = 4
# Any number nobody else takes: it names the lock.
LOCK = 7_240_118


def ensure() -> str:
    """The name of a database with every migration applied, made now unless it is there."""
    name = f"{PREFIX}{digest({*_migrations(), *_imported()})}"
    with connection._nodb_cursor() as cursor:
        # Two workers begin at once and would both make it. The lock goes with this connection, also when it breaks.
        cursor.execute("SELECT pg_advisory_lock(%s)", [LOCK])
        cursor.execute("SELECT datname FROM pg_database WHERE datname ~ %s ORDER BY oid DESC", [f"^{PREFIX}[0-9a-f]+$"])
        there = [found for (found,) in cursor.fetchall()]
        if name not in there:
            for old in there[KEPT - 1 :]:
                cursor.execute(f'DROP DATABASE IF EXISTS "{old}"')
            _make(cursor, name)
    return name


def digest(files: Iterable[Path]) -> str:
    """Of what migrations are made of: `files`, and the versions of the libraries."""
    found = hashlib.sha256((ROOT / "requirements.lock").read_bytes())
    for path in sorted(files):
        found.update(f"{path}\n".encode() + path.read_bytes())
    return found.hexdigest()[:16]


def _migrations() -> Iterator[Path]:
    """Ours; the libraries' are as their versions say."""
    for app in apps.get_app_configs():
        if Path(app.path).parent == ROOT:
            yield from Path(app.path).glob("migrations/*.py")


def _imported() -> Iterator[Path]:
    """Our packages that migrations import, whole: what they import in turn is mostly there too."""
    names = {
        name
        for path in _migrations()
        for name in re.findall(r"^(?:from|import) (\w+)", path.read_text(encoding="utf-8"), re.MULTILINE)
    }
    for name in names:
        yield from (path for path in (ROOT / name).rglob("*.py") if "migrations" not in path.parts)


def _make(cursor: CursorWrapper, name: str) -> None:
    """Under another name first: what a killed run leaves behind is never taken for a finished one."""
    unfinished = f"{name}_unfinished"
    cursor.execute(f'DROP DATABASE IF EXISTS "{unfinished}" WITH (FORCE)')
    cursor.execute(f'CREATE DATABASE "{unfinished}"')
    # A third of the time went into looking for garbage among the models each migration makes and the next one needs.
    gc.disable()
    try:
        with _connected_to(unfinished):
            call_command("migrate", verbosity=0, interactive=False)
    finally:
        gc.enable()
    cursor.execute(f'ALTER DATABASE "{unfinished}" RENAME TO "{name}"')


@contextmanager
def _connected_to(name: str) -> Iterator[None]:
    before = connection.settings_dict["NAME"]
    connection.close()
    connection.settings_dict["NAME"] = name
    try:
        yield
    finally:
        connection.close()
        connection.settings_dict["NAME"] = before
