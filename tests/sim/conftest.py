"""The stage of the simulations."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any

import pytest

from tests.sim.machine import MoneyGame
from tests.sim.stand import Stand


@pytest.fixture
def stand(settings: Any) -> Iterator[Stand]:
    """With limits low enough that small amounts need a second person, and disputes that cost both sides."""
    settings.SECOND_PERSON_ABOVE = {"eur": 3000, "jpy": 3000, "usd": 3000}
    settings.DISPUTE_FEE_BORNE_BY = "seller"
    settings.DISPUTE_REASONS_BORNE_BY_PLATFORM = frozenset({"general"})
    with ExitStack() as stack:
        stage = Stand(stack)
        MoneyGame.stand = stage
        MoneyGame.played.clear()
        yield stage
