"""What staff read before money moves: reasons and days in words, no codes."""

from __future__ import annotations

from dataclasses import replace

import pytest

from payments import consequences, words
from payments.consequences import Facts, Refused
from payments.models import Hold
from payments.splits import Line

FACTS = Facts(
    order="ABC",
    currency="eur",
    status="held",
    gross=2400,
    fee=240,
    refunded=0,
    fee_returned=0,
    taken=0,
    released=0,
    processing=100,
    fee_earned=False,
    undecided=False,
    lines=(Line(1, 2400, 240),),
    sent=(),
    holds=(),
    on_its_way=False,
    order_status="delivered",
    can_receive=True,
    debt=0,
    seller_cash=0,
    platform_cash=2160,
)


@pytest.mark.parametrize("kind", list(Hold.Kind))
def test_a_release_that_is_held_back_says_why_in_words(kind: Hold.Kind) -> None:
    with pytest.raises(Refused) as refused:
        consequences.release(replace(FACTS, holds=(f"{kind.value}:7",)), {"amount": None})

    said = words.refusal(refused.value, "eur")

    assert said == f"It is held back: {kind.label}. It can be released when that is over."


def test_a_hold_with_a_last_day_names_it() -> None:
    plan = consequences.hold(FACTS, {"until": "2026-12-24T23:59:59.999999+01:00"})

    warnings = words.card(plan, "Selma’s Studio").warnings

    assert warnings == [
        "€21.60 stays held to the end of 24 December 2026, or until somebody ends this hold before.",
    ]


def test_a_hold_without_a_last_day_says_who_ends_it() -> None:
    plan = consequences.hold(FACTS, {"until": None})

    warnings = words.card(plan, "Selma’s Studio").warnings

    assert warnings == ["€21.60 stays held until this hold is ended. The release date does not count."]


def test_a_seller_with_nothing_at_stripe_is_not_said_to_have_0_euros() -> None:
    said = words.refusal(Refused("seller_balance_short", amount=0, field="amount"), "eur")

    assert said == "The seller has nothing at Stripe that could be fetched back."
