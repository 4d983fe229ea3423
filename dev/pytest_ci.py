"""A pytest plugin for continuous integration: a browser test that is skipped there has not been run, so it fails."""

from collections.abc import Generator

import pytest

HINT = "Skipped, but CI must run the browser tests: is a Chromium installed?"


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item,
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Turn the skip of a test marked `browser` into a failure that keeps the reason."""
    report = yield
    if report.skipped and item.get_closest_marker("browser") and not hasattr(report, "wasxfail"):
        reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else report.longrepr
        report.outcome = "failed"
        report.longrepr = f"{HINT} {reason}"
    return report
