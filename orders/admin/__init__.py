"""Orders in the admin: what was bought, under which words and fees, and what is known of the moment."""

from orders.admin.facts import PurchaseFactsAdmin, TermsAdmin
from orders.admin.purchase import BasketAdmin, FeeRuleAdmin, OrderAdmin, PurchaseAdmin

__all__ = ["BasketAdmin", "FeeRuleAdmin", "OrderAdmin", "PurchaseAdmin", "PurchaseFactsAdmin", "TermsAdmin"]
