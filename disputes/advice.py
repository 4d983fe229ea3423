"""What to do about a dispute or a fraud warning, by what each way is expected to come to; remembered with its outcome.

Reading writes nothing. `record` writes down what is advised when the facts are new, and what came of it when it is
over; a sweep does so for everything that is open, and whoever acts does so before acting.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import Sum

from accounts.models import Seller
from disputes import completeness, economics, history
from disputes.economics import Costs, Warned, Way
from disputes.models import Advice, FraudWarning
from kit.clock import now
from orders.models import Status as OrderStatus
from payments.models import Dispute, Refund, Share
from payments.queries import seller_debt

Band, Kind = Advice.Band, Advice.Kind
SENT = (OrderStatus.FULFILLED, OrderStatus.DELIVERED)


@dataclass(frozen=True, slots=True)
class Reckoned:
    """What is advised now: `given` is what is so, `believed` what is thought likely."""

    kind: str
    reason: str
    band: str
    currency: str
    amount: int
    chance: int
    given: Mapping[str, Any]
    believed: Mapping[str, Any]
    ways: tuple[Way, ...]

    @property
    def hash(self) -> str:
        """Names the facts. What is believed changes with every dispute that ends, and makes no new advice."""
        return hashlib.sha256(json.dumps([self.kind, self.given], sort_keys=True).encode()).hexdigest()

    def row(self) -> Advice:
        """As it would be written down."""
        return Advice(
            kind=self.kind,
            reason=self.reason,
            band=self.band,
            currency=self.currency,
            amount=self.amount,
            facts={"given": dict(self.given), "believed": dict(self.believed)},
            facts_hash=self.hash,
            ways=[way.as_json for way in self.ways],
            best=economics.best(self.ways).name,
            chance=self.chance,
            made_at=now(),
        )


def for_dispute(dispute: Dispute) -> Advice:
    """What is advised: as it was written down while the facts are the same, else reckoned now and not saved."""
    current = _current(dispute=dispute)
    if current is not None and dispute.settled_at is not None:
        return current
    reckoned = reckon_dispute(dispute)
    if current is not None and current.facts_hash == reckoned.hash:
        return current
    row = reckoned.row()
    row.dispute = dispute
    return row


def for_warning(warning: FraudWarning) -> Advice:
    """The same for a fraud warning. What is over is as it was advised before."""
    current = _current(warning=warning)
    if current is not None and warning.status not in FraudWarning.LIVE:
        return current
    reckoned = reckon_warning(warning)
    if current is not None and current.facts_hash == reckoned.hash:
        return current
    row = reckoned.row()
    row.warning = warning
    return row


def record_dispute(dispute: Dispute) -> Advice:
    """Write down what is advised, once for the same facts, and what came of it."""
    with transaction.atomic():
        # Locked: two workers would write the same advice, or one over the other's outcome.
        dispute = Dispute.objects.select_for_update(of=("self",), no_key=True).get(pk=dispute.pk)
        found = for_dispute(dispute)
        if found._state.adding:
            found.in_hindsight = dispute.settled_at is not None
            _supersede(dispute, found)
            found.save()
        # Ended again, if it was appealed.
        if dispute.settled_at is not None and (found.ended_at is None or found.outcome != dispute.status):
            _end_dispute(found, dispute)
    return found


def record_warning(warning: FraudWarning) -> Advice:
    """The same for a fraud warning."""
    with transaction.atomic():
        # Locked for the same reason.
        warning = FraudWarning.objects.select_for_update(no_key=True).get(pk=warning.pk)
        found = for_warning(warning)
        if found._state.adding:
            found.in_hindsight = warning.status not in FraudWarning.LIVE
            Advice.objects.filter(warning=warning, superseded_at=None).update(superseded_at=now())
            found.save()
        if warning.status not in FraudWarning.LIVE:
            _end_warning(found, warning)
    return found


def reckon_dispute(dispute: Dispute) -> Reckoned:
    """From the facts of this moment. Amounts are minor units of the dispute's currency."""
    found = completeness.of(dispute)
    kind = Kind.INQUIRY if dispute.status in Dispute.INQUIRIES else Kind.DISPUTE
    wins = history.wins(dispute.reason)
    won = wins[found.band]
    costs = _costs(dispute.currency, known_fee=_known_fee(dispute))
    given = {
        "amount": dispute.amount,
        "currency": dispute.currency,
        "reason": dispute.reason,
        "band": found.band,
        "percent": found.percent,
        "fee": costs.fee,
        "fee_is_known": _known_fee(dispute) is not None,
        "counter_fee": costs.counter_fee,
        "handling": costs.handling,
        "fee_borne_by": settings.DISPUTE_FEE_BORNE_BY,
        "appealed": dispute.status in Dispute.APPEALS,
    }
    believed = {"won": won.as_json}
    if kind == Kind.DISPUTE:
        ways = economics.dispute(dispute.amount, costs, won=won.chance)
        chance = won.chance
    else:
        silent, answered = history.escalations()
        believed |= {"silent": silent.as_json, "answered": answered.as_json}
        possible = _refundable(dispute) >= dispute.amount
        given["refundable"] = possible
        ways = economics.inquiry(dispute.amount, costs, won=won.chance, silent=silent.chance, answered=answered.chance)
        ways = [way for way in ways if possible or way.name != Advice.Way.REFUND]
        chance = answered.chance
    return Reckoned(
        kind, dispute.reason, found.band, dispute.currency, dispute.amount, chance, given, believed, tuple(ways)
    )


