"""Reversals: released money fetched back from a seller's Stripe balance, for a refund or to be held again."""

from datetime import datetime, timedelta
from typing import Any

import structlog
from django.db import transaction
from django.db.models import F, Sum
from django.utils.translation import gettext as _

from gateway import operations, reads
from gateway.errors import StripeRefused, StripeUnavailable
from gateway.objects import BalanceTransaction, TransferReversal
from kit.clock import now
from kit.faults import faultpoint
from kit.transitions import move
from ledger import journal
from orders.models import FundsFlow
from payments import books, holds, shares
from payments.models import Dispute, DisputeShare, Hold, Refund, Release, Reversal, Share

log = structlog.get_logger(__name__)

Status = Reversal.Status

# How long staff have to say whose money is that came back late in its holding time (fault F53).
DECIDE_WITHIN = timedelta(days=7)


def write_for_refund(refund: Refund, *, actor: str, at: datetime) -> list[Reversal]:
    """What was decided to be fetched back for a refund, from the newest releases first. Under the share's lock."""
    left, made = refund.to_reverse, []
    for one in reversed(shares.sent(refund.share)):
        part = min(left, one.left)
        if part:
            made.append(write(one.id, part, actor=actor, reason=str(refund.get_reason_display()), at=at, refund=refund))
            left -= part
    return made


def write(
    release_id: int,
    amount: int,
    *,
    actor: str,
    reason: str,
    at: datetime,
    refund: Refund | None = None,
    dispute: Dispute | None = None,
) -> Reversal:
    """The reversal row (`amount` minor units) and its operation. Under the share's lock."""
    release = Release.objects.select_related("share__order").get(pk=release_id)
    reversal = Reversal.objects.create(
        release=release,
        number=release.reversals.count() + 1,
        amount=amount,
        refund=refund,
        dispute=dispute,
        planned_at=at,
        actor=actor,
        reason=reason,
    )
    operations.plan(
        name="transfer.reversal.create",
        business_key=key(reversal),
        path=f"/v1/transfers/{release.transfer_id}/reversals",
        params=_params(reversal),
        actor=actor,
        reason=reason,
    )
    return reversal


def send(reversal: Reversal, *, actor: str) -> None:
    """Ask Stripe to fetch it back, or finish asking. A refusal is written down: what is missing for a refund stays the
    seller's debt (fault F39); without a refund it is raised as StripeRefused, because nothing came of it. Raises
    StripeUnavailable while the outcome is unknown.
    """
    if reversal.status != Status.PLANNED:
        return
    operation = operations.latest(key(reversal))
    if operation is None:
        raise StripeUnavailable("The reversal has no operation.")
    operation = operations.execute(operation)
    faultpoint("reversal.answered")
    try:
        found = TransferReversal.read(operations.require(operation))
    except StripeRefused as refusal:
        _refused(reversal, refusal, actor=actor)
        if reversal.refund_id is None and reversal.dispute_id is None:
            raise
        return
    if found.line is None:
        # Answered before it was booked: what Stripe has now counts, not what it answered then.
        found = next((one for one in reads.reversals_of(found.transfer) if one.id == found.id), found)
    if found.line is None:
        raise StripeUnavailable("Stripe has not booked the reversal yet.")
    apply(reversal, found.id, found.line, actor=actor)
    faultpoint("reversal.applied")


def apply(reversal: Reversal, stripe_id: str, line: BalanceTransaction, *, actor: str) -> None:
    """Write down what Stripe fetched back: reversal, books and share in one transaction. Safe to repeat."""
    at = now()
    with transaction.atomic():
        # Locked: the sweep and whoever pressed the button may both be here, and it pays a debt.
        share = shares.locked_with_debt(reversal.release.share_id)
        reversal.refresh_from_db()
        if reversal.status != Status.PLANNED:
            return
        move(
            reversal,
            Status.DONE,
            actor=actor,
            reason=_("Stripe fetched it back."),
            at=at,
            done_at=at,
            stripe_id=stripe_id,
        )
        reversal.release.share = share
        if reversal.refund_id is not None:
            journal.post([books.reversed_for_refund(reversal, line, at=at)])
        else:
            into_hold(reversal, share, line, actor=actor, at=at)


def into_hold(reversal: Reversal, share: Share, line: BalanceTransaction, *, actor: str, at: datetime) -> None:
    """The money is with us again and nobody's yet: held until a person decides. Under the share's lock."""
    sellers = _sellers_part(reversal, share)
    journal.post([books.reversed_into_hold(reversal, line, sellers=sellers, at=at)])
    share.released -= sellers
    # Whoever decides gets some days, also when it was released long ago.
    share.hold_deadline = max(share.hold_deadline, at + DECIDE_WITHIN)
    share.save(update_fields=["released", "hold_deadline"])
    if share.status != Share.Status.HELD and share.left:
        # Whichever worker released it is done with it.
        reason = _("Released money was fetched back.")
        move(share, Share.Status.HELD, actor=actor, reason=reason, at=at, claimed_until=None)
    if reversal.dispute_id is not None:
        # The dispute itself holds it until the bank has decided.
        return
    holds.write(
        share,
        kind=Hold.Kind.STAFF,
        ref=f"reversal:{reversal.pk}",
        reason=reversal.reason,
        ends_when=_("Somebody of the marketplace decides whose it is."),
        actor=actor,
    )


def _sellers_part(reversal: Reversal, share: Share) -> int:
    """What of a reversal was the seller's, in minor units: all of it, where only the seller's part was transferred.

    A destination charge sent our fee to the seller, too, before Stripe gave it back: what is fetched back beyond the
    seller's part is that, and stays in suspense until the fee goes back to the seller.
    """
    if share.funds_flow == FundsFlow.HELD:
        return reversal.amount
    return min(reversal.amount, _with_the_seller(share))


def _with_the_seller(share: Share) -> int:
    """What of the share the seller has, in minor units: what refunds fetched back, or are about to, is none of it."""
    for_refunds = Reversal.objects.filter(release__share=share, refund__isnull=False).exclude(status=Status.REFUSED)
    return max(0, share.released - (for_refunds.aggregate(total=Sum("amount"))["total"] or 0))


def key(reversal: Reversal) -> str:
    """The business identity: the how-manieth reversal of which release."""
    release = reversal.release
    return f"reversal:{release.share.order.number}:{release.number}:{reversal.number}"


def _params(reversal: Reversal) -> dict[str, Any]:
    order = reversal.release.share.order.number
    return {
        "amount": reversal.amount,
        "metadata": {"order": order, "reversal": str(reversal.pk)},
        "expand": ["balance_transaction"],
    }


def _refused(reversal: Reversal, refusal: StripeRefused, *, actor: str) -> None:
    with transaction.atomic():
        # Locked, so that nobody plans with it while it is given up: it is a debt to set off from now on.
        shares.locked_with_debt(reversal.release.share_id)
        reversal.refresh_from_db()
        if reversal.status == Status.PLANNED:
            move(reversal, Status.REFUSED, actor=actor, reason=refusal.message, refusal=refusal.message)
            parts = DisputeShare.objects.filter(dispute=reversal.dispute, share=reversal.release.share_id)
            parts.update(short=F("short") + reversal.amount)
    log.warning("reversal_refused", reversal=key(reversal), code=refusal.code)
