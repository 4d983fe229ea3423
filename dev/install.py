"""Set up .venv from the lock: `python3.13 dev/install.py`. Standard library only."""

import fcntl
import shutil
import subprocess
import sys
import time
import venv
from hashlib import sha256
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
ENVIRONMENT = ROOT / ".venv"
PYTHON = ENVIRONMENT / "bin" / "python"
STAMP = ENVIRONMENT / ".installed"
LOCK = ROOT / "requirements.lock"
UV_LOCK = ROOT / "dev" / "uv.lock.txt"


def main() -> int:
    """Bring .venv in line with the lock. Two at once take turns; nothing to do takes no time."""
    if sys.argv[1:] == ["--is-current"]:
        return 0 if is_current() else 1
    (ROOT / "var").mkdir(exist_ok=True)
    with (ROOT / "var" / "install.lock").open("a") as turn:
        fcntl.flock(turn, fcntl.LOCK_EX)
        if is_current():
            return 0
        started = time.monotonic()
        say(f"Setting up .venv with Python {sys.version.split()[0]} ({sys.executable})")
        if not works():
            create()
        say("Installing the pinned uv")
        run(PYTHON, "-m", "pip", "install", "-q", "--disable-pip-version-check", "--require-hashes", "-r", UV_LOCK)
        say("Installing the locked packages, each checked against its hash")
        # sync installs exactly what the lock names; it never resolves, so it can never change a version.
        run(ENVIRONMENT / "bin" / "uv", "pip", "sync", "-q", "--python", PYTHON, "--require-hashes", LOCK)
        STAMP.write_text(fingerprint())
        say(f"Installed in {time.monotonic() - started:.0f} s")
    return 0


def is_current() -> bool:
    """Whether .venv works here and was made from exactly these locks."""
    return STAMP.exists() and STAMP.read_text() == fingerprint() and works()


def fingerprint() -> str:
    """The locks' contents; a touched file is no reason to install again, a changed one is."""
    return sha256(LOCK.read_bytes() + UV_LOCK.read_bytes()).hexdigest()


def works() -> bool:
    """A .venv may be there and broken: copied from elsewhere, or its Python gone."""
    if not PYTHON.exists():
        return False
    question = "import sys, pip; print(sys.prefix, sys.version_info >= (3, 12))"
    answer = subprocess.run([PYTHON, "-c", question], capture_output=True, text=True, check=False)
    return answer.stdout.split("\n")[0] == f"{ENVIRONMENT} True"


def create() -> None:
    """A fresh .venv, with the interpreter that runs this."""
    shutil.rmtree(ENVIRONMENT, ignore_errors=True)
    venv.create(ENVIRONMENT, with_pip=True, symlinks=True)


def run(*command: str | Path) -> None:
    """Run one step; on failure say which and stop."""
    result = subprocess.run([str(part) for part in command], cwd=ROOT, check=False)
    if result.returncode:
        raise SystemExit(f"This step failed (see above): {' '.join(str(part) for part in command)}")


def say(text: str) -> None:
    """Progress, at once."""
    print(f"install: {text}", flush=True)


if __name__ == "__main__":
    try:
        raise SystemExit(main())
    except PermissionError as error:
        raise SystemExit(f"install: {error.filename} belongs to another user. Use a copy of your own.") from error
