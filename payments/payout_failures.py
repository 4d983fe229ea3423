"""Why a bank sends a payout back, in words: the reason, who puts it right, and how.

The codes are those of docs.stripe.com/api/payouts/failures and of the bank returns stripe-python lists; a test holds
this list to the library. A code nobody here knows gets words that are right for any, beside Stripe's own.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.db import models
from django.utils.translation import gettext_lazy as _

from payments.models import Payout

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise


class Owner(models.TextChoices):
    """Who can put it right."""

    SELLER = "seller", _("you")
    PLATFORM = "platform", _("the marketplace")
    STRIPE = "stripe", _("Stripe")


@dataclass(frozen=True, slots=True)
class Failure:
    """`remedy` is for whoever reads it as the seller. `changes_bank`: the button leads to their bank account."""

    reason: StrOrPromise
    owner: Owner
    remedy: StrOrPromise
    changes_bank: bool = True


_ANOTHER = _("Give Stripe another bank account; the money goes there with the next payout.")
_CORRECT = _("Compare the account with your bank statement and correct it at Stripe.")
_ASK_BANK = _("Ask your bank to take payments in again, or give Stripe another bank account.")
_WRITE = _("You need to do nothing: we ask Stripe. Write to us if it is not settled within three working days.")

FAILURES: Mapping[str, Failure] = {
    "account_closed": Failure(_("The bank account has been closed."), Owner.SELLER, _ANOTHER),
    "account_frozen": Failure(_("The bank has frozen the account."), Owner.SELLER, _ASK_BANK),
    "bank_account_restricted": Failure(
        _("The bank restricts the account: it takes no such payment, or has too many of them."), Owner.SELLER, _ASK_BANK
    ),
    "bank_ownership_changed": Failure(
        _("The account belongs to another bank now, and its number no longer holds."),
        Owner.SELLER,
        _("Ask your bank for the new number and give it to Stripe."),
    ),
    "could_not_process": Failure(
        _("The bank could not process the payment, and did not say why."),
        Owner.SELLER,
        _("Check the account at Stripe. If everything is right, ask your bank, or give Stripe another account."),
    ),
    "debit_not_authorized": Failure(
        _("The bank lets nobody take money from the account, and this payout had to: your balance was negative."),
        Owner.SELLER,
        _("Ask your bank to allow debits by Stripe, or let your next sales fill the balance."),
    ),
    "declined": Failure(
        _("The bank declined the payment."), Owner.SELLER, _("Ask your bank why, or give Stripe another bank account.")
    ),
    "insufficient_funds": Failure(
        _("There was not enough money for it in the balance it was paid from."), Owner.PLATFORM, _WRITE, False
    ),
    "invalid_account_number": Failure(
        _("The account number is not valid, or is not of a kind that takes payouts."), Owner.SELLER, _CORRECT
    ),
    "incorrect_account_holder_name": Failure(
        _("The name at Stripe is not the name the account is held in."), Owner.SELLER, _CORRECT
    ),
    "incorrect_account_holder_address": Failure(
        _("The address at Stripe is not the one the bank has of the account’s holder."), Owner.SELLER, _CORRECT
    ),
    "incorrect_account_holder_tax_id": Failure(
        _("The tax number at Stripe is not the one the bank has of the account’s holder."), Owner.SELLER, _CORRECT
    ),
    "invalid_currency": Failure(
        _("The account does not take this currency."),
        Owner.SELLER,
        _("Give Stripe an account in the currency of the payout."),
    ),
    "no_account": Failure(
        _("The bank has no account with this number: it is probably mistyped."), Owner.SELLER, _CORRECT
    ),
    "unsupported_card": Failure(
        _("The bank does not take payouts to this card."), Owner.SELLER, _("Give Stripe a bank account instead.")
    ),
    "other": Failure(
        _("The bank sent the money back for a reason of its own."),
        Owner.SELLER,
        _("Ask your bank why, or give Stripe another bank account."),
    ),
}
UNKNOWN = Failure(
    _("The bank sent the money back."),
    Owner.STRIPE,
    _("Check your bank account at Stripe. If everything is right, Stripe or we will be in touch."),
)


def failure(payout: Payout) -> Failure:
    """Why this payout came back, in words."""
    return FAILURES.get(payout.failure_code, UNKNOWN)
