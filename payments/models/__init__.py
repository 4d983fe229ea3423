"""Payments for purchases, the shares of their orders, and how each share comes to whom it belongs."""

from payments.models.action import MoneyAction, MoneyActionMove
from payments.models.dispute import Dispute, DisputeLine, DisputeMove, DisputeShare
from payments.models.milestone import Milestone, MilestoneAgreement, MilestoneAgreementMove, MilestoneMove
from payments.models.payment import Payment, PaymentMove
from payments.models.payout import Payout, PayoutMove
from payments.models.payout_line import PayoutLine
from payments.models.refund import Refund, RefundLine, RefundMove
from payments.models.release import Release, ReleaseMove, Reversal, ReversalMove
from payments.models.share import Hold, Share, ShareMove

__all__ = [
    "Dispute",
    "DisputeLine",
    "DisputeMove",
    "DisputeShare",
    "Hold",
    "Milestone",
    "MilestoneAgreement",
    "MilestoneAgreementMove",
    "MilestoneMove",
    "MoneyAction",
    "MoneyActionMove",
    "Payment",
    "PaymentMove",
    "Payout",
    "PayoutLine",
    "PayoutMove",
    "Refund",
    "RefundLine",
    "RefundMove",
    "Release",
    "ReleaseMove",
    "Reversal",
    "ReversalMove",
    "Share",
    "ShareMove",
]
