"""`STRIPE_CONTRACT_KEY=sk_test_… python -m tests.contract`: the suite by itself, without the project's servers."""

import os
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).parent


def main() -> int:
    # neither the project's conftest, which wants a database, nor its settings
    apart = ["-p", "no:django", "-c", os.devnull, "--rootdir", str(HERE), "--confcutdir", str(HERE)]
    style = ["-p", "no:cacheprovider", "--import-mode=importlib", "-ra"]
    return int(pytest.main([str(HERE), *apart, *style, *sys.argv[1:]]))


if __name__ == "__main__":
    raise SystemExit(main())
