"""Whatever people, banks, Stripe and dying processes do, no minor unit is lost, doubled or unexplained.

A small game in every run; `python -m tests.sim --steps 5000` plays a long one.
"""

from __future__ import annotations

import ast
import os

import hypothesis
import pytest
from hypothesis import HealthCheck, Phase, reproduce_failure, seed, settings
from hypothesis.stateful import run_state_machine_as_test

from tests.sim.machine import MoneyGame
from tests.sim.stand import Stand

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]

STEPS = int(os.environ.get("SIM_STEPS", "0"))
REPLAY = os.environ.get("SIM_REPLAY", "")
SEED = os.environ.get("SIM_SEED", "")
SMALL = 150
# A long game has more of a past to stumble over, and begins and comes to rest less often.
STEPS_OF_AN_EXAMPLE = 60 if STEPS else 30


def play(steps: int, *, shrink: bool = True) -> None:
    """Games of STEPS_OF_AN_EXAMPLE steps each until there were so many steps."""
    rules = settings(
        max_examples=max(1, steps // STEPS_OF_AN_EXAMPLE),
        stateful_step_count=STEPS_OF_AN_EXAMPLE,
        deadline=None,
        derandomize=not STEPS,
        database=None,
        phases=[Phase.generate, *([Phase.shrink] if shrink else [])],
        report_multiple_bugs=False,
        suppress_health_check=list(HealthCheck),
        print_blob=True,
    )
    game = seed(int(SEED))(MoneyGame) if SEED else MoneyGame
    if REPLAY:
        game = reproduce_failure(hypothesis.__version__, ast.literal_eval(REPLAY))(MoneyGame)
    run_state_machine_as_test(game, settings=rules)


def test_no_minor_unit_is_lost_whatever_happens(stand: Stand) -> None:
    play(STEPS or SMALL, shrink=not os.environ.get("SIM_NO_SHRINK"))

    played = MoneyGame.played
    print("\n" + "\n".join(f"{count:7} {what}" for what, count in sorted(played.items())))  # noqa: T201
    assert played["at rest"] == played["examples"] > 0
