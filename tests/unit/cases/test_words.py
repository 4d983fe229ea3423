"""How a case reads for each side, from rows that are in no database."""

from __future__ import annotations

from datetime import timedelta

import pytest

from accounts.models import Seller
from cases import offers, words
from cases.models import Case, CaseMessage, Offer, Party
from kit.clock import now
from kit.templatetags.ui import PILLS
from orders.models import Order
from payments.models import Share

READERS = [*Party]


def case(status: str = Case.Status.WAITS_FOR_SELLER, **facts: object) -> Case:
    order = Order(number="ORDER", seller=Seller(name="Otto & Daughters"))
    share = Share(order=order, currency="eur", gross=10_000, fee=1000)
    return Case(number="CASE", share=share, status=status, asked=6000, answer_by=now() + timedelta(days=3), **facts)


@pytest.mark.parametrize("reader", READERS)
@pytest.mark.parametrize("status", sorted(Case.OPEN))
def test_every_reader_is_told_whose_turn_it_is(status: str, reader: Party) -> None:
    found = case(status)

    line = words.now_line(found, reader)
    kind, word = words.pill(found, reader)

    assert line.sentence
    assert line.is_yours is (found.turn == reader)
    assert (kind == "needs-you") is (found.turn == reader)
    assert kind in PILLS
    assert word


@pytest.mark.parametrize("reader", READERS)
@pytest.mark.parametrize("outcome", [*Case.Outcome])
def test_every_end_says_how_and_nothing_of_fees(outcome: str, reader: Party) -> None:
    found = case(Case.Status.CLOSED, outcome=outcome, returned=6000)
    found.share.refunded = 6000

    sentence = words.now_line(found, reader).sentence

    assert "€60.00 goes back to the buyer" in sentence
    assert "€40.00 of what was paid stays with Otto & Daughters" in sentence
    assert "fee" not in sentence


@pytest.mark.parametrize("reader", [Party.BUYER, Party.SELLER])
@pytest.mark.parametrize(("status", "silent"), [("waits_for_seller", "€60.00"), ("waits_for_buyer", "closed")])
def test_silence_is_never_a_surprise(status: str, silent: str, reader: Party) -> None:
    assert silent in words.now_line(case(status), reader).silence


def test_each_side_reads_an_offer_in_its_own_words() -> None:
    found = case()
    part = Offer(case=found, party=Party.SELLER, amount=3000, percent=30)
    everything = Offer(case=found, party=Party.BUYER, amount=10_000)

    assert words.division(found, part, Party.BUYER) == "€30.00 (30 %) of the €100.00 comes back to you"
    assert words.division(found, part, Party.SELLER) == "€30.00 (30 %) of the €100.00 goes back to the buyer"
    assert words.division(found, everything, Party.SELLER) == "All of it, €100.00, goes back to the buyer"


@pytest.mark.parametrize(
    ("gross", "currency", "percent", "back"),
    [
        (10_000, "eur", 60, 6000),
        (999, "eur", 50, 500),
        (1, "eur", 50, 1),
        (333, "jpy", 33, 110),
        (1990, "bhd", 50, 1000),
    ],
)
def test_percent_are_rounded_half_up_to_what_stripe_takes(gross: int, currency: str, percent: int, back: int) -> None:
    assert offers.share_of(Share(gross=gross, currency=currency), percent) == back


def test_you_are_you_and_the_others_have_names() -> None:
    message = CaseMessage(case=case(), party=Party.SELLER, text="Hello", written_at=now())

    assert words.entry(message, Party.SELLER).who == "You"
    assert words.entry(message, Party.BUYER).who == "Otto & Daughters"
    assert words.entry(message, Party.STAFF).who == "Otto & Daughters"
