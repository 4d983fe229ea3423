"""`make bench-emulator` measures everything it says it does."""

import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def test_each_goal_has_its_line_with_a_figure_and_what_it_is_compared_with() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "bench.emulated", "--small"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )

    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    assert [line.split()[0] for line in lines] == ["E1", "E2", "E3", "E4"]
    assert all(re.search(r" [<>]=\S+ (ok|short)  ", line) for line in lines)
    assert all("view" in line for line in lines[:3])
