"""Refunds: the buyer first, then the seller's part (fault F38).

`write` runs under the share's lock, in the transaction of the decision; `send` asks Stripe afterwards; `apply` writes
down how the refund stands whenever somebody looked, also weeks later when the buyer's bank sends it back (fault F43).
"""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

import structlog
from django.db import transaction
from django.db.models import F, Q, QuerySet, Sum
from django.db.models.functions import Coalesce
from django.utils.translation import gettext as _

from gateway import objects, operations, reads
from gateway.errors import StripeRefused, StripeUnavailable
from gateway.objects import BalanceTransaction
from kit.clock import now
from kit.faults import faultpoint
from kit.money import allocate
from kit.transitions import can_move, move
from ledger import journal
from payments import books, letters, reversals, shares
from payments.models import Refund, RefundLine, Share

log = structlog.get_logger(__name__)

Status = Refund.Status
# Nothing of these reached the buyer.
LOST = (Status.FAILED, Status.REFUSED)

# How Stripe names the ways a refund can stand.
STANDS = {
    "pending": Status.PENDING,
    "requires_action": Status.PENDING,
    "succeeded": Status.SUCCEEDED,
    "failed": Status.FAILED,
    "canceled": Status.FAILED,
}


def write(share: Share, steps: Mapping[str, Any], request: Mapping[str, Any], *, actor: str, at: datetime) -> Refund:
    """The refund row with its lines and its operation; the share counts it from now on. Under the share's lock.

    `steps` are those of `consequences.refund`: minor units.
    """
    refund = Refund.objects.create(
        share=share,
        amount=steps["refund"],
        from_seller=steps["from_seller"],
        from_fee=steps["from_fee"],
        from_platform=steps["from_platform"],
        processing=steps["processing"],
        absorbed=steps["absorbed"],
        owed=steps["owed"],
        to_reverse=steps["reverse"],
        reason=request["reason"],
        policy=request["policy"],
        note=request.get("note", ""),
        actor=actor,
        planned_at=at,
    )
    write_lines(refund, steps)
    count(share, refund, +1)
    _plan(refund, actor)
    return refund


def write_retry(failed: Refund, amount: int, *, actor: str, at: datetime) -> Refund:
    """Another refund of what came back from the buyer's bank: `amount` minor units of it. Nobody's part changes. Under
    the share's lock.
    """
    refund = Refund.objects.create(
        share=failed.share,
        amount=amount,
        reason=failed.reason,
        policy=failed.policy,
        note=failed.note,
        replaces=failed,
        actor=actor,
        planned_at=at,
    )
    _plan(refund, actor)
    return refund


def write_lines(refund: Refund, steps: Mapping[str, Any]) -> None:
    """Which lines of the order a refund is for."""
    RefundLine.objects.bulk_create(
        RefundLine(refund=refund, line_id=part["line"], amount=part["amount"], from_fee=part["from_fee"])
        for part in steps["parts"]
    )


def count(share: Share, refund: Refund, sign: int) -> None:
    """Count a refund in its share, or no longer. Under the share's lock."""
    if refund.replaces_id is None:
        share.refunded += sign * refund.amount
        share.fee_returned += sign * refund.from_fee
        share.taken += sign * refund.absorbed
        share.save(update_fields=["refunded", "fee_returned", "taken"])


def owed_again() -> QuerySet[Refund]:
    """Refunds the buyer is still owed some of, as their bank sent them back (fault F43)."""
    lost = Q(replaced_by__status__in=LOST)
    paid = Coalesce(Sum("replaced_by__amount", filter=~lost), 0)
    first = Refund.objects.filter(status=Status.FAILED, replaces=None)
    return first.alias(paid_again=paid).filter(amount__gt=F("paid_again"))


def still_owed(refund: Refund) -> int:
    """How much of a refund that came back was not paid again since, nor is on its way: minor units."""
    paid = refund.replaced_by.exclude(status__in=LOST).aggregate(total=Sum("amount"))["total"] or 0
    return refund.amount - int(paid)


def unpaid(share: Share) -> QuerySet[Refund]:
    """Those of one order."""
    return owed_again().filter(share=share)


def send(refund: Refund, *, actor: str) -> None:
    """Ask Stripe for the refund, or finish asking; then fetch the seller's part back. Repeatable.

    Raises StripeUnavailable while the outcome is unknown; a refusal is written down and raised as StripeRefused.
    """
    if refund.status == Status.PLANNED:
        operation = operations.latest(key(refund))
        if operation is None:
            raise StripeUnavailable("The refund has no operation.")
        operation = operations.execute(operation)
        faultpoint("refund.answered")
        try:
            found = objects.Refund.read(operations.require(operation))
        except StripeRefused as refusal:
            _refused(refund, refusal, actor=actor)
            raise
        apply(refund, found, actor=actor)
        faultpoint("refund.applied")
    for reversal in refund.reversals.select_related("release__share__order"):
        reversals.send(reversal, actor=actor)


