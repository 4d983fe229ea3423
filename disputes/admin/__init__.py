"""The workspace of disputes in the admin."""

from disputes.admin.memory import AdviceAdmin
from disputes.admin.queue import DisputeAdmin
from disputes.admin.rule import ActAdmin, RuleAdmin
from disputes.admin.warning import FraudWarningAdmin

__all__ = ["ActAdmin", "AdviceAdmin", "DisputeAdmin", "FraudWarningAdmin", "RuleAdmin"]
