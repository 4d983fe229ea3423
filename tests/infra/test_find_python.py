"""The search for a Python that can carry the project."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = Path(__file__).resolve().parents[2] / "dev" / "find-python.sh"
REFUSES = '#!/bin/sh\necho "pyenv: $0: command not found" >&2\nexit 127\n'


@pytest.fixture
def machine(tmp_path: Path) -> Path:
    """A machine with nothing but a shell: an empty PATH folder and an empty home."""
    (tmp_path / "bin").mkdir()
    (tmp_path / "home").mkdir()
    for tool in ("sh", "cat"):
        (tmp_path / "bin" / tool).symlink_to(str(shutil.which(tool)))
    return tmp_path


def put(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    path.chmod(0o755)


def real_python() -> str:
    """A program that behaves like the Python running this."""
    return f'#!/bin/sh\nexec {sys.executable} "$@"\n'


def search(machine: Path, **extra: str) -> subprocess.CompletedProcess[str]:
    environment = {"PATH": str(machine / "bin"), "HOME": str(machine / "home"), "PYTHON_FOLDERS": "", **extra}
    return subprocess.run(["/bin/sh", SCRIPT], env=environment, capture_output=True, text=True, check=False)


def test_a_python_on_the_path_is_found(machine: Path) -> None:
    put(machine / "bin" / "python3", real_python())

    found = search(machine)

    assert found.stdout.strip() == sys.executable


def test_a_shim_that_refuses_is_passed_over_for_pyenvs_versions_folder(machine: Path) -> None:
    for name in ("python3.13", "python3.12", "python3"):
        put(machine / "bin" / name, REFUSES)
    put(machine / "home" / ".pyenv" / "versions" / "3.12.7" / "bin" / "python3", real_python())

    found = search(machine)

    assert found.returncode == 0
    assert found.stdout.strip() == sys.executable


def test_uv_is_asked_when_nothing_else_is_there(machine: Path) -> None:
    put(machine / "python" / "bin" / "python3", real_python())
    put(machine / "bin" / "uv", f"#!/bin/sh\necho {machine}/python/bin/python3\n")

    found = search(machine)

    assert found.stdout.strip() == sys.executable


def test_an_old_python_does_not_count(machine: Path) -> None:
    put(machine / "bin" / "python3", "#!/bin/sh\nexit 1\n")

    found = search(machine)

    assert found.returncode == 1
    assert "No Python 3.12 or newer" in found.stderr


def test_without_any_python_a_person_reads_how_to_get_one(machine: Path) -> None:
    found = search(machine)

    assert found.returncode == 1
    assert found.stdout == ""
    for way in ("apt-get install python3", "brew install", "pyenv install", "uv python install", "PYTHON="):
        assert way in found.stderr


def test_a_python_named_by_hand_must_suit(machine: Path) -> None:
    put(machine / "old", "#!/bin/sh\nexit 1\n")
    put(machine / "bin" / "python3", real_python())

    found = search(machine, PYTHON=str(machine / "old"))

    assert found.returncode == 1
    assert f"PYTHON={machine / 'old'} is not a Python 3.12 or newer" in found.stderr


def test_the_script_is_executable() -> None:
    assert os.access(SCRIPT, os.X_OK)
