"""Any sequence of sends, crashes, faults and waiting ends with each thing done once (invariants I07, I09).

`OPERATION_EXAMPLES=1000 … tests/unit/gateway/test_machine.py -q -s` plays longer; what was played is printed.
"""

import os

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import run_state_machine_as_test

from tests.unit.gateway.machine import Game

EXAMPLES = int(os.environ.get("OPERATION_EXAMPLES", "40"))


def play(examples: int) -> None:
    rules = settings(
        max_examples=examples,
        stateful_step_count=25,
        deadline=None,
        derandomize="OPERATION_EXAMPLES" not in os.environ,
        database=None,
        phases=[Phase.generate, Phase.shrink],
        suppress_health_check=list(HealthCheck),
    )
    run_state_machine_as_test(Game, settings=rules)


@pytest.mark.django_db
@pytest.mark.slow
def test_i07_i09_whatever_happens_each_thing_is_done_once_and_no_old_key_is_sent() -> None:
    Game.played.clear()

    play(EXAMPLES)

    print(dict(Game.played))  # noqa: T201 - the figure is the point
    assert Game.played["examples"] >= EXAMPLES
    assert Game.played["superseded"]
    assert Game.played["adopted"]
