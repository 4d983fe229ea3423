"""Every currency Stripe counts in its own way: what we ask it for is always something it takes (fault F33)."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from emulator import money as stripes
from kit.money import STEPS, THREE_DECIMAL, ZERO_DECIMAL, allocate, exponent, parse_amount, step
from orders.fees import Terms, fees_on
from payments import consequences, milestone_parts
from payments.consequences import Facts, Refused, Sent
from payments.policies import POLICIES
from payments.splits import Line

CURRENCIES = sorted(stripes.SUPPORTED | ZERO_DECIMAL | THREE_DECIMAL | set(STEPS))
# Listings cost so many steps each.
PRICES = st.lists(st.integers(1, 5_000), min_size=1, max_size=5)


def sold(prices: list[int], currency: str, points: int, processing: int) -> Facts:
    """An order that was paid and delivered; nothing of it has gone anywhere."""
    size = step(currency)
    amounts = [price * size for price in prices]
    fees = fees_on(amounts, currency, Terms(points))
    lines = tuple(Line(place, amount, fee) for place, (amount, fee) in enumerate(zip(amounts, fees, strict=True), 1))
    return Facts(
        order="ABC", currency=currency, status="held", gross=sum(amounts), fee=sum(fees), refunded=0, fee_returned=0,
        taken=0, released=0, processing=min(processing, sum(amounts)), fee_earned=False, undecided=False, lines=lines,
        sent=(), holds=(), on_its_way=False, order_status="delivered", can_receive=True, debt=0, seller_cash=0,
        platform_cash=10**12,
    )  # fmt: skip


def refunded(facts: Facts, steps: Any) -> Facts:
    """The facts after that refund."""
    taken = {part["line"]: part for part in steps["parts"]}
    lines = tuple(
        replace(
            line,
            refunded=line.refunded + taken[line.id]["amount"],
            fee_returned=line.fee_returned + taken[line.id]["from_fee"],
        )
        if line.id in taken
        else line
        for line in facts.lines
    )
    return replace(
        facts,
        lines=lines,
        refunded=facts.refunded + steps["refund"],
        fee_returned=facts.fee_returned + steps["from_fee"],
        taken=facts.taken + steps["absorbed"],
        seller_cash=facts.seller_cash - steps["reverse"],
        debt=facts.debt + steps["owed"] - steps["reverse"],
    )


@given(
    currency=st.sampled_from(CURRENCIES),
    prices=PRICES,
    points=st.integers(0, 3_000),
    processing=st.integers(0, 400),
    asked=st.lists(st.integers(1, 5_000), max_size=6),
    policy=st.sampled_from(sorted(POLICIES)),
    part=st.integers(0, 100),
)
def test_f33_in_every_currency_all_that_stripe_is_asked_for_is_in_its_steps_and_nothing_is_lost(
    currency: str, prices: list[int], points: int, processing: int, asked: list[int], policy: str, part: int
) -> None:
    size, facts = step(currency), sold(prices, currency, points, processing)
    early = facts.left * part // 100
    early -= early % size
    sent = [0]
    if early:
        sent.append(_release(facts, early)["transfer"])
        facts = replace(facts, released=early, sent=(Sent(1, early),), seller_cash=early)
    asked_of_stripe = [*sent]
    for wanted in asked:
        amount = min(wanted * size, facts.gross - facts.refunded)
        if amount:
            steps = consequences.refund(facts, {"amount": amount, "reason": "x", "policy": policy}).steps
            asked_of_stripe += [steps["refund"], steps["reverse"]]
            facts = refunded(facts, steps)
    if facts.left > 0 and facts.gross > facts.refunded:
        asked_of_stripe.append(_release(facts, None)["transfer"])

    assert all(amount % size == 0 and amount >= 0 for amount in asked_of_stripe)
    assert facts.fee % size == facts.taken % size == facts.left % size == 0
    assert sum(line.refunded for line in facts.lines) == facts.refunded <= facts.gross


@given(
    currency=st.sampled_from(CURRENCIES),
    prices=PRICES,
    points=st.integers(0, 3_000),
    processing=st.integers(0, 400),
    asked=st.lists(st.integers(1, 5_000), min_size=1, max_size=6),
    policy=st.sampled_from(sorted(POLICIES)),
)
def test_f41_in_every_currency_refunds_in_parts_end_where_one_full_refund_would(
    currency: str, prices: list[int], points: int, processing: int, asked: list[int], policy: str
) -> None:
    facts = sold(prices, currency, points, processing)
    once = consequences.refund(facts, {"amount": facts.gross, "reason": "x", "policy": policy}).steps
    borne = dict.fromkeys(("from_seller", "from_fee", "from_platform", "processing"), 0)
    for wanted in [*asked, facts.gross]:
        amount = min(wanted * step(currency), facts.gross - facts.refunded)
        if amount:
            steps = consequences.refund(facts, {"amount": amount, "reason": "x", "policy": policy}).steps
            borne = {who: sum_so_far + steps[who] for who, sum_so_far in borne.items()}
            facts = refunded(facts, steps)

    assert borne == {who: once[who] for who in borne}


def _release(facts: Facts, amount: int | None) -> Any:
    return consequences.release(facts, {"amount": amount}).steps


@given(currency=st.sampled_from(CURRENCIES), prices=PRICES, debt=st.integers(0, 10**7))
def test_f33_what_is_set_off_leaves_an_amount_stripe_takes(currency: str, prices: list[int], debt: int) -> None:
    facts = replace(sold(prices, currency, 1_000, 0), debt=debt)

    if facts.left == 0:
        with pytest.raises(Refused, match="nothing_held"):
            consequences.release(facts, {})
        return
    steps = consequences.release(facts, {}).steps

    assert steps["transfer"] % step(currency) == 0
    assert steps["transfer"] + steps["netted"] == facts.left
    assert steps["netted"] <= debt


@given(
    currency=st.sampled_from(CURRENCIES), units=st.integers(0, 10**6), cuts=st.lists(st.integers(1, 9_999), max_size=9)
)
def test_f33_milestones_are_sent_in_steps(currency: str, units: int, cuts: list[int]) -> None:
    marks = [0, *sorted(set(cuts)), milestone_parts.WHOLE]
    hundredths = [marks[place + 1] - marks[place] for place in range(len(marks) - 1)]
    money = units * step(currency)

    parts = milestone_parts.by_percent(money, hundredths, currency=currency)

    assert sum(parts) == money
    assert all(part % step(currency) == 0 for part in parts)


@given(amount=st.integers(0, 10**9), weights=st.lists(st.integers(0, 10**6), min_size=1, max_size=8).filter(any))
def test_parts_in_steps_sum_to_the_whole_also_when_it_is_none_of_them(amount: int, weights: list[int]) -> None:
    parts = allocate(amount, weights, step=100)

    assert sum(parts) == amount
    assert sum(part % 100 != 0 for part in parts) <= 1


@pytest.mark.parametrize(
    ("typed", "currency", "minor"),
    [
        ("500", "isk", 50_000),
        ("500.00", "ugx", 50_000),
        ("1.230", "kwd", 1_230),
        ("19.99", "huf", 1_999),
        ("7", "jpy", 7),
    ],
)
def test_amounts_people_type_are_read_in_stripes_steps(typed: str, currency: str, minor: int) -> None:
    assert parse_amount(typed, currency) == minor


@pytest.mark.parametrize(
    ("typed", "currency", "why"),
    [("500.50", "isk", "enter one like 1200"), ("0.01", "ugx", "are whole"), ("1.234", "bhd", "always 0")],
)
def test_amounts_stripe_would_refuse_are_refused_with_a_sentence(typed: str, currency: str, why: str) -> None:
    with pytest.raises(ValueError, match=why):
        parse_amount(typed, currency)


@pytest.mark.parametrize("currency", CURRENCIES)
def test_our_steps_are_never_finer_than_what_stripe_refuses(currency: str) -> None:
    assert exponent(currency) == (
        0 if currency in stripes.ZERO_DECIMAL else 3 if currency in stripes.THREE_DECIMAL else 2
    )
    assert step(currency) == {3: 10}.get(exponent(currency), 100 if currency in ("isk", "ugx") else 1)
