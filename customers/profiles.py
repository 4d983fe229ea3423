"""The buyer's profile and address book. What changes here, Stripe is told by an operation planned with the change."""

from __future__ import annotations

from typing import Any

from django.db import transaction
from django.db.models import F, Q, QuerySet
from django.db.models.fields.json import KT

from accounts.models import User
from customers import heard, mirror
from customers.models import Address, Customer
from gateway.models import Operation
from kit.clock import now

ACTOR = "profiles"
BATCH = 100


def customer_for(user: User) -> Customer:
    """The user's buyer profile, made on first need."""
    customer, _created = Customer.objects.get_or_create(user=user)
    # Whoever asks for one often goes on to ask for the other.
    customer.user = user
    return customer


def save_profile(customer: Customer, *, full_name: str, phone: str) -> None:
    """Keep the buyer's name (it is the person's, also as a seller) and phone."""
    save_section(customer, "name", full_name, send=False)
    save_section(customer, "phone", phone, send=False)


def save_section(
    customer: Customer, section: str, value: str, *, actor: str = ACTOR, send: bool = True
) -> Operation | None:
    """Keep one section of the profile: name, phone, language or timezone; what Stripe was asked because of it.

    With `send`, must be called outside any transaction. Never raises for what Stripe answers.
    """
    fields = {"name": "full_name", "language": "language", "timezone": "timezone"}
    with transaction.atomic():
        locked = mirror.lock(customer)
        if section == "phone":
            locked.phone = value
            locked.save(update_fields=["phone"])
        else:
            setattr(locked.user, fields[section], value)
            locked.user.save(update_fields=[fields[section]])
        planned = mirror.plan_update(locked, actor)
    return mirror.send(customer, planned, actor) if send else planned


def keep_ours(customer: Customer, field: str, *, actor: str) -> Operation | None:
    """The buyer's own spelling counts: Stripe is told it again. Must be called outside any transaction."""
    return _settle(customer, field, actor)


def take_theirs(customer: Customer, found: heard.Difference, *, actor: str) -> Operation | None:
    """The name or phone number at Stripe becomes the buyer's. Must be called outside any transaction."""
    return _settle(customer, found.field, actor, theirs=found.theirs)


def tell_stripe_what_is_left(customer: Customer, *, actor: str) -> Operation | None:
    """Send what Stripe was not told yet: an e-mail address that was confirmed meanwhile, or what a crash kept back.

    Must be called outside any transaction. Never raises for what Stripe answers.
    """
    return mirror.send(customer, None, actor) if mirror.is_behind(customer) else None


def tell_stripe_new_addresses() -> int:
    """Buyers who changed their main e-mail address and were on none of our pages since; how many were looked at."""
    told = Customer.objects.exclude(stripe_id=None).annotate(told=KT("agreed__email"), theirs=KT("at_stripe__email"))
    # Where Stripe says a third thing, the buyer chooses.
    behind = told.exclude(told=F("user__email")).filter(Q(theirs__isnull=True) | Q(theirs=F("told")))
    # Those that were never tried, then those that waited longest: what Stripe refuses again keeps nobody else waiting.
    waiting = behind.select_related("user").order_by(F("address_told_at").asc(nulls_first=True), "pk")
    found = list(waiting[:BATCH])
    for customer in found:
        Customer.objects.filter(pk=customer.pk).update(address_told_at=now())
        mirror.send(customer, None, ACTOR)
    return len(found)


def save_address(customer: Customer, address: Address, *, actor: str = ACTOR) -> Address:
    """Add or change an address of this buyer. The first one, and one that asks for it, becomes the default."""
    with transaction.atomic():
        locked, book = _locked(customer)
        others = book.exclude(pk=address.pk)
        for flag in ("is_default", "is_billing_default"):
            if getattr(address, flag):
                others.filter(**{flag: True}).update(**{flag: False})
            elif flag == "is_default" and not others.filter(is_default=True).exists():
                address.is_default = True
        address.customer = customer
        address.save()
        mirror.plan_update(locked, actor)
    return address


def make_default(customer: Customer, address: Address, *, billing: bool = False, actor: str = ACTOR) -> None:
    """Use this address unless the buyer says otherwise: to send things to, or with `billing` to bill."""
    flag = "is_billing_default" if billing else "is_default"
    with transaction.atomic():
        locked, book = _locked(customer)
        book.filter(**{flag: True}).exclude(pk=address.pk).update(**{flag: False})
        book.filter(pk=address.pk).update(**{flag: True})
        mirror.plan_update(locked, actor)


def delete_address(customer: Customer, address: Address, *, actor: str = ACTOR) -> None:
    """Forget an address; orders keep their own copy. The newest of the others becomes the default if this was it."""
    with transaction.atomic():
        locked, book = _locked(customer)
        book.filter(pk=address.pk).delete()
        if not book.filter(is_default=True).exists() and (newest := book.order_by("-pk").first()):
            book.filter(pk=newest.pk).update(is_default=True)
        mirror.plan_update(locked, actor)


def _locked(customer: Customer) -> tuple[Customer, QuerySet[Address]]:
    # One change at a time in a book: two tabs each making another address the default would meet the unique constraint.
    locked = Customer.objects.select_for_update(of=("self",)).select_related("user").get(pk=customer.pk)
    return locked, Address.objects.filter(customer=locked)


def _settle(customer: Customer, field: str, actor: str, **theirs: Any) -> Operation | None:
    with transaction.atomic():
        locked = mirror.lock(customer)
        if "theirs" in theirs:
            heard.take(locked, field, theirs["theirs"])
        else:
            # What Stripe says now is what both stand on from here: ours is the newer one, and is sent.
            locked.agreed[field] = locked.at_stripe.get(field, "")
        locked.save(update_fields=["phone", "agreed"])
        planned = mirror.plan_update(locked, actor)
    return mirror.send(customer, planned, actor)
