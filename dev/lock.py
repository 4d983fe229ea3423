"""Resolve pyproject.toml into the locks, uv itself included: `python dev/lock.py`."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
UV = ROOT / ".venv" / "bin" / "uv"
# No index address is written: which registry a machine uses is its own business.
COMMON = ["--universal", "--python-version", "3.12", "--generate-hashes", "--no-header", "--no-emit-index-url"]
COMMON += ["--no-annotate", "--quiet"]


def main() -> int:
    """Rewrite both locks; versions move only when the requirements say so or `--upgrade` is given."""
    extra = sys.argv[1:]
    uv = subprocess.run([UV, "--version"], capture_output=True, text=True, check=True).stdout.split()[1]
    compile_lock(["pyproject.toml", "--group", "dev", "-o", "requirements.lock", *extra])
    # The same versions without the developers' tools, for the image. Constrained by the lock, so it cannot differ.
    compile_lock(["pyproject.toml", "-c", "requirements.lock", "-o", "requirements.production.lock"])
    compile_lock(["-", "-o", "dev/uv.lock.txt", *extra], f"uv=={uv}\n")
    print("Wrote requirements.lock, requirements.production.lock and dev/uv.lock.txt. `make install` follows them.")
    return 0


def compile_lock(arguments: list[str], requirements: str | None = None) -> None:
    """One run of the resolver."""
    subprocess.run([UV, "pip", "compile", *COMMON, *arguments], cwd=ROOT, input=requirements, text=True, check=True)


if __name__ == "__main__":
    raise SystemExit(main())
