"""Periodic jobs about held money. Each selects what is due, claims one share at a time by its lock, and acts.

All can be called directly, twice, or at once by several workers: what another one did is found done. One share that
cannot be helped does not hold up the others (fault F06).
"""

from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import timedelta
from typing import Any

import structlog
from django.db import transaction
from django.db.models import DurationField, Exists, ExpressionWrapper, F, OuterRef, Q, QuerySet
from django.utils.translation import gettext as _

from accounts.models import ConnectedAccount
from gateway.errors import GatewayError
from kit.clock import now
from kit.faults import faultpoint
from kit.money import step
from orders.models import DeliveredBy
from orders.models import Status as OrderStatus
from payments import (
    claims,
    decisions,
    holds,
    letters,
    milestone_parts,
    refunds,
    releases,
    reversals,
    reviewing,
    schedule,
    shares,
)
from payments.consequences import BY_DATE, Refused
from payments.errors import PaymentError
from payments.models import DisputeShare, Hold, MoneyAction, Payment, Refund, Release, Reversal, Share
from payments.policies import BY_REASON, SHARED

log = structlog.get_logger(__name__)

ACTOR = "release sweep"
BATCH = 200
# Whoever decided has this long to ask Stripe before a sweep does.
PATIENCE = timedelta(seconds=30)
# A refund on its way is looked at again this often, should no event tell.
LOOK_AGAIN = timedelta(hours=6)
# At this part of the longest holding time staff are told, and a day before its end it is acted upon (fault F53).
WARN_AT = 0.75
LAST_DAY = timedelta(days=1)
# What Stripe refused to refund is asked for again after so long.
TRY_AGAIN = timedelta(days=1)

Basis = Share.Basis
Kind = MoneyAction.Kind


def set_dates() -> int:
    """Give shares whose orders were sent or delivered their release dates; how many changed."""
    waiting = Share.objects.filter(status=Share.Status.HELD).exclude(release_basis=Basis.STAFF)
    newer = (
        Q(release_basis="", order__fulfilled_at__isnull=False)
        | Q(order__delivered_at__isnull=False) & ~Q(release_basis__in=[Basis.DELIVERED, Basis.RECEIVED])
        | Q(order__delivered_by=DeliveredBy.BUYER) & ~Q(release_basis=Basis.RECEIVED)
    )
    return sum(1 for share in _each(waiting.filter(newer)) if _try(_dated, share))


def release_due(at_once: int = claims.AT_ONCE) -> int:
    """Release what is due and not held back; how many were decided on. Workers that sweep at the same time share the
    work, `at_once` orders at a time.
    """
    # Closed also when something stops it in the middle: what it had claimed is given back then.
    with closing(claims.each(due_for_release(), at_once=at_once)) as mine:
        return sum(1 for share in mine if _try(_release, share))


def due_for_release() -> QuerySet[Share]:
    """What is due and not held back. Without anybody's word the buyer was told first."""
    due = Share.objects.filter(status=Share.Status.HELD, release_at__lte=now()).exclude(_is_held_back())
    due = due.exclude(milestone_parts.is_by_milestones())
    return due.filter(~Q(release_basis=Basis.SHIPPED) | Q(release_warned_at__isnull=False))


def warn_buyers() -> int:
    """Tell buyers whose parcel nobody confirmed that the money goes to the seller soon; how many."""
    soon = now() + timedelta(days=schedule.warning_days())
    waiting = Share.objects.filter(
        status=Share.Status.HELD, release_basis=Basis.SHIPPED, release_at__lte=soon, release_warned_at=None
    ).exclude(milestone_parts.is_by_milestones())
    return sum(1 for share in _each(waiting) if _try(_warn_buyer, share))


def warn_sellers() -> int:
    """Tell sellers who have not sent a paid order that its time is nearly over; how many."""
    soon = now() + timedelta(days=schedule.warning_days())
    waiting = Share.objects.filter(
        status=Share.Status.HELD, order__status=OrderStatus.PAID, order__ship_by__lte=soon, ship_warned_at=None
    ).exclude(milestone_parts.is_by_milestones())
    return sum(1 for share in _each(waiting) if _try(_warn_seller, share))


