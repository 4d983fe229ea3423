"""Payments, payouts, shares and the decisions about them in the admin."""

from payments.admin.action import MoneyActionAdmin
from payments.admin.milestone import MilestoneAdmin, MilestoneAgreementAdmin
from payments.admin.payment import PaymentAdmin, PayoutAdmin
from payments.admin.share import RefundAdmin, ReleaseAdmin, ShareAdmin

__all__ = [
    "MilestoneAdmin",
    "MilestoneAgreementAdmin",
    "MoneyActionAdmin",
    "PaymentAdmin",
    "PayoutAdmin",
    "RefundAdmin",
    "ReleaseAdmin",
    "ShareAdmin",
]
