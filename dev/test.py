"""Run the tests on real servers: `python dev/test.py [pytest arguments]`.

Without a path everything runs, on two workers. TEST_SUFFIX keeps several runs at once apart: it names the test
databases, and each name gets a Redis database of its own.
"""

import os
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
# Run as a script, Python puts dev/ on the path, not the project.
if str(ROOT) not in sys.path:
    sys.path.insert(0, str(ROOT))

from dev.messages import compile_all  # noqa: E402
from dev.postgres import ServiceError  # noqa: E402
from dev.services import Services  # noqa: E402

# File by file, in the order tests/conftest.py puts them in: what takes longest first.
PARALLEL = ["-n", "2", "--dist", "loadfile", "--no-loadscope-reorder"]


def environment() -> dict[str, str]:
    """The test run's environment on top of the caller's."""
    compile_all()
    services = Services("test")
    found = services.ensure()
    if services.valkey is not None:
        found["REDIS_URL"] = services.valkey.url(services.redis_database(os.environ.get("TEST_SUFFIX", "")))
    # As in the Makefile: tests start programs by the dozen, and each would compile every library anew.
    inherited = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    return {**inherited, **found, "MARKETPLACE_ENV": "test", "DJANGO_SETTINGS_MODULE": "marketplace.settings"}


def pytest_arguments(given: list[str]) -> list[str]:
    """Everything in parallel when no path is named; a named path as the caller asks."""
    names_a_path = any(not a.startswith("-") and ("/" in a or a.endswith(".py") or "::" in a) for a in given)
    asks_for_workers = any(argument.startswith(("-n", "--numprocesses")) for argument in given)
    return given if names_a_path or asks_for_workers else [*PARALLEL, *given]


def main() -> None:
    """Replace this process by pytest, so that signals and the exit code are pytest's own."""
    os.chdir(ROOT)
    try:
        found = environment()
    except ServiceError as error:
        raise SystemExit(str(error)) from error
    strict = ["-p", "dev.pytest_ci"] if os.environ.get("CI", "").lower() in ("1", "true") else []
    command = [sys.executable, "-m", "pytest", *strict, *pytest_arguments(sys.argv[1:])]
    os.execve(sys.executable, command, found)  # noqa: S606


if __name__ == "__main__":
    main()