def reckon_warning(warning: FraudWarning) -> Reckoned:
    """From the facts of this moment. Amounts are minor units of the payment's currency."""
    payment = warning.payment
    shares = list(payment.shares.select_related("order__seller").order_by("pk"))
    disputed = history.disputes_after_warnings(share.order.seller_id for share in shares)
    unsent = [share for share in shares if share.order.status not in SENT]
    # Before a bank asked, what could be shown is judged by the delivery: without one there is nothing.
    band = Band.LITTLE if unsent else Band.SOME
    won = history.wins("fraudulent")[band]
    costs = _costs(payment.currency, known_fee=None)
    refundable = sum(share.refundable for share in shares)
    facts = Warned(
        refundable=refundable,
        goods=sum(share.refundable for share in unsent) * settings.GOODS_COST_PERCENT // 100,
        held=sum(share.left for share in shares),
        sent=sum(share.released for share in shares),
        disputed=disputed.chance,
        won=won.chance,
        default=economics.percent(_default_percent(shares)),
        waiting=refundable * settings.WAITING_COST_PERCENT // 100,
        is_sent=not unsent,
        can_refund=warning.actionable and not payment.disputes.filter(status__in=Dispute.BARS_REFUNDS).exists(),
    )
    given = {
        "amount": payment.amount,
        "currency": payment.currency,
        "refundable": facts.refundable,
        "goods": facts.goods,
        "held": facts.held,
        "sent": facts.sent,
        "waiting": facts.waiting,
        "default_percent": _default_percent(shares),
        "fee": costs.fee,
        "counter_fee": costs.counter_fee,
        "handling": costs.handling,
        "fee_borne_by": settings.DISPUTE_FEE_BORNE_BY,
        "actionable": warning.actionable,
        "fraud_type": warning.fraud_type,
        "orders": [[share.order.number, share.order.status, share.refundable] for share in shares],
    }
    return Reckoned(
        Kind.WARNING,
        "fraudulent",
        band,
        payment.currency,
        refundable,
        disputed.chance,
        given,
        {"won": won.as_json, "disputed": disputed.as_json},
        tuple(economics.warning(facts, costs)),
    )


def _costs(currency: str, *, known_fee: int | None) -> Costs:
    fee = settings.DISPUTE_FEES.get(currency, 0) if known_fee is None else known_fee
    return Costs(
        fee=fee,
        fee_comes_back=settings.DISPUTE_FEE_COMES_BACK,
        counter_fee=settings.DISPUTE_COUNTER_FEES.get(currency, 0),
        counter_fee_comes_back=settings.DISPUTE_COUNTER_FEE_COMES_BACK,
        handling=settings.DISPUTE_HANDLING_COSTS.get(currency, 0),
    )


