"""What a seller needs before things can be sold."""

from __future__ import annotations

from django.utils.translation import gettext as _

from accounts import guidelines
from accounts.models import ConnectedAccount, Seller
from accounts.requirements import checked_by_stripe, waiting_for_seller

Capability = ConnectedAccount.Capability


def open_account_of(seller: Seller) -> ConnectedAccount | None:
    """The seller's account at Stripe that is in use, if one was begun."""
    return ConnectedAccount.objects.filter(seller=seller, closed_at=None).first()


def why_cannot_sell(seller: Seller) -> str | None:
    """One sentence for the seller saying what is missing and what to do; None when listings may be published."""
    if not guidelines.has_accepted(seller):
        return _("Read and accept the seller guidelines first.")
    account = open_account_of(seller)
    if account is None or not account.stripe_id:
        return _("Stripe has to know who you are and where to pay you. Start with Stripe on your onboarding page.")
    if account.can_receive_transfers:
        return None
    return _why_not_active(account)


def _why_not_active(account: ConnectedAccount) -> str:
    if account.transfers == Capability.REJECTED:
        return _(
            "Stripe has refused to pay this account, so you cannot sell with it. Write to us and we will look into it."
        )
    if account.transfers == Capability.UNSUPPORTED:
        return _("Stripe cannot pay sellers in your country yet, so you cannot sell here for now.")
    checked = account.transfers == Capability.PENDING or checked_by_stripe(account.requirements)
    if checked and not waiting_for_seller(account.requirements):
        return _("Stripe is checking what you gave. You need to do nothing now; we will write to you when it is done.")
    return _("Stripe still needs information from you. Continue on your onboarding page.")
