"""`make bench` measures the ledger as it says it does."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.slow
def test_the_ledgers_goals_have_their_lines_with_a_figure_and_what_it_is_compared_with() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "bench.books", "--small"],
        cwd=ROOT,
        # A database of its own: the other benches' tests may run at the same time.
        env={**os.environ, "TEST_SUFFIX": f"{os.environ.get('TEST_SUFFIX', '')}books"},
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )

    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    assert [line.split()[0] for line in lines] == ["G7", "G8"]
    assert all(re.search(r" (ok|short)  ", line) for line in lines)
    assert "20000 entries" in lines[1]
