"""What every test may use."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import pgtrigger
import pytest
from django.conf import settings
from django.core.cache import cache
from django.db.backends.postgresql.operations import DatabaseOperations

from emulator.core import Emulator
from gateway import client as gateway
from tests.chromium import browser  # noqa: F401 - a fixture
from tests.signing import CONNECT, PLATFORM
from tests.stripe_inprocess import InProcessHTTPClient
from tests.world import World


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


@pytest.fixture(scope="session", autouse=True)
def flushing_empties_the_ledger_too() -> Iterator[None]:
    """Transactional tests end by truncating every table; the ledger's triggers refuse that, so they are told to
    look away.
    """
    original = DatabaseOperations.execute_sql_flush

    def flush(self: DatabaseOperations, sql_list: Any) -> None:
        with pgtrigger.ignore():
            original(self, sql_list)

    DatabaseOperations.execute_sql_flush = flush  # type: ignore[method-assign]
    yield
    DatabaseOperations.execute_sql_flush = original  # type: ignore[method-assign]


@pytest.fixture(autouse=True)
def apart(settings: Any, tmp_path: Path) -> None:
    """Each test has its own media, and rate limits and caches of its own."""
    settings.MEDIA_ROOT = tmp_path / "media"
    settings.PRIVATE_ROOT = tmp_path / "private"
    cache.clear()


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
