"""What every test may use."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pgtrigger
import pytest
from django.core.cache import cache
from django.db.backends.postgresql.operations import DatabaseOperations


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
    cache.clear()
