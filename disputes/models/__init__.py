"""Fraud warnings, rules that act by themselves with what they did, and the advice given with what came of it."""

from disputes.models.advice import Advice
from disputes.models.rule import Act, ActMove, Rule, RuleVersion
from disputes.models.warning import FraudWarning, FraudWarningMove

__all__ = ["Act", "ActMove", "Advice", "FraudWarning", "FraudWarningMove", "Rule", "RuleVersion"]
