"""What the page says of a saved card."""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.timezone import localtime
from django.utils.translation import gettext as _

from customers.models import SavedPaymentMethod
from kit.clock import now

# How long before its end a card is called expiring: as long as people need to be sent a new one.
SOON_MONTHS = 2
BRANDS = {
    "amex": "American Express",
    "cartes_bancaires": "Cartes Bancaires",
    "diners": "Diners Club",
    "discover": "Discover",
    "eftpos_au": "eftpos",
    "girocard": "girocard",
    "jcb": "JCB",
    "link": "Link",
    "mastercard": "Mastercard",
    "unionpay": "UnionPay",
    "visa": "Visa",
}
WALLETS = {
    "amex_express_checkout": "Amex Express Checkout",
    "apple_pay": "Apple Pay",
    "google_pay": "Google Pay",
    "link": "Link",
    "masterpass": "Masterpass",
    "samsung_pay": "Samsung Pay",
    "visa_checkout": "Visa Checkout",
}


@dataclass(frozen=True, slots=True)
class CardWords:
    """One row of the list."""

    method: SavedPaymentMethod
    name: str
    wallet: str
    expiry: str
    expired: bool
    expiring: bool


def card(method: SavedPaymentMethod) -> CardWords:
    """A saved way to pay in words: "Visa ending in 4242", and whether its time is over."""
    left = _months_left(method)
    return CardWords(
        method=method,
        name=card_name(method.brand or method.kind, method.last4),
        wallet=WALLETS.get(method.wallet, method.wallet.replace("_", " ").capitalize()),
        expiry=f"{method.exp_month:02}/{method.exp_year}" if method.exp_month and method.exp_year else "",
        expired=left is not None and left < 0,
        expiring=left is not None and 0 <= left < SOON_MONTHS,
    )


def card_name(brand: str, last4: str) -> str:
    """A card as people know theirs, from Stripe's word for its brand and its last four digits."""
    name = BRANDS.get(brand, brand.replace("_", " ").capitalize())
    return _("%(brand)s ending in %(last4)s") % {"brand": name, "last4": last4} if last4 else name


def _months_left(method: SavedPaymentMethod) -> int | None:
    """Whole months after this one in which it can be used; negative when its last month is over."""
    if not method.exp_month or not method.exp_year:
        return None
    today = localtime(now())
    return (method.exp_year - today.year) * 12 + method.exp_month - today.month
