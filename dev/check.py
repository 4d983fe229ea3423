"""Everything that must be green before a change is merged: `python dev/check.py`, or `make check`.

All checks run even when an early one fails, and the tests come last, so that pytest's own count closes the output.
The types, which take longest of the rest, are checked beside the others.
"""

import os
import secrets
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
# Run as a script, Python puts dev/ on the path, not the project.
if str(ROOT) not in sys.path:
    sys.path.insert(0, str(ROOT))

from dev.postgres import ServiceError  # noqa: E402
from dev.services import ensure  # noqa: E402

PYTHON = sys.executable


@dataclass(frozen=True)
class Check:
    """One command that must end with 0."""

    title: str
    command: tuple[str, ...]
    environment: dict[str, str] = field(default_factory=dict)


def module(*parts: str) -> tuple[str, ...]:
    """A tool of .venv, run as a module: the scripts in bin/ hold the path .venv was made at."""
    return (PYTHON, "-m", *parts)


def manage(*parts: str) -> tuple[str, ...]:
    """A management command."""
    return (PYTHON, "manage.py", *parts)


def production() -> dict[str, str]:
    """Settings as an operator would give them, made up on the spot: `check --deploy` must have nothing to say."""
    return {
        "MARKETPLACE_ENV": "production",
        "SECRET_KEY": secrets.token_urlsafe(64),
        "ALLOWED_HOSTS": "shop.example",
        "SITE_URL": "https://shop.example",
        "STRIPE_SECRET_KEY": f"rk_test_{secrets.token_hex(24)}",
        "STRIPE_WEBHOOK_SECRETS": f"whsec_{secrets.token_hex(16)}",
        "STRIPE_CONNECT_WEBHOOK_SECRETS": f"whsec_{secrets.token_hex(16)}",
        "EMAIL_URL": "smtp+tls://user:password@mail.example:587",
        "DEFAULT_FROM_EMAIL": "Shop <hello@shop.example>",
    }


def quick_checks() -> list[Check]:
    """Everything but types and tests, cheapest first."""
    return [
        Check("format", module("ruff", "format", "--check", ".")),
        Check("lint", module("ruff", "check", ".")),
        Check("direction of imports", (PYTHON, "-c", LINT_IMPORTS)),
        Check("templates", module("djlint", "--lint", "--quiet", *template_folders())),
        Check("system checks", manage("check", "--fail-level", "WARNING")),
        Check("system checks for production", manage("check", "--deploy", "--fail-level", "WARNING"), production()),
        Check("migrations", manage("makemigrations", "--check", "--dry-run")),
    ]


TYPES = Check("types", module("mypy", "."))

# import-linter has no `python -m` of its own.
LINT_IMPORTS = "import sys; from importlinter.cli import lint_imports_command; sys.exit(lint_imports_command())"

MAKE_TEST_DATABASE = "import django; django.setup(); from dev import template; template.ensure()"
# While the types are checked; what is wrong with it the tests' own attempt would say as well.
TEST_DATABASE = Check(
    "database for the tests",
    (PYTHON, "-c", MAKE_TEST_DATABASE),
    {"DJANGO_SETTINGS_MODULE": "marketplace.settings"},
)


def template_folders() -> list[str]:
    """Where templates live."""
    folders = [ROOT / "templates", *ROOT.glob("*/templates"), *ROOT.glob("emulator/*/templates")]
    return [str(folder.relative_to(ROOT)) for folder in folders if folder.is_dir()]


@dataclass(frozen=True)
class Result:
    """How a check ended."""

    check: Check
    code: int
    output: str
    seconds: float


def run(check: Check, environment: dict[str, str]) -> Result:
    """Run one check to its end."""
    began = time.monotonic()
    done = subprocess.run(
        check.command,
        cwd=ROOT,
        env={**environment, **check.environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    return Result(check, done.returncode, done.stdout, time.monotonic() - began)


def results(checks: list[Check], environment: dict[str, str]) -> Iterator[Result]:
    """The results of `checks`, one after the other, and at last that of the types, checked beside them."""
    with ThreadPoolExecutor(max_workers=1) as beside:
        types = beside.submit(run, TYPES, environment)
        for check in checks:
            yield run(check, environment)
        yield types.result()


def passes(result: Result) -> bool:
    """Say how it ended; its output is shown only when it failed."""
    word = "FAILED" if result.code else "ok"
    print(f"check: {result.check.title} ... {word} ({result.seconds:.1f} s)", flush=True)
    if result.code:
        print(f"$ {' '.join(result.check.command)}\n{result.output}", flush=True)
    return result.code == 0


def main() -> int:
    """0 when everything is green. `--static` leaves the tests out."""
    os.chdir(ROOT)
    only_static = sys.argv[1:] == ["--static"]
    try:
        environment = {**os.environ, **ensure("test"), "MARKETPLACE_ENV": "test"}
    except ServiceError as error:
        print(error, file=sys.stderr)
        return 1
    checks = quick_checks() if only_static else [*quick_checks(), TEST_DATABASE]
    failed = [result.check.title for result in results(checks, environment) if not passes(result)]
    if failed:
        print(f"check: FAILED so far: {', '.join(failed)}", flush=True)
    if only_static:
        return 1 if failed else 0
    print("check: tests", flush=True)
    # The very command the README gives.
    tests = subprocess.run(["make", "--no-print-directory", "test"], check=False)
    return 1 if failed or tests.returncode else 0


if __name__ == "__main__":
    raise SystemExit(main())
