"""Fraud warnings, rules that act by themselves with what they did, advice with what came of it; notes of staff."""

from disputes.models.advice import Advice
from disputes.models.desk import Reminder, StaffNote
from disputes.models.rule import Act, ActMove, Rule, RuleVersion
from disputes.models.warning import FraudWarning, FraudWarningMove

__all__ = [
    "Act",
    "ActMove",
    "Advice",
    "FraudWarning",
    "FraudWarningMove",
    "Reminder",
    "Rule",
    "RuleVersion",
    "StaffNote",
]
