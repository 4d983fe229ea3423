"""What a decision about money would do, before anybody decides: pure plans from facts (rule 4; B4).

A plan has no words, only codes and amounts (minor units of one currency), so that it is the same for every reader and
has one hash. The page shows it; carrying out means making the same plan again under the lock and finding the same hash.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from kit.money import step
from payments.policies import POLICIES
from payments.splits import Line, Split, TooMuch, over_lines, split

# A case ends with its decision and a dispute with the bank's; these a person may end.
ENDED_BY_STAFF = ("staff", "warning", "restriction")
# Balances change with every sale and are only warned about, and a request that waits is not a fact about itself: none
# of these outdates a plan.
NOT_RELIED_ON = ("platform_cash", "seller_cash", "asked_for")


# Who asks for a release: the date has come, and nobody in particular.
BY_DATE = "date"


class Refused(Exception):
    """This cannot be done. `code` says why (payments.words has the sentence), `amount` how much would be possible."""

    def __init__(self, code: str, *, amount: int = 0, field: str = "", detail: str = "") -> None:
        self.code, self.amount, self.field, self.detail = code, amount, field, detail
        super().__init__(code)


@dataclass(frozen=True, slots=True)
class Sent:
    """A release that reached the seller, and how much of it was not fetched back yet."""

    id: int
    left: int


@dataclass(frozen=True, slots=True)
class Facts:
    """Everything a plan depends on, read under the share's lock. Amounts are minor units of `currency`."""

    order: str
    currency: str
    status: str
    gross: int
    fee: int
    refunded: int
    fee_returned: int
    taken: int
    released: int
    processing: int
    fee_earned: bool
    undecided: bool
    lines: tuple[Line, ...]
    sent: tuple[Sent, ...]
    holds: tuple[str, ...]
    on_its_way: bool
    order_status: str
    can_receive: bool
    debt: int
    seller_cash: int
    platform_cash: int
    # Whether something that would take money from the seller waits for a second person.
    asked_for: bool = False
    disputed: int = 0
    # The buyer's bank has the charge: Stripe refuses to refund it (fault F44).
    bars_refunds: bool = False
    # Seller and buyer agreed on parts: nothing is released by date.
    by_milestones: bool = False
    # The seller's again after a dispute that was won late.
    restored: int = 0

    @property
    def left(self) -> int:
        """What is still held for the seller."""
        return self.gross - self.fee - self.taken - self.released + self.restored

    @property
    def fee_kept(self) -> int:
        """The platform's fee after what was given up of it."""
        return self.fee - self.fee_returned


@dataclass(frozen=True, slots=True)
class Effect:
    """Who gains (+) or loses (-) how much, and by what."""

    who: str
    amount: int
    by: str


@dataclass(frozen=True, slots=True)
class Note:
    """Something to know before the click: what cannot be recovered, or which balance goes below zero."""

    code: str
    amount: int = 0


@dataclass(frozen=True, slots=True)
class Plan:
    """What would happen. `steps` is exactly what is carried out; the rest is what it means."""

    kind: str
    order: str
    currency: str
    request: Mapping[str, Any]
    steps: Mapping[str, Any]
    effects: tuple[Effect, ...]
    notes: tuple[Note, ...] = ()
    amount: int = 0
    facts: Mapping[str, Any] = field(default_factory=dict)

    @property
    def as_json(self) -> dict[str, Any]:
        """For the audit row."""
        found: dict[str, Any] = json.loads(json.dumps(asdict(self), sort_keys=True))
        return found

    @property
    def hash(self) -> str:
        """Names this plan: the same request on the same facts does the same. Notes only warn, and do not count; nor
        does the seller's debt from other orders, except for a release, which pays it off.
        """
        counted = {name: value for name, value in self.as_json.items() if name != "notes"}
        if self.kind != "release":
            counted["facts"] = {name: value for name, value in counted["facts"].items() if name != "debt"}
        return hashlib.sha256(json.dumps(counted, sort_keys=True).encode()).hexdigest()


def refund(facts: Facts, request: Mapping[str, Any]) -> Plan:
    """Give the buyer money back. `request`: amounts {line id: minor units} or amount, reason, policy.

    Raises Refused.
    """
    _refuse_unsettled(facts)
    _refuse_disputed(facts)
    wanted = _amounts(facts, request)
    try:
        policy = POLICIES[request["policy"]]
        parted = split(facts.lines, wanted, policy, processing=facts.processing, step=step(facts.currency))
    except TooMuch as error:
        raise Refused("more_than_left", amount=error.left, field="amount") from error
    absorbed = min(parted.sellers, facts.left)
    owed = parted.sellers - absorbed
    reversed_ = _reversible(facts, owed)
    return _plan(
        "refund",
        facts,
        request,
        steps=_refund_steps(parted, absorbed, owed, reversed_),
        effects=_refund_effects(parted),
        notes=_refund_notes(facts, parted, owed, reversed_),
        amount=parted.amount,
    )


