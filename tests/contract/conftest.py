"""Behaviours of Stripe Connect: run against the emulator, or with STRIPE_CONTRACT_KEY against Stripe's test mode."""

import collections
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from emulator.core import Emulator
from tests.contract.marks import SOURCES
from tests.contract.target import CONTROLS, Target, emulated_target, stripe_target

HERE = Path(__file__).parent
KEY, SELLER, ADDRESS = "STRIPE_CONTRACT_KEY", "STRIPE_CONTRACT_SELLER", "STRIPE_CONTRACT_ADDRESS"


def require_test_key(key: str, in_ci: bool) -> None:
    """Only a test key, and never in CI: what runs unattended stays offline."""
    if key and not key.startswith(("sk_test_", "rk_test_")):
        raise pytest.UsageError(f"{KEY} must be a test key: these behaviours move money.")
    if key and in_ci:
        raise pytest.UsageError(f"{KEY} is not for CI: the behaviours run against the emulator there.")


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "source(name): where a behaviour is known from")
    config.addinivalue_line("markers", "needs(*controls): what only the emulator can do for a behaviour")
    require_test_key(os.environ.get(KEY, ""), os.environ.get("CI", "").lower() in ("1", "true"))


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Every behaviour names its source; those that take the emulator's controls are skipped on Stripe."""
    for item in items:
        if HERE not in item.path.parents or item.path.name == "test_the_suite.py":
            continue
        marks = [mark.args[0] for mark in item.iter_markers("source")]
        if len(marks) != 1:
            raise pytest.UsageError(f"{item.nodeid} must have exactly one @source.")
        item.user_properties.append(("source", marks[0]))
        wanted = _controls(item)
        if wanted and os.environ.get(KEY):
            item.add_marker(pytest.mark.skip(reason="; ".join(CONTROLS[one] for one in sorted(wanted))))


def _controls(item: Any) -> frozenset[str]:
    found = frozenset(control for mark in item.iter_markers("needs") for control in mark.args)
    assert found <= CONTROLS.keys(), found
    return found


@pytest.fixture
def target(request: pytest.FixtureRequest) -> Iterator[Target]:
    """An emulator of its own, strict and frozen; or the account of STRIPE_CONTRACT_KEY."""
    controls = _controls(request.node)
    key = os.environ.get(KEY)
    if key:
        yield stripe_target(key, controls, os.environ.get(SELLER, ""), os.environ.get(ADDRESS, ""))
        return
    em = Emulator(clock="frozen", strict=True)
    yield emulated_target(em, controls)
    em.require_conservation()
    em.close()


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """How many behaviours of which source held."""
    counts: dict[str, collections.Counter[str]] = {name: collections.Counter() for name in SOURCES}
    for outcome in ("passed", "failed", "skipped"):
        for report in terminalreporter.stats.get(outcome, []):
            found = dict(getattr(report, "user_properties", ())).get("source")
            if found in counts:
                counts[found][outcome] += 1
    total = sum((count for count in counts.values()), collections.Counter())
    if not total:
        return
    against = os.environ.get(ADDRESS) or "Stripe's test mode" if os.environ.get(KEY) else "the emulator"
    terminalreporter.section(f"{total.total()} behaviours of Stripe against {against}")
    for name, count in counts.items():
        terminalreporter.line(f"{name:8} {count.total():4}: " + ", ".join(f"{n} {what}" for what, n in count.items()))
