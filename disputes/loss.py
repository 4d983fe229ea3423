"""What accepting the loss of a dispute would do, before anybody accepts it: the plans the books will follow."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from kit.money import Money, allocate
from payments import dispute_books, dispute_plans, shares
from payments.consequences import Plan
from payments.models import Dispute, DisputeShare


@dataclass(frozen=True, slots=True)
class Loss:
    """Each order's plan, and what no order carries. `hash` names exactly this."""

    plans: tuple[tuple[DisputeShare, Plan], ...]
    beyond: Money | None
    hash: str


def preview(dispute: Dispute) -> Loss:
    """Who would bear what if the dispute were lost now, as payments.disputes will book it. Writes nothing.

    Amounts are minor units of each order's currency; `beyond` of the balance the bank took it from.
    """
    parts = list(_open_parts(dispute))
    policy = dispute_plans.policy_for(dispute.reason)
    same = all(part.share.currency == dispute.line_currency for part in parts)
    fee = dispute_plans.fee_for_seller(policy, max(0, dispute.fee)) if same else 0
    fees = allocate(fee, [part.amount for part in parts]) if parts else []
    plans = tuple(
        (part, dispute_plans.lost(shares.facts(part.share), str(dispute), part.amount, policy, fee=fee_part))
        for part, fee_part in zip(parts, fees, strict=True)
    )
    over = dispute_books.beyond(dispute, sum(part.amount for part in parts))
    beyond = Money(over, dispute.line_currency) if over else None
    told = [dispute.stripe_id, dispute.status, str(over), *(plan.hash for _part, plan in plans)]
    return Loss(plans, beyond, hashlib.sha256("\n".join(told).encode()).hexdigest())


def _open_parts(dispute: Dispute) -> list[DisputeShare]:
    found = dispute.shares.filter(outcome=DisputeShare.Outcome.OPEN).order_by("share_id")
    return list(found.select_related("share__order__seller", "share__payment", "share__account"))