def release(facts: Facts, request: Mapping[str, Any]) -> Plan:
    """Send the seller what is held, or `amount` of it. Their debt is kept back first. Raises Refused."""
    _refuse_unreleasable(facts)
    if facts.by_milestones and request.get("by") == BY_DATE:
        raise Refused("by_milestones")
    wanted = facts.left if request.get("amount") is None else int(request["amount"])
    if wanted <= 0:
        raise Refused("nothing_to_release", field="amount")
    if wanted > facts.left:
        raise Refused("more_than_left", amount=facts.left, field="amount")
    netted = min(wanted, facts.debt)
    # What is sent is something Stripe takes; the rest of the debt waits for the next release.
    netted -= netted % step(facts.currency)
    finishes = wanted == facts.left
    effects = [Effect("seller", wanted, "release")]
    if netted:
        effects.append(Effect("seller", -netted, "debt"))
        effects.append(Effect("platform", netted, "debt"))
    if finishes and not facts.fee_earned and facts.fee_kept:
        effects.append(Effect("platform", facts.fee_kept, "fee"))
    return _plan(
        "release",
        facts,
        request,
        steps={"transfer": wanted - netted, "netted": netted},
        effects=tuple(effects),
        notes=(Note("release_is_hard_to_undo", wanted - netted),) if wanted > netted else (),
        amount=wanted,
    )


def reverse(facts: Facts, request: Mapping[str, Any]) -> Plan:
    """Fetch released money back, to be held again until somebody decides. Raises Refused."""
    _refuse_unsettled(facts)
    wanted = int(request["amount"])
    possible = sum(sent.left for sent in facts.sent)
    if wanted <= 0 or wanted > possible:
        raise Refused("more_than_sent", amount=possible, field="amount")
    if wanted > facts.seller_cash:
        raise Refused("seller_balance_short", amount=max(facts.seller_cash, 0), field="amount")
    return _plan(
        "reverse",
        facts,
        request,
        steps={"reversals": over_releases(facts, wanted)},
        effects=(Effect("seller", -wanted, "reversal"), Effect("held", wanted, "reversal")),
        notes=(Note("reversal_needs_new_transfer", wanted),),
        amount=wanted,
    )


def hold(facts: Facts, request: Mapping[str, Any]) -> Plan:
    """Keep what is held from being released until a person ends it. Raises Refused when nothing is held, nor on its
    way: a release that was not sent yet is called off.
    """
    if facts.left <= 0 and not facts.on_its_way:
        raise Refused("nothing_held")
    return _plan("hold", facts, request, steps={"hold": True}, effects=(), notes=(Note("waits", facts.left),))


def end_hold(facts: Facts, request: Mapping[str, Any]) -> Plan:
    """Take one reason for holding away; the release date counts again. Raises Refused when it is ended already."""
    if not any(f"{kind}:{request['hold']}" in facts.holds for kind in ENDED_BY_STAFF):
        raise Refused("hold_is_over")
    others = len(facts.holds) - 1
    notes = (Note("other_holds_stay", others),) if others else (Note("can_be_released", facts.left),)
    return _plan("end_hold", facts, request, steps={"end_hold": request["hold"]}, effects=(), notes=notes)


def cancel(facts: Facts, request: Mapping[str, Any]) -> Plan:
    """Call off an order that was paid and not sent: units go back, the buyer gets everything back. Raises Refused."""
    if facts.order_status != "paid":
        raise Refused("sent_already")
    if facts.gross == facts.refunded:
        raise Refused("nothing_to_refund")
    refunded = refund(facts, {**request, "amount": facts.gross - facts.refunded})
    return _plan(
        "cancel",
        facts,
        request,
        steps={**refunded.steps, "cancel": True},
        effects=refunded.effects,
        notes=(Note("units_go_back"), *refunded.notes),
        amount=refunded.amount,
    )


def decide(facts: Facts, request: Mapping[str, Any], *, amount: int, lines: tuple[Line, ...]) -> Plan:
    """Say whose a refund made in Stripe's Dashboard is. The buyer has the money; this is about everybody else.

    `lines` are the order's lines without that refund. Raises Refused.
    """
    if facts.on_its_way:
        raise Refused("release_on_its_way")
    before = sum(line.amount - line.refunded for line in lines)
    if amount > before:
        raise Refused("more_than_left", amount=before)
    parted = split(
        lines,
        over_lines(lines, amount, step=step(facts.currency)),
        POLICIES[request["policy"]],
        processing=facts.processing,
        step=step(facts.currency),
    )
    absorbed = min(parted.sellers, facts.left)
    owed = parted.sellers - absorbed
    reversed_ = _reversible(facts, owed)
    return _plan(
        "decide",
        facts,
        request,
        steps=_refund_steps(parted, absorbed, owed, reversed_),
        effects=tuple(effect for effect in _refund_effects(parted) if effect.who != "buyer"),
        notes=_refund_notes(facts, parted, owed, reversed_),
        amount=amount,
    )


