"""How a behaviour says where it is known from and what it takes."""

import pytest

# docs: Stripe's documentation. library: stripe-python's types and docstrings. assumed: nobody has looked.
SOURCES = ("docs", "library", "assumed")


def source(name: str) -> pytest.MarkDecorator:
    """Where the behaviour is known from: one of SOURCES."""
    assert name in SOURCES, name
    return pytest.mark.source(name)


def needs(*controls: str) -> pytest.MarkDecorator:
    """The behaviour takes controls that only the emulator has; on Stripe it is skipped, and says why."""
    return pytest.mark.needs(*controls)
