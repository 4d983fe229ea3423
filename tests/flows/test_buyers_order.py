"""What a buyer reads and does on an order about its money: what comes next, where it went, and calling it off."""

from __future__ import annotations

import html
import re

import pytest
from django.test import Client

from cases.models import Case
from kit.clock import now
from orders import progress
from payments import holds, sweeps
from payments.models import Hold, Share
from tests.casework import accept, after, buyer_of, fresh, opened, signed_in
from tests.flows.test_guests import bought as bought_by_guest
from tests.flows.test_guests import link_in_of
from tests.world import World

pytestmark = pytest.mark.django_db


@pytest.fixture
def share(world: World) -> Share:
    """Alice paid 100.00 EUR for something that is not sent yet."""
    (share,) = world.bought((10_000,))
    return fresh(share)


@pytest.fixture
def alice(share: Share) -> Client:
    return signed_in(buyer_of(share))


def words(client: Client, path: str) -> str:
    """A page's words as they are read."""
    shown = client.get(path).content.decode().partition("<main")[2]
    return re.sub(r"\s+", " ", html.unescape(re.sub(r"<[^>]+>", " ", shown)))


def order_page(share: Share) -> str:
    return f"/orders/{share.order.purchase.number}/"


def cancel_page(share: Share) -> str:
    return f"/cases/new/{share.order.purchase.number}/{share.order.number}/?cancel=1"


def test_each_step_of_an_order_says_when_its_shop_is_paid(share: Share, alice: Client) -> None:
    unsent = words(alice, order_page(share))
    progress.fulfil(share.order, at=now(), actor="seller", reason="Sent.")
    sweeps.set_dates()
    sent = words(alice, order_page(share))
    progress.deliver(share.order, at=now(), actor="carrier", reason="Delivered.", said_by="carrier")
    sweeps.set_dates()
    arrived = words(alice, order_page(share))
    with after(days=60):
        sweeps.release_due()
    released = words(alice, order_page(share))

    shop = share.order.seller.name
    assert re.search(r"What is not sent by \d+ \w+ is cancelled, and your money goes back to you\.", unsent)
    assert re.search(rf"If we hear nothing from you, {shop} is paid on \d+ \w+\.", sent)
    assert "Held until you have it" in sent
    assert re.search(rf"{shop} is paid on \d+ \w+, unless you tell us before then that something is wrong\.", arrived)
    assert re.search(r"Held until \d+ \w+", arrived)
    assert "Held until you have it" not in arrived
    assert "is paid on" not in released
    assert "With the shop" in released


def test_what_holds_the_money_is_said_and_no_day_promised(share: Share, alice: Client) -> None:
    progress.fulfil(share.order, at=now(), actor="seller", reason="Sent.")
    sweeps.set_dates()
    holds.write(share, kind=Hold.Kind.DISPUTE, ref="dp_1", reason="Asked.", ends_when="Decided.", actor="bank")

    shown = words(alice, order_page(share))

    assert "Your bank is asked about this payment: the money stays where it is until it has decided." in shown
    assert "Held until your bank has decided" in shown
    assert "is paid on" not in shown


def test_an_open_case_stands_first_on_the_order(share: Share, alice: Client) -> None:
    progress.fulfil(share.order, at=now(), actor="seller", reason="Sent.")
    case = opened(share)

    shown = words(alice, order_page(share))

    assert f"{share.order.seller.name} has to answer. Until" in shown
    assert shown.index("See the case") < shown.index("I received it")
    assert case.number in shown


def test_a_buyer_asks_to_cancel_what_was_not_sent_and_the_shop_agrees(share: Share, alice: Client) -> None:
    listing = share.order.lines.get().listing
    before = listing.available
    assert cancel_page(share).replace("&", "&amp;") in alice.get(order_page(share)).content.decode()

    asked = words(alice, cancel_page(share))
    empty = alice.post(cancel_page(share), {"text": ""})
    answer = alice.post(cancel_page(share), {"text": "I ordered the wrong size."})
    case = Case.objects.get()
    accept(case)

    share.order.refresh_from_db()
    listing.refresh_from_db()
    assert "Cancel this order?" in asked
    assert "€100.00 go back to the card you paid with" in asked
    assert empty.status_code == 422
    assert answer.headers["Location"] == f"/cases/{case.number}/"
    assert (case.reason, case.asked) == ("cancel", 10_000)
    assert share.order.status == "cancelled"
    assert listing.available == before + 1
    assert (fresh(share).refunded, fresh(share).refunds.get().reason) == (10_000, "changed_mind")
    assert "Refunded" in words(alice, order_page(share))
    assert "Refunded" in words(alice, "/orders/")


def test_what_was_sent_is_not_cancelled_any_more(share: Share, alice: Client) -> None:
    progress.fulfil(share.order, at=now(), actor="seller", reason="Sent.")

    page = words(alice, cancel_page(share))
    answer = alice.post(cancel_page(share), {"text": "I ordered the wrong size."})

    assert "Cancel this order" not in words(alice, order_page(share))
    assert "What is wrong with it?" in page
    assert "I want to cancel it" not in page
    assert answer.status_code == 422
    assert not Case.objects.exists()


def test_an_order_given_back_asks_nothing_of_anybody(share: Share, alice: Client) -> None:
    Share.objects.filter(pk=share.pk).update(refunded=share.gross)

    shown = words(alice, order_page(share))

    assert f"You have all of your money for the order from {share.order.seller.name} again." in shown
    assert "sends your things next" not in shown
    assert "Shipped still to come" not in shown


def test_a_mails_link_opens_its_own_order_alone(world: World) -> None:
    here = Client()
    thing = world.listing(available=9)
    first = bought_by_guest(world, here, of=thing)
    second = bought_by_guest(world, here, of=thing)
    assert first.customer_id == second.customer_id
    forwarded = Client()

    opened_page = forwarded.get(link_in_of(second), follow=True)

    assert opened_page.redirect_chain[-1][0] == f"/orders/{second.number}/"
    assert forwarded.get(f"/receipts/{second.number}/").status_code == 200
    for path in (f"/orders/{first.number}/", f"/receipts/{first.number}/", f"/orders/{first.number}/status/"):
        assert forwarded.get(path).status_code == 302
        assert here.get(path).status_code in (200, 204)
