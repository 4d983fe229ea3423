"""The parts of the money bar add up to what the buyer paid, whatever happened to it."""

import pytest

from payments import bars
from payments.models import Share

STANDINGS = {
    "held": (10_000, 1000, 0, 0, 0, 0, 0, 0),
    "released": (10_000, 1000, 0, 0, 0, 0, 9000, 0),
    "released in part": (10_000, 1000, 0, 0, 0, 0, 4000, 0),
    "refunded while held": (10_000, 1000, 1000, 10_000, 0, 9000, 0, 0),
    "refunded in part after release": (10_000, 1000, 250, 2500, 0, 0, 9000, 0),
    "refunded more than was left": (10_000, 1000, 0, 9990, 0, 0, 9000, 0),
    "disputed": (10_000, 1000, 0, 0, 10_000, 9000, 0, 0),
    "fetched back and held again": (10_000, 1000, 0, 0, 0, 0, 9000, 9000),
    "one cent": (1, 0, 0, 0, 0, 0, 0, 0),
}
NAMES = ("gross", "fee", "fee_returned", "refunded", "disputed", "taken", "released", "restored")


def share_in(standing: str) -> Share:
    return Share(currency="eur", **dict(zip(NAMES, STANDINGS[standing], strict=True)))


@pytest.mark.parametrize("standing", STANDINGS)
@pytest.mark.parametrize("reader", [bars.for_buyer, bars.for_seller, bars.for_staff])
def test_every_bar_adds_up_to_what_was_paid(standing, reader):
    share = share_in(standing)

    amounts = [money.amount for _kind, _label, money in reader(share)]

    assert sum(amounts) == share.gross
    assert min(amounts) >= 0


@pytest.mark.parametrize(
    ("standing", "expected"),
    [
        ("held", {"held": 10_000}),
        ("released", {"paid": 10_000}),
        ("refunded while held", {"refunded": 10_000}),
        ("disputed", {"disputed": 10_000}),
        ("refunded in part after release", {"refunded": 2500, "paid": 7500}),
    ],
)
def test_a_buyer_sees_where_the_whole_payment_is(standing, expected):
    shown = {kind: money.amount for kind, _label, money in bars.for_buyer(share_in(standing)) if money.amount}

    assert shown == expected


def test_a_seller_sees_the_fee_apart():
    shown = {kind: money.amount for kind, _label, money in bars.for_seller(share_in("released in part"))}

    assert (shown["held"], shown["paid"], shown["fees"]) == (5000, 4000, 1000)
