"""Everything that must be green before a change is merged: `python dev/check.py`, or `make check`.

All checks run even when an early one fails, and the tests come last, so that pytest's own count closes the output.
"""

import os
import secrets
import subprocess
import sys
import time
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


def static_checks() -> list[Check]:
    """Everything but the tests, cheapest first."""
    return [
        Check("format", module("ruff", "format", "--check", ".")),
        Check("lint", module("ruff", "check", ".")),
        Check("direction of imports", (PYTHON, "-c", LINT_IMPORTS)),
        Check("templates", module("djlint", "--lint", "--quiet", *template_folders())),
        Check("system checks", manage("check", "--fail-level", "WARNING")),
        Check("system checks for production", manage("check", "--deploy", "--fail-level", "WARNING"), production()),
        Check("migrations", manage("makemigrations", "--check", "--dry-run")),
        Check("types", module("mypy", ".")),
    ]


# import-linter has no `python -m` of its own.
LINT_IMPORTS = "import sys; from importlinter.cli import lint_imports_command; sys.exit(lint_imports_command())"


def template_folders() -> list[str]:
    """Where templates live."""
    folders = [ROOT / "templates", *ROOT.glob("*/templates"), *ROOT.glob("emulator/*/templates")]
    return [str(folder.relative_to(ROOT)) for folder in folders if folder.is_dir()]


def passes(check: Check, environment: dict[str, str]) -> bool:
    """Run one check; its output is shown only when it fails."""
    print(f"check: {check.title} ...", end="", flush=True)
    began = time.monotonic()
    result = subprocess.run(
        check.command,
        cwd=ROOT,
        env={**environment, **check.environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    print(f" {'ok' if result.returncode == 0 else 'FAILED'} ({time.monotonic() - began:.1f} s)", flush=True)
    if result.returncode:
        print(f"$ {' '.join(check.command)}\n{result.stdout}", flush=True)
    return result.returncode == 0


def main() -> int:
    """0 when everything is green. `--static` leaves the tests out."""
    os.chdir(ROOT)
    try:
        environment = {**os.environ, **ensure("test"), "MARKETPLACE_ENV": "test"}
    except ServiceError as error:
        print(error, file=sys.stderr)
        return 1
    failed = [check.title for check in static_checks() if not passes(check, environment)]
    if failed:
        print(f"check: FAILED so far: {', '.join(failed)}", flush=True)
    if sys.argv[1:] == ["--static"]:
        return 1 if failed else 0
    print("check: tests", flush=True)
    # The very command the README gives.
    tests = subprocess.run(["make", "--no-print-directory", "test"], check=False)
    return 1 if failed or tests.returncode else 0


if __name__ == "__main__":
    raise SystemExit(main())
