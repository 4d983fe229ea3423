"""What Stripe says of a buyer, brought to our rows: their ways to pay, and what somebody changed there.

Names, e-mail addresses and phone numbers can change on both sides. `Customer.agreed` is what both last said alike. What
differs from it on one side only is carried over; on both, or where it is the address people sign in with, the buyer
chooses (`differences`).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import structlog
from django.db import transaction

from accounts.models import User
from customers.models import Customer, SavedPaymentMethod
from gateway import reads
from gateway.customer_objects import StripeCustomer, StripePaymentMethod
from gateway.errors import NotFoundAtStripe
from gateway.models import Operation
from kit.clock import now

log = structlog.get_logger(__name__)

# What people may see changed at Stripe, and choose about.
FIELDS = ("name", "email", "phone")
LONGEST_NAME, LONGEST_PHONE = 200, 32
PHONE = re.compile(r"\+?\d{5,15}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Heard:
    """What Stripe said, and when it was asked."""

    customer: StripeCustomer | None
    methods: Sequence[StripePaymentMethod]
    asked_at: datetime


@dataclass(frozen=True, slots=True)
class Difference:
    """One thing that reads otherwise here and at Stripe, changed there since both agreed."""

    field: str
    ours: str
    theirs: str


def fetch(stripe_id: str) -> Heard:
    """The Customer and its ways to pay as Stripe has them now. Must be called outside any transaction.

    Raises StripeUnavailable, and NotFoundAtStripe for an id that never was.
    """
    asked_at = now()
    found = reads.customer(stripe_id)
    return Heard(found, [] if found.deleted else reads.payment_methods(stripe_id), asked_at)


def fetch_by_method(method_id: str) -> Heard:
    """The same for whoever keeps this way to pay, or kept it until now. Nobody: a Heard without a customer."""
    asked_at = now()
    known = SavedPaymentMethod.objects.filter(stripe_id=method_id).values_list("customer__stripe_id", flat=True).first()
    try:
        owner = reads.payment_method(method_id).customer or known
    except NotFoundAtStripe:
        owner = known
    return fetch(owner) if owner else Heard(None, [], asked_at)


def apply(heard: Heard) -> Customer | None:
    """Bring our rows to what Stripe said, in the caller's transaction; None if the Customer is not one of ours.

    Safe to repeat. Two look-ups may overtake each other: an answer older than the one already kept changes nothing
    (F02).
    """
    if heard.customer is None:
        return None
    customer = _locked(heard.customer.id)
    if customer is None or (customer.heard_at and heard.asked_at < customer.heard_at):
        return customer
    customer.heard_at = heard.asked_at
    if heard.customer.deleted:
        _forget(customer)
        return customer
    customer.at_stripe = {"name": heard.customer.name, "email": heard.customer.email, "phone": heard.customer.phone}
    _carry_over(customer)
    customer.save(update_fields=["heard_at", "at_stripe", "agreed", "phone"])
    _keep_methods(customer, heard.methods, heard.customer.default_method)
    return customer


def refresh(customer: Customer) -> None:
    """Ask Stripe about this buyer and keep what it says; nothing for one Stripe does not know yet.

    Must be called outside any transaction. Raises StripeUnavailable or NotFoundAtStripe.
    """
    if customer.stripe_id:
        heard = fetch(customer.stripe_id)
        with transaction.atomic():
            apply(heard)


def differences(customer: Customer) -> list[Difference]:
    """What somebody changed at Stripe and the buyer has to choose about: which reads otherwise here, and otherwise than
    both last agreed.
    """
    mine = ours(customer)
    return [
        Difference(field, mine[field], theirs)
        for field in FIELDS
        if (theirs := customer.at_stripe.get(field)) is not None
        and not same(field, theirs, mine[field])
        and not same(field, theirs, customer.agreed.get(field, theirs))
    ]


def ours(customer: Customer) -> dict[str, str]:
    """The buyer's own words, as Stripe would have them."""
    return {"name": customer.user.full_name, "email": customer.user.email, "phone": stripe_phone(customer.phone)}


def stripe_phone(phone: str) -> str:
    """Without the signs people put between digits: Stripe takes at most twenty characters."""
    return re.sub(r"[^\d+]", "", phone)


