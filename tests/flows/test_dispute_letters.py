"""Letters to sellers about disputes: each once, with what was taken, what to do until when, and how it ended."""

from __future__ import annotations

from datetime import timedelta

import pytest

from emulator import business
from evidence import packs, submitting, telling
from evidence.models import SellerLetter
from kit.clock import fixed_at, now
from kit.models import Mail
from payments import fetching_back, sweeps
from payments.decisions import Decider
from payments.models import Dispute, Share
from tests.factories import UserFactory
from tests.flows.test_sellers_part import as_seller, asked, decided
from tests.world import World

pytestmark = pytest.mark.django_db(transaction=True)


def letters(to: str = "shop0@example.org") -> list[str]:
    found = Mail.objects.filter(to=to, key__startswith="dispute-").order_by("pk")
    return [mail.subject for mail in found]


def newest(to: str = "shop0@example.org") -> str:
    return str(Mail.objects.filter(to=to, key__startswith="dispute-").latest("pk").text)


def test_a_chargeback_is_told_once_with_what_was_taken_and_until_when_and_the_buyer_hears_nothing(world: World) -> None:
    (share,) = world.bought((1000,))
    dispute = asked(world, share)
    number = share.order.number

    counts = telling.tell(), telling.tell()

    assert counts == (1, 0)
    assert letters() == [f"A buyer’s bank takes back the payment for order {number}"]
    text = newest()
    assert "The buyer says that it never arrived." in text
    assert f"The bank takes €10.00 of order {number} back" in text
    assert "€9.00 of your share is held back. If it is lost, it costs you €9.00." in text
    assert f"/desk/disputes/{dispute.pk}/" in text
    assert letters("alice@example.org") == []


def test_who_sent_nothing_is_reminded_once_before_the_date_and_who_did_is_not(world: World) -> None:
    quiet, busy = world.bought((1000, 2000))
    dispute = asked(world, quiet)
    telling.tell()
    as_seller(busy).post(f"/desk/disputes/{dispute.pk}/words/", {"story": "It was sent."})
    assert dispute.due_by is not None

    with fixed_at(dispute.due_by - timedelta(days=3)):
        counts = telling.tell(), telling.tell()

    assert counts == (1, 0)
    assert letters()[-1].startswith(f"Order {quiet.order.number}: send us your side by")
    assert len(letters("shop1@example.org")) == 1


def test_an_answer_and_a_win_are_told_and_the_money_comes_again(world: World) -> None:
    (share,) = world.bought((1000,))
    with world.later(days=10):
        world.delivered(share)
        sweeps.set_dates()
        sweeps.release_due()
        dispute = asked(world, share)
        telling.tell()
        staff = UserFactory(is_staff=True)
        submitting.submit(packs.for_dispute(dispute), by=Decider(staff.email, staff), reason="It is all there.")
        world.finish()
        telling.tell()
        decided(world, dispute, "won")
        counts = telling.tell(), telling.tell()

    number = share.order.number
    assert counts == (1, 0)
    assert letters() == [
        f"A buyer’s bank takes back the payment for order {number}",
        f"We answered the bank about order {number}",
        f"Won: the money of order {number} is yours",
    ]
    assert "€9.00, which we had fetched back, is sent to you again." in newest()


def test_a_loss_says_what_it_costs_and_what_is_owed(world: World) -> None:
    (share,) = world.bought((1000,))
    with world.later(days=10):
        world.delivered(share)
        sweeps.set_dates()
        sweeps.release_due()
    with world.later(days=20):
        world.settle()
        dispute = asked(world, share)
        telling.tell()
        first = newest()
        decided(world, dispute, "lost")
        telling.tell()

    assert "€9.00 was not there any more: you will owe it if the dispute is lost." in first
    assert letters()[-1] == f"Lost: the buyer keeps the money of order {share.order.number}"
    assert "It costs you €9.00." in newest()
    assert "€9.00 of it you owe us" in newest()


def test_a_loss_the_marketplace_bears_costs_the_seller_nothing(world: World, settings: object) -> None:
    settings.DISPUTE_REASONS_BORNE_BY_PLATFORM = frozenset({"duplicate"})  # type: ignore[attr-defined]
    (share,) = world.bought((1000,))
    dispute = asked(world, share, reason="duplicate")
    telling.tell()
    first = newest()

    decided(world, dispute, "lost")
    telling.tell()

    assert "If it is lost, the marketplace bears it." in first
    assert "It costs you nothing: the marketplace bears it." in newest()


def test_an_inquiry_that_becomes_a_chargeback_is_told_twice_and_its_good_end_once(world: World) -> None:
    (share,) = world.bought((1000,))
    dispute = asked(world, share, inquiry=True)
    telling.tell()
    inquiry = newest()

    decided(world, dispute, "needs_response")
    telling.tell()
    other = asked(world, world.bought_again(share, 1500), inquiry=True)
    telling.tell()
    decided(world, other, "warning_closed")
    telling.tell()

    number = share.order.number
    assert "So far the bank only asks, and takes nothing." in inquiry
    assert letters()[:2] == [
        f"A buyer’s bank asks about order {number}",
        f"A buyer’s bank takes back the payment for order {number}",
    ]
    assert letters()[-1].startswith("The bank closed its question about order")


def test_a_dispute_in_suspense_and_one_that_ended_long_ago_are_not_told(world: World) -> None:
    (share,) = world.bought((1000,))
    dispute = asked(world, share)
    decided(world, dispute, "lost")
    Dispute.objects.create(
        stripe_id="du_1", charge_id="ch_1", status="needs_response", stripe_status="needs_response", reason="general",
        amount=100, currency="eur", opened_at=now(), looked_at=now(), due_by=now() + timedelta(days=7),
    )  # fmt: skip

    with fixed_at(now() + timedelta(days=15)):
        count = telling.tell()

    assert count == 0
    assert not SellerLetter.objects.exists()


def test_the_first_letter_waits_until_it_is_known_what_was_taken(world: World) -> None:
    (share,) = world.bought((1000,))
    business.open_dispute(world.emulator, str(share.payment.charge_id), "product_not_received")
    world.settle()

    early = telling.tell()
    fetching_back.fetch_back()
    then = telling.tell()

    assert (early, then) == (0, 1)
    assert Share.objects.get().holds.exists()


def test_every_dispute_has_its_turn_however_many_there_are(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    (first,) = world.bought((1000,))
    second = world.bought_again(first, 2000)
    for share in (first, second):
        asked(world, share)
    monkeypatch.setattr(telling, "AT_ONCE", 1)
    later = now() + timedelta(days=2)

    told = []
    for sweep in range(3):
        with fixed_at(later + timedelta(seconds=telling.EVERY * sweep)):
            told.append(telling.tell())

    assert told == [1, 1, 0]