def retry(facts: Facts, request: Mapping[str, Any], *, amount: int) -> Plan:
    """Pay a refund again whose money came back from the buyer's bank. Nobody's part changes. Raises Refused."""
    _refuse_disputed(facts)
    notes = (Note("platform_below_zero", facts.platform_cash - amount),) if facts.platform_cash < amount else ()
    return _plan(
        "retry",
        facts,
        request,
        steps={"refund": amount},
        effects=(Effect("buyer", amount, "refund"), Effect("platform", -amount, "owed_to_buyer")),
        notes=notes,
        amount=amount,
    )


def _plan(
    kind: str,
    facts: Facts,
    request: Mapping[str, Any],
    *,
    steps: Mapping[str, Any],
    effects: tuple[Effect, ...],
    notes: tuple[Note, ...] = (),
    amount: int = 0,
) -> Plan:
    relied_on = {name: value for name, value in asdict(facts).items() if name not in NOT_RELIED_ON}
    return Plan(kind, facts.order, facts.currency, dict(request), steps, effects, notes, amount, relied_on)


def _amounts(facts: Facts, request: Mapping[str, Any]) -> dict[int, int]:
    given = request.get("amounts")
    if given:
        return {int(line): int(amount) for line, amount in given.items() if int(amount)}
    amount = int(request.get("amount") or 0)
    if amount <= 0:
        raise Refused("nothing_to_refund", field="amount")
    try:
        return over_lines(facts.lines, amount, step=step(facts.currency))
    except TooMuch as error:
        raise Refused("more_than_left", amount=error.left, field="amount") from error


def _refuse_unsettled(facts: Facts) -> None:
    if facts.on_its_way:
        raise Refused("release_on_its_way")
    if facts.undecided:
        raise Refused("decide_first")


def _refuse_disputed(facts: Facts) -> None:
    if facts.bars_refunds:
        raise Refused("disputed")


def _refuse_unreleasable(facts: Facts) -> None:
    _refuse_unsettled(facts)
    if facts.status != "held" or facts.left <= 0:
        raise Refused("nothing_held")
    if facts.holds:
        raise Refused("held_back", detail=facts.holds[0])
    if facts.asked_for:
        raise Refused("waits_for_approval")
    if facts.order_status == "awaiting_payment":
        raise Refused("not_as_agreed")
    if facts.order_status == "cancelled" and facts.refunded + facts.disputed < facts.gross:
        raise Refused("order_cancelled")
    if not facts.can_receive:
        raise Refused("seller_cannot_receive")


def _reversible(facts: Facts, owed: int) -> int:
    """As much of what is owed as can be fetched back: the seller's balance at Stripe, by our books, is the limit."""
    sent = sum(one.left for one in facts.sent)
    possible = max(0, min(owed, sent, facts.seller_cash))
    return possible - possible % step(facts.currency)


def over_releases(facts: Facts, amount: int) -> list[dict[str, int]]:
    """Which releases to fetch it back from, the newest first."""
    found = []
    for sent in sorted(facts.sent, key=lambda one: -one.id):
        part = min(sent.left, amount)
        if part:
            found.append({"release": sent.id, "amount": part})
            amount -= part
    return found


def _refund_steps(parted: Split, absorbed: int, owed: int, reversed_: int) -> dict[str, Any]:
    return {
        "refund": parted.amount,
        "from_seller": parted.from_seller,
        "from_fee": parted.from_fee,
        "from_platform": parted.from_platform,
        "processing": parted.processing,
        "absorbed": absorbed,
        "owed": owed,
        "reverse": reversed_,
        "parts": [asdict(part) for part in parted.parts],
    }


def _refund_effects(parted: Split) -> tuple[Effect, ...]:
    effects = [
        Effect("buyer", parted.amount, "refund"),
        Effect("seller", -parted.from_seller, "their_part"),
        Effect("seller", -parted.processing, "processing"),
        Effect("platform", -parted.from_fee, "fee_returned"),
        Effect("platform", -parted.from_platform, "borne"),
        Effect("platform", parted.processing, "processing"),
    ]
    return tuple(effect for effect in effects if effect.amount)


def _refund_notes(facts: Facts, parted: Split, owed: int, reversed_: int) -> tuple[Note, ...]:
    notes = []
    lost = facts.processing * parted.amount // facts.gross - parted.processing
    if lost > 0:
        notes.append(Note("processing_not_returned", lost))
    if owed - reversed_:
        notes.append(Note("becomes_debt", owed - reversed_))
    if facts.platform_cash < parted.amount:
        notes.append(Note("platform_below_zero", facts.platform_cash - parted.amount))
    if facts.holds:
        notes.append(Note("is_held_back", len(facts.holds)))
    return tuple(notes)