def look(refund: Refund, *, actor: str) -> None:
    """See at Stripe how a refund stands, and write it down; one that is still on its way is looked at again later."""
    apply(refund, reads.refund(str(refund.stripe_id)), actor=actor)
    Refund.objects.filter(pk=refund.pk, status=Status.PENDING).update(done_at=now())


def apply(refund: Refund, found: objects.Refund, *, actor: str) -> None:
    """Bring the refund and the books to where Stripe's refund is; forward only, each fact once. Safe to repeat."""
    at = now()
    with transaction.atomic():
        # Locked: the button, the event and the sweep may all look at once. With the debt only when one comes of it: an
        # outside refund of several orders would otherwise lock several sellers' accounts, in any order.
        makes_debt = refund.status == Status.PLANNED and refund.owed
        share = shares.locked_with_debt(refund.share_id) if makes_debt else shares.locked(refund.share_id)
        refund.refresh_from_db()
        refund.share = share
        if refund.status == Status.PLANNED:
            _accept(refund, found, actor=actor, at=at)
            letters.refunded(refund)
        _book(refund, found, at=at)
        # A way Stripe has not told us of yet is waited for, like pending.
        to = STANDS.get(found.status, Status.PENDING)
        if to != refund.status and can_move(refund, to):
            move(
                refund,
                to,
                actor=actor,
                reason=found.failure_reason or _("Stripe said so."),
                at=at,
                done_at=at,
                failure=found.failure_reason,
            )
            if to == Status.FAILED:
                log.error("refund_failed", order=share.order.number, refund=found.id, reason=found.failure_reason)
                letters.refund_failed(refund)
        shares.close_if_done(share, at=at, actor=actor)


def key(refund: Refund) -> str:
    """The business identity: two equal refunds of one order are two (fault F16)."""
    return f"refund:{refund.uuid}"


def _accept(refund: Refund, found: objects.Refund, *, actor: str, at: datetime) -> None:
    """Stripe took it on: it is booked against whoever bears it, and the seller's part is asked back."""
    Refund.objects.filter(pk=refund.pk).update(stripe_id=found.id)
    refund.stripe_id = found.id
    if refund.replaces_id is None:
        journal.post([books.refund_accepted(refund, at=at)])
        reversals.write_for_refund(refund, actor=actor, at=at)


def _book(refund: Refund, found: objects.Refund, *, at: datetime) -> None:
    if found.line is not None:
        journal.post([books.refund_paid(refund, _part(refund, found.line), at=at)])
    if found.failure_line is not None:
        journal.post([books.refund_returned(refund, _part(refund, found.failure_line), at=at)])


def _part(refund: Refund, line: BalanceTransaction) -> BalanceTransaction:
    """This refund's part of Stripe's line: all of it, unless it was made outside for several orders at once."""
    if not refund.outside:
        return line
    rows = list(Refund.objects.filter(stripe_id=refund.stripe_id).order_by("pk").values_list("pk", "amount"))
    place, weights = [pk for pk, _amount in rows].index(refund.pk), [amount for _pk, amount in rows]

    def part(whole: int) -> int:
        return allocate(abs(whole), weights)[place] * (1 if whole > 0 else -1)

    return replace(line, amount=part(line.amount), fee=part(line.fee), net=part(line.amount) - part(line.fee))


def _plan(refund: Refund, actor: str) -> None:
    share = refund.share
    operations.plan(
        name="refund.create",
        business_key=key(refund),
        path="/v1/refunds",
        params={
            "charge": share.payment.charge_id,
            "amount": refund.amount,
            # Stripe blocks the card and the address of what is called fraudulent; nothing else is called that.
            "reason": "fraudulent" if refund.reason == Refund.Reason.FRAUD else "requested_by_customer",
            "metadata": {"order": share.order.number, "refund": str(refund.uuid)},
            "expand": ["balance_transaction", "failure_balance_transaction"],
        },
        actor=actor,
        reason=str(refund.get_reason_display()),
    )


def _refused(refund: Refund, refusal: StripeRefused, *, actor: str) -> None:
    with transaction.atomic():
        # Locked: what the share counted for it is given back once.
        share = shares.locked(refund.share_id)
        refund.refresh_from_db()
        if refund.status == Status.PLANNED:
            move(refund, Status.REFUSED, actor=actor, reason=refusal.message, failure=refusal.message)
            count(share, refund, -1)
            # A release may have sent the rest meanwhile.
            shares.close_if_done(share, at=now(), actor=actor)
    log.warning("refund_refused", order=share.order.number, code=refusal.code)
