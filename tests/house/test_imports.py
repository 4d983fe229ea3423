"""The contracts on imports bite: in a copy of the project, each kind of forbidden import is found."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.house.tree import OURS, ROOT

PACKAGES = [*(room for room in sorted(OURS) if (ROOT / room).is_dir()), "emulator", "dev"]
# import-linter has no `python -m` of its own.
RUN = "import sys; from importlinter.cli import lint_imports_command; sys.exit(lint_imports_command())"

PLANTS = {
    "kit/planted_up.py": "import payments.models\n",
    "ledger/planted_inside.py": "def book() -> None:\n    from orders.models import Order\n\n    Order()\n",
    "gateway/planted_beside.py": "from ledger import journal\n",
    "orders/planted_stripe.py": "def pay() -> None:\n    import stripe\n\n    stripe.StripeClient\n",
    "emulator/planted_ours.py": "from kit import money\n",
    "payments/planted_emulator.py": "from emulator import core\n",
    "catalog/planted_tools.py": "import psutil\n",
}
BROKEN = {
    "A room imports only rooms below it",
    "Only the gateway imports stripe",
    "The emulator imports nothing of ours",
    "We import nothing of the emulator",
    "The rooms run without the developers' tools",
}


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """The project's packages and its contracts, without anything else."""
    for package in PACKAGES:
        shutil.copytree(ROOT / package, tmp_path / package, ignore=lambda folder, names: _no_code(Path(folder), names))
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    return tmp_path


def lint(project: Path) -> subprocess.CompletedProcess[str]:
    """import-linter as `make check` runs it, on the copy."""
    command = [sys.executable, "-c", RUN, "--no-cache"]
    return subprocess.run(command, cwd=project, capture_output=True, text=True, check=False, timeout=60)


def _no_code(folder: Path, names: list[str]) -> set[str]:
    return {name for name in names if (folder / name).is_file() and not name.endswith(".py")} | {"__pycache__"}


@pytest.mark.slow
def test_the_project_keeps_its_contracts(copy: Path) -> None:
    result = lint(copy)

    assert result.returncode == 0, result.stdout
    assert "0 broken" in result.stdout


@pytest.mark.slow
def test_every_planted_import_is_found_inside_functions_too(copy: Path) -> None:
    for path, text in PLANTS.items():
        (copy / path).write_text(text)

    result = lint(copy)

    assert result.returncode == 1
    assert set(re.findall(r"^(.+) BROKEN$", result.stdout, re.MULTILINE)) == BROKEN
    for path in PLANTS:
        assert path.removesuffix(".py").replace("/", ".") in result.stdout