def cancel_unsent() -> int:
    """Cancel orders that were not sent in time and refund what was not refunded yet; how many."""
    late = Share.objects.filter(
        status=Share.Status.HELD, order__status=OrderStatus.PAID, order__ship_by__lte=now()
    ).exclude(_is_held_back())
    # What is done step by step has its own dates, up to the longest holding time.
    late = late.exclude(milestone_parts.is_by_milestones())
    return sum(1 for share in _each(late) if _try(_cancel, share))


def refund_cancelled() -> int:
    """Give back what is left of cancelled orders: it was paid too late (fault F27), or Stripe refused the refund at
    the time. Asked at most once a day; how many.
    """
    tried = Refund.objects.filter(share=OuterRef("pk")).filter(
        Q(status=Refund.Status.PLANNED) | Q(planned_at__gt=now() - TRY_AGAIN) | Q(undecided=True)
    )
    left = Share.objects.filter(order__status=OrderStatus.CANCELLED, refunded__lt=F("gross") - F("disputed"))
    return sum(1 for share in _each(left.exclude(Exists(tried)).exclude(_is_held_back())) if _try(_give_back, share))


def end_reviews() -> int:
    """Cancel purchases whose payment was not as agreed and has gone back; how many."""
    given_back = Payment.objects.filter(
        status=Payment.Status.REVIEW, purchase__status=OrderStatus.AWAITING_PAYMENT, shares__isnull=False
    ).exclude(shares__refunded__lt=F("shares__gross") - F("shares__disputed"))
    found = given_back.select_related("purchase").distinct()[:BATCH]
    return sum(1 for payment in found if reviewing.end(payment.purchase, actor=ACTOR))


def watch_deadlines() -> int:
    """Warn staff at three quarters of the longest holding time, and act on its last day; how many shares."""
    age = ExpressionWrapper(F("hold_deadline") - F("opened_at"), output_field=DurationField())
    held = Share.objects.filter(status=Share.Status.HELD).annotate(longest=age)
    old = held.filter(deadline_warned_at=None, opened_at__lte=now() - F("longest") * WARN_AT)
    warned = sum(1 for share in _each(old) if _try(_warn_staff, share))
    last = Share.objects.filter(status=Share.Status.HELD, hold_deadline__lte=now() + LAST_DAY)
    return warned + sum(1 for share in _each(last) if _try(_end_holding_or_tell, share))


def end_holds() -> int:
    """End holds whose time is over, and restrictions of sellers whom Stripe lets be paid again; how many."""
    ended = holds.end_expired(now(), actor=ACTOR)
    able = Hold.objects.filter(
        ended_at=None,
        kind=Hold.Kind.RESTRICTION,
        share__account__transfers=ConnectedAccount.Capability.ACTIVE,
        share__account__closed_at=None,
    ).exclude(share__account__stripe_id=None)
    # A refused transfer is tried again after a while even if Stripe's account page never said no.
    waits = Q(ref="transfer", opened_at__gt=now() - releases.WAIT)
    for hold in able.exclude(waits).select_related("share")[:BATCH]:
        with transaction.atomic():
            share = shares.locked(hold.share_id)
            reason = "Stripe lets the seller be paid again."
            ended += holds.end(share, kind=Hold.Kind.RESTRICTION, ref=hold.ref, actor=ACTOR, reason=reason)
    return ended


def follow() -> int:
    """Finish what a crash or a silent Stripe left half-done, and look after refunds on their way; how many rows."""
    moment = now()
    old = moment - PATIENCE
    done = _follow(Release.objects.filter(status=Release.Status.PLANNED, planned_at__lte=old), releases.send)
    done += _follow(Refund.objects.filter(status=Refund.Status.PLANNED, planned_at__lte=old), refunds.send)
    open_reversals = Reversal.objects.filter(status=Reversal.Status.PLANNED, planned_at__lte=old)
    done += _follow(open_reversals, reversals.send)
    pending = Refund.objects.filter(status=Refund.Status.PENDING).filter(
        Q(done_at=None) | Q(done_at__lte=moment - LOOK_AGAIN)
    )
    return done + _follow(pending, refunds.look)


