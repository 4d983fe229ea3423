"""What tests of the gateway may use."""

import pytest

from emulator.core import Emulator
from tests.unit.gateway.support import Market, Requests


@pytest.fixture
def market(stripe_emulator: Emulator) -> Market:
    """A seller and payments, made without operations."""
    return Market(stripe_emulator)


@pytest.fixture
def requests(stripe_emulator: Emulator) -> Requests:
    """What reaches Stripe from now on."""
    return Requests(stripe_emulator)
