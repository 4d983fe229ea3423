"""What every test may use."""

import gc
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import pytest
from django.conf import settings
from django.core.cache import cache
from django.core.management.commands import flush
from django.db import connection
from django.db.backends.postgresql.operations import DatabaseOperations
from django.db.transaction import atomic
from django.utils import timezone, translation
from pytest_django import DjangoDbBlocker
from xdist.scheduler import LoadFileScheduling

from dev import template
from emulator.core import Emulator
from gateway import client as gateway
from tests.chromium import browser  # noqa: F401 - a fixture
from tests.signing import CONNECT, PLATFORM
from tests.stripe_inprocess import InProcessHTTPClient
from tests.world import World

BROWSER = "tests/browser/"
SLOW = (BROWSER, "tests/infra/", "tests/sim/", "tests/flows/")


def pytest_configure(config: pytest.Config) -> None:
    """Every emulator checks its answers and events against stripe-python's classes, also those in processes of
    their own. And each parallel worker has a Redis database of its own: they clear caches and count sign-in attempts.
    """
    os.environ["EMULATOR_STRICT"] = "1"
    worker = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))
    address = urlsplit(settings.REDIS_URL)
    number = int(address.path.strip("/") or 0) + worker
    settings.REDIS_URL = urlunsplit(address._replace(path=f"/{number}"))
    settings.CELERY_BROKER_URL = settings.REDIS_URL
    settings.CACHES["default"]["LOCATION"] = settings.REDIS_URL


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What takes minutes begins first, so that no worker is left alone with it at the end."""
    items.sort(key=lambda item: next((n for n, slow in enumerate(SLOW) if item.nodeid.startswith(slow)), len(SLOW)))


class Scheduling(LoadFileScheduling):
    """File by file, and all walks in the browser to one worker: they share its demo, which takes long to start."""

    def _split_scope(self, nodeid: str) -> str:
        return BROWSER if nodeid.startswith(BROWSER) else str(super()._split_scope(nodeid))


def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> LoadFileScheduling | None:
    """Asked only where there are workers."""
    return Scheduling(config, log) if config.getoption("dist") == "loadfile" else None


def pytest_collection_finish(session: pytest.Session) -> None:
    """What is there now stays to the end: modules, classes and the tests themselves. The collector, which would look
    through all of it thousands of times in vain, leaves it out, and looks at what tests make less often.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 20)


@pytest.fixture(scope="session")
def django_db_modify_db_settings(
    django_db_modify_db_settings_parallel_suffix: None,
    django_db_blocker: DjangoDbBlocker,
    django_db_keepdb: bool,
    django_db_createdb: bool,
) -> None:
    """Workers copy a database that was migrated once instead of migrating one each."""
    if django_db_keepdb and not django_db_createdb:
        # Most likely it is there.
        return
    with django_db_blocker.unblock():
        connection.settings_dict["TEST"]["TEMPLATE"] = template.ensure()


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup: None) -> Iterator[None]:
    """The database can be dropped at the end: what a thread left in a circle of references is closed by then."""
    yield
    gc.collect()


# What migrations made of the code's own models stays: making it again after each test took most of the time.
KEPT = ("django_migrations", "django_content_type", "auth_permission")


@pytest.fixture(scope="session", autouse=True)
def flushing_is_quick_and_empties_the_ledger_too() -> Iterator[None]:
    """Tests that commit end by emptying every table. Truncating a hundred takes long each time, and the ledger's
    triggers refuse it: only what has rows is deleted, and triggers look away.
    """
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(DatabaseOperations, "execute_sql_flush", _delete_rows)
        patch.setattr(flush, "emit_post_migrate_signal", lambda *_arguments, **_options: None)
        yield


def _delete_rows(operations: DatabaseOperations, _truncate: Any) -> None:
    connection = operations.connection
    names = sorted({*connection.introspection.django_table_names(only_existing=True)}.difference(KEPT))
    with connection.cursor() as cursor, atomic(connection.alias):
        cursor.execute(" UNION ALL ".join(f"SELECT '{name}' WHERE EXISTS (SELECT FROM {name})" for name in names))
        filled = [name for (name,) in cursor.fetchall()]
        cursor.execute("SET LOCAL session_replication_role = replica")
        for name in filled:
            cursor.execute(f"DELETE FROM {name}")


@pytest.fixture(autouse=True)
def apart(settings: Any, tmp_path: Path) -> Iterator[None]:
    """Each test has its own media, and rate limits and caches of its own; and leaves nobody's language behind, as a
    request by a test's client does.
    """
    settings.MEDIA_ROOT = tmp_path / "media"
    settings.PRIVATE_ROOT = tmp_path / "private"
    cache.clear()
    yield
    translation.deactivate()
    timezone.deactivate()


@pytest.fixture
def stripe_emulator(settings: Any) -> Iterator[Emulator]:
    """An emulator of its own, in-process and strict, which the gateway speaks to and which signs events for our
    door.
    """
    emulator = Emulator(":memory:", secret_key=settings.STRIPE_SECRET_KEY, strict=True)
    emulator.add_webhook_endpoint(f"http://testserver{PLATFORM}", settings.STRIPE_WEBHOOK_SECRETS[0], connect=False)
    emulator.add_webhook_endpoint(
        f"http://testserver{CONNECT}", settings.STRIPE_CONNECT_WEBHOOK_SECRETS[0], connect=True
    )
    with gateway.speaking_through(InProcessHTTPClient(emulator)):
        yield emulator
    emulator.close()


@pytest.fixture
def world(stripe_emulator: Emulator) -> World:
    """Stripe and the people who trade."""
    return World(stripe_emulator)
