"""Why a buyer's bank asks, in words, and where what it wants to see can come from."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _
from django_stubs_ext import StrOrPromise

# Stripe's reasons (docs.stripe.com/disputes/categories), as a person would say them.
REASONS: dict[str, StrOrPromise] = {
    "bank_cannot_process": _("the bank cannot process it"),
    "check_returned": _("the cheque came back"),
    "credit_not_processed": _("a refund was promised and did not come"),
    "customer_initiated": _("the buyer asked their bank"),
    "debit_not_authorized": _("the debit was not authorised"),
    "duplicate": _("paid twice"),
    "fraudulent": _("not by the cardholder"),
    "general": _("no reason given"),
    "incorrect_account_details": _("wrong account details"),
    "insufficient_funds": _("too little in the account"),
    "noncompliant": _("a rule of the network was broken"),
    "product_not_received": _("not received"),
    "product_unacceptable": _("not as described"),
    "subscription_canceled": _("cancelled before"),
    "unrecognized": _("not recognised"),
}

# Where something that is missing can come from (evidence.checklists.Item.source).
SOURCES: dict[str, StrOrPromise] = {
    "order": _("It comes from the order: gather our records again, or write it."),
    "receipt": _("It comes from the receipt we gave the buyer: gather our records again."),
    "facts": _("It comes from what was noted at the purchase. If it is missing, nothing was noted then."),
    "delivery": _("The seller has it: ask them for proof."),
    "thread": _("It comes from the messages. If there are none, ask the seller for theirs."),
    "policy": _("It comes from the terms the buyer accepted: gather our records again."),
    "history": _("It comes from the buyer’s other payments. Look for the other one."),
    "": _("Nobody here has it yet: write it, or ask the seller."),
}


def reason_words(reason: str) -> str:
    """What the buyer told their bank; Stripe's own word where we have none."""
    return str(REASONS.get(reason, reason.replace("_", " ")))


def where_from(source: str) -> str:
    """Where to get what is missing."""
    return str(SOURCES.get(source, SOURCES[""]))
