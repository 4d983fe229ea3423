"""Carriers' word, from the shell."""

import pytest
from django.core.management import CommandError, call_command

from kit.clock import now
from orders import progress
from orders.models import Order
from tests.factories import ListingFactory
from tests.world import World

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def order(world: World) -> Order:
    """On its way with a tracking number."""
    listing = ListingFactory(seller=world.seller())
    client, _customer = world.buyer()
    purchase = world.check_out(client, listing)
    world.pay(str(purchase.payments.get().session_id))
    world.settle()
    order = purchase.orders.get()
    progress.fulfil(order, at=now(), actor="bob", reason="Sent.", carrier="DHL", tracking_number="JJD1")
    return order


def test_a_parcel_is_delivered_once_however_often_it_is_told(order: Order) -> None:
    call_command("carrier_delivered", "JJD1", "--carrier", "dhl")
    call_command("carrier_delivered", "JJD1")

    order.refresh_from_db()
    assert (order.status, order.delivered_by) == ("delivered", "carrier")
    assert order.moves.filter(to_status="delivered").count() == 1


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["JJD2"], "No parcel"),
        (["JJD1", "--carrier", "UPS"], "No parcel"),
        (["JJD1", "--at", "yesterday"], "no time"),
        (["JJD1", "--at", "2999-01-01T00:00:00Z"], "still to come"),
    ],
)
def test_what_cannot_be_is_said(order: Order, arguments: list[str], sentence: str) -> None:
    with pytest.raises(CommandError, match=sentence):
        call_command("carrier_delivered", *arguments)

    order.refresh_from_db()
    assert order.status == "fulfilled"
