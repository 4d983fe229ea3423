"""Forgetting: what is kept of a purchase as evidence loses its personal parts when nobody can ask for it any more."""

from django.db.models import Exists, OuterRef

from kit.clock import now
from orders import facts
from orders.models import PurchaseFacts
from payments.models import Dispute

BATCH = 500


def forget_due() -> int:
    """Forget the facts of purchases whose time is over, unless a dispute of them is open; of how many."""
    at = now()
    asked = Dispute.objects.filter(payment__purchase=OuterRef("purchase"), settled_at=None)
    due = PurchaseFacts.objects.filter(~Exists(asked), forgotten_at=None, keep_until__lte=at).order_by("keep_until")
    return sum(1 for one in due[:BATCH] if facts.forget(one, at=at))
