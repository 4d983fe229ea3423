"""Early fraud warnings: taken in from Stripe, decided on, and followed until it is known what came of them.

`apply` may be called in any order and any number of times with the same warning (faults F01, F02). What it holds and
lets go is payments' (payments.disputing); here is what was decided, and why.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import structlog
from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext as _

from disputes.models import FraudWarning
from gateway import objects, reads
from gateway.errors import GatewayError
from kit.clock import now
from kit.transitions import can_move, move
from orders.models import Status as OrderStatus
from payments import disputing
from payments.errors import NotYet
from payments.models import Dispute, Hold, MoneyAction, Payment, Refund, Share
from payments.policies import BY_REASON

log = structlog.get_logger(__name__)

ACTOR = "fraud warnings"
BATCH = 200
Status = FraudWarning.Status


def apply(found: objects.FraudWarning, *, actor: str) -> FraudWarning:
    """Hold the payment, or let it go, as Stripe's word is now, and keep the warning. Raises NotYet for a charge that
    may still become a payment of ours.
    """
    with transaction.atomic():
        # Locked: two events of one warning, or the sweep beside them, each see what the other wrote.
        payment = Payment.objects.select_for_update(no_key=True).filter(charge_id=found.charge).first()
        if payment is None:
            raise NotYet(f"No payment here has the charge {found.charge}.")
        warning, _created = FraudWarning.objects.get_or_create(
            stripe_id=found.id,
            defaults={
                "payment": payment,
                "fraud_type": found.fraud_type,
                "actionable": found.actionable,
                "warned_at": found.created,
                "heard_at": now(),
            },
        )
        # Forward only: once nothing can be done about it, an older look does not say otherwise (fault F02).
        found = replace(found, actionable=found.actionable and warning.actionable)
        if warning.actionable != found.actionable:
            warning.actionable = found.actionable
            warning.save(update_fields=["actionable"])
        disputing.warned(found, actor=actor)
        _follow(warning, actor=actor)
    return warning


def find_missed() -> int:
    """Take in warnings of which no event told (fault F08): of the newest at Stripe, those that are not as they are
    here; how many. One page at most.
    """
    newest = reads.newest_fraud_warnings()
    ours = set(Payment.objects.filter(charge_id__in=[one.charge for one in newest]).values_list("charge_id", flat=True))
    listed = [one for one in newest if one.charge in ours]
    known = dict(
        FraudWarning.objects.filter(stripe_id__in=[one.id for one in listed]).values_list("stripe_id", "actionable")
    )
    missed = [one for one in listed if one.id not in known or (known[one.id] and not one.actionable)]
    return sum(1 for one in missed if _take_in(one.id))


def follow() -> int:
    """See what came of warnings whose payments were refunded or disputed, or whose time is over; how many moved."""
    moved = 0
    for warning in _each(FraudWarning.LIVE | {Status.REFUNDED}):
        with transaction.atomic():
            # Locked as in `apply`, and in the same order: an event may move it at this moment.
            payment = Payment.objects.select_for_update(no_key=True).get(warnings=warning)
            moved += _follow(payment.warnings.get(pk=warning), actor=ACTOR)
    return moved


def decided(warning: FraudWarning, to: str, *, actor: str, reason: str) -> None:
    """What was decided about the payment: held until it is clear, let go on, or refunded. Nothing, if it is further."""
    if warning.status != to and can_move(warning, to):
        ended = {} if to in FraudWarning.LIVE else {"ended_at": now()}
        move(warning, to, actor=actor, reason=reason, decided_at=now(), **ended)


def refund_request(share: Share) -> tuple[str, dict[str, Any]]:
    """The decision that gives back all that is left of one order because of fraud: what was not sent is called off."""
    reason = Refund.Reason.FRAUD
    asked = {"reason": reason, "policy": BY_REASON[reason].name}
    if share.order.status == OrderStatus.PAID and not share.disputed:
        return MoneyAction.Kind.CANCEL, asked
    return MoneyAction.Kind.REFUND, {**asked, "amount": share.refundable}


def is_disputed(payment: Payment) -> bool:
    """Whether the bank asked for the money: an inquiry only asks about it."""
    asked = payment.disputes.exclude(status__in=[*Dispute.INQUIRIES, Dispute.Status.PREVENTED])
    return bool(asked.exclude(status=Dispute.Status.UNKNOWN, withdrawn=0).exists())


def _follow(warning: FraudWarning, *, actor: str) -> bool:
    """Move it to what has become of its payment, if that is further on; whether it moved."""
    to, reason = _became(warning)
    if not to or warning.status == to or not can_move(warning, to):
        return False
    move(warning, to, actor=actor, reason=reason, ended_at=None if to in FraudWarning.LIVE else now())
    if to == Status.OVER:
        disputing.end_all(warning.payment, ref=warning.stripe_id, actor=actor, reason=reason, kind=Hold.Kind.WARNING)
    return True


def _became(warning: FraudWarning) -> tuple[str, str]:
    if is_disputed(warning.payment):
        return Status.DISPUTED, _("The buyer's bank asked for the money.")
    shares = list(warning.payment.shares.all())
    if shares and not any(share.refundable for share in shares):
        return Status.REFUNDED, _("All of it went back to the buyer.")
    if warning.warned_at <= now() - timedelta(days=settings.WARNING_OVER_DAYS):
        return Status.OVER, _("No dispute came in the time in which one was to be expected.")
    holds = list(Hold.objects.filter(share__in=shares, kind=Hold.Kind.WARNING, ref=warning.stripe_id))
    if warning.actionable and holds and all(hold.ended_at for hold in holds):
        return Status.LET_GO, _("Somebody ended the hold.")
    return "", ""


def _each(statuses: frozenset[str]) -> list[int]:
    """Ids of warnings that may still move: those of the time in which a dispute may come, in any order."""
    oldest = now() - timedelta(days=2 * settings.WARNING_OVER_DAYS)
    rows = FraudWarning.objects.filter(status__in=statuses, warned_at__gte=oldest)
    return list(rows.order_by("?").values_list("pk", flat=True)[:BATCH])


def _take_in(stripe_id: str) -> bool:
    try:
        apply(reads.fraud_warning(stripe_id), actor=ACTOR)
    except (GatewayError, NotYet) as error:
        log.warning("warning_not_followed", warning=stripe_id, error=str(error))
        return False
    except Exception:
        # It needs a person; the others do not wait for that (fault F06).
        log.exception("warning_needs_a_person", warning=stripe_id)
        return False
    return True
