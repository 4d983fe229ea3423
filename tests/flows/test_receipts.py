"""A buyer's receipt, on paper and on the page."""

import pytest
from django.test import Client

from payments import decisions, receipts
from payments.models import MoneyAction, Share
from tests.factories import ListingFactory
from tests.world import World

pytestmark = pytest.mark.django_db(transaction=True)

# What a layout language would read as markup, and letters of several scripts.
ODD = "#eval(1) $x$ *b* _i_ <l> @a \\ Żółć Ελληνικά"


def _bought(world: World) -> tuple[Client, Share]:
    listing = ListingFactory(seller=world.seller(), price=2400, title=ODD)
    client, _customer = world.buyer()
    purchase = world.check_out(client, listing)
    world.pay(str(purchase.payments.get().session_id))
    world.settle()
    return client, Share.objects.get(payment__purchase=purchase)


def test_a_receipt_names_what_was_paid_and_what_came_back(world: World) -> None:
    client, share = _bought(world)
    request = {"amount": 400, "reason": "goodwill", "policy": "platform"}
    decisions.by_itself(share, MoneyAction.Kind.REFUND, request, actor="test", reason="Sorry.")

    page = client.get(f"/receipts/{share.order.purchase.number}/").content.decode()

    assert "Żółć Ελληνικά" in page
    assert "Visa ending in 4242" in page
    assert "€24.00" in page
    assert "\u2212€4.00" in page
    assert "€20.00" in page


def test_the_pdf_takes_odd_titles_as_text(world: World) -> None:
    client, share = _bought(world)

    answer = client.get(f"/receipts/{share.order.purchase.number}.pdf")

    assert answer["Content-Type"] == "application/pdf"
    assert answer.content.startswith(b"%PDF-")


def test_only_the_buyer_sees_it_and_only_once_it_is_paid(world: World) -> None:
    _client, share = _bought(world)
    stranger, _customer = world.buyer("charlie@example.org")
    unpaid = world.check_out(stranger, ListingFactory(seller=share.order.seller))

    assert stranger.get(f"/receipts/{share.order.purchase.number}/").status_code == 404
    assert stranger.get(f"/receipts/{unpaid.number}/").status_code == 404
    assert receipts.receipt(unpaid) is None
