"""Payments, payouts, shares and the decisions about them in the admin."""

from payments.admin.action import MoneyActionAdmin
from payments.admin.dispute import DisputeAdmin
from payments.admin.payment import PaymentAdmin, PayoutAdmin
from payments.admin.share import RefundAdmin, ReleaseAdmin, ShareAdmin

__all__ = [
    "DisputeAdmin",
    "MoneyActionAdmin",
    "PaymentAdmin",
    "PayoutAdmin",
    "RefundAdmin",
    "ReleaseAdmin",
    "ShareAdmin",
]
