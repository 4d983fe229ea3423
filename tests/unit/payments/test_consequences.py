"""Plans about money, whatever the facts: nothing appears, nothing is lost, nobody pays twice (I03, I05, I14; F38-F41).

`--hypothesis-show-statistics` prints how many examples each of these was tried on.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kit.money import step
from payments import consequences
from payments.consequences import Facts, Plan, Refused, Sent
from payments.policies import POLICIES
from payments.splits import Line

POLICY = st.sampled_from(sorted(POLICIES))


@st.composite
def sales(draw: st.DrawFn) -> Facts:
    """An order that was paid and of which nothing has happened yet; the seller may owe from before."""
    amounts = draw(st.lists(st.integers(1, 200_000), min_size=1, max_size=4))
    lines = tuple(
        Line(number, amount, draw(st.integers(0, amount) | st.just(amount // 10)))
        for number, amount in enumerate(amounts, 1)
    )
    gross = sum(amounts)
    return Facts(
        order="ABC",
        # Amounts here are any; currencies that are paid in steps have their own properties (test_currencies.py).
        currency=draw(st.sampled_from(["eur", "jpy", "usd"])),
        status="held",
        gross=gross,
        fee=sum(line.fee for line in lines),
        refunded=0,
        fee_returned=0,
        taken=0,
        released=0,
        processing=draw(st.integers(0, gross)),
        fee_earned=False,
        undecided=False,
        lines=lines,
        sent=(),
        holds=(),
        on_its_way=False,
        order_status="delivered",
        can_receive=True,
        debt=draw(st.just(0) | st.integers(0, 2 * gross)),
        seller_cash=draw(st.just(0) | st.integers(-gross, gross)),
        platform_cash=draw(st.integers(-gross, 2 * gross)),
    )


@st.composite
def requests(draw: st.DrawFn) -> tuple[str, dict[str, Any]]:
    """Something to decide: amounts are parts in a thousand of what is possible, see `_asked`."""
    kind = draw(st.sampled_from(["refund", "refund", "line", "release", "reverse"]))
    return kind, {"of": draw(st.integers(1, 1000)), "policy": draw(POLICY)}


def _asked(facts: Facts, kind: str, how: dict[str, Any]) -> Plan | None:
    """The plan of such a request on these facts; None where nothing like it is possible any more."""
    refund = {"policy": how["policy"], "reason": "changed_mind"}
    if kind == "line":
        line = facts.lines[how["of"] % len(facts.lines)]
        amount = line.refundable * how["of"] // 1000
        return consequences.refund(facts, {**refund, "amounts": {str(line.id): amount}}) if amount else None
    possible = {
        "refund": facts.gross - facts.refunded,
        "release": facts.left,
        "reverse": min(sum(one.left for one in facts.sent), facts.seller_cash),
    }[kind]
    amount = possible * how["of"] // 1000
    if amount <= 0 or (kind == "release" and facts.status != "held"):
        return None
    if kind == "refund":
        return consequences.refund(facts, {**refund, "amount": amount})
    return (consequences.release if kind == "release" else consequences.reverse)(facts, {"amount": amount})


def _carried_out(facts: Facts, plan: Plan) -> Facts:
    """The facts afterwards, as decisions and Stripe leave them: a second, plainer telling of what plans do."""
    steps = plan.steps
    if plan.kind == "refund":
        return _refunded(facts, steps)
    if plan.kind == "release":
        sent = (*facts.sent, Sent(len(facts.sent) + 1, steps["transfer"])) if steps["transfer"] else facts.sent
        done = replace(
            facts,
            released=facts.released + steps["transfer"] + steps["netted"],
            sent=sent,
            debt=facts.debt - steps["netted"],
            seller_cash=facts.seller_cash + steps["transfer"],
        )
        return replace(done, fee_earned=True, status="released") if done.left == 0 else done
    back = {part["release"]: part["amount"] for part in steps["reversals"]}
    total = sum(back.values())
    return replace(
        facts,
        released=facts.released - total,
        sent=_less(facts.sent, back),
        seller_cash=facts.seller_cash - total,
        status="held",
    )


def _refunded(facts: Facts, steps: Any) -> Facts:
    parts = {part["line"]: part for part in steps["parts"]}
    lines = tuple(
        replace(
            line,
            refunded=line.refunded + parts[line.id]["amount"],
            fee_returned=line.fee_returned + parts[line.id]["from_fee"],
        )
        if line.id in parts
        else line
        for line in facts.lines
    )
    left, back = steps["reverse"], {}
    for one in reversed(facts.sent):
        back[one.id] = min(one.left, left)
        left -= back[one.id]
    return replace(
        facts,
        lines=lines,
        refunded=facts.refunded + steps["refund"],
        fee_returned=facts.fee_returned + steps["from_fee"],
        taken=facts.taken + steps["absorbed"],
        sent=_less(facts.sent, back),
        debt=facts.debt + steps["owed"] - steps["reverse"],
        seller_cash=facts.seller_cash - steps["reverse"],
    )


def _less(sent: tuple[Sent, ...], back: dict[int, int]) -> tuple[Sent, ...]:
    return tuple(Sent(one.id, one.left - back.get(one.id, 0)) for one in sent)


def _gains(plan: Plan) -> dict[str, int]:
    found: dict[str, int] = {}
    for effect in plan.effects:
        found[effect.who] = found.get(effect.who, 0) + effect.amount
    return found


def _happened(facts: Facts, program: list[tuple[str, dict[str, Any]]]) -> list[tuple[Facts, Plan]]:
    """Each plan of a program with the facts it was made from."""
    found = []
    for kind, how in program:
        plan = _asked(facts, kind, how)
        if plan is not None:
            found.append((facts, plan))
            facts = _carried_out(facts, plan)
    return found


PROGRAM = st.lists(requests(), min_size=1, max_size=8)


@given(facts=sales(), program=PROGRAM)
def test_i03_what_one_gains_another_loses_or_the_hold_pays(facts: Facts, program: list[Any]) -> None:
    for before, plan in _happened(facts, program):
        after, gains = _carried_out(before, plan), _gains(plan)

        if plan.kind == "release":
            # What leaves the hold: the seller's part, a debt out of it, and with the last of it the fee.
            earned = before.fee_kept if after.fee_earned and not before.fee_earned else 0
            assert sum(gains.values()) == before.left - after.left + earned
        else:
            assert sum(gains.values()) == 0
        assert all(effect.amount for effect in plan.effects)
        assert gains.get("buyer", 0) == (plan.amount if plan.kind == "refund" else 0)


@given(facts=sales(), program=PROGRAM)
def test_i03_every_part_of_a_refund_is_borne_by_somebody_once(facts: Facts, program: list[Any]) -> None:
    for before, plan in _happened(facts, program):
        if plan.kind != "refund":
            continue
        steps = plan.steps

        assert steps["refund"] == steps["from_seller"] + steps["from_fee"] + steps["from_platform"]
        assert steps["absorbed"] + steps["owed"] == steps["from_seller"] + steps["processing"]
        assert 0 <= steps["absorbed"] <= before.left
        # What is held pays first: nobody owes while something is left.
        assert steps["owed"] == 0 or steps["absorbed"] == before.left
        sent = sum(one.left for one in before.sent)
        possible = max(0, min(steps["owed"], sent, before.seller_cash))
        assert steps["reverse"] == possible - possible % step(before.currency)


@given(facts=sales(), program=PROGRAM)
def test_i05_no_sequence_sends_or_refunds_more_than_there_was(facts: Facts, program: list[Any]) -> None:
    for before, plan in _happened(facts, program):
        after = _carried_out(before, plan)

        assert after.left >= 0
        assert 0 <= after.refunded <= after.gross
        assert 0 <= after.fee_returned <= after.fee
        assert 0 <= after.released <= after.gross - after.fee
        assert all(one.left >= 0 for one in after.sent)
        assert all(0 <= line.refunded <= line.amount for line in after.lines)


@given(facts=sales(), program=PROGRAM)
def test_f39_setting_off_never_exceeds_the_debt(facts: Facts, program: list[Any]) -> None:
    for before, plan in _happened(facts, program):
        if plan.kind == "release":
            steps = plan.steps
            possible = min(plan.amount, before.debt)
            assert steps["netted"] == possible - possible % step(before.currency)
            assert steps["transfer"] == plan.amount - steps["netted"] >= 0
        assert _carried_out(before, plan).debt >= 0


@given(facts=sales(), program=PROGRAM, policy=POLICY)
def test_f41_refunds_between_releases_and_reversals_end_where_one_full_refund_would(
    facts: Facts, program: list[tuple[str, dict[str, Any]]], policy: str
) -> None:
    whole = consequences.refund(facts, {"amount": facts.gross, "policy": policy, "reason": "goodwill"}).steps

    happened = _happened(facts, [(kind, {**how, "policy": policy}) for kind, how in program])
    end = _carried_out(*happened[-1]) if happened else facts
    plans = [plan for _before, plan in happened if plan.kind == "refund"]
    if rest := end.gross - end.refunded:
        plans.append(consequences.refund(end, {"amount": rest, "policy": policy, "reason": "goodwill"}))

    for name in ("refund", "from_seller", "from_fee", "from_platform", "processing"):
        assert sum(plan.steps[name] for plan in plans) == whole[name]
    assert sum(plan.steps["absorbed"] + plan.steps["owed"] for plan in plans) == whole["absorbed"] + whole["owed"]


@given(facts=sales(), program=PROGRAM, elsewhere=st.integers(-(10**9), 10**9))
def test_the_hash_is_of_what_would_happen_and_not_of_other_sales(
    facts: Facts, program: list[Any], elsewhere: int
) -> None:
    for before, plan in _happened(facts, program):
        make = getattr(consequences, plan.kind)
        after = _carried_out(before, plan)

        assert make(replace(before, platform_cash=elsewhere), plan.request).hash == plan.hash
        try:
            again = make(after, plan.request)
        except Refused:
            continue
        assert again.hash != plan.hash


@given(facts=sales(), amount=st.integers(1, 10**6), policy=POLICY)
def test_f40_more_than_is_left_is_never_planned(facts: Facts, amount: int, policy: str) -> None:
    with pytest.raises(Refused, match="more_than_left"):
        consequences.refund(facts, {"amount": facts.gross + amount, "policy": policy, "reason": "goodwill"})
    if facts.left:
        with pytest.raises(Refused, match="more_than_left"):
            consequences.release(facts, {"amount": facts.left + amount})
    with pytest.raises(Refused):
        consequences.reverse(facts, {"amount": amount})


@given(facts=sales(), policy=POLICY, amount=st.integers(1, 10**6))
def test_f40_a_decision_about_an_outside_refund_is_the_refund_without_the_buyer(
    facts: Facts, policy: str, amount: int
) -> None:
    amount = 1 + amount % facts.gross
    here = consequences.refund(facts, {"amount": amount, "policy": policy, "reason": "goodwill"})

    outside = consequences.decide(
        replace(facts, refunded=amount, undecided=True),
        {"refund": 1, "policy": policy},
        amount=amount,
        lines=facts.lines,
    )

    assert dict(outside.steps) == dict(here.steps)
    assert sum(_gains(outside).values()) == -amount
    again = consequences.retry(facts, {"refund": 1}, amount=amount)
    assert sum(_gains(again).values()) == 0
