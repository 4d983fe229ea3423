"""When a share is released: the dates, from what the order says, and the promise they make to both sides."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings

from kit.clock import now
from orders.models import DeliveredBy, Order
from payments.models import Share

Basis = Share.Basis


@dataclass(frozen=True, slots=True)
class Due:
    """When a share is due, and what that counts from."""

    at: datetime
    basis: Share.Basis


def due(order: Order) -> Due | None:
    """When the money of an order goes to its seller, if nothing stops it. None while nothing was sent.

    The buyer's own word counts at once. A carrier's or the seller's word leaves the buyer some days to object; without
    any word the time since shipping counts, and the buyer is warned first.
    """
    if order.delivered_at is not None and order.delivered_by == DeliveredBy.BUYER:
        return Due(order.delivered_at, Basis.RECEIVED)
    if order.delivered_at is not None:
        return Due(order.delivered_at + timedelta(days=settings.RELEASE_DAYS_AFTER_DELIVERY), Basis.DELIVERED)
    if order.fulfilled_at is not None:
        return Due(order.fulfilled_at + timedelta(days=settings.RELEASE_DAYS_AFTER_SHIPPING), Basis.SHIPPED)
    return None


def set_date(share: Share) -> bool:
    """Write down when a share is due, once its order says more than it did. False when nothing changed.

    Under the share's lock. A date set by staff stays.
    """
    found = due(share.order)
    if found is None or share.status != Share.Status.HELD or share.release_basis in (found.basis, Basis.STAFF):
        return False
    share.release_at, share.release_basis = found.at, found.basis
    share.save(update_fields=["release_at", "release_basis"])
    return True


def set_due(share: Share) -> None:
    """Nothing is waited for any more: who gets what of an order that was sent is decided. Under the share's lock.

    What holds the share still does; the release itself is the sweep's, which knows what may be in its way.
    """
    if share.status == Share.Status.HELD and share.order.fulfilled_at is not None:
        share.release_at, share.release_basis = now(), Basis.STAFF
        share.save(update_fields=["release_at", "release_basis"])


def warning_days() -> int:
    """How many days before a release nobody confirmed the buyer is told."""
    days: int = settings.RELEASE_WARNING_DAYS
    return days
