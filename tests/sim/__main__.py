"""Play the money game for long: `python -m tests.sim --steps 5000 [--no-shrink]`.

Prints how many steps and examples were played, and how often each rule, refusal, fault and death came up.
"""

import argparse
import os
import sys
from pathlib import Path

from dev import test

GAME = "tests/sim/test_money.py::test_no_minor_unit_is_lost_whatever_happens"


def main() -> None:
    """Replace this process by pytest on real servers, as dev/test.py does."""
    parser = argparse.ArgumentParser(prog="python -m tests.sim", description=(__doc__ or "").split("\n", maxsplit=1)[0])
    parser.add_argument("--steps", type=int, default=5000, help="about how many; what was played is printed")
    parser.add_argument("--seed", type=int, help="play the same game again")
    parser.add_argument("--no-shrink", action="store_true", help="show the first failure as it was found")
    parser.add_argument("--replay", metavar="BLOB", help="the b'…' of @reproduce_failure that a failure printed")
    asked = parser.parse_args()
    os.environ["SIM_STEPS"] = str(asked.steps)
    if asked.seed is not None:
        os.environ["SIM_SEED"] = str(asked.seed)
    if asked.replay:
        os.environ["SIM_REPLAY"] = asked.replay
    if asked.no_shrink:
        os.environ["SIM_NO_SHRINK"] = "1"
    os.environ.setdefault("LOG_LEVEL", "ERROR")
    sys.argv = [str(Path(test.__file__)), GAME, "-q", "-s"]
    test.main()


if __name__ == "__main__":
    main()
