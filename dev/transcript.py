"""A transcript of a whole test run: `python dev/transcript.py [pytest arguments]`.

Every emulator that the tests start, in-process or as a process of its own, writes down what it was asked, what it
answered and which events it raised. All of it becomes one file, var/transcript.jsonl, whose every line is checked.
"""

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
RESULT = ROOT / "var" / "transcript.jsonl"


def tests(folder: str, arguments: list[str]) -> int:
    """Run them with the folder for transcripts in the environment."""
    environment = {**os.environ, "EMULATOR_TRANSCRIPT_DIR": folder}
    return subprocess.run(
        [sys.executable, "dev/test.py", *arguments], cwd=ROOT, env=environment, check=False
    ).returncode


def gather(folder: str) -> None:
    """One file of all: each emulator's lines stay together and in their order."""
    RESULT.parent.mkdir(exist_ok=True)
    with RESULT.open("wb") as result:
        for path in sorted(Path(folder).glob("*.jsonl"), key=lambda path: (path.stat().st_mtime_ns, path.name)):
            with path.open("rb") as part:
                shutil.copyfileobj(part, result)


def main() -> int:
    """The tests' own code when they fail, else whether the transcript is well-formed."""
    with tempfile.TemporaryDirectory(prefix="transcript-") as folder:
        failed = tests(folder, sys.argv[1:])
        gather(folder)
    print(RESULT.relative_to(ROOT), flush=True)
    checking = [sys.executable, "-m", "emulator", "check-transcript", str(RESULT)]
    return subprocess.run(checking, cwd=ROOT, check=False).returncode or failed


if __name__ == "__main__":
    raise SystemExit(main())
