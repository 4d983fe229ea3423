"""What was done in Stripe's Dashboard: refunds and reversals nobody here decided on are taken in and marked."""

from django.db import transaction
from django.utils.translation import gettext as _

from gateway import objects, reads
from kit.clock import now
from ledger import journal
from payments import books, holds, letters, refunds, reversals, shares
from payments.errors import NotYet
from payments.models import Hold, Payment, Refund, Release, Reversal, Share


def ref(refund: Refund) -> str:
    """What the hold that waits for the decision about this refund is called."""
    return f"refund:{refund.stripe_id}"


def take_in(payment: Payment, charge: objects.Charge, *, actor: str) -> int:
    """Refunds of a charge that we do not know yet; how many. Asks Stripe only if the amounts do not agree."""
    known = sum(share.refunded for share in payment.shares.all())
    if charge.amount_refunded <= known:
        return 0
    unknown = [refund for refund in reads.refunds_of(charge.id) if _known(refund) is None]
    for refund in unknown:
        apply_refund(refund, actor=actor)
    return len(unknown)


def apply_refund(found: objects.Refund, *, actor: str) -> Refund:
    """Bring the refund Stripe tells of to where it is; one that was not made here is taken in first.

    Raises NotYet when its charge is not a payment of ours (yet), or one of our own whose row is not committed yet.
    """
    refund = _known(found) or _take_in(found, actor=actor)
    refunds.apply(refund, found, actor=actor)
    return refund


def apply_reversals(transfer: objects.Transfer, found: list[objects.TransferReversal], *, actor: str) -> int:
    """Reversals of a transfer that were not made here; how many were new. Raises NotYet for an unknown transfer."""
    release = Release.objects.select_related("share__order").filter(transfer_id=transfer.id).first()
    if release is None:
        raise NotYet(f"No release here became the transfer {transfer.id}.")
    return sum(1 for reversal in found if _take_in_reversal(release, reversal, actor=actor))


def _known(found: objects.Refund) -> Refund | None:
    rows = Refund.objects.select_related("share__order", "share__payment")
    refund = rows.filter(stripe_id=found.id).first()
    if refund is None and found.metadata.get("refund"):
        refund = rows.filter(uuid=found.metadata["refund"], stripe_id=None).first()
        if refund is None:
            raise NotYet(f"The refund {found.id} says it was made here, and is not known yet.")
    return refund


def _take_in(found: objects.Refund, *, actor: str) -> Refund:
    """A row for a refund made outside, on the order that can carry it; nobody's part is touched before a decision."""
    payment = Payment.objects.filter(charge_id=found.charge).first()
    if payment is None:
        raise NotYet(f"No payment here has the charge {found.charge}.")
    with transaction.atomic():
        share = _carrier(payment, found.amount)
        refund, created = Refund.objects.get_or_create(
            stripe_id=found.id,
            defaults={
                "share": share,
                "status": Refund.Status.PENDING,
                "amount": found.amount,
                "reason": Refund.Reason.OUTSIDE,
                "policy": "undecided",
                "outside": True,
                "undecided": True,
                "actor": "Stripe's Dashboard",
                "planned_at": now(),
            },
        )
        if created:
            refund.share = share
            share.refunded += found.amount
            share.save(update_fields=["refunded"])
            journal.post([books.refund_outside(refund, at=now())])
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


def _carrier(payment: Payment, amount: int) -> Share:
    """The share such a refund is put on, locked: the first with enough left, as Stripe knows nothing of orders."""
    for share_id in payment.shares.order_by("pk").values_list("pk", flat=True):
        share = shares.locked(share_id)
        if share.refundable >= amount:
            return share
    raise NotYet(f"No order of payment {payment.pk} has {amount} left to be refunded.")


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
            actor="Stripe's Dashboard",
            reason=_("A transfer was reversed in Stripe's Dashboard."),
        )
        release.share = share
        reversals.into_hold(reversal, share, found.line, actor=actor, at=at)
    return True
