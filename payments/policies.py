"""Who bears what when a buyer gets money back: one policy for each reason, written down with the refund."""

from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from payments.models import Refund

Reason = Refund.Reason


@dataclass(frozen=True, slots=True)
class Policy:
    """`seller_pays`: the seller gives their part back, the platform its fee on it; otherwise the platform bears all.

    `seller_pays_processing`: Stripe's processing fee, which Stripe keeps, is the seller's loss and not the platform's.
    """

    name: str
    label: str | Promise
    seller_pays: bool
    seller_pays_processing: bool


SHARED = Policy(
    "shared", _("The seller returns their part, the marketplace its fee and bears the processing fee"), True, False
)
SELLER = Policy(
    "seller",
    _("The seller returns their part and bears the processing fee, the marketplace returns its fee"),
    True,
    True,
)
PLATFORM = Policy("platform", _("The marketplace bears all of it, the seller keeps their part"), False, False)

POLICIES = {policy.name: policy for policy in (SHARED, SELLER, PLATFORM)}

BY_REASON: dict[str, Policy] = {
    Reason.CHANGED_MIND: SHARED,
    Reason.NOT_RECEIVED: SELLER,
    Reason.NOT_AS_DESCRIBED: SELLER,
    Reason.SELLER_CANCELLED: SELLER,
    Reason.NOT_SHIPPED: SELLER,
    Reason.PLATFORM_FAULT: PLATFORM,
    Reason.GOODWILL: PLATFORM,
    Reason.FRAUD: SHARED,
    Reason.PAID_TOO_LATE: SHARED,
    Reason.OUTSIDE: SHARED,
}
