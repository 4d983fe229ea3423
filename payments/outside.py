"""What was done in Stripe's Dashboard: refunds and reversals nobody here decided on are taken in and marked."""

import structlog
from django.db import transaction
from django.db.models import Sum
from django.utils.translation import gettext as _

from gateway import objects, reads
from kit.clock import now
from kit.money import allocate
from ledger import journal
from payments import books, holds, letters, refunds, releases, reversals, shares
from payments.errors import NotYet
from payments.models import Hold, Payment, Refund, Release, Reversal, Share

Status = Refund.Status

DASHBOARD = "Stripe's Dashboard"

log = structlog.get_logger(__name__)


def ref(refund: Refund) -> str:
    """What the hold that waits for the decision about this refund is called."""
    return f"refund:{refund.stripe_id}"


def is_undecided(share: Share, hold_id: int) -> bool:
    """Whether a hold waits for the decision about a refund: only the decision ends it, or nothing would say any more
    why the share is not released (invariant I18).
    """
    refs = [ref(refund) for refund in share.refunds.filter(undecided=True)]
    return share.holds.filter(pk=hold_id, kind=Hold.Kind.STAFF, ref__in=refs).exists()


def take_in(payment: Payment, charge: objects.Charge, *, actor: str) -> int:
    """Refunds of a charge that we do not know yet; how many. Asks Stripe only if the amounts do not agree."""
    at_stripe = Refund.objects.filter(share__payment=payment).exclude(stripe_id=None).exclude(status=Status.FAILED)
    known = at_stripe.aggregate(total=Sum("amount"))["total"] or 0
    if charge.amount_refunded == known:
        return 0
    unknown = [refund for refund in reads.refunds_of(charge.id) if not _known(refund)]
    for refund in unknown:
        apply_refund(refund, actor=actor)
    return len(unknown)


def apply_refund(found: objects.Refund, *, actor: str) -> list[Refund]:
    """Bring the refund Stripe tells of to where it is; one that was not made here is taken in first. Its rows: one for
    each order it is for.

    Raises NotYet when its charge is not a payment of ours (yet), or one of our own whose row is not committed yet.
    """
    with transaction.atomic():
        rows = _known(found) or _take_in(found, actor=actor)
        for refund in rows:
            refunds.apply(refund, found, actor=actor)
    return rows


def apply_reversals(transfer: objects.Transfer, found: list[objects.TransferReversal], *, actor: str) -> int:
    """Reversals of a transfer that were not made here; how many were new. Raises NotYet for an unknown transfer."""
    release = Release.objects.select_related("share__order").filter(transfer_id=transfer.id).first()
    if release is None:
        raise NotYet(f"No release here became the transfer {transfer.id}.")
    return sum(1 for reversal in found if _take_in_reversal(release, reversal, actor=actor))


def apply_fee_refunds(found: list[objects.FeeRefund], charge: str, *, actor: str) -> int:
    """Our fee, or some of it, was given back to the seller of a destination charge; how much of that was new.

    Raises NotYet for a charge that is not a payment of ours (yet).
    """
    share = Share.objects.filter(payment__charge_id=charge).select_related("order", "account").first()
    if share is None:
        raise NotYet(f"No payment here has the charge {charge}.")
    return journal.post([books.fee_given_back(share, one.line, at=now()) for one in found if one.line is not None])


def _known(found: objects.Refund) -> list[Refund]:
    rows = Refund.objects.select_related("share__order", "share__payment")
    known = list(rows.filter(stripe_id=found.id).order_by("pk"))
    if known or not found.metadata.get("refund"):
        return known
    own = rows.filter(uuid=found.metadata["refund"]).first()
    if own is None:
        raise NotYet(f"The refund {found.id} says it was made here, and is not known yet.")
    # One of ours that became another refund at Stripe already was made twice: the second is nobody's decision.
    return [own] if own.stripe_id is None else []


def _take_in(found: objects.Refund, *, actor: str) -> list[Refund]:
    """Rows for a refund made outside, on the orders that can carry it; nobody's part is touched before a decision.

    A refund that the buyer's bank sent back, and that somebody pays again in the Dashboard, is paid by it.
    """
    payment = Payment.objects.filter(charge_id=found.charge).first()
    if payment is None:
        raise NotYet(f"No payment here has the charge {found.charge}.")
    # Locked, in the order of their ids: the same refund may be told of twice at once.
    locked = [shares.locked(pk) for pk in payment.shares.order_by("pk").values_list("pk", flat=True)]
    known = _known(found)
    if known:
        return known
    made, left = [], found.amount
    for owed, amount in _owed(locked, found.amount):
        made.append(_pays(owed, amount, found, actor=actor))
        left -= amount
    for share, amount in _parts(locked, left) if left else []:
        made.append(_row(share, amount, found, actor=actor))
    return made


