"""Which order carries how much of a dispute, and the audit rows of it.

Under the locks of the payment and the dispute.
"""

from datetime import datetime

from accounts.models import ConnectedAccount
from payments import dispute_plans, shares
from payments.consequences import Plan
from payments.models import Dispute, DisputeShare, MoneyAction, Payment, Share

Outcome = DisputeShare.Outcome


def locked(payment: Payment) -> list[Share]:
    """The shares of the payment, locked in the order of their ids, and then what their sellers owe."""
    found = [shares.locked(pk) for pk in payment.shares.order_by("pk").values_list("pk", flat=True)]
    sellers = {share.account.seller_id for share in found}
    # Locked after all shares, in the order of their ids: a release of one of them wants them in the same order.
    list(ConnectedAccount.objects.select_for_update(no_key=True).filter(seller__in=sellers).order_by("pk"))
    return found


def divide(dispute: Dispute, held: list[Share], payment: Payment) -> list[DisputeShare]:
    """Which order carries how much of it: exact, and at most what can still be given back on each (fault F44).

    Divided again when a refund that was on its way has made room, or Stripe changed the amount.
    """
    known = {part.share_id: part for part in dispute.shares.all()}
    wanted = _asked(dispute, payment)
    free = {}
    for share in held:
        part = known.get(share.pk)
        own = part.amount if part is not None and part.outcome != Outcome.RETURNED else 0
        free[share.pk] = share.gross, share.refundable + own
    is_decided = any(part.outcome == Outcome.LOST for part in known.values())
    has_all = sum(part.amount for part in known.values() if part.outcome == Outcome.OPEN) == min(
        wanted, sum(room for _paid, room in free.values())
    )
    if not is_decided and not (has_all and known):
        _write(dispute, held, dispute_plans.parts(wanted, free))
    by_id = {share.pk: share for share in held}
    found = list(dispute.shares.exclude(outcome=Outcome.RETURNED).order_by("share_id"))
    for part in found:
        part.dispute, part.share = dispute, by_id[part.share_id]
    return found


def record(share: Share, plan: Plan, *, actor: str, reason: str, at: datetime) -> None:
    """The audit row of what the bank decided: nobody here was asked (invariant I19)."""
    MoneyAction.objects.create(
        kind=MoneyAction.Kind.DISPUTE,
        share=share,
        status=MoneyAction.Status.DONE,
        request=dict(plan.request),
        plan=plan.as_json,
        plan_hash=plan.hash,
        currency=plan.currency,
        amount=plan.amount,
        actor=actor,
        reason=reason,
        created_at=at,
        done_at=at,
    )


def _asked(dispute: Dispute, payment: Payment) -> int:
    """What is disputed of the payment, in minor units of its currency (fault F46). At its end it is at most what the
    bank kept: it may have given some of it back.
    """
    same_balance = dispute.line_currency == payment.currency and dispute.outstanding > 0
    if dispute.currency != payment.currency:
        return dispute.outstanding if same_balance else payment.amount
    is_over = dispute.status in Dispute.ENDED
    return min(dispute.amount, dispute.outstanding) if same_balance and is_over else dispute.amount


def _write(dispute: Dispute, held: list[Share], amounts: dict[int, int]) -> None:
    known = {part.share_id: part for part in dispute.shares.all()}
    for share in held:
        part, amount = known.get(share.pk), amounts.get(share.pk, 0)
        counted = part.amount if part is not None and part.outcome == Outcome.OPEN else 0
        share.disputed += amount - counted
        share.save(update_fields=["disputed"])
        if amount:
            values = {"amount": amount, "outcome": Outcome.OPEN, "ended_at": None}
            DisputeShare.objects.update_or_create(dispute=dispute, share=share, defaults=values)
        elif part is not None:
            DisputeShare.objects.filter(pk=part.pk).update(outcome=Outcome.RETURNED)
