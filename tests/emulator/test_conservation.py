"""Money neither appears nor vanishes, whatever is asked for, legal or not.

A short game with every test run. A long one: `EMULATOR_STEPS=100000 pytest tests/emulator/test_conservation.py -q -s`,
or without a database `python -m tests.emulator.long_run --steps 100000`; both print how many steps were played.
"""

import os

import pytest
from hypothesis import HealthCheck, settings

from tests.emulator.long_run import play
from tests.emulator.market import Market

TestMarket = Market.TestCase
TestMarket.settings = settings(
    max_examples=int(os.environ.get("MARKET_EXAMPLES", "15")),
    stateful_step_count=30,
    deadline=None,
    derandomize=True,
    suppress_health_check=list(HealthCheck),
)


@pytest.mark.skipif("EMULATOR_STEPS" not in os.environ, reason="a long game: say how many steps in EMULATOR_STEPS")
def test_money_is_conserved_for_as_many_steps_as_asked_for() -> None:
    wanted = int(os.environ["EMULATOR_STEPS"])

    played = play(wanted)

    assert played["steps"] >= wanted
