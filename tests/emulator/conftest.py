"""Every test has a strict emulator of its own, in memory, with a frozen clock."""

from collections.abc import Iterator

import pytest
import stripe

from emulator.core import Emulator
from tests.emulator.shop import Shop
from tests.stripe_inprocess import in_process_client


@pytest.fixture
def em() -> Iterator[Emulator]:
    emulator = Emulator(seed=7, clock="frozen", strict=True)
    yield emulator
    emulator.require_conservation()
    emulator.close()


@pytest.fixture
def client(em: Emulator) -> stripe.StripeClient:
    return in_process_client(em)


@pytest.fixture
def shop(em: Emulator, client: stripe.StripeClient) -> Shop:
    return Shop(em, client)
