"""What happens by itself, and when: releases, warnings, late orders and the longest holding time."""

from datetime import timedelta

import pytest

from kit.clock import now
from kit.models import Mail
from orders import progress
from payments import sweeps
from payments.models import Refund, Release, Share
from payments.tasks import act_on_held_money
from tests.factories import ListingFactory, UserFactory
from tests.world import World

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def share(world: World) -> Share:
    """Alice paid 24.00 for something Bob has to send."""
    listing = ListingFactory(seller=world.seller(), price=2400)
    client, _customer = world.buyer()
    purchase = world.check_out(client, listing)
    world.pay(str(purchase.payments.get().session_id))
    world.settle()
    return Share.objects.get(payment__purchase=purchase)


def _mails(key: str) -> int:
    return Mail.objects.filter(key__startswith=key).count()


def test_the_carriers_word_leaves_the_buyer_three_days(world: World, share: Share) -> None:
    progress.fulfil(share.order, at=now(), actor="bob", reason="Sent.")
    progress.deliver(share.order, at=now(), actor="dhl", reason="Delivered.", said_by="carrier")

    with world.later(days=2):
        act_on_held_money()
        assert not Release.objects.exists()
    with world.later(days=2):
        act_on_held_money()
        act_on_held_money()

    assert Release.objects.get().status == "sent"


def test_without_a_word_the_buyer_is_warned_and_then_it_is_released(world: World, share: Share) -> None:
    progress.fulfil(share.order, at=now(), actor="bob", reason="Sent.")

    with world.later(days=12):
        act_on_held_money()
        act_on_held_money()
        assert (_mails("release-soon"), Release.objects.count()) == (1, 0)
    with world.later(days=3):
        act_on_held_money()

    share.refresh_from_db()
    assert share.status == "released"


def test_what_is_not_sent_is_warned_of_then_cancelled_and_refunded(world: World, share: Share) -> None:
    with world.later(days=5):
        act_on_held_money()
        act_on_held_money()
        assert (_mails("ship-soon"), Refund.objects.count()) == (1, 0)
    with world.later(days=3):
        act_on_held_money()
        act_on_held_money()

    share.refresh_from_db()
    refund = Refund.objects.get()
    assert (share.status, share.order.status, refund.amount, refund.policy) == ("returned", "cancelled", 2400, "seller")


def test_f53_three_quarters_of_the_holding_time_are_told_to_staff(world: World, share: Share) -> None:
    UserFactory(email="dana@example.org", is_staff=True)
    progress.fulfil(share.order, at=now(), actor="bob", reason="Sent.")
    Share.objects.update(release_basis="staff", release_at=now() + timedelta(days=400))

    with world.later(days=68):
        act_on_held_money()
        act_on_held_money()
        assert _mails("deadline-near") == 1
    with world.later(days=22):
        act_on_held_money()

    share.refresh_from_db()
    assert share.status == "released"


def test_f53_nothing_is_decided_over_an_open_dispute(world: World, share: Share) -> None:
    UserFactory(email="dana@example.org", is_staff=True)
    Share.objects.update(release_basis="staff", release_at=now() + timedelta(days=400))
    progress.fulfil(share.order, at=now(), actor="bob", reason="Sent.")
    share.holds.create(kind="dispute", ref="du_1", reason="r", ends_when="e", actor="bank", opened_at=now())

    with world.later(days=90):
        act_on_held_money()

    share.refresh_from_db()
    assert (share.status, _mails("deadline-blocked")) == ("held", 1)


def test_f49_a_seller_who_cannot_be_paid_waits_and_is_paid_later(world: World, share: Share) -> None:
    progress.fulfil(share.order, at=now(), actor="bob", reason="Sent.")
    progress.deliver(share.order, at=now(), actor="alice", reason="Received.", said_by="buyer")
    share.account.transfers = "restricted"
    share.account.save()

    act_on_held_money()
    assert share.holds.get().kind == "restriction"
    share.account.transfers = "active"
    share.account.save()
    act_on_held_money()

    share.refresh_from_db()
    assert share.status == "released"
    assert sweeps.release_due() == 0