def _known_fee(dispute: Dispute) -> int | None:
    """What Stripe took for it, once it did, in the dispute's currency."""
    is_known = dispute.withdrawn > 0 and dispute.line_currency == dispute.currency
    return max(0, dispute.fee) if is_known else None


def _refundable(dispute: Dispute) -> int:
    if dispute.payment is None or dispute.payment.currency != dispute.currency:
        return 0
    return sum(share.refundable for share in dispute.payment.shares.all())


def _default_percent(shares: list[Share]) -> int:
    """How much of what these sellers came to owe would never be paid back: more, if one owes us already."""
    sellers: dict[Seller, str] = {share.order.seller: share.currency for share in shares}
    owing = any(seller_debt(seller, currency).amount for seller, currency in sellers.items())
    return int(settings.SELLER_DEFAULT_OWING_PERCENT if owing else settings.SELLER_DEFAULT_PERCENT)


def _current(**subject: Dispute | FraudWarning) -> Advice | None:
    found: Advice | None = Advice.objects.filter(**subject, superseded_at=None).first()
    return found


def _supersede(dispute: Dispute, by: Advice) -> None:
    """What was advised on other facts stays as it was; an inquiry that became a dispute has come to its end."""
    for old in Advice.objects.filter(dispute=dispute, superseded_at=None):
        if old.kind == Kind.INQUIRY and by.kind == Kind.DISPUTE and old.ended_at is None:
            old.outcome, old.happened, old.ended_at = "escalated", True, now()
            old.answered = _was_answered(dispute)
        old.superseded_at = now()
        old.save()


def _was_answered(dispute: Dispute) -> bool:
    return dispute.has_evidence or dispute.submission_count > 0


def _end_dispute(found: Advice, dispute: Dispute) -> None:
    """What came of it. Whether an answer would have won is known only of those that were answered."""
    found.outcome, found.ended_at = dispute.status, dispute.settled_at
    found.answered = _was_answered(dispute)
    if found.kind == Kind.DISPUTE:
        decided = dispute.status in (Dispute.Status.WON, Dispute.Status.LOST)
        found.happened = dispute.status == Dispute.Status.WON if decided and found.answered else None
        found.real_value = _real_value(dispute)
    else:
        refunded = _refunded_since(dispute)
        found.happened = None if refunded or dispute.status != Dispute.Status.WARNING_CLOSED else False
        found.real_value = -refunded
    found.save()


def _real_value(dispute: Dispute) -> int:
    """What it came to, in minor units of its currency: without the fee where that was taken in another one."""
    if dispute.line_currency in ("", dispute.currency):
        return -dispute.outstanding - dispute.fee
    return -dispute.amount if dispute.status == Dispute.Status.LOST else 0


def _refunded_since(dispute: Dispute) -> int:
    gone = Refund.objects.filter(share__payment=dispute.payment, planned_at__gte=dispute.opened_at)
    done = gone.filter(status__in=[Refund.Status.PLANNED, Refund.Status.PENDING, Refund.Status.SUCCEEDED])
    return int(done.aggregate(total=Sum("amount"))["total"] or 0)


def _end_warning(found: Advice, warning: FraudWarning) -> None:
    """Refunded in time nobody knows whether it would have been disputed."""
    happened = {FraudWarning.Status.DISPUTED: True, FraudWarning.Status.OVER: False}.get(
        FraudWarning.Status(warning.status)
    )
    if found.outcome == warning.status and found.ended_at is not None and found.real_value is not None:
        return
    found.outcome, found.happened = warning.status, happened
    found.ended_at = found.ended_at or warning.ended_at or now()
    found.real_value = _value_of_warned(found, warning)
    found.save()


def _value_of_warned(found: Advice, warning: FraudWarning) -> int | None:
    """What a warned payment came to, in minor units; None while its dispute is open."""
    match warning.status:
        case FraudWarning.Status.OVER:
            return 0
        case FraudWarning.Status.REFUNDED:
            kept = found.facts["given"]["goods"]
            return int(kept - found.facts["given"]["refundable"])
    rows = list(warning.payment.disputes.exclude(status__in=Dispute.INQUIRIES))
    return sum(_real_value(row) for row in rows) if all(row.settled_at for row in rows) else None
