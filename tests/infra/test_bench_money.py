"""`make bench` measures the sweep over due orders as it says it does."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.slow
def test_g11_the_sweep_has_its_line_and_every_due_order_is_released_once() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "bench.money", "--small"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )

    assert done.returncode == 0, done.stderr
    (line,) = done.stdout.splitlines()
    assert re.match(r"G11 release \d+\.\d\dx, memory \d+\.\d\dx, once 120/120 by 120 transfers ", line)
    assert re.search(r" (ok|short)  ", line)