def _follow(rows: QuerySet[Any], act: Callable[..., None]) -> int:
    count = 0
    # In any order: were it by age, a batch full of what cannot be finished would hold up all that is younger for ever.
    for row in rows.order_by("?")[:BATCH]:
        try:
            act(row, actor=ACTOR)
        except (GatewayError, PaymentError) as error:
            log.warning("not_followed", row=str(row), error=str(error))
        except Exception:
            log.exception("row_needs_a_person", row=str(row))
        count += 1
    return count


def _each(rows: QuerySet[Share]) -> Iterator[Share]:
    """Every row, some at a time, so that memory stays flat however many are due; each row is seen once."""
    last = 0
    while batch := list(rows.filter(pk__gt=last).order_by("pk").select_related("order", "payment", "account")[:BATCH]):
        yield from batch
        last = batch[-1].pk


def _is_held_back() -> Exists:
    return Exists(Hold.objects.filter(share=OuterRef("pk"), ended_at=None))


def _try(act: Callable[[Share], bool | None], share: Share) -> bool:
    """Whether something was done about a share. Whatever is wrong with it does not hold up the others (fault F06)."""
    try:
        faultpoint("sweep.share")
        return act(share) is not False
    except Refused as refusal:
        log.info("share_not_acted_on", order=share.order.number, code=refusal.code)
        return False
    except (GatewayError, PaymentError) as error:
        log.warning("share_not_finished", order=share.order.number, error=str(error))
        return False
    except Exception:
        log.exception("share_needs_a_person", order=share.order.number)
        return False


def _dated(share: Share) -> bool:
    with transaction.atomic():
        return schedule.set_date(shares.locked(share.pk))


def _release(share: Share) -> None:
    faultpoint("release.due")
    if share.left <= 0:
        _close(share.pk)
        return
    if not share.account.can_receive_transfers:
        _restrict(share)
        return
    reason = f"The release date has come: {share.get_release_basis_display()}."
    decisions.by_itself(share, Kind.RELEASE, {"by": BY_DATE}, actor=ACTOR, reason=reason)


def _close(share_id: int) -> None:
    """Nothing of it is the seller's: on its date the platform's fee is earned."""
    with transaction.atomic():
        shares.close_if_done(shares.locked(share_id), at=now(), actor=ACTOR)


def _restrict(share: Share) -> None:
    """Parked with a reason, and tried again when Stripe says the account can be paid (fault F49)."""
    why = _("Stripe does not let the seller be paid at the moment.")
    with transaction.atomic():
        share = shares.locked(share.pk)
        releases.call_off(share, actor=ACTOR, reason=why)
        holds.write(
            share,
            kind=Hold.Kind.RESTRICTION,
            ref="account",
            reason=why,
            ends_when=_("The seller gives Stripe what it asks for."),
            actor=ACTOR,
        )


def _cancel(share: Share) -> None:
    reason = Refund.Reason.NOT_SHIPPED
    request = {"reason": reason, "policy": BY_REASON[reason].name}
    decisions.by_itself(share, Kind.CANCEL, request, actor=ACTOR, reason="It was not sent in time.")


def _give_back(share: Share) -> None:
    reason = "The order is cancelled: what was paid for it goes back."
    # Decided as it was when Stripe refused it; what came too late is nobody's fault.
    refused = share.refunds.filter(status=Refund.Status.REFUSED).last()
    why, policy = (refused.reason, refused.policy) if refused else (Refund.Reason.PAID_TOO_LATE, SHARED.name)
    request = {"reason": why, "policy": policy, "amount": share.refundable}
    decisions.by_itself(share, Kind.REFUND, request, actor=ACTOR, reason=reason)


