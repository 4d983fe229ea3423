"""What the card networks want to see for each reason of a dispute: a checklist, and which field of Stripe's form each
item fills.

Sources: docs.stripe.com/disputes/categories (with its map of the networks' own codes) and the networks' published
dispute rules. An item is no promise: it is what the bank's people look for first.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from django.utils.translation import gettext_lazy as _
from django_stubs_ext import StrOrPromise

from catalog.models import Listing
from evidence.models import Field

Delivery = Listing.Delivery

# Asked over bank transfers and direct debits: the buyer's bank decides by itself, and reads nothing.
HOPELESS = frozenset(
    {
        "bank_cannot_process",
        "check_returned",
        "debit_not_authorized",
        "incorrect_account_details",
        "insufficient_funds",
    }
)
# Visa's and Mastercard's authorisation disputes: either the authorisation was right, or nothing helps.
_AUTHORISATION = ("11", "4808")


@dataclass(frozen=True, slots=True)
class Item:
    """One thing the bank wants to see. `source` names where our own records can supply it; empty if people must."""

    key: str
    label: StrOrPromise
    why: StrOrPromise
    field: str
    required: bool = False
    source: str = ""
    # Fields that do as well.
    or_fields: tuple[str, ...] = ()

    @property
    def fields(self) -> tuple[str, ...]:
        """Every field that fulfils it."""
        return (self.field, *self.or_fields)


_ITEMS = {
    item.key: item
    for item in (
        Item(
            "product",
            _("What was sold"),
            _("The bank has to see that what was paid for is what was offered."),
            Field.PRODUCT_DESCRIPTION,
            source="order",
        ),
        Item(
            "receipt",
            _("The receipt"),
            _("It ties the payment to the order, with date and amount."),
            Field.RECEIPT,
            source="receipt",
        ),
        Item(
            "name",
            _("The buyer's name"),
            _("It can be compared with the cardholder's."),
            Field.CUSTOMER_NAME,
            source="order",
        ),
        Item(
            "email",
            _("The buyer's e-mail address"),
            _("A cardholder who used it before knows this shop."),
            Field.CUSTOMER_EMAIL_ADDRESS,
            source="facts",
        ),
        Item(
            "ip",
            _("The IP address of the purchase"),
            _("It shows from where it was ordered; near the cardholder's home it speaks against fraud."),
            Field.CUSTOMER_PURCHASE_IP,
            source="facts",
        ),
        Item(
            "address",
            _("The address it was sent to"),
            _("The bank compares it with the cardholder's."),
            Field.SHIPPING_ADDRESS,
            source="order",
        ),
        Item(
            "billing",
            _("The billing address"),
            _("If it passed the address check of the card, that speaks against fraud."),
            Field.BILLING_ADDRESS,
        ),
        Item(
            "carrier",
            _("The carrier"),
            _("The bank looks the parcel up there."),
            Field.SHIPPING_CARRIER,
            source="delivery",
        ),
        Item(
            "tracking",
            _("The tracking number"),
            _("Without it a parcel counts as not sent."),
            Field.SHIPPING_TRACKING_NUMBER,
            source="delivery",
        ),
        Item(
            "shipped_on",
            _("When it was sent"),
            _("It has to be before the date the buyer was promised."),
            Field.SHIPPING_DATE,
            source="delivery",
        ),
        Item(
            "delivery",
            _("Proof of delivery"),
            _("Full address, date and, from about 750 in value, a signature."),
            Field.SHIPPING_DOCUMENTATION,
            source="delivery",
        ),
        Item(
            "use",
            _("Log of downloads or use"),
            _("For digital goods this is the proof of delivery: dates, IP addresses, what was done."),
            Field.ACCESS_ACTIVITY_LOG,
            source="delivery",
            or_fields=(Field.SERVICE_DOCUMENTATION,),
        ),
        Item(
            "service_date",
            _("When it was handed over"),
            _("It has to be before the buyer complained."),
            Field.SERVICE_DATE,
            source="delivery",
        ),
        Item(
            "service",
            _("Proof that it was handed over"),
            _("A signed slip, a photo or the buyer's own words."),
            Field.SERVICE_DOCUMENTATION,
            source="delivery",
            or_fields=(Field.CUSTOMER_SIGNATURE,),
        ),
        Item(
            "messages",
            _("Messages with the buyer"),
            _("A buyer who writes about the order has ordered it; what they write says what is really wrong."),
            Field.CUSTOMER_COMMUNICATION,
            source="thread",
        ),
        Item(
            "policy",
            _("The refund policy"),
            _("Only what was agreed to counts, so the words of that day are needed."),
            Field.REFUND_POLICY,
            source="policy",
        ),
        Item(
            "policy_shown",
            _("How the refund policy was shown"),
            _("A policy nobody saw before paying does not count."),
            Field.REFUND_POLICY_DISCLOSURE,
            source="policy",
        ),
        Item(
            "no_refund",
            _("Why there is no refund"),
            _("Say which words of the policy apply, and what the buyer did or did not do."),
            Field.REFUND_REFUSAL_EXPLANATION,
        ),
        Item(
            "cancellation",
            _("The cancellation policy"),
            _("Only what was agreed to counts."),
            Field.CANCELLATION_POLICY,
        ),
        Item(
            "cancellation_shown",
            _("How the cancellation policy was shown"),
            _("A policy nobody saw before paying does not count."),
            Field.CANCELLATION_POLICY_DISCLOSURE,
        ),
        Item(
            "not_cancelled",
            _("Why it was not cancelled"),
            _("The buyer says they cancelled: show that they did not, or too late."),
            Field.CANCELLATION_REBUTTAL,
        ),
        Item(
            "other_payment",
            _("The other payment"),
            _("The bank has to see that both are real."),
            Field.DUPLICATE_CHARGE_ID,
            source="history",
        ),
        Item(
            "two_orders",
            _("How the two payments differ"),
            _("Two orders, two parcels: say what each was for."),
            Field.DUPLICATE_CHARGE_EXPLANATION,
            source="history",
        ),
        Item(
            "two_receipts",
            _("Receipt of the other payment"),
            _("Both receipts side by side end most of these."),
            Field.DUPLICATE_CHARGE_DOCUMENTATION,
            source="history",
        ),
        Item(
            "story",
            _("What happened, in order"),
            _("A page the bank can follow without knowing this marketplace, with earlier orders and refunds."),
            Field.UNCATEGORIZED_TEXT,
            source="order",
        ),
        Item(
            "genuine",
            _("Proof that it is genuine"),
            _("For a claim of counterfeit: an invoice of the maker, a certificate."),
            Field.UNCATEGORIZED_FILE,
        ),
        Item(
            "authorisation",
            _("The authorisation"),
            _("This is about how the card was charged. Unless it was authorised as it should be, accept it."),
            Field.UNCATEGORIZED_TEXT,
            source="order",
        ),
        Item(
            "compliance",
            _("Why the network's rule was kept"),
            _("The bank says a rule was broken. Answering can cost a fee of its own: read what Stripe shows first."),
            Field.UNCATEGORIZED_TEXT,
        ),
    )
}

# How it reached the buyer: what proves that.
_DELIVERY: dict[str, tuple[str, ...]] = {
    Delivery.SHIPPED: ("tracking!", "carrier!", "shipped_on!", "address!", "delivery!"),
    Delivery.DIGITAL: ("use!", "service_date!"),
    Delivery.PICKUP: ("service!", "service_date!"),
}
# Stripe's word for the reason -> the items' keys; "!" needs it, "@" stands for proof of delivery, "@!" needs that.
_BY_REASON: dict[str, tuple[str, ...]] = {
    "fraudulent": ("ip!", "email!", "name!", "product!", "@!", "story!", "messages", "receipt", "billing"),
    "unrecognized": ("product!", "receipt!", "name!", "email!", "ip", "messages", "@", "story"),
    "product_not_received": ("@!", "product!", "messages", "receipt", "email", "story"),
    "product_unacceptable": (
        "product!", "messages!", "policy!", "policy_shown!", "no_refund!", "@", "receipt", "story",
    ),
    "credit_not_processed": ("policy!", "policy_shown!", "no_refund!", "messages", "receipt", "story"),
    "duplicate": ("other_payment!", "two_orders!", "two_receipts!", "receipt!", "@", "story"),
    "subscription_canceled": (
        "cancellation!", "cancellation_shown!", "not_cancelled!", "use", "messages", "receipt", "story",
    ),
    "general": ("product!", "receipt!", "story!", "messages", "@", "policy", "policy_shown", "email"),
    "customer_initiated": ("product!", "receipt!", "story!", "messages", "@", "policy", "policy_shown", "email"),
    "noncompliant": ("compliance!", "receipt", "messages"),
}  # fmt: skip
# A network's own code says more than Stripe's word: it adds items, or makes them needed. By their beginning.
_BY_CODE: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("11", ("authorisation!",)),  # Visa: authorisation
    ("4808", ("authorisation!",)),  # Mastercard: authorisation
    ("12.5", ("receipt!",)),  # Visa: another amount than agreed
    ("12.6", ("two_receipts!", "receipt!")),  # Visa: paid twice, or paid otherwise
    ("4834", ("two_receipts!", "receipt!")),  # Mastercard: point of interaction error
    ("13.1", ("@!",)),  # Visa: not received
    ("4855", ("@!",)),  # Mastercard: not provided
    ("13.3", ("product!", "messages!")),  # Visa: not as described
    ("4853", ("product!", "messages!")),  # Mastercard: cardholder dispute
    ("13.4", ("genuine!",)),  # Visa: counterfeit
    ("13.5", ("product!", "policy_shown!")),  # Visa: misrepresented
    ("13.6", ("policy!", "policy_shown!")),  # Visa: credit not processed
    ("4860", ("policy!", "policy_shown!")),  # Mastercard: credit not processed
    ("13.7", ("policy!", "policy_shown!", "no_refund!")),  # Visa: cancelled or returned
    ("13.2", ("not_cancelled!",)),  # Visa: recurring, cancelled
    ("4841", ("not_cancelled!",)),  # Mastercard: recurring, cancelled
    ("10.4", ("ip!", "email!", "messages")),  # Visa: fraud without the card
    ("4837", ("ip!", "email!", "address")),  # Mastercard: no cardholder authorisation
    ("4863", ("product!", "receipt!")),  # Mastercard: not recognised
)


def wanted(reason: str, network_code: str = "", *, deliveries: Iterable[str] = (Delivery.SHIPPED,)) -> list[Item]:
    """The checklist for a dispute of this reason of Stripe's and, if known, this code of the network's; for things that
    reached the buyer in these ways. Empty where no evidence will win (`hopeless`).
    """
    if reason in HOPELESS:
        return []
    keys = _BY_REASON.get(reason, _BY_REASON["general"])
    ways = sorted(set(deliveries))
    if network_code.startswith(_AUTHORISATION):
        # The bank does not ask whether it arrived.
        keys = ("receipt", "story")
    chosen: dict[str, Item] = {}
    for key in (*keys, *_refined(network_code)):
        for one in _spelled_out(key, ways):
            item = _ITEMS[one.rstrip("!")]
            is_needed = one.endswith("!") or (item.key in chosen and chosen[item.key].required)
            chosen[item.key] = replace(item, required=is_needed)
    return sorted(chosen.values(), key=lambda item: not item.required)


def hopeless(reason: str) -> StrOrPromise:
    """Why no evidence will win; empty where it may."""
    if reason not in HOPELESS:
        return ""
    return _("The buyer's bank takes such a payment back by itself, and reads no evidence. Ask the buyer to pay again.")


def _refined(code: str) -> tuple[str, ...]:
    return next((keys for start, keys in _BY_CODE if code.startswith(start)), ())


def _spelled_out(key: str, ways: list[str]) -> list[str]:
    if not key.startswith("@"):
        return [key]
    found = [one for way in ways for one in _DELIVERY[way]]
    return found if key == "@!" else [one.rstrip("!") for one in found]
