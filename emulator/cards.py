"""Stripe's test cards. Only these numbers exist: a real-looking number is refused wherever it is typed."""

from __future__ import annotations

from dataclasses import dataclass

from emulator.types import Json


@dataclass(frozen=True)
class Card:
    """A test card and what the bank answers: `decline` is a code, `authentication` asks for 3-D Secure first.

    `unless_set_up`: no authentication off-session once it was set up; `declines_saved`: it can be saved, never charged.
    """

    number: str
    label: str
    tokens: tuple[str, ...]
    decline: str | None = None
    authentication: bool = False
    unless_set_up: bool = False
    declines_saved: bool = False
    brand: str = "visa"
    at_once: bool = False
    # what happens after the payment, such as "refund_fails"
    effect: str | None = None
    country: str = "US"

    @property
    def last4(self) -> str:
        return self.number[-4:]


CARDS = (
    Card("4242424242424242", "Succeeds", ("pm_card_visa",)),
    Card("5555555555554444", "Succeeds (Mastercard)", ("pm_card_mastercard",), brand="mastercard"),
    Card("4000000000000077", "Succeeds; the money is available at once", ("pm_card_bypassPending",), at_once=True),
    Card("4000000000000259", "Disputed as fraudulent", ("pm_card_createDispute",), effect="dispute_fraudulent"),
    Card(
        "4000000000002685",
        "Disputed as not received",
        ("pm_card_createDisputeProductNotReceived",),
        effect="dispute_not_received",
    ),
    Card("4000000000001976", "Brings an inquiry", ("pm_card_createDisputeInquiry",), effect="inquiry"),
    Card("4000000000005423", "Brings a fraud warning", ("pm_card_createIssuerFraudRecord",), effect="fraud_warning"),
    Card("4000000000005126", "Succeeds; a refund fails later", ("pm_card_refundFail",), effect="refund_fails"),
    Card("4000000000007726", "Succeeds; a refund waits at first", ("pm_card_pendingRefund",), effect="refund_waits"),
    Card(
        "4000000000000002",
        "Declined",
        ("pm_card_visa_chargeDeclined", "pm_card_chargeDeclined"),
        decline="generic_decline",
    ),
    Card(
        "4000000000009995",
        "Declined: insufficient funds",
        ("pm_card_visa_chargeDeclinedInsufficientFunds", "pm_card_chargeDeclinedInsufficientFunds"),
        decline="insufficient_funds",
    ),
    Card(
        "4000002500003155",
        "Asks for 3-D Secure",
        ("pm_card_authenticationRequiredOnSetup",),
        authentication=True,
        unless_set_up=True,
    ),
    Card(
        "4000002760003184",
        "Asks for 3-D Secure every time",
        ("pm_card_authenticationRequired",),
        authentication=True,
    ),
    Card(
        "4000000000000341",
        "Can be saved; every charge is declined",
        ("pm_card_chargeCustomerFail",),
        decline="generic_decline",
        declines_saved=True,
    ),
    Card(
        "4000000000003220",
        "Asks for 3-D Secure (second card)",
        ("pm_card_threeDSecure2Required", "pm_card_threeDSecureRequired"),
        authentication=True,
    ),
)
BY_NUMBER = {card.number: card for card in CARDS}
BY_TOKEN = {token: card for card in CARDS for token in card.tokens}
# tok_visa for pm_card_visa, and so on
BY_LEGACY_TOKEN = {token.replace("pm_card_", "tok_", 1): card for token, card in BY_TOKEN.items()}

DECLINE_MESSAGES = {
    "generic_decline": "Your card was declined.",
    "insufficient_funds": "Your card has insufficient funds.",
    "authentication_required": "Your card was declined. This transaction requires authentication.",
}


def charged_card(card: Card, exp_month: int, exp_year: int, fingerprint: str, amount: int, authenticated: bool) -> Json:
    """payment_method_details.card of a charge."""
    secure = (
        {"authentication_flow": "challenge", "result": "authenticated", "version": "2.2.0"} if authenticated else None
    )
    return {
        "amount_authorized": amount,
        "brand": card.brand,
        "checks": {"address_line1_check": None, "address_postal_code_check": None, "cvc_check": "pass"},
        "country": card.country,
        "exp_month": exp_month,
        "exp_year": exp_year,
        "extended_authorization": {"status": "disabled"},
        "fingerprint": fingerprint,
        "funding": "credit",
        "incremental_authorization": {"status": "unavailable"},
        "last4": card.last4,
        "multicapture": {"status": "unavailable"},
        "network": card.brand,
        "network_token": {"used": False},
        "overcapture": {"maximum_amount_capturable": amount, "status": "unavailable"},
        "three_d_secure": secure,
    }
