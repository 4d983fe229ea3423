"""The conservation game for as long as one likes: `python -m tests.emulator.long_run --steps 100000`."""

from __future__ import annotations

import argparse
import collections
import sys
import time

from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import run_state_machine_as_test

from tests.emulator.market import Market
from tests.emulator.opening import PLAYED

ROUND = 50


def play(steps: int) -> collections.Counter[str]:
    """Play rounds of random games until so many steps are done, and print the count; raises on the first wrong one."""
    rules = settings(
        max_examples=ROUND,
        stateful_step_count=60,
        deadline=None,
        database=None,
        print_blob=True,
        # what is found is printed with a way to play it again; making it smaller would take minutes here
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    PLAYED.clear()
    started = time.monotonic()
    while PLAYED["steps"] < steps:
        run_state_machine_as_test(Market, settings=rules)
        _report(started)
    _report(started, end="\n")
    return PLAYED.copy()


def _report(started: float, end: str = "\r") -> None:
    seconds = time.monotonic() - started
    line = f"{PLAYED['steps']} steps, {PLAYED['requests']} requests in {seconds:.0f} s, money conserved after each"
    sys.stdout.write(line + end)
    sys.stdout.flush()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--steps", type=int, default=100_000)
    play(parser.parse_args().steps)


if __name__ == "__main__":
    main()
