"""`make bench` measures the sweep over due orders as it says it does."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.slow
def test_the_sweeps_goals_have_their_lines_and_every_due_order_is_released_once() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "bench.money", "--small"],
        cwd=ROOT,
        # A database of its own: the other benches' tests may run at the same time.
        env={**os.environ, "TEST_SUFFIX": f"{os.environ.get('TEST_SUFFIX', '')}money"},
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )

    assert done.returncode == 0, done.stderr
    g9, g11 = done.stdout.splitlines()
    assert re.match(r"G9 claim \d\.\d\d \(.*\)x, its last fifth \d\.\d\dx, the sweep's .*, once 90/90 ", g9)
    assert re.match(r"G11 release \d+\.\d\dx, once 90/90 by 90 of 90 transfers ", g11)
    assert all(re.search(r" (ok|short)  ", line) for line in (g9, g11))
