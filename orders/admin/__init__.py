"""Orders in the admin: what was bought, under which words and fees, and what is known of the moment."""

from orders.admin.carrier import CarrierNewsAdmin
from orders.admin.facts import PurchaseFactsAdmin, TermsAdmin
from orders.admin.purchase import BasketAdmin, FeeRuleAdmin, OrderAdmin, PurchaseAdmin

__all__ = [
    "BasketAdmin",
    "CarrierNewsAdmin",
    "FeeRuleAdmin",
    "OrderAdmin",
    "PurchaseAdmin",
    "PurchaseFactsAdmin",
    "TermsAdmin",
]