def _as_reckoned(share: Share, kind: str, request: dict[str, Any], *, reason: str) -> None:
    """Carry out what was reckoned from the facts at hand, and nothing if another worker was faster."""
    plan = decisions.preview(share, kind, request)
    decisions.by_itself(share, kind, request, actor=ACTOR, reason=reason, plan_hash=plan.hash)


def _end_holding_or_tell(share: Share) -> None:
    try:
        _end_holding(share)
    except Refused:
        # Something has to be decided first, by a person: they hear of it every day.
        letters.deadline_blocked(share)
        raise


def _end_holding(share: Share) -> None:
    """Our written policy for the last day: what was sent goes to the seller, what was not goes back to the buyer.

    While a bank's dispute is open neither is done: staff are told every day.
    """
    open_holds = set(share.holds.filter(ended_at=None).values_list("kind", flat=True))
    if Hold.Kind.DISPUTE in open_holds:
        letters.deadline_blocked(share)
        return
    was_sent = share.order.status in (OrderStatus.FULFILLED, OrderStatus.DELIVERED)
    # Refunded to the end by the marketplace alone, what is left is the seller's as well.
    is_sellers = was_sent or not share.refundable
    if is_sellers and share.account.can_receive_transfers and not open_holds:
        reason = "Stripe's longest holding time is over."
        decisions.by_itself(share, Kind.RELEASE, {}, actor=ACTOR, reason=reason)
        return
    if share.disputes.filter(outcome=DisputeShare.Outcome.RETURNED, dispute__withdrawn__gt=0).exists():
        # The buyer's bank decided that it is the seller's. It waits for them, and for staff to say how (fault F50).
        letters.deadline_blocked(share)
        return
    why = Refund.Reason.NOT_RECEIVED if was_sent else Refund.Reason.NOT_SHIPPED
    # What never was a sale is not the seller's to answer for.
    policy = BY_REASON[why].name if share.order.paid_at else SHARED.name
    request = {"reason": why, "policy": policy, "amount": share.refundable}
    kind = Kind.CANCEL if share.order.status == OrderStatus.PAID else Kind.REFUND
    if share.released:
        # Part of it is the seller's already: only what is still held goes back.
        kind, request = Kind.REFUND, {"reason": why, "policy": SHARED.name, "amount": _held_part(share)}
    _as_reckoned(share, kind, request, reason="Stripe's longest holding time is over.")


def _held_part(share: Share) -> int:
    """The most the buyer can get back without fetching anything back from the seller, in minor units."""
    low, high = 0, share.refundable
    while low < high:
        amount = (low + high + 1) // 2
        plan = decisions.preview(share, Kind.REFUND, {"reason": "", "policy": SHARED.name, "amount": amount})
        low, high = (low, amount - 1) if plan.steps["owed"] else (amount, high)
    return low - low % step(share.currency)


def _warn_buyer(share: Share) -> bool:
    with transaction.atomic():
        share = shares.locked(share.pk)
        if share.release_warned_at is not None or share.release_basis != Basis.SHIPPED or share.release_at is None:
            return False
        share.release_warned_at = now()
        # Whoever is warned late, because the sweeps stood still, has the same days to object.
        share.release_at = max(share.release_at, now() + timedelta(days=schedule.warning_days()))
        share.save(update_fields=["release_warned_at", "release_at"])
        letters.release_soon(share)
    return True


def _warn_seller(share: Share) -> bool:
    with transaction.atomic():
        share = shares.locked(share.pk)
        if share.ship_warned_at is not None or share.order.status != OrderStatus.PAID:
            return False
        share.ship_warned_at = now()
        share.save(update_fields=["ship_warned_at"])
        letters.ship_soon(share)
    return True


def _warn_staff(share: Share) -> bool:
    with transaction.atomic():
        share = shares.locked(share.pk)
        if share.deadline_warned_at is not None or share.status != Share.Status.HELD:
            return False
        share.deadline_warned_at = now()
        share.save(update_fields=["deadline_warned_at"])
        letters.deadline_near(share)
    return True