def same(field: str, one: str, other: str) -> bool:
    """Whether two spellings mean the same."""
    if field == "phone":
        return stripe_phone(one) == stripe_phone(other)
    return one.casefold() == other.casefold() if field == "email" else one == other


def _carry_over(customer: Customer) -> None:
    """Take over what changed at Stripe alone. Never an e-mail address: whoever can change one there must not become
    able to sign in as its owner.
    """
    mine = ours(customer)
    for field in FIELDS:
        theirs = customer.at_stripe[field]
        if same(field, theirs, mine[field]):
            customer.agreed[field] = mine[field]
        elif fits(field, theirs) and field in customer.agreed and same(field, customer.agreed[field], mine[field]):
            take(customer, field, theirs)


def fits(field: str, value: str) -> bool:
    """Whether a name or phone number of Stripe's can be ours; what cannot is shown, not taken. E-mail never is."""
    if field == "name":
        return len(value) <= LONGEST_NAME and value.isprintable()
    return field == "phone" and len(value) <= LONGEST_PHONE and (not value or bool(PHONE.fullmatch(bare(value))))


def bare(phone: str) -> str:
    """A phone number without what people put between its digits; letters stay, and make it none."""
    return re.sub(r"[\s().\-/]", "", phone)


def take(customer: Customer, field: str, value: str) -> None:
    """Make a name or phone number of Stripe's ours; the caller saves `phone` and `agreed`."""
    customer.agreed[field] = value
    if field == "phone":
        customer.phone = value
    else:
        User.everybody.filter(pk=customer.user_id).update(full_name=value)
        customer.user.full_name = value


def _locked(stripe_id: str) -> Customer | None:
    """The buyer with this Customer, locked. Events may come before our commit, so operations are asked too (F03)."""
    # Two events of one Customer, and the page that shows its cards, wait for each other.
    rows = Customer.objects.select_for_update(of=("self",)).select_related("user")
    customer = rows.filter(stripe_id=stripe_id).first()
    if customer is not None:
        return customer
    made = Operation.objects.filter(name="customer.create", object_id=stripe_id).first()
    number = (made.request.get("metadata") or {}).get("customer") if made else None
    customer = rows.filter(pk=number, stripe_id=None).first() if number else None
    if customer is None or made is None or made.business_key != creation_key(customer):
        # Made by hand in the Dashboard, or replaced: nobody's here.
        return None
    customer.stripe_id = stripe_id
    customer.save(update_fields=["stripe_id"])
    return customer


def creation_key(customer: Customer) -> str:
    """The business identity of the operation that creates this Customer; a new one after somebody deleted it there."""
    return f"customer:{customer.pk}" + (f":{customer.times_deleted}" if customer.times_deleted else "")


def _forget(customer: Customer) -> None:
    """Somebody deleted it at Stripe: the next checkout makes another. Its cards are gone with it."""
    log.warning("customer_deleted_at_stripe", customer=customer.pk, stripe_id=customer.stripe_id)
    customer.stripe_id, customer.agreed, customer.at_stripe = None, {}, {}
    customer.times_deleted += 1
    customer.save(update_fields=["stripe_id", "agreed", "at_stripe", "times_deleted", "heard_at"])
    customer.payment_methods.all().delete()


def _keep_methods(customer: Customer, methods: Sequence[StripePaymentMethod], default: str) -> None:
    """Make the rows the list that Stripe gave."""
    SavedPaymentMethod.objects.filter(customer=customer).exclude(stripe_id__in=[one.id for one in methods]).delete()
    SavedPaymentMethod.objects.bulk_create(
        [
            SavedPaymentMethod(
                customer=customer,
                stripe_id=one.id,
                kind=one.kind,
                brand=one.brand,
                last4=one.last4,
                exp_month=one.exp_month,
                exp_year=one.exp_year,
                wallet=one.wallet,
                is_default=one.id == default,
                added_at=one.created_at,
            )
            for one in methods
        ],
        update_conflicts=True,
        unique_fields=["stripe_id"],
        update_fields=["customer", "kind", "brand", "last4", "exp_month", "exp_year", "wallet", "is_default"],
    )