def _owed(locked: list[Share], amount: int) -> list[tuple[Refund, int]]:
    """Which refunds that came back are paid by it, and how much of each (minor units): one it fits exactly, or the
    oldest first when the orders could not give back so much anew.
    """
    owed = [refund for share in locked for refund in refunds.unpaid(share)]
    exact = next((refund for refund in owed if refunds.still_owed(refund) == amount), None)
    if exact is not None:
        return [(exact, amount)]
    found: list[tuple[Refund, int]] = []
    if sum(share.refundable for share in locked) < amount:
        for refund in sorted(owed, key=lambda one: one.pk):
            part = min(refunds.still_owed(refund), amount)
            if part:
                found.append((refund, part))
                amount -= part
    return found


def _parts(locked: list[Share], amount: int) -> list[tuple[Share, int]]:
    """Which orders carry how much (minor units), as Stripe knows nothing of orders: the first that can carry all of it,
    otherwise each in proportion to what it could still give back. Raises NotYet when together they cannot.
    """
    able = next((share for share in locked if share.refundable >= amount), None)
    if able is not None:
        return [(able, amount)]
    left = [share.refundable for share in locked]
    if sum(left) < amount:
        raise NotYet(f"Only {sum(left)} of {amount} can be refunded on these orders; is one of ours on its way?")
    return [(share, part) for share, part in zip(locked, allocate(amount, left), strict=True) if part]


def _row(share: Share, amount: int, found: objects.Refund, *, actor: str) -> Refund:
    at = now()
    # Whatever was about to go to the seller waits for the decision, too (invariant I06).
    releases.call_off(share, actor=actor, reason=_("A refund was made in Stripe's Dashboard."))
    refund = Refund.objects.create(
        share=share,
        stripe_id=found.id,
        status=Status.PENDING,
        amount=amount,
        reason=Refund.Reason.OUTSIDE,
        policy="undecided",
        outside=True,
        undecided=True,
        actor=DASHBOARD,
        planned_at=at,
    )
    share.refunded += amount
    share.save(update_fields=["refunded"])
    journal.post([books.refund_outside(refund, at=at)])
    holds.write(
        share,
        kind=Hold.Kind.STAFF,
        ref=ref(refund),
        reason=_("A refund was made in Stripe's Dashboard."),
        ends_when=_("Somebody of the marketplace decides who bears it."),
        actor=actor,
    )
    letters.refunded(refund)
    return refund


def _pays(owed: Refund, amount: int, found: objects.Refund, *, actor: str) -> Refund:
    """What the buyer was still owed was paid in the Dashboard: everybody's part is decided already."""
    refund = Refund.objects.create(
        share=owed.share,
        stripe_id=found.id,
        status=Status.PENDING,
        amount=amount,
        reason=owed.reason,
        policy=owed.policy,
        outside=True,
        replaces=owed,
        actor=DASHBOARD,
        planned_at=now(),
    )
    letters.refunded(refund)
    log.info("refund_paid_again_outside", refund=found.id, order=owed.share.order.number, seen_by=actor)
    return refund


def _take_in_reversal(release: Release, found: objects.TransferReversal, *, actor: str) -> bool:
    if Reversal.objects.filter(stripe_id=found.id).exists():
        return False
    own = found.metadata.get("reversal", "")
    if own.isdigit() and Reversal.objects.filter(pk=int(own), release=release).exists():
        # Ours, on its way: whoever asked for it writes it down.
        return False
    if found.line is None:
        raise NotYet("Stripe has not booked the reversal yet.")
    at = now()
    with transaction.atomic():
        # Locked: told of twice at once, it is taken in once.
        share = shares.locked(release.share_id)
        if Reversal.objects.filter(stripe_id=found.id).exists():
            return False
        reversal = Reversal.objects.create(
            release=release,
            number=release.reversals.count() + 1,
            status=Reversal.Status.DONE,
            amount=found.amount,
            stripe_id=found.id,
            outside=True,
            planned_at=at,
            done_at=at,
            actor=DASHBOARD,
            reason=_("A transfer was reversed in Stripe's Dashboard."),
        )
        release.share = share
        reversals.into_hold(reversal, share, found.line, actor=actor, at=at)
    return True
