"""Held money does not leave for the platform's bank by itself."""

import pytest
from django.core.management import CommandError, call_command

from tests.factories import ListingFactory
from tests.world import World

pytestmark = pytest.mark.django_db(transaction=True)


def _pay(world: World) -> None:
    client, _customer = world.buyer()
    purchase = world.check_out(client, ListingFactory(seller=world.seller()))
    world.pay(str(purchase.payments.get().session_id))
    world.settle()


def test_set_to_manual_the_platforms_balance_stays(world: World) -> None:
    call_command("own_payouts_manual")
    call_command("own_payouts_manual")
    _pay(world)

    before = world.stripe_total()
    with world.later(days=10):
        assert world.stripe_total() == before != {}


def test_control_without_it_stripe_pays_it_out(world: World) -> None:
    _pay(world)

    with world.later(days=10):
        assert world.stripe_total() == {}


def test_a_silent_stripe_is_said(world: World) -> None:
    world.emulator.faults.add("error_before", match="POST /v1/balance_settings", status=500)

    with pytest.raises(CommandError, match="Stripe did not set it"):
        call_command("own_payouts_manual")
