"""What a dispute does to an order's money: pure plans from facts, like those of decisions (payments.consequences).

What the bank decides nobody here agrees to; the plan is kept with the audit row all the same. Amounts are minor units.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict
from typing import Any

from django.conf import settings

from kit.money import allocate, step
from payments.consequences import Effect, Facts, Note, Plan, over_releases
from payments.models import DisputeShare
from payments.policies import PLATFORM, SHARED, Policy
from payments.splits import over_lines, split

KIND = "dispute"


def policy_for(reason: str) -> Policy:
    """Who bears a lost dispute of this reason of Stripe's: the seller, unless the settings say the marketplace."""
    return PLATFORM if reason in settings.DISPUTE_REASONS_BORNE_BY_PLATFORM else SHARED


def fee_for_seller(policy: Policy, fee: int) -> int:
    """The part of a lost dispute's fee (minor units) that is the seller's."""
    return fee if policy.seller_pays and settings.DISPUTE_FEE_BORNE_BY == "seller" else 0


def parts(amount: int, orders: Mapping[int, tuple[int, int]]) -> dict[int, int]:
    """Of `amount`, what each order carries, in proportion to what was paid for it and at most what can still be given
    back on it: `orders` says both. Exact; what is beyond all of them no order carries. Refunds heard of before or
    after do not change the proportion (invariant I11), as long as there is room.
    """
    paid, room = [one[0] for one in orders.values()], [one[1] for one in orders.values()]
    possible = min(amount, sum(room))
    if possible <= 0:
        return {}
    carried = [min(part, most) for part, most in zip(allocate(possible, paid), room, strict=True)]
    left = [most - part for part, most in zip(carried, room, strict=True)]
    more = allocate(possible - sum(carried), left) if any(left) else [0] * len(left)
    return {order: part + rest for order, part, rest in zip(orders, carried, more, strict=True) if part + rest}


def withdrawn(facts: Facts, dispute: str, amount: int, *, coming: int) -> Plan:
    """The bank took the money: what the seller was sent of it is fetched back, to be held until the bank decides - also
    where the marketplace will bear a loss, for nobody knows yet whether it is one.

    `coming` is being fetched back for it already.
    """
    least = step(facts.currency)
    sellers = split(
        facts.lines, over_lines(facts.lines, amount, step=least), SHARED, processing=0, step=least
    ).from_seller
    wanted = max(0, sellers - max(0, facts.left) - coming)
    possible = _in_steps(facts, max(0, min(wanted, sum(one.left for one in facts.sent), facts.seller_cash - coming)))
    effects = (Effect("seller", -possible, "reversal"), Effect("held", possible, "reversal")) if possible else ()
    notes = (Note("short_of_disputed", wanted - possible),) if wanted > possible else ()
    steps = {
        "step": "withdrawn",
        "disputed": amount,
        "reversals": over_releases(facts, possible),
        "short": wanted - possible,
    }
    return _plan(facts, dispute, amount, steps, effects, notes)


def returned(facts: Facts, dispute: str, amount: int) -> Plan:
    """The bank decided for the seller: what is held is released as ever."""
    return _plan(facts, dispute, amount, {"step": "returned", "disputed": 0}, ())


def overtaken(facts: Facts, dispute: str, sent: int) -> Plan:
    """`sent` was on its way to the seller when the bank began to ask: what they have of it comes back into hold."""
    possible = _in_steps(facts, max(0, min(sent, sum(one.left for one in facts.sent), facts.seller_cash)))
    effects = (Effect("seller", -possible, "reversal"), Effect("held", possible, "reversal")) if possible else ()
    steps = {"step": "overtaken", "reversals": over_releases(facts, possible)}
    return _plan(facts, dispute, possible, steps, effects)


def owed(facts: Facts, dispute: str, debt: int) -> Plan:
    """Lost before we heard of it: of the seller's `debt` as much as they have comes back, and pays it."""
    possible = _in_steps(facts, max(0, min(debt, facts.debt, sum(one.left for one in facts.sent), facts.seller_cash)))
    effects = (Effect("seller", -possible, "reversal"), Effect("held", possible, "reversal")) if possible else ()
    steps = {"step": "owed", "reversals": over_releases(facts, possible)}
    return _plan(facts, dispute, possible, steps, effects)


def given_back(facts: Facts, part: DisputeShare) -> Plan:
    """The bank gave back what was booked as lost: to whoever bore it. Of what the seller owed, what is still a debt is
    cancelled; what they paid off already (`restored`) is held for them again, with what was held before.
    """
    cancelled = min(part.owed, facts.debt)
    steps = {
        "step": "given_back",
        "disputed": part.amount,
        "held": part.absorbed,
        "cancelled": cancelled,
        "restored": part.owed - cancelled,
    }
    effects = [
        Effect("seller", part.from_seller + part.processing, "given_back"),
        Effect("platform", part.from_fee + part.from_platform - part.processing, "given_back"),
    ]
    return _plan(facts, str(part.dispute), part.amount, steps, [effect for effect in effects if effect.amount])


def lost(facts: Facts, dispute: str, amount: int, policy: Policy, *, fee: int) -> Plan:
    """The buyer keeps the money: who bears it. `fee` is the part of the dispute's fee this order's seller bears."""
    least = step(facts.currency)
    parted = split(facts.lines, over_lines(facts.lines, amount, step=least), policy, processing=0, step=least)
    borne = parted.from_seller + fee
    absorbed = min(borne, max(0, facts.left))
    steps = {
        "step": "lost",
        "disputed": amount,
        "policy": policy.name,
        "from_seller": parted.from_seller,
        "from_fee": parted.from_fee,
        "from_platform": parted.from_platform,
        "processing": fee,
        "absorbed": absorbed,
        "owed": borne - absorbed,
        "parts": [asdict(part) for part in parted.parts],
    }
    effects = [
        Effect("buyer", amount, "dispute"),
        Effect("seller", -parted.from_seller, "their_part"),
        Effect("seller", -fee, "dispute_fee"),
        Effect("platform", -parted.from_fee, "fee_returned"),
        Effect("platform", -parted.from_platform, "borne"),
    ]
    notes = (Note("disputed_debt", borne - absorbed),) if borne > absorbed else ()
    return _plan(facts, dispute, amount, steps, [effect for effect in effects if effect.amount], notes)


def _in_steps(facts: Facts, amount: int) -> int:
    """What Stripe fetches back of an amount: whole steps of the currency."""
    return amount - amount % step(facts.currency)


def _plan(
    facts: Facts,
    dispute: str,
    amount: int,
    steps: Mapping[str, Any],
    effects: Iterable[Effect],
    notes: tuple[Note, ...] = (),
) -> Plan:
    relied_on = {name: value for name, value in asdict(facts).items() if name not in ("platform_cash", "seller_cash")}
    request = {"dispute": dispute}
    return Plan(KIND, facts.order, facts.currency, request, steps, tuple(effects), notes, amount, relied_on)
