"""Any sequence of sends, crashes, faults and waiting ends with each thing done once (invariants I07, I09).

`OPERATION_EXAMPLES=1000 … tests/unit/gateway/test_machine.py -q -s` plays longer; what was played is printed.
"""

import os

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import run_state_machine_as_test

from gateway import claims, finders, lookups
from tests.unit.gateway.machine import Game

pytestmark = [pytest.mark.django_db, pytest.mark.slow]

EXAMPLES = int(os.environ.get("OPERATION_EXAMPLES", "25"))


def play(examples: int, *, shrink: bool = True) -> None:
    rules = settings(
        max_examples=examples,
        stateful_step_count=25,
        deadline=None,
        derandomize="OPERATION_EXAMPLES" not in os.environ,
        database=None,
        phases=[Phase.generate, *([Phase.shrink] if shrink else [])],
        report_multiple_bugs=False,
        suppress_health_check=list(HealthCheck),
    )
    run_state_machine_as_test(Game, settings=rules)


def test_i07_i09_whatever_happens_each_thing_is_done_once_and_no_old_key_is_sent() -> None:
    Game.played.clear()

    play(EXAMPLES)

    print(dict(Game.played))  # noqa: T201 - the figure is the point
    assert Game.played["examples"] >= EXAMPLES
    assert Game.played["superseded"]
    assert Game.played["adopted"]


def test_control_without_the_look_up_an_old_key_is_sent(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lookups, "is_needed", lambda operation: False)
    monkeypatch.setattr(lookups, "too_old", lambda operation, moment: False)

    with pytest.raises(AssertionError, match=r"was sent after|^assert"):
        play(200, shrink=False)


def test_control_a_look_up_that_finds_nothing_does_things_twice(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(finders, "find", lambda operation: None)

    with pytest.raises(AssertionError):
        play(200, shrink=False)


def test_control_a_lease_that_ends_nowhere_leaves_things_undone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(claims, "is_leased", lambda operation: operation.status == "submitting")

    with pytest.raises(AssertionError, match="does not come to an end"):
        play(200, shrink=False)
