"""Releases: a share's money, or a part of it, on its way to the seller by one transfer.

`write` is called under the share's lock, in the transaction of the decision; `send` asks Stripe afterwards, outside any
transaction, and may be repeated by anybody: the operation has one key (faults F13, F22, F35).
"""

from datetime import datetime, timedelta
from typing import Any

import structlog
from django.db import transaction
from django.db.models import Sum
from django.utils.translation import gettext as _

from gateway import operations, reads
from gateway.errors import StripeRefused, StripeUnavailable
from gateway.models import Operation
from gateway.objects import Transfer
from kit.clock import now
from kit.faults import faultpoint
from kit.transitions import move
from ledger import journal
from orders.models import FundsFlow
from payments import books, holds, letters, shares
from payments.models import Hold, Release, Share

log = structlog.get_logger(__name__)

Status = Release.Status

# Not a failure but a wait: our balance at Stripe has not settled yet (fault F36).
WAIT_CODES = frozenset({"balance_insufficient"})
WAIT = timedelta(hours=6)


def write(share: Share, steps: dict[str, Any], *, actor: str, reason: str, at: datetime) -> Release:
    """The release row, its operation, and what is set off against the seller's debt. Under the locks of the share and
    of the seller's account. `steps` are those of `consequences.release`: minor units.
    """
    amount, kept_back = int(steps["transfer"]), int(steps["netted"])
    release = Release.objects.create(
        share=share,
        number=share.releases.count() + 1,
        amount=amount,
        netted=kept_back,
        planned_at=at,
        actor=actor,
        reason=reason,
    )
    share.released += amount + kept_back
    share.save(update_fields=["released"])
    if kept_back:
        journal.post([books.netted(release, at=at)])
    if not amount:
        move(release, Status.SENT, actor=actor, reason=_("All of it was set off against a debt."), at=at, sent_at=at)
        shares.close_if_done(share, at=at, actor=actor)
        return release
    operations.plan(
        name="transfer.create",
        business_key=key(release),
        path="/v1/transfers",
        params=_params(release),
        actor=actor,
        reason=reason,
    )
    return release


def send(release: Release, *, actor: str) -> None:
    """Ask Stripe for the transfer, or finish asking, and write down what came of it. Raises StripeUnavailable while
    that is unknown; a refusal is written down and raised as StripeRefused.
    """
    if release.status != Status.PLANNED:
        return
    operation = operations.execute_latest(key(release))
    if operation is None:
        raise StripeUnavailable("The release has no operation.")
    if operation.status == Operation.Status.PLANNED and (why := may_go(operation)):
        # Asked for before something came up, and certainly not made: it would stand in the way of a refund for as long
        # as that lasts. What is due is released anew afterwards.
        with transaction.atomic():
            call_off(shares.locked(release.share_id), actor=actor, reason=why)
        return
    faultpoint("release.answered")
    try:
        found = Transfer.read(operations.require(operation))
    except StripeRefused as refusal:
        _refused(release, refusal, actor=actor)
        raise
    if found.line is None:
        found = reads.transfer(found.id)
    faultpoint("release.before_apply")
    apply(release, found, actor=actor)
    faultpoint("release.applied")


def apply(release: Release, found: Transfer, *, actor: str) -> None:
    """Write down the transfer Stripe made: release, books and share in one transaction. Safe to repeat."""
    at = now()
    if found.line is None:
        raise StripeUnavailable("Stripe has not booked the transfer yet.")
    with transaction.atomic():
        # Locked: the sweep and whoever pressed the button may both be here.
        share = shares.locked(release.share_id)
        release.refresh_from_db()
        if release.status != Status.PLANNED:
            return
        move(
            release,
            Status.SENT,
            actor=actor,
            reason=_("Stripe made the transfer."),
            at=at,
            sent_at=at,
            transfer_id=found.id,
            destination_payment=found.destination_payment,
            available_on=found.available_on,
        )
        release.share = share
        journal.post([books.released(release, found.line, at=at)])
        letters.released(release)
        shares.close_if_done(share, at=at, actor=actor)


def call_off(share: Share, *, actor: str, reason: str) -> bool:
    """Stop a release that was written down and not asked for yet. False if there is none, or it is too late for that.

    Under the share's lock: something came up that must not be overtaken by it (invariant I06).
    """
    release = share.releases.filter(status=Status.PLANNED).first()
    operation = operations.latest(key(release)) if release else None
    if release is None or operation is None or not operations.call_off(operation, reason=reason):
        return False
    _take_back(share, release, actor=actor, reason=reason)
    return True


def key(release: Release) -> str:
    """The business identity: the order and the how-manieth release of it, whoever decided (fault F15)."""
    return f"release:{release.share.order.number}:{release.number}"


def may_go(operation: Operation) -> str:
    """Why a transfer that was only written down must not go out now: something holds its share (invariant I06)."""
    release = operation.request["metadata"].get("release")
    if release is None or not Hold.objects.filter(share__releases=release, ended_at=None).exists():
        return ""
    return _("Something holds the money back since this release was written down.")


def _params(release: Release) -> dict[str, Any]:
    share = release.share
    params: dict[str, Any] = {
        "amount": release.amount,
        "currency": share.currency,
        "destination": share.account.stripe_id,
        "metadata": {"order": share.order.number, "release": str(release.pk)},
        "expand": ["balance_transaction"],
    }
    if _charge_covers(release):
        # Funds of this charge, settled or not: never those of other buyers (fault F36).
        params["source_transaction"] = share.payment.charge_id
    return params


def _charge_covers(release: Release) -> bool:
    """Whether the charge still has room for this transfer. Stripe counts every transfer that was made from it, also
    what was fetched back since, and a destination charge sent all of itself (docs.stripe.com/connect: "the sum of the
    transfers doesn't exceed the source charge"). Without room it comes from our balance, once that has settled.
    """
    payment = release.share.payment
    if payment.funds_flow == FundsFlow.DESTINATION:
        return False
    made = Release.objects.filter(share__payment=payment).exclude(status=Status.REFUSED)
    used = made.aggregate(total=Sum("amount"))["total"] or 0
    return bool(used <= payment.amount)


def _refused(release: Release, refusal: StripeRefused, *, actor: str) -> None:
    with transaction.atomic():
        # Locked: what the share counted for it is given back once.
        share = shares.locked(release.share_id)
        release.refresh_from_db()
        if release.status != Status.PLANNED:
            return
        _take_back(share, release, actor=actor, reason=refusal.message)
        if refusal.code in WAIT_CODES:
            # Only what was due is tried again: what somebody released early they have to release again themselves.
            if share.release_at is not None and share.release_at <= now():
                share.release_at = now() + WAIT
                share.save(update_fields=["release_at"])
            return
        # Parked with Stripe's words, and tried again when Stripe says the seller can be paid (fault F49).
        holds.write(
            share,
            kind=Hold.Kind.RESTRICTION,
            ref="transfer",
            reason=refusal.message,
            ends_when=_("Stripe lets the seller be paid again."),
            actor=actor,
        )
    log.warning("release_refused", order=share.order.number, code=refusal.code)


def _take_back(share: Share, release: Release, *, actor: str, reason: str) -> None:
    share.released -= release.amount
    share.save(update_fields=["released"])
    move(release, Status.REFUSED, actor=actor, reason=reason, refusal=reason)


operations.check_before_sending("transfer.create", may_go)
