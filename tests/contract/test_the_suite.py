"""The contract suite itself: what it refuses, and how it runs."""

import pytest

from tests.contract.conftest import require_test_key
from tests.contract.target import Target, emulated_target


@pytest.mark.parametrize(("key", "in_ci"), [("sk_live_x", False), ("rk_live_x", False), ("sk_test_x", True)])
def test_a_live_key_is_refused_and_so_is_any_key_in_ci(key: str, in_ci: bool) -> None:
    with pytest.raises(pytest.UsageError):
        require_test_key(key, in_ci)


def test_a_test_key_is_taken_and_none_is_needed() -> None:
    require_test_key("sk_test_x", False)
    require_test_key("", True)


def test_a_control_that_was_not_asked_for_is_not_given(target: Target) -> None:
    with pytest.raises(AssertionError, match="@needs"):
        target.advance(days=1)
    assert callable(emulated_target)
